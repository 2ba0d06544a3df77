"""Matrix products on a register tile.

`product` computes ``C = A B`` block by block: `ROWS` rows and one tile's width of C at a time, a private block that
stays in the L1 cache, over `DEPTH` steps of the inner dimension at a time. Where the operands' elements come from is
the business of two functions, `left` and `right`, so that convolutions, which are products with gathered operands, run
through it too. Each block of C goes, as soon as it is complete, element by element through an epilogue, which stores.

The work is split over blocks of C, never over the inner dimension, so that no result depends on the number of threads.
The layers of blocks and panels are those of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
multiplication", 2008.
"""
from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .epilogue import epilogue
from .jit import jit, separate
from .memory import Pointer, share
from .simd import MASKED, REGISTERS, VECTOR_BYTES, Vector, lanes

TILE_ROWS = 6
VECTORS = 4 if REGISTERS == 32 else 2
"""A tile of C is 6 rows of 4 (or 2) vectors: with a row of B and an element of A it fills the registers."""

ROWS = 96
DEPTH = 256
SCRATCH_BYTES = (ROWS + DEPTH) * VECTORS * VECTOR_BYTES
"""A block of C and a packed panel of B; what `left` packs comes after them."""

_WORD = ir.IntType(64)


# ---- the register tile ----------------------------------------------------------------------------------------------
def _tile(vectors: int):
    """The intrinsic ``tile(a, a_row, a_col, rows, b, b_row, columns, depth, c, first)``: the first `rows` of 6 rows and
    `columns` of `vectors` vectors of C are the product over `depth`, plus what C held unless `first`."""
    @intrinsic
    def tile(typing, a, a_row, a_col, rows, b, b_row, columns, depth, c, first):
        def code(context, builder, sig, values):
            _write_tile(context, builder, sig, vectors, *values)
            return context.get_dummy_value()
        n = types.int64
        return types.void(a, n, n, n, b, n, n, n, c, types.boolean), code
    return tile


def _write_tile(context, builder, sig, vectors, a, a_row, a_col, rows, b, b_row, columns, depth, c, first):
    vector = Vector(context, builder, sig.args[8].value)
    masks = [vector.mask(columns, j * vector.lanes) for j in range(vectors)]
    starts = [builder.mul(_clamped(builder, i, rows), a_row) for i in range(TILE_ROWS)]
    places = [(i, j, vector.variable(), _word((i * VECTORS + j) * vector.lanes))
              for i in range(TILE_ROWS) for j in range(vectors)]
    with builder.if_else(first) as (fresh, continued):
        with fresh:
            for _, _, sum, _ in places:
                builder.store(vector.zero, sum)
        with continued:
            for _, _, sum, offset in places:
                builder.store(vector.load(c, offset), sum)
    with cgutils.for_range(builder, depth) as loop:
        row = builder.mul(loop.index, b_row)
        right = [vector.load(b, builder.add(row, _word(j * vector.lanes)), masks[j]) for j in range(vectors)]
        step = builder.mul(loop.index, a_col)
        left = [vector.splat(_element(context, builder, sig.args[0], vector.dtype, a, builder.add(start, step)))
                for start in starts]
        for i, j, sum, _ in places:
            builder.store(vector.multiply_add(left[i], right[j], builder.load(sum)), sum)
    for _, _, sum, offset in places:
        vector.store(builder.load(sum), c, offset)


def _word(value: int):
    return ir.Constant(_WORD, value)


def _clamped(builder, i, rows):
    """Row `i`, or the last one there is: a short tile computes its last row several times."""
    last = builder.sub(rows, _word(1))
    return builder.select(builder.icmp_signed("<", _word(i), last), _word(i), last)


def _element(context, builder, pointer, dtype, address, index):
    """``address[index]`` in the dtype that sums run in."""
    load = context.get_function(operator.getitem, pointer.value(pointer, types.int64))
    return context.cast(builder, load(builder, (address, index)), pointer.value, dtype)


_tile_1, _tile_2, _tile_4 = _tile(1), _tile(2), _tile(4)


@jit
def _multiply_tile(a, a_row, a_col, rows, b, b_row, columns, depth, c, first):
    """A tile by the narrowest code that covers its columns."""
    vector = lane_count(c)
    if columns <= vector:
        _tile_1(a, a_row, a_col, rows, b, b_row, columns, depth, c, first)
    elif columns <= 2 * vector or VECTORS == 2:
        _tile_2(a, a_row, a_col, rows, b, b_row, columns, depth, c, first)
    else:
        _tile_4(a, a_row, a_col, rows, b, b_row, columns, depth, c, first)


# ---- what is known of pointers while compiling ----------------------------------------------------------------------
@intrinsic
def lane_count(typing, pointer):
    """The elements of a vector."""
    return types.int64(pointer), lambda context, builder, sig, values: _word(lanes(pointer.value))


