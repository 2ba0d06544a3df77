"""Reductions: folds over axes, and what is made of them."""
from __future__ import annotations

import builtins
import math
from functools import partial

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, maximum, product
from ..ir.leaves import as_expr, constant
from ..ir.op import Case, Fold, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, as_axes, as_axis, as_dtype, compute_dtype, is_bool, is_float
from .creation import number
from .cumulative import accumulated, along, exclusive_product
from .elementwise import equal, exp, isfinite, log, sqrt, stop_gradient, where
from .elementwise import maximum as larger
from .rows import in_compute_dtype
from .shape import broadcast_to, expand_dims, flatten, permute_dims, reshape, squeeze

_INT64 = np.dtype("int64")


# ---- rows: keepdims is always False; the public functions expand -----------------------------------------------------
def _fold_type(x: Type, *, axes) -> Type:
    return x.with_dims(d for k, d in enumerate(x.dims) if k not in axes)


def _number_type(x: Type, *, axes) -> Type:
    if is_bool(x.dtype):
        raise DTypeError("takes numbers, not bool")
    return _fold_type(x, axes=axes)


def _extreme_type(x: Type, *, axes, nonempty=False) -> Type:
    if nonempty and 0 in (x.dims[a] for a in axes):
        raise ShapeError("an empty axis has no extreme element")
    return _fold_type(x, axes=axes)


def _bool_type(x: Type, *, axes) -> Type:
    if not is_bool(x.dtype):
        raise DTypeError("takes bool")
    return _fold_type(x, axes=axes)


def stretched(g: Expr, x: Expr, axes) -> Expr:
    """`g` of the reduced shape, over the shape of `x`."""
    return broadcast_to(expand_dims(g, axes), x.dims)


def _prod_grad(g, y, x, axes):
    """Each element gets the product of all others, without division: zeros are as good as any number."""
    kept = [k for k in range(x.ndim) if k not in axes]
    order = (*kept, *axes)
    moved = permute_dims(x, order)
    others = exclusive_product(reshape(moved, (*moved.dims[:len(kept)], product(moved.dims[len(kept):]))), len(kept))
    return (stretched(g, x, axes) * permute_dims(reshape(others, moved.dims), [order.index(k) for k in range(x.ndim)]),)


def _extreme_grad(g, y, x, axes, nonempty=False):
    """Shared evenly among all elements that are the extreme."""
    hit = equal(x, stretched(y, x, axes)).astype(g.dtype)
    return (stretched(g / _sum(hit, axes=axes), x, axes) * hit,)


def _bound(dtype: np.dtype, sign: int):
    """The lowest (sign -1) or highest (1) number of a dtype."""
    if is_bool(dtype):
        return sign > 0
    if is_float(dtype):
        return sign * math.inf
    return (np.iinfo(dtype).max if sign > 0 else np.iinfo(dtype).min)


def _extreme(numpy, sign: int):
    return in_compute_dtype(lambda x, axes, nonempty=False: numpy(x, axis=axes, initial=_bound(x.dtype, sign)))


def _draw(low: float, high: float, *, empty: bool = True, dtype="float32"):
    """One operand over many shapes and axes, uniform in [low, high]."""
    shapes = [((6,), (0,)), ((3, 4), (1,)), ((3, 4), (0,)), ((3, 4), (0, 1)), ((2, 3, 4), (0, 2)), ((2, 3, 4), (1,)),
              ((1,), (0,)),
              ((1, 5), (0,)), ((3, 0), (0,)), ((40,), (0,))]
    shapes += [((0,), (0,)), ((0, 3), (0,)), ((3, 0), (1,))] if empty else []

    def cases(rng):
        for shape, axes in shapes:
            yield Case((rng.uniform(low, high, shape).astype(dtype),), {"axes": axes})
    return cases


_sum = Op("sum", in_compute_dtype(lambda x, axes: np.sum(x, axis=axes, dtype=x.dtype)), _number_type,
          Fold("0", "{acc} + {0}"), lambda g, y, x, axes: (stretched(g, x, axes),),
          cases=_draw(0, 3), tolerance=4, doc="The sum over axes.")
_prod = Op("prod", in_compute_dtype(lambda x, axes: np.prod(x, axis=axes, dtype=x.dtype)), _number_type,
           Fold("1", "{acc} * {0}"), _prod_grad, cases=_draw(0.5, 1.8), tolerance=4, doc="The product over axes.")
_max = Op("max", _extreme(np.max, -1), _extreme_type,
          Fold("lowest", "math.maximum({acc}, {0})", {"b": ("False", "{acc} or {0}")}), _extreme_grad,
          cases=_draw(-9, 9, empty=False), doc="The most over axes; NaN where there is one; over nothing the lowest.")
_min = Op("min", _extreme(np.min, 1), _extreme_type,
          Fold("highest", "math.minimum({acc}, {0})", {"b": ("True", "{acc} and {0}")}), _extreme_grad,
          cases=_draw(-9, 9, empty=False), doc="The least over axes; NaN where there is one; over nothing the highest.")
