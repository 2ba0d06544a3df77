"""Common subexpressions: equal nodes are one by construction, so that only those are left which differ in form."""
from __future__ import annotations

from ..ir.graph import Graph
from .canonicalize import ordered


def cse(graph: Graph) -> Graph:
    """The graph with ``x + y`` and ``y + x`` as one node, wherever passes built both.

    Random numbers are drawn by counter from a stream that is an attribute: two draws are one node only where their streams
    are one, and a draw is never drawn twice."""
    return ordered(graph)
