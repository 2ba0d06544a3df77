"""Graphs: what is computed from what. The unit that passes take and give back."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter, is_
from typing import Any

import networkx as nx

from .expr import Expr, make, originating


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """`outputs` from `inputs`; each of `updates` is a Variable and its next value.

    `notes` carries what the later passes find out (kernels, their order): a pass returns a new Graph."""

    inputs: tuple[Expr, ...]
    outputs: tuple[Expr, ...]
    updates: tuple[tuple[Expr, Expr], ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def results(self) -> tuple[Expr, ...]:
        """Everything that must be computed: the outputs, then the Variables' next values."""
        return self.outputs + tuple(new for _, new in self.updates)

    @cached_property
    def order(self) -> tuple[Expr, ...]:
        """Every node that a result needs, operands before users."""
        return topological(self.results)

    @cached_property
    def dag(self) -> nx.DiGraph:
        """The nodes as a networkx graph, an edge from each operand to each user."""
        dag = nx.DiGraph()
        dag.add_nodes_from(self.order)
        dag.add_edges_from((operand, node) for node in self.order for operand in node.inputs)
        return dag

    @property
    def variables(self) -> tuple[Expr, ...]:
        """The Variables that are read or written, each once."""
        read = [n for n in self.order if n.op.name == "variable"]
        return tuple(dict.fromkeys(read + [v for v, _ in self.updates]))

    def __repr__(self) -> str:
        return f"<graph of {len(self.inputs)} inputs, {len(self.order)} nodes, {len(self.outputs)} outputs>"

    def rewrite(self, rule: Callable[[Expr], Expr]) -> Graph:
        """The graph with every node, operands first, replaced by ``rule(node)``; by itself where nothing changes."""
        return self.substitute(rewritten(self.order, rule))

    def substitute(self, new: Mapping[Expr, Expr]) -> Graph:
        """The graph whose results are what `new` says of them."""
        return replace(self, outputs=tuple(new.get(x, x) for x in self.outputs),
                       updates=tuple((v, new.get(x, x)) for v, x in self.updates), notes=dict(self.notes))

    def note(self, **notes: Any) -> Graph:
        return replace(self, notes={**self.notes, **notes})


def topological(results: Iterable[Expr], known: Iterable[Expr] = (),
                operands: Callable[[Expr], Sequence[Expr]] = attrgetter("inputs")) -> tuple[Expr, ...]:
    """Every node below `results`, operands first, in a stable order (a depth-first walk without recursion). The `known`
    ones come first, and nothing below them."""
    done: dict[Expr, None] = dict.fromkeys(known)
    stack = [(x, False) for x in reversed(tuple(results))]
    while stack:
        node, expanded = stack.pop()
        if node in done:
            continue
        if expanded:
            done[node] = None
        else:
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(operands(node)) if x not in done)
    return tuple(done)


def rewritten(order: Iterable[Expr], rule: Callable[[Expr], Expr]) -> dict[Expr, Expr]:
    """Each node of `order` mapped to its replacement. What a rule builds belongs to the line of the node it replaces."""
    new: dict[Expr, Expr] = {}
    for node in order:
        with originating(node.line):
            new[node] = rule(rebuilt(node, tuple(new.get(x, x) for x in node.inputs)))
    return new


def rebuilt(node: Expr, inputs: tuple[Expr, ...]) -> Expr:
    """`node` over other operands."""
    if all(map(is_, inputs, node.inputs)):
        return node
    return make(node.op, inputs, node.attrs)


def substituted(results: Iterable[Expr], values: Mapping[Expr, Expr]) -> tuple[Expr, ...]:
    """`results` with the keys of `values` replaced by what they map to, wherever they stand."""
    results = tuple(results)
    new: dict[Expr, Expr] = {}
    for node in topological(results):
        with originating(node.line):
            new[node] = values[node] if node in values else rebuilt(node, tuple(new[x] for x in node.inputs))
    return tuple(new[x] for x in results)


def shared(results: Iterable[Expr]) -> tuple[Expr, ...]:
    """`results` over nodes that everybody finds again: what was made in `moments` is made anew, out of them."""
    results = tuple(results)
    new: dict[Expr, Expr] = {}
    for node in topological(results):
        with originating(node.line):
            own = node.op.name in ("placeholder", "variable")
            new[node] = node if own else make(node.op, tuple(new[x] for x in node.inputs), node.attrs)
    return tuple(new[x] for x in results)
