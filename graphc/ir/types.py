"""Types: a dtype and the size of every dimension. ``f32[?,784]`` reads: float32, unknown rows, 784 columns."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import ml_dtypes
import numpy as np

from .errors import ArgumentError, DTypeError, ShapeError
from .integer import Integer, Size, product

bfloat16 = np.dtype(ml_dtypes.bfloat16)

SHORT = {
    np.dtype(bool): "bool",
    np.dtype("int8"): "i8", np.dtype("int16"): "i16", np.dtype("int32"): "i32", np.dtype("int64"): "i64",
    np.dtype("uint8"): "u8", np.dtype("uint16"): "u16", np.dtype("uint32"): "u32", np.dtype("uint64"): "u64",
    np.dtype("float16"): "f16", bfloat16: "bf16", np.dtype("float32"): "f32", np.dtype("float64"): "f64",
}
LONG = {short: dtype for dtype, short in SHORT.items()}


def as_dtype(dtype) -> np.dtype:
    """The numpy dtype of a name (``"float32"``, ``"f32"``, ``"bfloat16"``), a type or a dtype.

    Raises DTypeError for anything that graphc has no arithmetic for (complex, strings, objects)."""
    if isinstance(dtype, np.dtype) and dtype in SHORT:
        return dtype
    if dtype is None:
        raise DTypeError(f"None is not a dtype; known: {', '.join(str(d) for d in SHORT)}")
    if isinstance(dtype, str):
        dtype = LONG.get(dtype, bfloat16 if dtype == "bfloat16" else dtype)
    try:
        found = np.dtype(dtype).newbyteorder("=")
    except TypeError as error:
        raise DTypeError(f"unknown dtype {dtype!r}; known: {', '.join(str(d) for d in SHORT)}") from error
    if found not in SHORT:
        raise DTypeError(f"dtype {found} is not supported; known: {', '.join(str(d) for d in SHORT)}")
    return found


def is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f" or dtype == bfloat16


def is_integer(dtype: np.dtype) -> bool:
    return dtype.kind in "iu"


def is_bool(dtype: np.dtype) -> bool:
    return dtype.kind == "b"


def compute_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype that arithmetic on `dtype` runs in: the 16-bit floats are storage only."""
    return np.dtype("float32") if is_float(dtype) and dtype.itemsize == 2 else dtype


@dataclass(frozen=True, slots=True)
class Type:
    """The type of an expression.

    `dims` holds an int for a size that is known while the graph is built and an `Integer` for one that is not;
    `shape` is what users see, with None for the latter."""

    dtype: np.dtype
    dims: tuple[Size, ...] = ()

    @property
    def shape(self) -> tuple[int | None, ...]:
        return tuple(d if isinstance(d, int) else None for d in self.dims)

    @property
    def rank(self) -> int:
        return len(self.dims)

    @property
    def size(self) -> Size:
        """The number of elements."""
        return product(self.dims)

    @property
    def nbytes(self) -> Size:
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{SHORT[self.dtype]}[{','.join(str(d).replace(' ', '') for d in self.dims)}]"

    def with_dims(self, dims: Iterable[Size]) -> Type:
        return Type(self.dtype, tuple(dims))

    def with_dtype(self, dtype: np.dtype) -> Type:
        return Type(dtype, self.dims)


def as_dims(shape) -> tuple[Size, ...]:
    """A user's shape as dims: each None becomes an unknown of its own, an `Integer` (from another's dims) stays.

    >>> as_dims((2, None)), as_dims(3)
    ((2, ?), (3,))
    """
    if shape is None:
        raise ShapeError("a shape is a tuple: () is a scalar, (None,) a vector whose size a call knows; None is neither")
    return tuple(_as_dim(entry, shape) for entry in entries(shape))


def entries(shape) -> tuple:
    """The entries of a user's shape, unchecked; of what is no sequence the only one."""
    return tuple(shape) if isinstance(shape, Iterable) else (shape,)


def _as_dim(entry, shape) -> Size:
    if isinstance(entry, Integer):
        return entry
    if entry is None:
        return Integer.symbol("?")
    if isinstance(entry, bool) or not isinstance(entry, (int, np.integer)):
        raise ShapeError(f"shape {shape!r}: a dimension is an int or None, not {entry!r}")
    if entry < 0:
        raise ShapeError(f"shape {shape!r}: a dimension cannot be negative")
    return int(entry)


@lru_cache(maxsize=4096)
def broadcast(*shapes: tuple[Size, ...]) -> tuple[Size, ...]:
    """The common shape by NumPy's rule. A size known only at call time stretches nothing and is never stretched: it
    stands against 1, or against a size that it is taken to equal (which each call checks)."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    return tuple(_common(sizes, shapes) for sizes in zip(*padded, strict=True))


def _common(sizes: tuple[Size, ...], shapes) -> Size:
    wide = [s for s in sizes if s != 1]
    known = {s for s in wide if isinstance(s, int)}
    if len(known) > 1:
        raise ShapeError("shapes " + " and ".join(map(show_dims, shapes)) + " do not broadcast")
    return known.pop() if known else wide[0] if wide else 1


def row_major(dims: Iterable[Size], i: Iterable[Size]) -> Size:
    """The offset, in elements, of the element at indices `i` of a row-major array."""
    offset: Size = 0
    for size, index in zip(dims, i, strict=True):
        offset = offset * size + index
    return offset


def show_dims(dims: Iterable[Size]) -> str:
    dims = tuple(dims)
    return f"({', '.join(map(str, dims))}{',' if len(dims) == 1 else ''})"


def as_axis(axis, rank: int) -> int:
    """A non-negative axis; raises ShapeError where there is no such axis."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ArgumentError(f"an axis is an int, not {axis!r}")
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is out of range for {rank} dimension{'s' * (rank != 1)}")
    return int(axis) % rank


def as_axes(axis, rank: int) -> tuple[int, ...]:
    """Sorted non-negative axes from None (all), an int or a tuple; raises on repetition."""
    if axis is None:
        return tuple(range(rank))
    axes = sorted(as_axis(a, rank) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {axis!r} names an axis twice")
    return tuple(axes)


@lru_cache(maxsize=4096)
def promote(*dtypes: np.dtype) -> np.dtype:
    """NumPy's promotion, except that an integer never widens a float: float32 with int64 is float32."""
    floats = [d for d in dtypes if is_float(d)]
    found = np.result_type(*_widened(floats or dtypes))
    return as_dtype(found)


def _widened(dtypes) -> list[np.dtype]:
    distinct = set(dtypes)
    both_halves = {bfloat16, np.dtype("float16")} <= distinct
    return [*(d for d in distinct if d.itemsize > 2), np.dtype("float32")] if both_halves else list(distinct)
