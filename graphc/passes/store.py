"""Memory: which nodes get some.

Results, and what a kernel reads from another, are stored. What only renames indices, or is made of indices alone, is not:
its readers do that themselves, unless they are hand-written kernels, which want their operands as they are.
"""
from __future__ import annotations

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.loop import is_loop
from .kernels import LOOP, Group, base, is_alias, is_inline, is_leaf


def store(graph: Graph) -> Graph:
    """The graph whose kernels know what they store; a copying kernel is added for each renamed node that needs memory."""
    return graph.note(kernels=tuple(_Store(graph).run()))


class _Store:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.groups: list[Group] = list(graph.notes["kernels"])
        self.home = {node: group for group in self.groups for node in group.index}
        self.recomputed = graph.notes.get("recompute", frozenset())

    def run(self) -> list[Group]:
        for x in self.graph.results:
            self.store(x)
        for group in list(self.groups):
            self.store_operands(group, group.nodes)
        return [group for group in self.groups if group.stored]

    def store(self, x: Expr) -> None:
        """See to it that `x` gets memory, in its own row-major layout."""
        if is_leaf(x):
            return
        if is_alias(x):
            self.store(x.inputs[0])
            return
        if x not in self.home:
            self.home[x] = group = Group(x.dims, index={x: LOOP[:x.ndim]}, stage={x: 0})
            self.groups.append(group)
            self.store_operands(group, [x])
        self.home[x].stored[x] = None

    def store_operands(self, group: Group, nodes: list[Expr]) -> None:
        """Give memory to what these nodes of a kernel read from others."""
        for node in nodes:
            if is_loop(node) and node is not group.anchor:
                continue  # it reads what the anchor reads
            contiguous = node is group.anchor and not node.op.lower.strided
            for x in node.inputs if contiguous else map(base, node.inputs):
                if x in group.index:
                    continue
                if not contiguous and is_inline(x):
                    self.store_operands(group, [x])
                elif not contiguous and x in self.recomputed:
                    self.inline(x, group)
                else:
                    self.store(x)

    def inline(self, x: Expr, group: Group) -> None:
        """Let a kernel compute `x` again."""
        if x not in group.inlined:
            group.inlined.add(x)
            self.store_operands(group, [x])
