"""Matrix products on the register tile.

``C = A B`` is computed block by block: `ROWS` rows and one tile's width of C at a time, a private block that stays in the
L1 cache, over `DEPTH` steps of the inner dimension at a time. A is read where it lies, and so is B if its columns are
contiguous; else a panel of it is packed. Each block of C goes, as soon as it is complete, through an epilogue, which
stores.

The work is split over blocks of C, never over the inner dimension, so that no result depends on the number of threads.
The layers of blocks and panels are those of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
multiplication", 2008.
"""
from __future__ import annotations

from .epilogue import finish
from .jit import jit, separate
from .memory import share
from .simd import MASKED, VECTOR_BYTES
from .tile import SPARE, VECTORS, element_size, lane_count, multiply, retyped, same_dtype, words
from .transpose import transpose

ROWS = 96
DEPTH = 256
TABLE_BYTES = 8 * (ROWS + SPARE + 1) + 32
"""The offsets of a block's rows, and of the one run that their terms are."""
SCRATCH_BYTES = TABLE_BYTES + (ROWS + SPARE + DEPTH + ROWS) * VECTORS * VECTOR_BYTES
"""That table, a block of C, a packed panel of B, and the block transposed."""


@separate
def matmul(a, b, batch, m, n, k, a_batch, a_row, a_col, b_batch, b_row, b_col, finisher, args, scratch, tid, threads):
    """``sum over l of a[g, i, l] * b[g, l, j]``, operands with any strides (in elements), to `finisher` as the element at
    row ``g * m + i``, column j. Sums are of the dtype of `scratch`."""
    width, table = VECTORS * lane_count(scratch), words(scratch)
    c = scratch + TABLE_BYTES // element_size(scratch)
    if m <= width and b_row == 1 and b_col != 1:
        _across(a, b, batch, m, n, k, a_batch, a_row, a_col, b_batch, b_col, finisher, args, table, c, tid, threads)
        return
    down, across = -(-m // ROWS), -(-n // width)
    low, high = share(batch * down * across, tid, threads)
    for unit in range(low, high):
        g, row, column = unit // across // down, unit // across % down * ROWS, unit % across * width
        rows, columns = min(ROWS, m - row), min(width, n - column)
        left, right = a + (g * a_batch + row * a_row), b + (g * b_batch + column * b_col)
        _block(left, a_row, a_col, right, b_row, b_col, rows, columns, k, table, c)
        _number(table, g * m + row, rows)
        finish(finisher, args, c, width, columns, table, rows, column)


@jit
def _across(a, b, batch, m, n, k, a_batch, a_row, a_col, b_batch, b_col, finisher, args, table, c, tid, threads):
    """A few rows times a transposed matrix, as the transposed product: what lies in memory is ``B^T``, whose rows the tile
    reads in place, and ``A^T`` is soon packed."""
    across, width = -(-n // ROWS), VECTORS * lane_count(c)
    turned = c + (ROWS + SPARE + DEPTH) * width
    low, high = share(batch * across, tid, threads)
    for unit in range(low, high):
        g, column = unit // across, unit % across * ROWS
        columns = min(ROWS, n - column)
        _block(b + (g * b_batch + column * b_col), b_col, 1, a + g * a_batch, a_col, a_row, columns, m, k, table, c)
        transpose(c, width, columns, m, turned, ROWS)
        _number(table, g * m, m)
        finish(finisher, args, turned, ROWS, columns, table, m, column)


@jit
def _number(table, first, count):
    """The numbers from `first` on."""
    for i in range(count):
        table[i] = first + i


@separate
def _block(a, a_row, a_col, b, b_row, b_col, rows, columns, k, table, c):
    """A block of C, complete, in `c`."""
    panel = c + (ROWS + SPARE) * VECTORS * lane_count(c)
    table[0], places = 0, table + 1
    for i in range(rows + SPARE):
        places[i] = min(i, rows - 1) * a_row
    for step in range(0, max(k, 1), DEPTH):
        depth = min(DEPTH, k - step)
        right, right_row = panel_of(b + step * b_row, b_row, b_col, depth, columns, panel)
        multiply(a + step * a_col, places, rows, table, 1, depth, a_col, right, right_row, columns, c, step == 0)


@jit
def panel_of(b, b_row, b_col, depth, columns, panel):
    """A panel of B whose columns are contiguous, in place or packed into `panel`, and how far its rows are apart."""
    width = VECTORS * lane_count(panel)
    if same_dtype(b, panel) and b_col == 1 and (MASKED or columns == width):
        return retyped(b, panel), b_row
    pack(b, b_row, b_col, depth, columns, panel, width)
    return panel, width


@separate
def pack(b, b_row, b_col, depth, columns, panel, width):
    """A panel with contiguous columns; walks along whichever axis of `b` is contiguous."""
    if b_row == 1:
        transpose(b, b_col, columns, depth, panel, width)
    else:
        for i in range(depth):
            for j in range(columns):
                panel[i * width + j] = b[i * b_row + j * b_col]


__all__ = ["DEPTH", "ROWS", "SCRATCH_BYTES", "matmul", "pack", "panel_of"]
