"""Operands with strides: what a matrix product reads where its operands are transposed, sliced or broadcast."""
from __future__ import annotations

from dataclasses import dataclass, replace

from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.types import row_major
from .axes import Axes, all_axes, coefficient, joined, symbol_of, value_at_zero
from .kernels import LOOP, broadcast_index, peel


@dataclass(frozen=True)
class Matrices:
    """A stack of matrices in the memory of `node`: where it begins and how far apart its elements lie, in elements."""

    node: Expr
    offset: Size
    batch: Size
    row: Size
    column: Size


def matrices(product_node: Expr) -> tuple[Size, Size, Matrices, Matrices] | None:
    """The number of products, their rows, and both operands of a matmul; None where the batches of one have no single
    stride. Products with one right operand, whose rows follow each other on the left, are one product of more rows."""
    *batch, rows, _ = product_node.dims
    rank = len(batch)
    places = [_place(x, rank) for x in product_node.inputs]
    offsets = [row_major(node.dims, i) for node, i in places]
    axes = joined(all_axes(tuple(batch)), offsets)
    if len(axes.loops) > 1:
        return None
    left, right = (_matrices(node, offset, axes, rank) for (node, _), offset in zip(places, offsets, strict=True))
    count = product(batch)
    if right.batch == 0 and (rows == 1 or left.batch == rows * left.row):
        return 1, count * rows, replace(left, batch=0, row=left.batch if rows == 1 else left.row), right
    return count, rows, left, right


def _place(x: Expr, rank: int) -> tuple:
    """The memory below operand `x`, and where its element at the batch's loops, and the next two, lies."""
    loops = LOOP[:rank + 2]
    return peel(x, broadcast_index(x, loops))


def _matrices(node: Expr, offset: Size, axes: Axes, rank: int) -> Matrices | None:
    row, column = (coefficient(offset, symbol_of(LOOP[rank + k])) for k in (0, 1))
    batch = coefficient(offset, axes.loops[0].symbol) if axes.loops else 0
    start = value_at_zero(offset, map(symbol_of, LOOP[:rank + 2]))
    return Matrices(node, start, batch, row, column)