@intrinsic
def same_dtype(typing, x, y):
    """Whether two pointers hold elements of one dtype."""
    same = x.dtype == y.dtype
    return types.boolean(x, y), lambda context, builder, sig, values: ir.Constant(ir.IntType(1), same)


@intrinsic
def retyped(typing, x, y):
    """The address `x` as a pointer of the type of `y`."""
    return y(x, y), lambda context, builder, sig, values: values[0]


@intrinsic
def finished(typing, scratch):
    """Scratch to be read beside a target: no target overlaps it."""
    return Pointer(scratch.dtype, "finished")(scratch), lambda context, builder, sig, values: values[0]


# ---- the blocked product --------------------------------------------------------------------------------------------
@jit
def product(left, a, right, b, out, batch, m, n, k, batch_row, batch_col, args, scratch, tid, threads):
    """`batch` products of an ``[m, k]`` by a ``[k, n]`` matrix; product number g has its first element at row
    ``g * batch_row`` and column ``g * batch_col`` of the result.

    ``left(a, scratch, g, row, rows, step, depth)`` gives a pointer to a block of A, and the strides of its rows and
    columns; ``right(b, panel, g, column, columns, step, depth)`` a pointer to a panel of B, perhaps in `panel`, whose
    columns are contiguous, and the stride of its rows."""
    width = VECTORS * lane_count(scratch)
    down, across = -(-m // ROWS), -(-n // width)
    low, high = share(batch * down * across, tid, threads)
    for unit in range(low, high):
        g, row, column = unit // across // down, unit // across % down * ROWS, unit % across * width
        rows, columns = min(ROWS, m - row), min(width, n - column)
        _block(left, a, right, b, g, row, rows, column, columns, k, scratch)
        c, first_row, first_column = finished(scratch), g * batch_row + row, g * batch_col + column
        for i in range(rows):
            for j in range(columns):
                epilogue(args, out, c[i * width + j], first_row + i, first_column + j)


@separate
def _block(left, a, right, b, g, row, rows, column, columns, k, c):
    """A block of C, complete, in `c`."""
    width = VECTORS * lane_count(c)
    for step in range(0, max(k, 1), DEPTH):
        depth = min(DEPTH, k - step)
        block, a_row, a_col = left(a, c + (ROWS + DEPTH) * width, g, row, rows, step, depth)
        panel, b_row = right(b, c + ROWS * width, g, column, columns, step, depth)
        for top in range(0, rows, TILE_ROWS):
            _multiply_tile(block + top * a_row, a_row, a_col, min(TILE_ROWS, rows - top), panel, b_row, columns, depth,
                           c + top * width, step == 0)


# ---- matrices -------------------------------------------------------------------------------------------------------
@jit
def matmul(a, b, out, batch, m, n, k, a_batch_stride, a_row, a_col, b_batch_stride, b_row, b_col, args, scratch,
           tid, threads):
    """``out[g, i, j] = sum over l of a[g, i, l] * b[g, l, j]``, operands with any strides (in elements), each sum
    through ``epilogue(args, out, sum, g * m + i, j)``, which stores it. Sums are of the dtype of `scratch`."""
    product(rows_of, (a, a_batch_stride, a_row, a_col), columns_of, (b, b_batch_stride, b_row, b_col), out, batch, m, n,
            k, m, 0, args, scratch, tid, threads)


@jit
def rows_of(matrix, scratch, g, row, rows, step, depth):
    a, a_batch_stride, a_row, a_col = matrix
    return a + (g * a_batch_stride + row * a_row + step * a_col), a_row, a_col


@jit
def columns_of(matrix, panel, g, column, columns, step, depth):
    b, b_batch_stride, b_row, b_col = matrix
    first = b + (g * b_batch_stride + step * b_row + column * b_col)
    width = VECTORS * lane_count(panel)
    if same_dtype(b, panel) and b_col == 1 and (MASKED or columns == width):
        return retyped(first, panel), b_row
    pack(first, b_row, b_col, depth, columns, panel, width)
    return panel, width


@jit
def pack(b, b_row, b_col, depth, columns, panel, width):
    """A panel with contiguous columns; walks along whichever axis of `b` is contiguous."""
    if b_row == 1:
        for j in range(columns):
            for i in range(depth):
                panel[i * width + j] = b[i + j * b_col]
    else:
        for i in range(depth):
            for j in range(columns):
                panel[i * width + j] = b[i * b_row + j * b_col]


__all__ = ["DEPTH", "ROWS", "SCRATCH_BYTES", "VECTORS", "columns_of", "finished", "lane_count", "matmul", "pack",
           "product"]
