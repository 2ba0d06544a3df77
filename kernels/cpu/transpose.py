"""Transposing in registers: a square block of as many rows as a vector has elements."""
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .jit import separate
from .simd import Vector
from .tile import lane_count, same_dtype

_WORD = ir.IntType(64)
LARGEST = 16
"""Rows of a block, at most: more would not fit into the registers."""


@separate
def transpose(x, x_row, rows, columns, y, y_row):
    """``y[j * y_row + i] = x[i * x_row + j]`` for i below `rows`, j below `columns`."""
    side, whole, wide = lane_count(x), 0, 0
    if same_dtype(x, y) and side <= LARGEST:
        whole, wide = rows // side * side, columns // side * side
        for i in range(0, whole, side):
            for j in range(0, wide, side):
                _block(x + (i * x_row + j), x_row, y + (j * y_row + i), y_row)
    for i in range(rows):
        for j in range(wide if i < whole else 0, columns):
            y[j * y_row + i] = x[i * x_row + j]


@intrinsic
def _block(typing, x, x_row, y, y_row):
    """A block of a vector's elements by as many; no code where it would be too large."""
    def code(context, builder, sig, values):
        x, x_row, y, y_row = values
        vector = Vector(context, builder, sig.args[0].value)
        if vector.lanes <= LARGEST:
            rows = [vector.load(x, builder.mul(x_row, _WORD(i))) for i in range(vector.lanes)]
            for j, row in enumerate(_transposed(builder, rows)):
                vector.store(row, y, builder.mul(y_row, _WORD(j)))
        return context.get_dummy_value()
    n = types.int64
    return types.void(x, n, y, n), code


def _transposed(builder, rows):
    """The rows of a square as its columns: quarters change places, then quarters of the quarters."""
    half = len(rows) // 2
    while half:
        for i in range(len(rows)):
            if not i & half:
                rows[i], rows[i + half] = (_shuffled(builder, rows[i], rows[i + half], half, upper) for upper in (0, half))
        half //= 2
    return rows


def _shuffled(builder, a, b, half, upper):
    """Of each pair of neighbouring parts of `half` elements, the one that `upper` says: from `a`, beside that from `b`."""
    lanes = a.type.count
    places = [(lane & ~half) + upper + (lanes if lane & half else 0) for lane in range(lanes)]
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), lanes), places))


__all__ = ["transpose"]
