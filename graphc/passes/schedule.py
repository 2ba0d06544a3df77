"""The order of the kernels, and what they may overwrite: Variables, and what nobody reads any more.

A kernel runs after those that compute what it reads. A Variable's next value is written straight into the Variable's memory
where everything that reads the old value, and everything that may fail, can run before; otherwise it is computed apart and
copied at the end. So a run that fails has changed nothing. A result takes the memory of an operand where each element of the
operand is read, for the last time, by the thread that then writes the same element of the result.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import networkx as nx

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.op import Fold
from ..ops.copy import copy
from .kernels import LOOP, Group, base, may_fail, memory, operands, root
from .ordering import Ordering


def schedule(graph: Graph) -> Graph:
    """The graph with its kernels in order; ``notes["in_place"]``: next value -> Variable; ``notes["commit"]``: how many
    kernels run before the first Variable changes; ``notes["over"]``: result -> the operand whose memory it takes."""
    groups: list[Group] = list(graph.notes["kernels"])
    home = {node: group for group in groups for node in group.index}
    dag = nx.DiGraph()
    dag.add_nodes_from(groups)
    dag.add_edges_from((home[x], g) for g in groups for x in operands(g) if x in home and home[x] is not g)
    readers: defaultdict[Expr, list[Group]] = defaultdict(list)
    for group in groups:
        for x in operands(group):
            readers[x].append(group)
    failing = [g for g in groups if may_fail(g)]
    updates, in_place = [], {}
    ordering, readings = Ordering(dag), _Readings()
    for variable, new in graph.updates:
        before = [*readers[variable], *failing]
        if not _overwrites(variable, new, home, before, ordering, readings):
            new = _commit(variable, new, groups, home, before, ordering)
        updates.append((variable, new))
        in_place[new] = variable
    position = {g: k for k, g in enumerate(groups)}
    order = tuple(nx.lexicographical_topological_sort(dag, key=position.__getitem__))
    commit = next((k for k, g in enumerate(order) if any(n in in_place for n in g.stored)), len(order))
    over = _taken_over(graph, order, home, {*in_place, *map(root, graph.outputs)}, readings)
    return replace(graph, updates=tuple(updates), notes={**graph.notes, "kernels": order, "in_place": in_place,
                                                         "commit": commit, "over": over})


class _Readings(dict):
    """For each kernel: memory -> the nodes that read it, each with what it reads of that, and where."""

    def __missing__(self, group: Group) -> dict[Expr, dict[Expr, list]]:
        found = self[group] = defaultdict(lambda: defaultdict(list))
        for node in group.index:
            for x in node.inputs:
                found[memory(x)][node] += ()
            for x, i in group.loads(node):
                found[memory(x)][node].append((x, i))
        return found


def _overwrites(variable: Expr, new: Expr, home: dict, before: list[Group], ordering: Ordering,
                readings: _Readings) -> bool:
    """Whether `new` may be written over `variable`; if so, `before` is ordered before."""
    if new not in home or may_fail(home[new]) or not _alone(home[new], new, variable, readings):
        return False
    return ordering.put_before([r for r in before if r is not home[new]], home[new])


def _commit(variable: Expr, new: Expr, groups: list[Group], home: dict, before: list[Group], ordering: Ordering) -> Expr:
    """A copy of `new` into the Variable, after `before`."""
    final = copy(new, use=f"commit {variable.serial}")
    group = Group(final.dims, index={final: LOOP[:final.ndim]}, stage={final: 0}, stored={final: None})
    groups.append(group)
    ordering.append(group, [*before, home[root(new)]])
    return final


def _taken_over(graph: Graph, order: Iterable[Group], home: dict, kept: set[Expr],
                readings: _Readings) -> dict[Expr, Expr]:
    """Results, each with the operand, not `kept`, whose memory it takes."""
    position = {x: k for k, x in enumerate(graph.order)}
    last = {x: group for group in order for x in operands(group) if x in home and x not in kept}
    dying: defaultdict[Group, dict[Expr, None]] = defaultdict(dict)
    for x in sorted(last, key=position.__getitem__):
        dying[last[x]][x] = None
    over: dict[Expr, Expr] = {}
    for group in dying:
        for node in group.stored:
            free = (x for x in dying[group] if x in readings[group] and not group.inlined and _same_bytes(x, node))
            x = None if node in kept else next((x for x in free if _alone(group, node, x, readings)), None)
            if x is not None:
                over[node] = x
                del dying[group][x]
    return over


def _same_bytes(x: Expr, y: Expr) -> bool:
    return x.dims == y.dims and x.dtype.itemsize == y.dtype.itemsize


def _alone(group: Group, node: Expr, variable: Expr, readings: _Readings) -> bool:
    """Whether the kernel that computes `node` reads `variable` at most at the element that it then writes."""
    using = readings[group].get(variable)
    if not using:
        return True
    if using.keys() == {group.anchor}:
        return node is group.anchor and _writes_over(node, variable)
    index = group.index[node]
    if not _written_last(group, node) or any(n is group.anchor for n in using) or node.dims != variable.dims:
        return False
    seen = [read for found in using.values() for read in found]
    identity = tuple(0 if d == 1 else i for d, i in zip(variable.dims, index, strict=True))
    return all(x is base(x) and x is variable and i == identity for x, i in seen) and _feeds(group, using, node)


def _writes_over(anchor: Expr, x: Expr) -> bool:
    """Whether a hand-written kernel may write over `x`: its first operand, and no other."""
    first, *others = anchor.inputs
    return anchor.op.lower.over and root(first) is x and all(memory(y) is not x for y in others) and anchor.dims == x.dims


def _written_last(group: Group, node: Expr) -> bool:
    """Whether no pass over the elements that `node` runs over comes after the one that writes it."""
    whole, index = LOOP[:len(group.domain)], group.index[node]
    if index != whole or not group.axes:
        return index == group.kept
    passes = [s for n, s in group.stage.items() if group.index[n] == whole or isinstance(n.op.lower, Fold)]
    return not group.by_columns and group.stage[node] == max(passes)


def _feeds(group: Group, using: Iterable[Expr], node: Expr) -> bool:
    """Whether `node` is computed from all that reads the Variable, so that the write comes last."""
    above, stack = {node}, [node]
    while stack:
        for x in map(memory, stack.pop().inputs):
            if x in group.index and x not in above:
                above.add(x)
                stack.append(x)
    return all(n in above for n in using)
