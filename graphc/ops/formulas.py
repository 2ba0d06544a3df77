"""Functions of NumPy, the Array API and keras.ops that are formulas of other functions: they fuse as if they were ops."""
from __future__ import annotations

import math

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.integer import maximum as longer
from ..ir.leaves import as_expr, as_operands
from ..ir.registry import public
from ..ir.types import as_axis, is_bool, is_float
from .convert import astype
from .creation import zeros
from .elementwise import (
    abs,
    copysign,
    divide,
    equal,
    floor_divide,
    isfinite,
    isinf,
    isnan,
    less,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    pow,
    remainder,
    round,
    sin,
    sqrt,
    subtract,
    where,
)
from .rearrange import concat, flip, slice_axis
from .reduce import all, max, min, sum
from .shape import expand_dims


# ---- one number -----------------------------------------------------------------------------------------------------
def _float(x) -> Expr:
    """`x` as floats: of other dtypes float64."""
    x = as_expr(x)
    return x if is_float(x.dtype) else astype(x, "float64")


@public
def signbit(x) -> Expr:
    """Whether the sign bit is set: of negative numbers, -0 and negative NaN."""
    x = as_expr(x)
    return less(copysign(1, x), 0) if is_float(x.dtype) else less(x, 0)


@public
def deg2rad(x) -> Expr:
    """Degrees as radians.

    >>> import graphc
    >>> x = graphc.placeholder(())
    >>> float(graphc.interpret([x], graphc.deg2rad(x), [180]))
    3.1415927410125732
    """
    return _float(x) * (math.pi / 180)


@public
def rad2deg(x) -> Expr:
    """Radians as degrees."""
    return _float(x) * (180 / math.pi)


@public
def cbrt(x) -> Expr:
    """The cube root, negative for negative numbers: a power, and a step of Newton's method for its last digits."""
    x = _float(x)
    whole = logical_and(isfinite(x), not_equal(x, 0))
    safe = where(whole, x, 1)
    y = copysign(pow(abs(safe), 1 / 3), safe)
    return where(whole, y - (y - safe / (y * y)) / 3, x)


@public
def sinc(x) -> Expr:
    """sin(pi*x) / (pi*x), which is 1 at 0."""
    x = _float(x)
    zero = equal(x, 0)
    angle = math.pi * where(zero, 1, x)
    return where(zero, 1, sin(angle) / angle)


@public
def isposinf(x) -> Expr:
    """Whether `x` is plus infinity."""
    x = as_expr(x)
    return logical_and(isinf(x), x > 0)


@public
def isneginf(x) -> Expr:
    """Whether `x` is minus infinity."""
    x = as_expr(x)
    return logical_and(isinf(x), less(x, 0))


@public
def real(x) -> Expr:
    """`x` itself: graphc has no complex numbers."""
    return as_expr(x)


# ---- two numbers ----------------------------------------------------------------------------------------------------
@public
def heaviside(x, at_zero) -> Expr:
    """0 below 0, 1 above, `at_zero` at 0; NaN stays. A step: it passes no gradient on to `x`."""
    x, h = (_float(v) for v in as_operands("heaviside", (x, at_zero)))
    return where(isnan(x), math.nan, where(equal(x, 0), h, where(x > 0, 1, astype(0, h.dtype))))


@public
def logaddexp2(x, y) -> Expr:
    """log2(2**x + 2**y), without overflow."""
    x, y = (_float(v) for v in as_operands("logaddexp2", (x, y)))
    return logaddexp(x * math.log(2), y * math.log(2)) / math.log(2)


@public
def fmax(x, y) -> Expr:
    """The larger; where one is NaN, the other. See `maximum`."""
    x, y = as_operands("fmax", (x, y))
    return where(isnan(x), y, where(isnan(y), x, maximum(x, y)))


@public
def fmin(x, y) -> Expr:
    """The smaller; where one is NaN, the other. See `minimum`."""
    x, y = as_operands("fmin", (x, y))
    return where(isnan(x), y, where(isnan(y), x, minimum(x, y)))


@public
def divmod(x, y) -> tuple[Expr, Expr]:
    """``(floor_divide(x, y), remainder(x, y))``"""
    return floor_divide(x, y), remainder(x, y)


