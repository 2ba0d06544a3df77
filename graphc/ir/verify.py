"""The verifier: every invariant of a graph, checked after each pass in tests and where ``GRAPHC_VERIFY=1`` asks for it.

1. The graph is acyclic, and every node's type is what its op infers from its operands and attributes.
2. Attributes are hashable, and no two nodes are equal: equal nodes are one node.
3. Inputs are placeholders, each once; every placeholder that is reached is an input.
4. Updates give each Variable at most one next value, of its dtype and dims, as far as these are known.
5. All of this holds for the sub-graphs that nodes carry, which read no Variables.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import networkx as nx

from .errors import GraphcError, VerifyError
from .expr import Expr, label
from .graph import Graph
from .loop import bodies
from .op import Op, Scalar
from .types import Type


def verify(graph: Graph, after: str | None = None) -> Graph:
    """`graph` itself; raises VerifyError with every fault found. `after` names the pass that made it."""
    faults = list(_faults(graph))
    if faults:
        by = f"after {after}: " if after else ""
        raise VerifyError("\n".join(by + fault for fault in faults))
    return graph


def _faults(graph: Graph) -> Iterator[str]:
    nodes = _reached(graph)
    if cycle := _cycle(nodes):
        yield "a cycle: " + " -> ".join(label(x) for x in cycle)
        return
    yield from _leaf_faults(graph, nodes)
    for body in dict.fromkeys(body for node in nodes for body in bodies(node)):
        yield from (f"in a sub-graph: {fault}" for fault in _body_faults(body))
    seen: dict[tuple, Expr] = {}
    for node in nodes:
        for fault in _node_faults(node, seen):
            yield f"{label(node)}:{node.type}: {fault}\n  made at {node.line}"


def _body_faults(body: Graph) -> Iterator[str]:
    yield from _faults(body)
    yield from (f"it reads the Variable {label(v)}, which must be an operand" for v in body.variables)


def _reached(graph: Graph) -> dict[Expr, None]:
    found = dict.fromkeys(graph.results)
    waiting = list(found)
    while waiting:
        for x in waiting.pop().inputs:
            if x not in found:
                found[x] = None
                waiting.append(x)
    return found


def _cycle(nodes) -> list[Expr]:
    place = {node: k for k, node in enumerate(nodes)}  # by number: networkx compares nodes by ==
    dag = nx.DiGraph((place[x], k) for node, k in place.items() for x in node.inputs)
    return [] if nx.is_directed_acyclic_graph(dag) else [list(nodes)[k] for k, _ in nx.find_cycle(dag)]


def _leaf_faults(graph: Graph, nodes) -> Iterator[str]:
    inputs, variables = set(graph.inputs), [v for v, _ in graph.updates]
    if len(inputs) < len(graph.inputs):
        yield "an input is listed twice"
    if len(set(variables)) < len(variables):
        yield "a Variable is updated twice"
    yield from (f"the input {label(x)} is not a placeholder" for x in graph.inputs if x.op.name != "placeholder")
    yield from (f"the placeholder {label(x)}:{x.type} is not among the inputs\n  made at {x.line}"
                for x in nodes if x.op.name == "placeholder" and x not in inputs)
    for v, new in graph.updates:
        if v.op.name != "variable":
            yield f"the update of {label(v)}: not a Variable"
        elif v.dtype != new.dtype or v.ndim != new.ndim or any(
                n not in (None, size) for n, size in zip(new.shape, v.shape, strict=True)):
            yield f"the update of {label(v)}:{v.type} has type {new.type}\n  made at {new.line}"


@cache
def arity(op: Op) -> int | None:
    """How many operands an op takes, where its scalar form tells."""
    if not isinstance(op.lower, Scalar):
        return None
    return 1 + max(int(k) for k in re.findall(r"\{(\d+)", " ".join((op.lower.expression, *op.lower.by_dtype.values()))))


def _node_faults(node: Expr, seen: dict[tuple, Expr]) -> Iterator[str]:
    if node.op.name in ("placeholder", "variable"):
        return
    try:
        key = (node.op.name, tuple(map(id, node.inputs)), tuple(sorted(node.attrs.items())))
        if seen.setdefault(key, node) is not node:
            yield "an equal node exists: the graph is not hash-consed"
    except TypeError as error:
        yield f"an attribute cannot be hashed: {error}"
    if arity(node.op) not in (None, len(node.inputs)):
        yield f"the op takes {arity(node.op)} operands, not {len(node.inputs)}"
        return
    try:
        inferred = node.op.infer(*(x.type for x in node.inputs), **node.attrs)
    except (GraphcError, TypeError, ValueError, AttributeError) as error:
        yield f"no type can be inferred: {error}"
    else:
        if not isinstance(inferred, Type) or inferred != node.type:
            yield f"the op infers {inferred}"

