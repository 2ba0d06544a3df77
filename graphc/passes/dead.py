"""Dead code: nothing that no result needs is part of a graph, so that only results can be dead."""
from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Graph


def dead(graph: Graph) -> Graph:
    """The graph without updates that leave a Variable as it is. Inputs stay, used or not: callers pass them."""
    updates = tuple((v, new) for v, new in graph.updates if new is not v)
    return graph if len(updates) == len(graph.updates) else replace(graph, updates=updates)
