"""Arrays made from nothing: sizes as values, ranges, constants in every place."""
from __future__ import annotations

import math

import numpy as np

from ..ir.errors import ArgumentError, DTypeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, ceildiv, maximum
from ..ir.leaves import as_expr, constant
from ..ir.op import Case, Index, Op
from ..ir.registry import public
from ..ir.types import Type, as_axis, as_dtype, is_float
from .elementwise import equal, where
from .shape import broadcast_arrays, broadcast_to, expand_dims, known_dims, moveaxis, reshape

_INT64 = np.dtype("int64")


# ---- rows -----------------------------------------------------------------------------------------------------------
def _size_index(body, i, *, size):
    return body.value(size, _INT64)


def _range_index(body, i, *, start, step, size):
    return body.value(start + i[0] * step, _INT64)


_size = Op("size", lambda size: np.int64(size), lambda *, size: Type(_INT64, ()), Index(_size_index),
           doc="A size that is known at call time, as a value.", cases=lambda rng: [Case((), {"size": 7})])

_arange = Op("arange", lambda start, step, size: start + step * np.arange(size),
             lambda *, start, step, size: Type(_INT64, (size,)), Index(_range_index),
             doc="start, start + step, ...: `size` integers.",
             cases=lambda rng: [Case((), {"start": a, "step": b, "size": n})
                                for a, b, n in ((0, 1, 5), (7, -3, 4), (2, 1, 0), (-5, 2, 1))])


# ---- ranges ---------------------------------------------------------------------------------------------------------
def number(size: Size) -> Expr:
    """A size as an int64 value: a constant where it is known while the graph is built."""
    return _size(size=size) if isinstance(size, Integer) else constant(size, _INT64)


def indices(size: Size, start: Size = 0, step: Size = 1) -> Expr:
    """``start + step * k`` for k below `size`, in int64."""
    return _arange(start=start, step=step, size=size)


@public
def arange(start, stop=None, step=1, dtype=None) -> Expr:
    """Numbers from `start` up to, without, `stop`; ``arange(n)`` counts from 0. Of ints int64, of floats float32.

    `start` and `stop` may be sizes known only at call time (entries of ``x.dims``)."""
    start, stop = (0, start) if stop is None else (start, stop)
    if any(isinstance(v, Expr) for v in (start, stop, step)):
        raise ArgumentError("arange: its length must be known: give numbers, or sizes from x.dims, not expressions")
    if step == 0:
        raise ArgumentError("arange: the step cannot be 0")
    if all(isinstance(v, (int, np.integer, Integer)) for v in (start, stop, step)):
        start, stop, step = (v if isinstance(v, Integer) else int(v) for v in (start, stop, step))
        return indices(maximum(ceildiv(stop - start, step), 0), start, step).astype(dtype or _INT64)
    size = max(math.ceil((stop - start) / step), 0)
    return _line(start, step, size).astype(dtype or "float32")


def _line(start: float, step: float, size: Size) -> Expr:
    """``start + step * k`` in float64, so that rounding to float32 happens once."""
    return constant(np.float64(start)) + constant(np.float64(step)) * indices(size).astype("float64")


@public
def linspace(start, stop, num=50, *, endpoint=True, retstep=False, dtype=None, axis=0) -> Expr | tuple[Expr, Expr]:
    """`num` numbers evenly spaced from `start` to `stop` (to one step before it where not `endpoint`).

    `start` and `stop` may be expressions, and differentiated: they broadcast, and `axis` is where the numbers go.
    Float32 unless they are float64 or `dtype` says so; ``retstep=True`` gives the spacing too."""
    if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or num < 0:
        raise ArgumentError(f"linspace: num is how many numbers, not {num!r}")
    start, stop = broadcast_arrays(_float(start), _float(stop))
    kind = np.promote_types(start.dtype, stop.dtype) if start.dtype != stop.dtype else start.dtype
    start, stop = start.astype(kind), stop.astype(kind)
    count = int(num) - bool(endpoint)
    step = (stop - start) / constant(count if count > 0 else math.nan, kind)
    k = reshape(indices(num), (num,) + (1,) * start.ndim)
    values = start + k.astype(kind) * (step if count > 0 else stop - start)
    if endpoint and num > 1:
        values = where(equal(k, count), stop, values)
    values = moveaxis(values, 0, as_axis(axis, values.ndim))
    values = values if dtype is None else values.astype(dtype)
    return (values, step) if retstep else values


def _float(x) -> Expr:
    x = as_expr(x)
    return x if is_float(x.dtype) else x.astype("float32")


@public
def meshgrid(*arrays, indexing="xy") -> list[Expr]:
    """Coordinate matrices from coordinate vectors: Cartesian ("xy") or matrix ("ij") indexing."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f'meshgrid: indexing is "xy" or "ij", not {indexing!r}')
    arrays = [reshape(x, (-1,)) for x in arrays]
    order = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        order[:2] = 1, 0
    return broadcast_arrays(*(expand_dims(x, [a for a in range(len(arrays)) if a != k])
                              for x, k in zip(arrays, order, strict=True)))


# ---- constants in every place ---------------------------------------------------------------------------------------
@public
def full(shape, value, dtype=None) -> Expr:
    """`value` (a number, or what broadcasts) everywhere; in its own dtype where none is given (floats: float32)."""
    value = value if isinstance(value, Expr) else constant(value, dtype)
    return broadcast_to(value if dtype is None else value.astype(dtype), known_dims("full", shape))


@public
def zeros(shape, dtype="float32") -> Expr:
    """0 everywhere."""
    return full(shape, 0, as_dtype(dtype or "float32"))


@public
def ones(shape, dtype="float32") -> Expr:
    """1 everywhere."""
    return full(shape, 1, as_dtype(dtype or "float32"))


@public
def full_like(x, value, dtype=None) -> Expr:
    """`value` in the shape, and the dtype where none is given, of `x`."""
    x = as_expr(x)
    return full(x.dims, value, as_dtype(dtype or x.dtype))


@public
def zeros_like(x, dtype=None) -> Expr:
    """Zeros in the shape, and the dtype where none is given, of `x`."""
    return full_like(x, 0, dtype)


@public
def ones_like(x, dtype=None) -> Expr:
    """Ones in the shape, and the dtype where none is given, of `x`."""
    return full_like(x, 1, dtype)


@public
def eye(rows, columns=None, k=0, dtype="float32") -> Expr:
    """Ones on the `k`-th diagonal of a matrix (above the main one where k > 0), zeros elsewhere."""
    rows, columns = known_dims("eye", (rows, rows if columns is None else columns))
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise DTypeError(f"eye: k is an int, not {k!r}")
    return equal(expand_dims(indices(rows, int(k)), 1), indices(columns)).astype(dtype)


__all__ = ["arange", "eye", "full", "full_like", "linspace", "meshgrid", "ones", "ones_like", "zeros", "zeros_like"]
