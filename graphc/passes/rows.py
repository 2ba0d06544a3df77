"""Rows: what a scatter adds to zeros, and is then added to a matrix, is added to the rows of that matrix.

So a step that learns a few rows of a table, ``w - 0.1*gradient``, touches these rows alone.
"""
from __future__ import annotations

from collections import Counter

import numpy as np

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ops.gather import SCATTERS
from .rules import is_wide, number


def rows(graph: Graph) -> Graph:
    """The graph with sums of rows added in place; a sum of more than two terms may round otherwise."""
    uses = Counter(x for node in graph.order for x in node.inputs) + Counter(graph.results)
    return graph.rewrite(lambda node: _added(node, uses) if node.op.name in ("add", "subtract") else node)


def _added(node: Expr, uses: Counter) -> Expr:
    """A sum or a difference, as rows added to its other term where one is rows in zeros."""
    x, y = node.inputs
    sign = -1 if node.op.name == "subtract" else 1
    for whole, sparse, factor in [(x, y, sign), *([(y, x, 1)] if sign == 1 else [])]:
        found = _rows_of(sparse, factor, uses) if whole.dims == sparse.dims and is_wide(node) else None
        if found is not None and node.dtype == whole.dtype == sparse.dtype:
            return SCATTERS["add"](whole, *found)
    return node


def _rows_of(x: Expr, factor: float, uses: Counter) -> tuple[Expr, Expr] | None:
    """The rows' numbers and values, times `factor`, of a scatter into zeros that nobody else reads."""
    if uses[x] != 1:
        return None
    if x.op.name == "negative":
        return _rows_of(x.inputs[0], -factor, uses)
    if x.op.name == "multiply":
        found = (_rows_of(y, factor * float(number(c)), uses) for y, c in (x.inputs, x.inputs[::-1]) if _is_factor(c))
        return next(found, None)
    if x.op.name != "scatter_add" or not _is_zero(x.inputs[0]):
        return None
    _, places, values = x.inputs
    return places, values if factor == 1 else -values if factor == -1 else values * factor


def _is_factor(c: Expr) -> bool:
    """Whether it is a number that leaves zeros zeros."""
    return number(c) is not None and bool(np.isfinite(number(c)))


def _is_zero(x: Expr) -> bool:
    """Whether the node is zeros."""
    x = x.inputs[0] if x.op.name == "broadcast_to" else x
    return number(x) == 0
