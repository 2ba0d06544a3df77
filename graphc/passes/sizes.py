"""Sizes: unknown sizes that every call must make equal become one.

``x:f32[?,10] + t:f32[?2,10]`` has a value only where both unknowns are the same number. Written as one, equal
shapes are equal for every later pass, and a call with different sizes is told so when its inputs are read. Inputs
with a size that turns out to be known, or another's, are replaced: they keep their place, name and line.
"""
from __future__ import annotations

from ..ir.graph import Graph
from ..ir.integer import Integer, Size, Symbol
from ..ir.resizing import Resizing
from ..ir.sizes import met, with_bodies


def sizes(graph: Graph) -> Graph:
    """The graph over as few unknown sizes as it has."""
    same = _equalities(graph)
    if not same:
        return graph
    return Resizing(same).graph(graph)


def _equalities(graph: Graph) -> dict[Symbol, Size]:
    """What each unknown that is not needed stands for."""
    same: dict[Symbol, Size] = {}
    for node in with_bodies(graph.order):
        for a, b in met(node):
            a, b = _resolved(a, same), _resolved(b, same)
            if a != b:
                _unite(a, b, same)
    return {symbol: _resolved(size, same) for symbol, size in same.items()}


def _resolved(size: Size, same: dict[Symbol, Size]) -> Size:
    while (symbol := _symbol(size)) in same:
        size = same[symbol]
    return size


def _symbol(size: Size) -> Symbol | None:
    """The unknown that a size is, all by itself."""
    if isinstance(size, Integer) and len(size.terms) == 1:
        (atoms, factor), = size.terms.items()
        if factor == 1 and len(atoms) == 1 and isinstance(atoms[0], Symbol):
            return atoms[0]
    return None


def _unite(a: Size, b: Size, same: dict[Symbol, Size]) -> None:
    """The younger unknown stands for the other size; sizes that are computed are left to each call's check."""
    s, t = _symbol(a), _symbol(b)
    if s is not None and t is not None:
        old, young = sorted((s, t), key=lambda symbol: symbol.serial)
        same[young] = Integer({(old,): 1})
    elif s is not None and isinstance(b, int) and b != 1:
        same[s] = b
    elif t is not None and isinstance(a, int) and a != 1:
        same[t] = a
