"""Loops: what runs over the same rows runs once, and only what is needed of it.

A gradient needs more of each iteration than the loop gave: it asks for a loop over the same operands, with the same carries,
and more results. Those two become one. Then results, carries and operands that nobody needs are dropped.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from ..ir.expr import Expr, make, originating
from ..ir.graph import Graph, rebuilt, topological
from ..ir.loop import is_loop, parts, shared, units


def loops(graph: Graph) -> Graph:
    """The graph with scans over the same operands joined, and without what is not needed of a loop."""
    return _pruned(_joined(graph)) if any(map(is_loop, graph.order)) else graph


# ---- joining --------------------------------------------------------------------------------------------------------
def _joined(graph: Graph) -> Graph:
    """The graph where scans that differ only in what they stack are one scan, which stacks all of it."""
    alike: defaultdict[Hashable, dict[Graph, int]] = defaultdict(dict)
    for node in graph.order:
        if node.op.name == "scan":
            alike[_skeleton(node)][node.attrs["body"]] = node.attrs["carries"]
    whole = {key: _union(list(found), max(found.values())) for key, found in alike.items() if len(found) > 1}
    new: dict[Expr, Expr] = {}
    for node in graph.order:
        body = whole.get(_skeleton(node)) if whole and node.op.name == "scan" else None
        operands = tuple(new[x] for x in node.inputs)
        with originating(node.line):
            new[node] = rebuilt(node, operands) if body is None else make(node.op, operands, _within(node, body))
    return graph.substitute(new) if whole else graph


def _skeleton(node: Expr) -> Hashable:
    """What is equal for scans that can be one."""
    attrs = shared(node)
    body = attrs.pop("body")
    carried = body.outputs[:attrs["carries"]]
    return tuple(map(id, node.inputs)), tuple(sorted(attrs.items())), tuple(map(id, body.inputs)), tuple(map(id, carried))


def _union(found: Sequence[Graph], carries: int) -> Graph:
    """One sub-graph with the rows of all of them, and the carries, which are the same."""
    rows = dict.fromkeys(y for body in found for y in body.outputs[carries:])
    return replace(found[0], outputs=(*found[0].outputs[:carries], *rows))


def _within(node: Expr, body: Graph) -> dict:
    """The attributes of a scan's result where `body` takes the place of its sub-graph."""
    output, carries = node.attrs["output"], node.attrs["carries"]
    if output >= carries:
        row = node.attrs["body"].outputs[output]
        output = next(k for k, y in enumerate(body.outputs) if y is row and k >= carries)
    return {**node.attrs, "body": body, "output": output}


# ---- dropping -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Kept:
    """What stays of a loop: its operands and its outputs, by number, and the attributes that its results then share."""

    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    attrs: dict


def _pruned(graph: Graph) -> Graph:
    """The graph whose loops compute only what is needed."""
    needed = set(graph.results)
    kept: dict[Expr, _Kept] = {}
    for nodes in reversed(units(graph.order)):
        live = [node for node in nodes if node in needed]
        if not live:
            continue
        operands: Iterable[Expr] = live[0].inputs
        if is_loop(live[0]):
            found = _kept(live)
            kept.update(dict.fromkeys(live, found))
            operands = (live[0].inputs[k] for k in found.operands)
        needed.update(operands)
    new: dict[Expr, Expr] = {}
    for node in graph.order:
        if node in needed:
            with originating(node.line):
                new[node] = _rebuilt(node, kept.get(node), new)
    return graph.substitute(new)


def _rebuilt(node: Expr, kept: _Kept | None, new: dict[Expr, Expr]) -> Expr:
    if kept is None:
        return rebuilt(node, tuple(new[x] for x in node.inputs))
    operands = tuple(new[node.inputs[k]] for k in kept.operands)
    return make(node.op, operands, {**kept.attrs, "output": kept.outputs.index(node.attrs["output"])})


def _kept(nodes: Sequence[Expr]) -> _Kept:
    """What is needed of a loop for these of its results."""
    node = nodes[0]
    bodies = [part.body for part in parts(node)]
    first, carries = parts(node)[0].first, parts(node)[0].carries
    live = {node.attrs["output"] for node in nodes} | ({parts(node)[0].guard} & set(range(carries)))
    used: set[int] = set()
    while True:
        reached = set(topological(body.outputs[k] for body in bodies for k in live))
        used = {k for body in bodies for k, x in enumerate(body.inputs) if x in reached}
        if live >= (more := {k for k in used if k < carries}):
            break
        live |= more
    inputs = sorted({k for k in live if k < carries} | {k for k in used if k >= carries})
    return _Kept((*range(first), *(k + first for k in inputs)), tuple(sorted(live)), _attrs(node, inputs, sorted(live)))


def _attrs(node: Expr, inputs: Sequence[int], outputs: Sequence[int]) -> dict:
    attrs = shared(node)
    if "slices" in attrs:
        carries, slices = attrs["carries"], attrs["slices"]
        attrs["carries"] = sum(k < carries for k in inputs)
        attrs["slices"] = sum(carries <= k < carries + slices for k in inputs)
    return {name: _part_of(value, inputs, outputs) if isinstance(value, Graph) else value for name, value in attrs.items()}


def _part_of(body: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Graph:
    if len(inputs) == len(body.inputs) and len(outputs) == len(body.outputs):
        return body
    return replace(body, inputs=tuple(body.inputs[k] for k in inputs), outputs=tuple(body.outputs[k] for k in outputs))
