"""Results in memory of their own: no output is an input, a Variable, a constant, or another output."""
from __future__ import annotations

from dataclasses import replace

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ops.copy import copy
from .kernels import is_leaf, memory


def results(graph: Graph) -> Graph:
    """The graph with a copy of every result that would share its memory."""
    taken: set[Expr] = set()

    def own(x: Expr, use: str) -> Expr:
        if memory(x) in taken or is_leaf(memory(x)):
            x = copy(x, use=use)
        taken.add(memory(x))
        return x

    outputs = tuple(own(x, f"output {k}") for k, x in enumerate(graph.outputs))
    updates = tuple((v, own(x, f"update {k}")) for k, (v, x) in enumerate(graph.updates))
    return replace(graph, outputs=outputs, updates=updates)
