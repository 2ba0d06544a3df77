"""Fusion: which nodes share a kernel.

In topological order each node joins the kernel of an operand where that is legal and fits, or starts its own; then
kernels that read the same memory over the same domain are joined. A kernel's loops run over one *domain*; its nodes are

- the elementwise and indexed nodes of the domain's shape,
- folds over one set of axes of the domain, and elementwise nodes on their results (*rows*),
- nodes of the domain's shape that read rows again, where the innermost axis is folded: softmax is one kernel,
- or what follows a hand-written kernel elementwise: its epilogue.

Joining is legal where no path leads from the kernel through another kernel back into it.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import product
from ..ir.loop import Loop, family, is_loop
from ..ir.op import Fold, Kernel, Scalar
from .contraction import Contraction
from .kernels import LOOP, Group, Indices, is_alias, is_inline, is_leaf, memory

LARGEST = 64
"""Nodes in a kernel at most: compile time grows faster than a kernel's length."""

TOGETHER = 16
"""Nodes at most in a kernel that is joined from others which only read the same memory: hundreds that are alike, such as the
rows of a Jacobian, then become many kernels of one text rather than a few long ones."""

ROW = 1 << 16
"""Elements of a row that is read again after it was reduced, at most: it should still lie in the cache."""


def fuse(graph: Graph) -> Graph:
    """The graph with ``notes["kernels"]``: groups of nodes, each one kernel."""
    return graph.note(kernels=tuple(_Fusion(graph, LARGEST).run()))


def separate(graph: Graph) -> Graph:
    """As `fuse`, with every node a kernel of its own: slow, and every intermediate result can be looked at."""
    return graph.note(kernels=tuple(_Fusion(graph, 1).run()))


class _Fusion:
    def __init__(self, graph: Graph, largest: int):
        self.graph, self.largest = graph, largest
        self.position = {node: k for k, node in enumerate(graph.order)}
        self.home: dict[Expr, Group] = {}
        self.contraction = Contraction()
        self.groups: dict[Group, None] = {}
        self.loops: dict[Hashable, Expr] = {}

    def run(self) -> list[Group]:
        for node in self.graph.order:
            if not (is_leaf(node) or is_alias(node) or is_inline(node)):
                self.place(node)
        if self.largest > 1:
            self.join_siblings()
        return list(self.groups)

    # ---- placing
    def place(self, node: Expr) -> None:
        sources = list(dict.fromkeys(self.sources(node)))
        if is_loop(node):
            self.place_result(node, sources)
            return
        for group in sorted(sources, key=lambda g: (len(g.domain), self.contraction.age(g)), reverse=True):
            if self.home.get(node) is None:
                self.join(node, group, sources)
            elif self.fusible(self.home[node], group):
                self.merge(self.home[node], group)
        if node not in self.home:
            self.start(node, sources)

    def place_result(self, node: Expr, sources: list[Group]) -> None:
        """The results of a loop are one kernel."""
        first = self.loops.setdefault(family(node), node)
        if node is first:
            self.start(node, sources)
        else:
            self.enter(node, self.home[first], LOOP[:node.ndim], sources)

    def sources(self, node: Expr) -> Iterator[Group]:
        """The kernels that compute what `node` reads."""
        return (self.home[m] for m in map(memory, node.inputs) if m in self.home)

    def start(self, node: Expr, sources: list[Group]) -> None:
        """A new kernel for `node`."""
        axes = frozenset(node.attrs["axes"]) if isinstance(node.op.lower, Fold) else frozenset()
        domain = node.inputs[0].dims if axes else node.dims
        group = Group(domain, axes, node if isinstance(node.op.lower, (Kernel, Loop)) else None)
        self.groups[group] = None
        self.contraction.add(group)
        self.enter(node, group, group.kept, sources)

    def enter(self, node: Expr, group: Group, index: Indices, sources: list[Group]) -> None:
        group.index[node] = index
        group.stage[node] = group.stage_of(node)
        self.home[node] = group
        self.contraction.depend(group, sources)

    def join(self, node: Expr, group: Group, sources: list[Group]) -> None:
        """Enter `node` into `group` where that is legal and fits."""
        if len(group.index) >= self.largest or not self.contraction.joins(group, sources):
            return
        axes = group.axes
        if isinstance(node.op.lower, Fold) and not axes and group.anchor is None:
            group.axes = frozenset(node.attrs["axes"])
        for index in _places(node, group):
            if _fits(node, index, group):
                return self.enter(node, group, index, sources)
        group.axes = axes

    # ---- merging
    def fusible(self, a: Group, b: Group) -> bool:
        """Whether two kernels may become one."""
        same = a.domain == b.domain and (a.axes == b.axes or not a.axes or not b.axes)
        small = len(a.index) + len(b.index) <= self.largest
        return a is not b and same and small and (a.anchor is None or b.anchor is None) \
            and self.contraction.merges(a, b) and self.fits_together(a, b)

    def fits_together(self, a: Group, b: Group) -> bool:
        both = self.union(a, b)
        return all(_fits(node, i, both) for node, i in both.index.items())

    def union(self, a: Group, b: Group) -> Group:
        both = Group(a.domain, a.axes | b.axes, a.anchor if b.anchor is None else b.anchor)
        nodes = sorted([*a.index.items(), *b.index.items()], key=lambda item: self.position[item[0]])
        for node, index in nodes:
            both.index[node] = index
            both.stage[node] = both.stage_of(node)
        return both

    def merge(self, a: Group, b: Group) -> None:
        """Take `b` into `a`."""
        both = self.union(a, b)
        a.index, a.stage, a.axes, a.anchor = both.index, both.stage, both.axes, both.anchor
        self.home.update(dict.fromkeys(b.index, a))
        del self.groups[b]
        self.contraction.merge(a, b)

    def join_siblings(self) -> None:
        """Join kernels that read the same memory over the same domain, and do not depend on each other."""
        readers: dict[tuple, dict[Group, None]] = defaultdict(dict)
        for group in list(self.groups):
            for node in group.index:
                for x in node.inputs:
                    readers[memory(x), group.domain, group.axes][group] = None
        for (x, *_), groups in readers.items():
            if x.op.name != "constant":
                self.join_all([g for g in groups if g in self.groups])

    def join_all(self, groups: list[Group]) -> None:
        for first, second in zip(groups, groups[1:], strict=False):
            target = first if first in self.groups else self.home[next(iter(first.index))]
            apart = second in self.groups and target is not second and not (
                self.contraction.depends(target, second) or self.contraction.depends(second, target))
            if apart and len(target.index) + len(second.index) <= TOGETHER and self.fusible(target, second):
                self.merge(target, second)


