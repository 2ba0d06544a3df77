"""Running sums and products, and the linear recurrence that is the product's derivative."""
from __future__ import annotations

import numpy as np

from ..ir.errors import DTypeError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.leaves import as_expr
from ..ir.op import Case, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, as_axis, is_bool, is_integer
from .creation import ones, zeros
from .rearrange import concat, shifted
from .rows import in_compute_dtype
from .shape import flatten


# ---- rows -----------------------------------------------------------------------------------------------------------
def along(dims: tuple[Size, ...], axis: int) -> tuple[Size, Size, Size]:
    """How often, how long and how far apart: the sizes before an axis, of it, and after it."""
    return product(dims[:axis]), dims[axis], product(dims[axis + 1:])


def _same_type(x: Type, *, axis, reverse) -> Type:
    if is_bool(x.dtype):
        raise DTypeError("takes numbers, not bool")
    return x


def _sizes(*types: Type, axis, reverse) -> tuple:
    return (*along(types[0].dims, axis), int(reverse))


def _running(accumulate):
    def numpy(x, axis, reverse):
        y = accumulate(np.flip(x, axis) if reverse else x, axis=axis, dtype=x.dtype)
        return np.flip(y, axis) if reverse else y
    return in_compute_dtype(numpy)


def _recurrence(b, a, axis, reverse):
    b, a = (np.moveaxis(np.flip(v, axis) if reverse else v, axis, 0) for v in (b, a))
    y = b.copy()
    for k in range(1, len(y)):
        y[k] = b[k] + a[k] * y[k - 1]
    y = np.moveaxis(y, 0, axis)
    return np.flip(y, axis) if reverse else y


def _recurrence_type(b: Type, a: Type, *, axis, reverse) -> Type:
    if a.dims != b.dims or a.dtype != b.dtype:
        raise ShapeError("both operands must have one shape and one dtype")
    return b


def _product_grad(g, y, x, axis, reverse):
    """y[k] is the product of x[..k]: each x[i] gets the product before it times s[i] = g[i] + x[i+1] s[i+1]. No
    division: zeros are as good as any number."""
    before = shifted(y, axis, 1, forward=not reverse)
    factor = shifted(x, axis, 0, forward=reverse)
    return (before * _linear_recurrence(g, factor, axis=axis, reverse=not reverse),)


def _recurrence_grad(g, y, b, a, axis, reverse):
    """The transpose of a recurrence runs the other way, each factor one place further on."""
    gb = _linear_recurrence(g, shifted(a, axis, 0, forward=reverse), axis=axis, reverse=not reverse)
    return gb, gb * shifted(y, axis, 0, forward=not reverse)


def _cases(operands: int):
    def cases(rng):
        for shape, axis in (((6,), 0), ((3, 4), 1), ((3, 4), 0), ((2, 3, 2), 1), ((1,), 0), ((0, 3), 0), ((2, 0), 0)):
            for reverse in (False, True):
                xs = tuple(rng.uniform(0.5, 1.5, shape).astype("float32") for _ in range(operands))
                yield Case(xs, {"axis": axis, "reverse": reverse})
        if operands == 1:
            yield Case((np.array([[2., 0., 3.], [0., 1., 0.]], "float32"),), {"axis": 1, "reverse": False})
    return cases


_cumulative_sum = Op("cumulative_sum", _running(np.cumsum), _same_type,
                     Kernel("along.cumulative_sum", _sizes),
                     lambda g, y, x, axis, reverse: (_cumulative_sum(g, axis=axis, reverse=not reverse),),
                     cases=_cases(1), tolerance=4, doc="The sum of all elements up to each (from each on: reverse).")

_cumulative_prod = Op("cumulative_prod", _running(np.cumprod), _same_type,
                      Kernel("along.cumulative_prod", _sizes), _product_grad, cases=_cases(1), tolerance=4,
                      doc="The product of all elements up to each (from each on: reverse).")

_linear_recurrence = Op("linear_recurrence", in_compute_dtype(_recurrence), _recurrence_type,
                        Kernel("along.linear_recurrence", _sizes), _recurrence_grad, cases=_cases(2), tolerance=4,
                        doc="y[k] = b[k] + a[k] * y[k - 1] along an axis (y[k + 1]: reverse); the first is b's.")


def exclusive_product(x: Expr, axis: int) -> Expr:
    """For each element the product of all the others along an axis."""
    before = shifted(_cumulative_prod(x, axis=axis, reverse=False), axis, 1)
    return before * shifted(_cumulative_prod(x, axis=axis, reverse=True), axis, 1, forward=False)


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def cumulative_sum(x, axis=None, *, dtype=None, include_initial=False, reverse=False) -> Expr:
    """The running sum along `axis` (over all elements, flattened, where it is None).

    Small integers and bool add up in int64 or uint64, as in NumPy. `include_initial` puts the 0 of the empty sum first;
    `reverse` sums from the end."""
    return _cumulative(_cumulative_sum, zeros, x, axis, dtype, include_initial, reverse)


@public
def cumulative_prod(x, axis=None, *, dtype=None, include_initial=False, reverse=False) -> Expr:
    """The running product along `axis`; see `cumulative_sum`. Its gradient is right where elements are zero."""
    return _cumulative(_cumulative_prod, ones, x, axis, dtype, include_initial, reverse)


def _cumulative(row: Op, initial, x, axis, dtype, include_initial: bool, reverse: bool) -> Expr:
    x = accumulated(as_expr(x), dtype)
    if axis is None:
        x, axis = flatten(x), 0
    axis = as_axis(axis, x.ndim)
    y = row(x, axis=axis, reverse=bool(reverse))
    if not include_initial:
        return y
    first = initial((*x.dims[:axis], 1, *x.dims[axis + 1:]), x.dtype)
    return concat([y, first] if reverse else [first, y], axis)


def accumulated(x: Expr, dtype=None) -> Expr:
    """`x` in the dtype that it adds up in: integers and bool in 64 bits, as in NumPy."""
    if dtype is None and (is_integer(x.dtype) or is_bool(x.dtype)):
        dtype = np.sum(np.empty(0, x.dtype)).dtype
    return x.astype(dtype or x.dtype)


@public
def cumsum(x, axis=None, dtype=None) -> Expr:
    """NumPy's name of `cumulative_sum`."""
    return cumulative_sum(x, axis, dtype=dtype)


@public
def cumprod(x, axis=None, dtype=None) -> Expr:
    """NumPy's name of `cumulative_prod`."""
    return cumulative_prod(x, axis, dtype=dtype)


__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum"]
