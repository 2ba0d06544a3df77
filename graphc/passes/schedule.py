"""The order of the kernels, and what they may overwrite: Variables, and what nobody reads any more.

A kernel runs after those that compute what it reads. A Variable's next value is written straight into the Variable's memory
where everything that reads the old value, and everything that may fail, can run before; otherwise it is computed apart and
copied at the end. So a run that fails has changed nothing. A result takes the memory of an operand that is read here for
the last time.

Both are right where the kernel itself reads each element of the old value before it is written, which these together see to:

1. Old and new value have one dtype and the same dims, so that their elements are the same bytes.
2. Of the old value, the kernel reads the element at the place of the new one: as it is, not through a view of another
   shape, not at indices that only a run knows, not as an operand of a hand-written kernel, which reads what it likes. Then
   the thread that reads an element is the one that writes it.
3. The new value is written in the last pass over the loops in which it is computed, or after all of them.
4. In each turn of a loop, and for each element of an epilogue, everything is computed before anything is stored, and what
   is read of the old value is read through the pointer of the new one: compilers see that they are one
   (`graphc.lower.arguments`).

A hand-written kernel that says so (`Kernel.over`) may write over its first operand if it reads it as no other.
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
from .kernels import LOOP, Group, Indices, base, may_fail, operands, root
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
    """For each kernel: memory -> the nodes, of those bytes, that it reads, each with where: None is anywhere."""

    def __missing__(self, group: Group) -> dict[Expr, list[tuple[Expr, Indices | None]]]:
        found = self[group] = defaultdict(list)
        for node in group.index:
            for x, i in group.loads(node):
                found[root(x)].append((x, i))
        if group.anchor is not None:
            for x in group.anchor.inputs:
                found[root(base(x) if group.anchor.op.lower.strided else x)].append((x, None))
        return found


def _overwrites(variable: Expr, new: Expr, home: dict, before: list[Group], ordering: Ordering,
                readings: _Readings) -> bool:
    """Whether `new` may be written over `variable`; if so, `before` is ordered before."""
    group = home.get(new)
    if group is None or may_fail(group):
        return False
    if variable in readings[group] and not _fits_over(group, new, variable, readings):
        return False
    if not ordering.put_before([r for r in before if r is not group], group):
        return False
    group.over[new] = variable
    return True


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
    for group in dying:
        for node in group.stored:
            free = (x for x in dying[group] if _fits_over(group, node, x, readings))
            x = None if node in kept else next(free, None)
            if x is not None:
                group.over[node] = x
                del dying[group][x]
    return {node: x for group in dying for node, x in group.over.items() if x in home}


def _fits_over(group: Group, node: Expr, x: Expr, readings: _Readings) -> bool:
    """Whether the kernel that computes `node` may write it over `x`, which it reads: 1 to 3 above."""
    if node is group.anchor and node.op.lower.over:
        return _anchor_fits_over(node, x)
    return _same_bytes(x, node) and _read_in_place(group, node, x, readings) and _written_last(group, node)


def _anchor_fits_over(anchor: Expr, x: Expr) -> bool:
    """Whether a hand-written kernel may write over `x`, which it reads: its first operand, and no other."""
    first, *others = map(root, anchor.inputs)
    return first is x and all(y is not x for y in others) and _same_bytes(x, anchor)


def _same_bytes(x: Expr, y: Expr) -> bool:
    """Whether each element of one has the bytes of the same element of the other, if they begin at one address."""
    return x.dims == y.dims and x.dtype == y.dtype


def _read_in_place(group: Group, node: Expr, x: Expr, readings: _Readings) -> bool:
    """Whether the kernel reads of `x` what lies at the place of `node`, and as it is."""
    here = tuple(0 if d == 1 else i for d, i in zip(node.dims, group.index[node], strict=True))
    return all(y is x and i == here for y, i in readings[group][x])


def _written_last(group: Group, node: Expr) -> bool:
    """Whether no pass over the elements that `node` runs over comes after the one that writes it."""
    whole = LOOP[:len(group.domain)]
    passes = [s for n, s in group.stage.items() if group.index[n] == whole or isinstance(n.op.lower, Fold)]
    return group.index[node] != whole or group.stage[node] == max(passes)