def _places(node: Expr, group: Group) -> Iterator[Indices]:
    """Where in the loops of `group` a node of these dims may be computed."""
    loops = LOOP[:len(group.domain)]
    if isinstance(node.op.lower, Fold):
        if frozenset(node.attrs["axes"]) == group.axes and node.inputs[0].dims == group.domain:
            yield group.kept
        return
    if isinstance(node.op.lower, (Kernel, Loop)):
        return
    if node.dims == group.domain:
        yield loops
    if group.axes:
        if node.dims == tuple(group.domain[k] for k in range(len(loops)) if k not in group.axes):
            yield group.kept
        if node.dims == tuple(1 if k in group.axes else d for k, d in enumerate(group.domain)):
            yield tuple(0 if k in group.axes else i for k, i in enumerate(loops))


def _fits(node: Expr, index: Indices, group: Group) -> bool:
    """Whether `node`, computed at `index`, finds what it reads from within the group at its place."""
    if group.anchor is not None and node is not group.anchor:
        if not (group.anchor.op.lower.epilogue and isinstance(node.op.lower, Scalar)):
            return False
    within = {m for m in map(memory, node.inputs) if m in group.index}
    found = {x for x, i in group.reads(node, index) if x in group.index and i == group.index[x]}
    mismatched = any(memory(x) in group.index and i != group.index.get(x) for x, i in group.reads(node, index))
    return within == found and not mismatched and _rows_fit(node, index, group)


def _rows_fit(node: Expr, index: Indices, group: Group) -> bool:
    """Whether a node that runs over the whole domain may read rows: only rows that are short enough to read twice."""
    whole = index == LOOP[:len(group.domain)] or isinstance(node.op.lower, Fold)
    if not (group.axes and whole and group.stage_of(node)):
        return True
    row = product(group.domain[a] for a in group.axes)
    short = not isinstance(row, int) or row <= ROW
    return short and not group.by_columns and (len(group.axes) < len(group.domain) or isinstance(row, int))
