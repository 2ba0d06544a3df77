"""A graph, its nodes gathered into kernels and ordered, as a program for the CPU."""
from __future__ import annotations

from ..ir.graph import Graph
from . import library, loops
from .program import Program


def lower(graph: Graph) -> Program:
    """One step for each kernel of ``graph.notes["kernels"]``."""
    steps = [library.lower(g) if g.anchor is not None else loops.lower(g) for g in graph.notes["kernels"]]
    return Program(graph, tuple(steps), graph.notes["in_place"], graph.notes["commit"], graph.notes["over"])
