"""Common subexpressions: equal nodes are one by construction, so that only those are left which differ in form."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ir.graph import Graph
from .rules import COMMUTATIVE


def cse(graph: Graph) -> Graph:
    """The graph with ``x + y`` and ``y + x`` as one node, wherever passes built both.

    Random numbers are drawn by counter from a stream that is an attribute: two draws are one node only where their
    streams are one, and a draw is never drawn twice."""
    first: dict[tuple, Expr] = {}

    def merged(node: Expr) -> Expr:
        if node.op.name not in COMMUTATIVE:
            return node
        return first.setdefault((node.op.name, frozenset(map(id, node.inputs)), node.type), node)
    return graph.rewrite(merged)