_all = Op("all", lambda x, axes: np.all(x, axis=axes), _bool_type, Fold("True", "{acc} and {0}"),
          cases=_draw(0, 1.5, dtype="float32"), doc="Whether all are true.")
_any = Op("any", lambda x, axes: np.any(x, axis=axes), _bool_type, Fold("False", "{acc} or {0}"),
          cases=_draw(0, 1.5, dtype="float32"), doc="Whether one is true.")


def _place_type(x: Type, *, axis) -> Type:
    if x.dims[axis] == 0:
        raise ShapeError(f"axis {axis} is empty: it has no extreme element")
    return Type(_INT64, x.dims[:axis] + x.dims[axis + 1:])


def _place_cases(rng):
    for shape, axis in (((6,), 0), ((3, 4), 1), ((3, 4), 0), ((2, 5, 3), 1), ((1,), 0), ((4, 1), 1), ((2, 0), 0)):
        yield Case((rng.uniform(-9, 9, shape).astype("float32"),), {"axis": axis})
    yield Case((np.array([[1, 3, 3, 0, 0], [0, 0, 0, 0, 0]], "float32"),), {"axis": 1})


def _place_sizes(x: Type, y: Type, *, axis) -> tuple:
    return along(x.dims, axis)


_argmax = Op("argmax", in_compute_dtype(lambda x, axis: np.argmax(x, axis)), _place_type,
             Kernel("along.argmax", _place_sizes), cases=_place_cases,
             doc="The index of the first largest element along an axis; of the first NaN where there is one.")
_argmin = Op("argmin", in_compute_dtype(lambda x, axis: np.argmin(x, axis)), _place_type,
             Kernel("along.argmin", _place_sizes), cases=_place_cases,
             doc="The index of the first smallest element along an axis; of the first NaN where there is one.")


# ---- folds ----------------------------------------------------------------------------------------------------------
def _fold(row: Op, x: Expr, axis, keepdims: bool, **attrs) -> Expr:
    axes = as_axes(axis, x.ndim)
    y = row(x, axes=axes, **attrs) if axes else x
    return expand_dims(y, axes) if keepdims else y


@public
def sum(x, axis=None, *, dtype=None, keepdims=False) -> Expr:
    """The sum over `axis` (all, one or several); small integers and bool add up in int64 or uint64, as in NumPy."""
    return _fold(_sum, accumulated(as_expr(x), dtype), axis, keepdims)


@public
def prod(x, axis=None, *, dtype=None, keepdims=False) -> Expr:
    """The product over `axis`; dtypes as in `sum`. Its gradient is right where elements are zero."""
    return _fold(_prod, accumulated(as_expr(x), dtype), axis, keepdims)


@public
def max(x, axis=None, *, keepdims=False) -> Expr:
    """The largest over `axis`: NaN where there is one. The gradient is shared evenly among equal ones, as in JAX.

    Raises ShapeError over an empty axis; CallError where only a call knows that it is."""
    return _extreme_of(_max, as_expr(x), axis, keepdims)


@public
def min(x, axis=None, *, keepdims=False) -> Expr:
    """The smallest over `axis`; see `max`."""
    return _extreme_of(_min, as_expr(x), axis, keepdims)


def _extreme_of(row: Op, x: Expr, axis, keepdims: bool) -> Expr:
    """Where all sizes are known there is nothing left to check at a call."""
    sizes = [x.dims[a] for a in as_axes(axis, x.ndim)]
    known = builtins.all(isinstance(n, int) and n > 0 for n in sizes)
    return _fold(row, x, axis, keepdims, **({} if known else {"nonempty": True}))


def highest(x: Expr, axes: tuple[int, ...]) -> Expr:
    """`max` with its axes kept; over nothing the dtype's lowest."""
    return _fold(_max, x, axes, True)


@public
def all(x, axis=None, *, keepdims=False) -> Expr:
    """Whether every element is true (not zero); True over nothing."""
    return _fold(_all, as_expr(x).astype("bool"), axis, keepdims)


@public
def any(x, axis=None, *, keepdims=False) -> Expr:
    """Whether some element is true (not zero); False over nothing."""
    return _fold(_any, as_expr(x).astype("bool"), axis, keepdims)


@public
def argmax(x, axis=None, *, keepdims=False) -> Expr:
    """The int64 index of the first largest element along `axis` (of the flattened array: None); NaN is largest."""
    return _place(_argmax, x, axis, keepdims)


@public
def argmin(x, axis=None, *, keepdims=False) -> Expr:
    """The int64 index of the first smallest element along `axis`; NaN is smallest. See `argmax`."""
    return _place(_argmin, x, axis, keepdims)


def _place(row: Op, x, axis, keepdims: bool) -> Expr:
    x = as_expr(x)
    rank = x.ndim
    if axis is None:
        y = row(flatten(x), axis=0)
        return expand_dims(y, tuple(range(rank))) if keepdims else y
    axis = as_axis(axis, rank)
    y = row(x, axis=axis)
    return expand_dims(y, axis) if keepdims else y


