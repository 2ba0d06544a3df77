"""Functions of keras.ops that graphc itself has under no name: composed of what it has."""
from __future__ import annotations

import math

import numpy as np

from ...interpreter import interpret
from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import Variable, as_expr, constant
from ...ir.types import as_axis, is_float
from ...ops import PUBLIC_NAMES as g
from .. import activations

ACTIVATIONS = ("glu", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
               "tanh_shrink", "threshold")


# ---- tensors as such ------------------------------------------------------------------------------------------------
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None) -> Expr:
    """`x`, of `dtype` where one is given."""
    x = as_expr(x)
    return x if dtype is None else x.astype(dtype)


def array(x, dtype=None) -> Expr:
    """`convert_to_tensor`."""
    return convert_to_tensor(x, dtype)


def copy(x) -> Expr:
    """`x`: expressions never change."""
    return as_expr(x)


def convert_to_numpy(x) -> np.ndarray:
    """An array, or the present value of a Variable, or of an expression that is made of Variables and numbers alone."""
    if isinstance(x, Expr) and not isinstance(x, Variable):
        return interpret([], x, [])
    return x.numpy() if isinstance(x, Variable) else np.asarray(x)


def is_tensor(x) -> bool:
    """Whether `x` is an expression."""
    return isinstance(x, Expr)


def ndim(x) -> int:
    """The number of axes."""
    return as_expr(x).ndim


def size(x):
    """The number of elements."""
    return as_expr(x).size


def dtype(x) -> str:
    """The name of the dtype."""
    return str(as_expr(x).dtype)


def saturate_cast(x, dtype) -> Expr:
    """`x` between the least and the greatest number of `dtype`, as that."""
    info = np.finfo(dtype) if is_float(np.dtype(dtype)) else np.iinfo(dtype)
    return g["clip"](x, info.min, info.max).astype(dtype)


# ---- made of nothing ------------------------------------------------------------------------------------------------
def empty_like(x, dtype=None) -> Expr:
    """Zeros in the shape of `x`."""
    return g["zeros_like"](x, dtype)


def identity(n: int, dtype=None) -> Expr:
    """The unit matrix."""
    return g["eye"](n, dtype=dtype or "float32")


def tri(N, M=None, k=0, dtype=None) -> Expr:  # noqa: N803 (Keras' names)
    """Ones on and below diagonal `k`."""
    return g["tril"](g["ones"]((N, N if M is None else M), dtype or "float32"), k)


def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0) -> Expr:
    """``base ** linspace(start, stop)``"""
    y = g["pow"](float(base), g["linspace"](start, stop, num, endpoint=endpoint, axis=axis))
    return y if dtype is None else y.astype(dtype)


# ---- elementwise ----------------------------------------------------------------------------------------------------
def divide_no_nan(x1, x2) -> Expr:
    """x1 / x2, and 0 where x2 is 0."""
    x1, x2 = as_expr(x1), as_expr(x2)
    return g["where"](x2 == 0, 0, x1 / g["where"](x2 == 0, 1, x2))


def fmod(x1, x2) -> Expr:
    """The remainder with the sign of x1, as in C."""
    x1, x2 = as_expr(x1), as_expr(x2)
    return x1 - g["trunc"](x1 / x2) * x2


def erfc(x) -> Expr:
    """1 - erf(x)"""
    return 1 - g["erf"](x)


def ldexp(x1, x2) -> Expr:
    """x1 * 2 ** x2"""
    x1 = as_expr(x1)
    return x1 * g["exp2"](as_expr(x2).astype(x1.dtype))


def isreal(x) -> Expr:
    """Everywhere true."""
    return g["ones_like"](x, dtype="bool")


def imag(x) -> Expr:
    """Zeros."""
    return g["zeros_like"](x)


def conjugate(x) -> Expr:
    """`x`"""
    return g["conj"](x)


def isin(x1, x2, assume_unique=False, invert=False) -> Expr:
    """Whether each element of x1 is among those of x2."""
    found = g["any"](g["expand_dims"](x1, -1) == g["ravel"](x2), -1)
    return g["logical_not"](found) if invert else found


def select(condlist, choicelist, default=0) -> Expr:
    """Of the choices the first whose condition is true."""
    y = as_expr(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = g["where"](condition, choice, y)
    return y


# ---- shapes ---------------------------------------------------------------------------------------------------------
def append(x1, x2, axis=None) -> Expr:
    """x2 behind x1 along `axis`; without one, both flattened."""
    return g["concatenate"]([g["ravel"](x1), g["ravel"](x2)] if axis is None else [x1, x2], axis or 0)


def rot90(array, k=1, axes=(0, 1)) -> Expr:
    """`k` quarter turns from the first of `axes` to the second."""
    first, second = axes
    for _ in range(k % 4):
        array = g["flip"](g["swapaxes"](array, first, second), first)
    return as_expr(array)


def get_item(x, key) -> Expr:
    """``x[key]``"""
    return as_expr(x)[key]


def slice(inputs, start_indices, shape) -> Expr:
    """The part of this shape from these indices on, which may be expressions."""
    y = as_expr(inputs)
    for axis, (start, length) in enumerate(zip(start_indices, shape, strict=True)):
        y = g["take"](y, start + g["arange"](length, dtype="int32"), axis)
    return y


def slice_update(inputs, start_indices, updates) -> Expr:
    """`inputs` with `updates` in place of the part from these indices, ints, on."""
    x, updates = as_expr(inputs), as_expr(updates)
    key = tuple(np.s_[start:start + n] for start, n in zip(start_indices, updates.shape, strict=True))
    return x.at[key].set(updates)


def scatter_update(inputs, indices, updates, reduction=None) -> Expr:
    """`inputs` with ``updates[k]`` at ``indices[k]``: set, or by `reduction` "add", "max", "min", "mul"."""
    place = as_expr(inputs).at[_key(indices)]
    modes = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}
    if reduction not in modes:
        raise ArgumentError(f"scatter_update: reduction is one of {tuple(modes)}, not {reduction!r}")
    return getattr(place, modes[reduction])(updates)


