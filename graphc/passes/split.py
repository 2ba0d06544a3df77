"""Split: a fold over everything becomes a fold of rows, which threads share, and a fold of their results.

The rows, not the threads, decide how partial results are formed, so that results do not depend on the number of threads.
"""
from __future__ import annotations

from ..ir.expr import Expr, make
from ..ir.graph import Graph
from ..ir.integer import product
from ..ir.op import Fold
from ..ir.types import is_float

LARGE = 1 << 15
"""Elements from which on a fold is worth sharing."""

ROW = 64
"""Elements that a row should have at least."""


def split(graph: Graph) -> Graph:
    """The graph with every large fold over all axes in two steps."""
    return graph.rewrite(_split)


def split_exactly(graph: Graph) -> Graph:
    """As `split`, where the order of the operands does not change how a result rounds."""
    return graph.rewrite(lambda node: node if is_float(node.dtype) and node.op.name in ("sum", "prod") else _split(node))


def _split(node: Expr) -> Expr:
    if not isinstance(node.op.lower, Fold) or node.dims or not _is_large(node.inputs[0]):
        return node
    x = node.inputs[0]
    first = _first_of_row(x)
    if product(x.dims[:first]) == 1:
        return node
    rows = make(node.op, (x,), {**node.attrs, "axes": tuple(range(first, x.ndim))})
    return make(node.op, (rows,), {**node.attrs, "axes": tuple(range(first))})


def _is_large(x: Expr) -> bool:
    return x.ndim > 1 and (not isinstance(x.size, int) or x.size >= LARGE)


def _first_of_row(x: Expr) -> int:
    """The first of the innermost axes that make a row of some length."""
    for axis in range(x.ndim - 1, 0, -1):
        row = product(x.dims[axis:])
        if not isinstance(row, int) or row >= ROW:
            return axis
    return 1