# ---- statistics -----------------------------------------------------------------------------------------------------
def _count(x: Expr, axis) -> Size:
    return product(x.dims[a] for a in as_axes(axis, x.ndim))


def _divisor(count: Size, dtype: np.dtype) -> Expr:
    return number(count).astype(dtype) if isinstance(count, Integer) else constant(count, dtype)


def _statistic(function, x: Expr, dtype) -> Expr:
    """``function`` of `x` in the dtype its arithmetic wants: integers as float64, 16-bit floats as float32."""
    dtype = as_dtype(dtype or (x.dtype if is_float(x.dtype) else "float64"))
    if not is_float(dtype):
        raise DTypeError(f"a mean or variance is a float, not {dtype}")
    return function(x.astype(compute_dtype(dtype))).astype(dtype)


@public
def mean(x, axis=None, *, dtype=None, keepdims=False) -> Expr:
    """The mean over `axis`; of integers in float64, of 16-bit floats added up in float32."""
    x = as_expr(x)
    return _statistic(lambda v: sum(v, axis, keepdims=keepdims) / _divisor(_count(x, axis), v.dtype), x, dtype)


@public
def average(x, axis=None, weights=None, *, keepdims=False) -> Expr:
    """The mean over `axis`, weighted; the weights have the shape of `x` or, for a single axis, of that axis."""
    x = as_expr(x)
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    w = as_expr(weights)
    if w.ndim == 1 and x.ndim > 1 and axis is not None:
        at = as_axis(axis, x.ndim)
        w = expand_dims(w, [k for k in range(x.ndim) if k != at])
    elif w.ndim != x.ndim:
        raise ShapeError(f"average {x.type}: the weights have shape {w.type}")
    x = x if is_float(x.dtype) else x.astype("float64")
    w = broadcast_to(w.astype(x.dtype), x.dims)
    return sum(x * w, axis, keepdims=keepdims) / sum(w, axis, keepdims=keepdims)


@public
def var(x, axis=None, *, correction=0, ddof=None, dtype=None, keepdims=False) -> Expr:
    """The mean squared distance from the mean over `axis`, divided by the count less `correction` (NumPy: `ddof`)."""
    x = as_expr(x)
    return _statistic(partial(_variance, axis=axis, correction=correction if ddof is None else ddof, keepdims=keepdims),
                      x, dtype)


def _variance(x: Expr, axis, correction, keepdims: bool) -> Expr:
    distance = x - mean(x, axis, keepdims=True)
    return sum(distance * distance, axis, keepdims=keepdims) / _freedom(_count(x, axis), correction, x.dtype)


def _freedom(count: Size, correction, dtype: np.dtype) -> Expr:
    if isinstance(correction, bool) or not isinstance(correction, (int, float, np.integer, np.floating)):
        raise ArgumentError(f"var: correction is a number, not {correction!r}")
    if correction == int(correction):
        return _divisor(maximum(count - int(correction), 0), dtype)
    return larger(_divisor(count, dtype) - float(correction), 0)


@public
def std(x, axis=None, *, correction=0, ddof=None, dtype=None, keepdims=False) -> Expr:
    """The square root of `var`. Its gradient is 0 where all elements are equal, as in PyTorch."""
    x = as_expr(x)
    return _statistic(lambda v: _root(var(v, axis, correction=correction, ddof=ddof, keepdims=keepdims)), x, dtype)


def _root(x: Expr) -> Expr:
    """The square root, with the slope 0 at 0."""
    zero = equal(x, 0)
    return where(zero, 0, sqrt(where(zero, 1, x)))


@public
def ptp(x, axis=None, *, keepdims=False) -> Expr:
    """The largest less the smallest over `axis`."""
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


@public
def count_nonzero(x, axis=None, *, keepdims=False) -> Expr:
    """How many elements are not zero over `axis`, in int64."""
    return sum(as_expr(x).astype("bool"), axis, dtype="int64", keepdims=keepdims)


@public
def logsumexp(x, axis=None, *, keepdims=False) -> Expr:
    """``log(sum(exp(x)))`` over `axis` without overflow; its gradient is softmax, and 0 where all elements are minus
    infinity. Minus infinity over nothing."""
    x = as_expr(x)
    return _statistic(partial(_logsumexp, axis=axis, keepdims=keepdims), x, None)


def _logsumexp(x: Expr, axis, keepdims: bool) -> Expr:
    """Slices that are minus infinity throughout keep away from log(0), whose derivative is not a number."""
    axes = as_axes(axis, x.ndim)
    top = highest(stop_gradient(x), axes)
    top = where(isfinite(top), top, 0)
    total = sum(exp(x - top), axes, keepdims=True)
    empty = equal(total, 0)
    y = where(empty, -math.inf, log(where(empty, 1, total))) + top
    return y if keepdims else squeeze(y, axes)


__all__ = ["all", "any", "argmax", "argmin", "average", "count_nonzero", "logsumexp", "max", "mean", "min", "prod",
           "ptp",
           "std", "sum", "var"]