def scatter(indices, values, shape) -> Expr:
    """Zeros of this shape, and ``values[k]`` added at ``indices[k]``."""
    values = as_expr(values)
    return g["zeros"](shape, values.dtype).at[_key(indices)].add(values)


def _key(indices) -> tuple[Expr, ...]:
    return g["unstack"](indices, -1)


def segment_sum(data, segment_ids, num_segments: int | None = None, sorted=False) -> Expr:
    """The sums of the rows of each segment."""
    data = as_expr(data)
    if num_segments is None:
        raise ArgumentError("segment_sum: give num_segments: a graph must know its shapes")
    return g["zeros"]((num_segments, *data.dims[1:]), data.dtype).at[segment_ids].add(data)


# ---- along axes -----------------------------------------------------------------------------------------------------
def median(x, axis=None, keepdims=False) -> Expr:
    """What half of the elements lie below."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def quantile(x, q, axis=None, method="linear", keepdims=False) -> Expr:
    """What a share `q`, a number, of the elements along `axis` (one, or None: all) lies below; between two elements on the
    line between them."""
    if method != "linear" or not isinstance(q, (int, float)) or isinstance(axis, (list, tuple)):
        raise ArgumentError("quantile: graphc has method='linear', a number q, and one axis or none")
    x = as_expr(x)
    rank, x, axis = x.ndim, *((g["ravel"](x), 0) if axis is None else (x, as_axis(axis, x.ndim)))
    place = (x.shape[axis] - 1) * q
    ordered = g["sort"](x if is_float(x.dtype) else x.astype("float32"), axis)
    low, high = (g["take"](ordered, k, axis) for k in (math.floor(place), math.ceil(place)))
    y = low + (high - low) * (place - math.floor(place))
    return y if not keepdims else g["expand_dims"](y, axis if x.ndim == rank else tuple(range(rank)))


def percentile(x, q, axis=None, method="linear", keepdims=False) -> Expr:
    """What `q` of a hundred elements lie below: see `quantile`."""
    return quantile(x, q / 100, axis, method, keepdims)


def nanvar(x, axis=None, keepdims=False) -> Expr:
    """The variance of what is not NaN."""
    return g["nanmean"](g["square"](x - g["nanmean"](x, axis, keepdims=True)), axis, keepdims=keepdims)


def nanstd(x, axis=None, keepdims=False) -> Expr:
    """The standard deviation of what is not NaN."""
    return g["sqrt"](nanvar(x, axis, keepdims))


def nanprod(x, axis=None, keepdims=False) -> Expr:
    """The product of what is not NaN."""
    return g["prod"](g["where"](g["isnan"](x), 1, x), axis, keepdims=keepdims)


def trapezoid(y, x=None, dx=1.0, axis=-1) -> Expr:
    """The integral along `axis`, by the trapezoidal rule."""
    width = dx if x is None else g["diff"](x, axis=axis)
    y = g["moveaxis"](y, axis, -1)
    return g["sum"]((y[..., 1:] + y[..., :-1]) * 0.5 * width, -1)


def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False) -> Expr:
    """1 for each class that is among a row of `inputs`."""
    hot = g["one_hot"](inputs, num_classes, axis, dtype or "float32")
    return g["max"](hot, 1 if as_expr(inputs).ndim > 1 else 0)


def in_top_k(targets, predictions, k) -> Expr:
    """Whether the score of the target is among the `k` best of its row."""
    own = g["take_along_axis"](predictions, g["expand_dims"](targets, -1), -1)
    return g["sum"]((as_expr(predictions) > own).astype("int32"), -1) < k


def vdot(x1, x2) -> Expr:
    """The sum of products of all elements."""
    return g["sum"](g["ravel"](x1) * g["ravel"](x2))


def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None) -> Expr:
    """The vector product of vectors of 3."""
    ends = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = (g["unstack"](x, end) for x, end in zip((x1, x2), ends, strict=False))
    return g["stack"]([a[k - 2] * b[k - 1] - a[k - 1] * b[k - 2] for k in range(3)], ends[2])


def psnr(x1, x2, max_val) -> Expr:
    """The peak signal-to-noise ratio, in decibels."""
    return 20 * math.log10(max_val) - 10 * g["log10"](g["mean"](g["square"](x1 - as_expr(x2))))


# ---- control --------------------------------------------------------------------------------------------------------
def fori_loop(lower: int, upper: int, body_fun, init_val):
    """``init_val`` after ``val = body_fun(i, val)`` for each i of a range of ints."""
    numbers = constant(np.arange(lower, upper, dtype=np.int32))
    return g["scan"](lambda value, i: (body_fun(i, value), None), init_val, numbers)[0]


def map(f, xs):
    """``f`` of each row, and the results as rows."""
    return g["scan"](lambda state, x: (state, f(x)), constant(np.int32(0)), xs)[1]


FUNCTIONS = {name: value for name, value in list(globals().items())
             if getattr(value, "__module__", None) == __name__ and not name.startswith("_")}
FUNCTIONS |= {name: getattr(activations, name) for name in ACTIVATIONS}
"""All of them, by name."""

__all__ = ["FUNCTIONS"]
