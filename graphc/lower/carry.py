"""Values that one pass over a row computes and a later pass needs again: kept in scratch where that is cheaper.

A row that is too long for the cache is computed again (`graphc.lower.loops`)."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..ir.expr import Expr
from ..ir.op import Fold, Scalar
from ..passes.kernels import LOOP, Group, memory

COSTLY = 8
"""Additions' worth of arithmetic from which on a value is kept rather than computed twice: an exponential, say."""


@dataclass
class Carried:
    """`saved[s]` is what pass `s` puts into scratch, `loaded[s]` what it takes out."""

    saved: dict[int, list[Expr]] = field(default_factory=dict)
    loaded: dict[int, list[Expr]] = field(default_factory=dict)

    @property
    def nodes(self) -> list[Expr]:
        return [n for nodes in self.saved.values() for n in nodes]


def carried(group: Group, roots: dict[int, list[Expr]]) -> Carried:
    """What to keep between the passes of a group; `roots[s]` is what pass `s` is there for."""
    first: dict[Expr, int] = {}
    found = Carried()
    for stage, nodes in sorted(roots.items()):
        seen, again = _needed(group, nodes, first)
        found.loaded[stage] = again
        for node in again:
            if node not in set(found.nodes):
                found.saved.setdefault(first[node], []).append(node)
        first.update((n, stage) for n in seen if n not in first)
    return found


def _needed(group: Group, roots: Iterable[Expr], earlier: dict[Expr, int]) -> tuple[list[Expr], list[Expr]]:
    """The nodes that a pass computes, and the costly ones of earlier passes that it needs instead."""
    whole = LOOP[:len(group.domain)]
    seen: dict[Expr, None] = {}
    again: dict[Expr, None] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if group.index.get(node) != whole or isinstance(node.op.lower, Fold) or node in seen:
            continue
        if node in earlier and _is_costly(node):
            again[node] = None
        else:
            seen[node] = None
            stack += map(memory, node.inputs)
    return list(seen), list(again)


def _is_costly(node: Expr) -> bool:
    return isinstance(node.op.lower, Scalar) and node.op.lower.cost >= COSTLY