@public
def isclose(x, y, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Expr:
    """Whether abs(x - y) <= atol + rtol * abs(y); infinities are close where they are equal.

    >>> import graphc
    >>> x = graphc.placeholder((3,))
    >>> graphc.interpret([x], graphc.isclose(x, 1), [[1, 1.000001, 1.1]])
    array([ True,  True, False])
    """
    x, y = (_float(v) for v in as_operands("isclose", (x, y)))
    near = logical_and(isfinite(y), abs(subtract(x, y)) <= atol + rtol * abs(y))
    found = logical_or(near, equal(x, y))
    return logical_or(found, logical_and(isnan(x), isnan(y))) if equal_nan else found


@public
def allclose(x, y, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Expr:
    """Whether `isclose` holds everywhere: one bool."""
    return all(isclose(x, y, rtol, atol, equal_nan))


# ---- along axes -----------------------------------------------------------------------------------------------------
@public
def diff(x, n: int = 1, axis=-1, prepend=None, append=None) -> Expr:
    """Each element less the one before it along `axis`, `n` times: one element less each time. For bool, whether they
    differ. `prepend` and `append` are joined to `x` first; they have its other axes.

    >>> import graphc
    >>> x = graphc.placeholder((4,))
    >>> graphc.interpret([x], graphc.diff(x), [[1, 2, 4, 7]])
    array([1., 2., 3.], dtype=float32)
    """
    x = as_expr(x)
    axis = as_axis(axis, x.ndim)
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise ArgumentError(f"diff: n is how many times, not {n!r}")
    parts = [v for v in (prepend, x, append) if v is not None]
    x = concat(parts, axis) if len(parts) > 1 else x
    step = not_equal if is_bool(x.dtype) else subtract
    for _ in range(n):
        size = longer(x.dims[axis] - 1, 0)
        x = step(slice_axis(x, axis, 1, size), slice_axis(x, axis, 0, size)) if x.dims[axis] != 0 else x
    return x


@public
def nansum(x, axis=None, *, keepdims=False) -> Expr:
    """The sum over `axis` of what is not NaN."""
    return sum(_without_nan(x, 0), axis, keepdims=keepdims)


@public
def nanmean(x, axis=None, *, keepdims=False) -> Expr:
    """The mean over `axis` of what is not NaN; NaN where all are."""
    x = _float(x)
    count = sum(astype(logical_not(isnan(x)), x.dtype), axis, keepdims=keepdims)
    return divide(nansum(x, axis, keepdims=keepdims), count)


@public
def nanmax(x, axis=None, *, keepdims=False) -> Expr:
    """The largest over `axis` of what is not NaN; NaN where all are."""
    return _nan_extreme(max, x, -math.inf, axis, keepdims)


@public
def nanmin(x, axis=None, *, keepdims=False) -> Expr:
    """The smallest over `axis` of what is not NaN; NaN where all are."""
    return _nan_extreme(min, x, math.inf, axis, keepdims)


def _nan_extreme(extreme, x, least: float, axis, keepdims: bool) -> Expr:
    x = as_expr(x)
    if not is_float(x.dtype):
        return extreme(x, axis, keepdims=keepdims)
    y = extreme(_without_nan(x, least), axis, keepdims=keepdims)
    return where(all(isnan(x), axis, keepdims=keepdims), math.nan, y)


def _without_nan(x, value: float) -> Expr:
    x = as_expr(x)
    return where(isnan(x), value, x) if is_float(x.dtype) else x


@public
def norm(x, ord=2, axis=None, *, keepdims=False) -> Expr:
    """The length of the vectors along `axis` (of the whole array: None): `ord` 1, 2 or infinity; else the root of the
    sum of powers. Its gradient at 0 is 0, as in PyTorch.

    >>> import graphc
    >>> x = graphc.placeholder((2,))
    >>> float(graphc.interpret([x], graphc.norm(x), [[3, 4]]))
    5.0
    """
    x = _float(x)
    if isinstance(ord, bool) or not isinstance(ord, (int, float)) or ord == 0:
        raise ArgumentError(f"norm: ord is a number other than 0, not {ord!r}")
    if math.isinf(ord):
        return (max if ord > 0 else min)(abs(x), axis, keepdims=keepdims)
    if ord == 1:
        return sum(abs(x), axis, keepdims=keepdims)
    total = sum(multiply(x, x) if ord == 2 else pow(abs(x), ord), axis, keepdims=keepdims)
    zero = equal(total, 0)
    safe = where(zero, 1, total)
    return where(zero, 0 if ord > 0 else math.inf, sqrt(safe) if ord == 2 else pow(safe, 1 / ord))


@public
def searchsorted(sorted, values, side: str = "left") -> Expr:
    """Where each of `values` belongs in the vector `sorted`, in int64: before ("left") or after ("right") those that are
    equal. Every value meets every element: for vectors that are not long."""
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side is 'left' or 'right', not {side!r}")
    edges, v = as_expr(sorted), as_expr(values)
    if edges.ndim != 1:
        raise ArgumentError(f"searchsorted: the first operand is a vector, not {edges.type}")
    v = expand_dims(v, v.ndim)
    below = less(edges, v) if side == "left" else edges <= v
    if is_float(v.dtype):  # NaN stands last
        below = logical_or(below, logical_and(isnan(v), logical_not(isnan(edges)) if side == "left" else True))
    return sum(below, -1, dtype="int64")


@public
def digitize(x, bins, right: bool = False) -> Expr:
    """The bin of each element of `x`, in int64: how many of the rising `bins` are no larger (smaller: `right`)."""
    return searchsorted(bins, x, side="left" if right else "right")


@public
def flipud(x) -> Expr:
    """`x` with its first axis the other way round."""
    return flip(x, 0)


@public
def fliplr(x) -> Expr:
    """`x` with its second axis the other way round."""
    return flip(x, 1)


@public
def empty(shape, dtype="float32") -> Expr:
    """As `zeros`: nothing in graphc is left without a value."""
    return zeros(shape, dtype)


# ---- other names ----------------------------------------------------------------------------------------------------
radians, degrees = deg2rad, rad2deg
around, amax, amin, cast = round, max, min, astype

__all__ = ["allclose", "amax", "amin", "around", "cast", "cbrt", "deg2rad", "degrees", "diff", "digitize", "divmod",
           "empty", "fliplr", "flipud", "fmax", "fmin", "heaviside", "isclose", "isneginf", "isposinf", "logaddexp2",
           "nanmax", "nanmean", "nanmin", "nansum", "norm", "rad2deg", "radians", "real", "searchsorted", "signbit",
           "sinc"]
