"""The register tile: a few rows of a product by a few vectors of columns, kept in registers while a sum runs.

The tile knows nothing of matrices. Where its rows begin in memory says a table of offsets, and so it is with the terms
of its sum: they come in runs, as far apart as another table says, and within a run step by step. A row of a matrix is
one run; the patch that a convolution sees is a run for each line of its kernel, read where it lies.

The terms of the second operand lie in order, `b_row` elements apart, with their columns side by side.
"""
from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import jit, separate
from .memory import ITEMSIZE, Pointer
from .simd import REGISTERS, Vector, lanes

HEIGHT = 6
VECTORS = 4 if REGISTERS == 32 else 2
"""A tile of 6 rows of 4 (or 2) vectors: with a row of B and an element of A it fills the registers."""

SPARE = 3
"""There is code for tiles of 6, 5 and 4 rows. Lower ones are computed as if they had 4: as many rows stand for nothing."""

_WORD = ir.IntType(64)


# ---- the code -------------------------------------------------------------------------------------------------------
def _tile(height: int, vectors: int):
    """The intrinsic ``tile(a, rows, terms, runs, run, step, b, b_row, columns, c, first)``."""
    @intrinsic
    def tile(typing, a, rows, terms, runs, run, step, b, b_row, columns, c, first):
        def code(context, builder, sig, values):
            _Tile(context, builder, sig, height, vectors, *values)
            return context.get_dummy_value()
        n = types.int64
        return types.void(a, rows, terms, n, n, n, b, n, n, c, types.boolean), code
    return tile


class _Tile:
    """Writes one tile."""

    def __init__(self, context, builder, sig, height, vectors, a, rows, terms, runs, run, step, b, b_row, columns, c, first):
        self.context, self.builder = context, builder
        self.vector = vector = Vector(context, builder, sig.args[9].value)
        self.operand, self.table = sig.args[0], sig.args[1]
        self.masks = [vector.mask(columns, j * vector.lanes) for j in range(vectors)]
        self.sums = [[vector.variable() for _ in range(vectors)] for _ in range(height)]
        self._begin(c, first)
        starts = [self._moved(a, self._entry(rows, _word(i))) for i in range(height)]
        place = cgutils.alloca_once_value(builder, _word(0))
        with cgutils.for_range(builder, runs) as outer:
            term = cgutils.alloca_once(builder, _WORD)
            builder.store(self._entry(terms, outer.index), term)
            with cgutils.for_range(builder, run):
                at, row = builder.load(term), builder.load(place)
                self._add(starts, at, b, row)
                builder.store(builder.add(at, step), term)
                builder.store(builder.add(row, b_row), place)
        for sum, offset in self._places():
            vector.store(builder.load(sum), c, offset)

    def _places(self):
        """Each sum, and its place in C."""
        for i, row in enumerate(self.sums):
            for j, sum in enumerate(row):
                yield sum, _word((i * VECTORS + j) * self.vector.lanes)

    def _begin(self, c, first) -> None:
        """Sums begin with what C holds, or with 0."""
        with self.builder.if_else(first) as (fresh, continued):
            with fresh:
                for sum, _ in self._places():
                    self.builder.store(self.vector.zero, sum)
            with continued:
                for sum, offset in self._places():
                    self.builder.store(self.vector.load(c, offset), sum)

    def _add(self, starts, at, b, row) -> None:
        """One term of all sums."""
        right = [self.vector.load(b, self.builder.add(row, _word(j * self.vector.lanes)), mask)
                 for j, mask in enumerate(self.masks)]
        for start, sums in zip(starts, self.sums, strict=True):
            left = self.vector.splat(self._element(start, at))
            for sum, column in zip(sums, right, strict=True):
                self.builder.store(self.vector.multiply_add(left, column, self.builder.load(sum)), sum)

    def _element(self, address, index):
        """``address[index]`` in the dtype that sums run in."""
        load = self.context.get_function(operator.getitem, self.operand.value(self.operand, types.int64))
        found = load(self.builder, (address, index))
        return self.context.cast(self.builder, found, self.operand.value, self.vector.dtype)

    def _entry(self, table, index):
        load = self.context.get_function(operator.getitem, types.int64(self.table, types.int64))
        return load(self.builder, (table, index))

    def _moved(self, address, offset):
        move = self.context.get_function(operator.add, self.operand(self.operand, types.int64))
        return move(self.builder, (address, offset))


def _word(value: int):
    return ir.Constant(_WORD, value)


def _strip(vectors: int):
    """A function that computes a tile of 6, 5 or 4 rows."""
    six, five, four = (_tile(height, vectors) for height in (6, 5, 4))

    @jit
    def strip(a, rows, height, terms, runs, run, step, b, b_row, columns, c, first):
        if height == 6:
            six(a, rows, terms, runs, run, step, b, b_row, columns, c, first)
        elif height == 5:
            five(a, rows, terms, runs, run, step, b, b_row, columns, c, first)
        else:
            four(a, rows, terms, runs, run, step, b, b_row, columns, c, first)
    return strip


_narrow, _medium, _wide = map(_strip, (1, 2, 4))


@separate
def multiply(a, rows, count, terms, runs, run, step, b, b_row, columns, c, first):
    """`count` rows of C, which begin at ``a + rows[i]``, by at most a tile's width of columns; a sum's terms are those at
    ``terms[0] + k * step`` for k below `run`, then those at ``terms[1] + k * step``, until there were `runs` runs.

    C, whose rows are as long as a tile is wide, keeps what it has unless `first`. There must be `SPARE` more entries in
    `rows`, of any elements that may be read, and as many more rows in C, without meaning."""
    vector = lane_count(c)
    tiles = -(-count // HEIGHT)
    for number in range(tiles):
        low, high = -(-count * number // tiles), -(-count * (number + 1) // tiles)  # the last is the lowest
        place, sums = rows + low, c + low * VECTORS * vector
        if columns <= vector:
            _narrow(a, place, high - low, terms, runs, run, step, b, b_row, columns, sums, first)
        elif columns <= 2 * vector or VECTORS == 2:
            _medium(a, place, high - low, terms, runs, run, step, b, b_row, columns, sums, first)
        else:
            _wide(a, place, high - low, terms, runs, run, step, b, b_row, columns, sums, first)


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
def words(typing, scratch):
    """Scratch as 64-bit integers."""
    return Pointer("i64", "workspace")(scratch), lambda context, builder, sig, values: values[0]


@intrinsic
def element_size(typing, pointer):
    """The bytes of an element."""
    return types.int64(pointer), lambda context, builder, sig, values: _word(ITEMSIZE[pointer.dtype])


__all__ = ["HEIGHT", "SPARE", "VECTORS", "element_size", "lane_count", "multiply", "retyped", "same_dtype", "words"]
