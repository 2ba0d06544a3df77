"""Activation functions by name, with the arguments and defaults of Keras. Of integers they are float32.

At a kink, an activation has the derivative of its flat side; see `graphc.ops.activation`."""
from __future__ import annotations

from collections.abc import Callable

from ..ir.errors import ShapeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.types import as_axis, is_float
from ..ops import activation as functions
from ..ops import elementwise, rearrange, sorting
from ..ops import softmax as normalized
from ..ops.creation import arange
from ..ops.cumulative import cumulative_sum
from ..ops.elementwise import sqrt, stop_gradient, where
from ..ops.reduce import sum
from ..ops.shape import reshape
from .registry import Registry

REGISTRY = Registry("activation", "activations")


def get(identifier) -> Callable[[Expr], Expr]:
    """The activation of that name or configuration, or the function itself; None is the linear one."""
    return linear if identifier is None else REGISTRY.get(identifier)


def serialize(activation) -> str | dict | None:
    """An activation as `get` takes it: its name, or the configuration of a layer."""
    return REGISTRY.serialized(activation)


def deserialize(config) -> Callable[[Expr], Expr]:
    """The activation that `serialize` wrote down."""
    return get(config)


def _floats(x) -> Expr:
    x = as_expr(x)
    return x if is_float(x.dtype) else x.astype("float32")


# ---- lines and their parts ------------------------------------------------------------------------------------------
@REGISTRY.add
def linear(x) -> Expr:
    """`x` itself."""
    return x


@REGISTRY.add
def relu(x, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Expr:
    """`x` above `threshold`, negative_slope * (x - threshold) elsewhere; at most `max_value`."""
    x = as_expr(x)
    if (negative_slope, max_value, threshold) == (0, None, 0):
        return functions.relu(x)
    if (negative_slope, max_value, threshold) == (0, 6, 0):
        return functions.relu6(x)
    y = where(x > threshold, x, negative_slope * (x - threshold) if negative_slope else 0)
    return y if max_value is None else where(y < max_value, y, max_value)


@REGISTRY.add
def relu6(x) -> Expr:
    """`x` between 0 and 6."""
    return functions.relu6(x)


@REGISTRY.add
def leaky_relu(x, negative_slope: float = 0.2) -> Expr:
    """`x` where it is positive, negative_slope * x elsewhere."""
    return functions.leaky_relu(_floats(x), negative_slope)


@REGISTRY.add
def threshold(x, threshold: float, default_value: float) -> Expr:
    """`x` above `threshold`, `default_value` elsewhere."""
    x = as_expr(x)
    return where(x > threshold, x, default_value)


@REGISTRY.add
def hard_tanh(x) -> Expr:
    """`x` between -1 and 1."""
    return functions.hard_tanh(x)


@REGISTRY.add
def hard_sigmoid(x) -> Expr:
    """relu6(x + 3) / 6"""
    return functions.hard_sigmoid(_floats(x))


@REGISTRY.add("hard_swish")
def hard_silu(x) -> Expr:
    """x * hard_sigmoid(x) (Howard et al., 2019)"""
    return functions.hard_silu(_floats(x))


@REGISTRY.add
def sparse_sigmoid(x) -> Expr:
    """(x + 1) / 2 between 0 and 1."""
    return elementwise.clip(0.5 * (_floats(x) + 1), 0, 1)


@REGISTRY.add
def sparse_plus(x) -> Expr:
    """The integral of `sparse_sigmoid`: 0 below -1, ((x + 1) / 2) ** 2 up to 1, `x` above."""
    x = _floats(x)
    return where(x >= 1, x, elementwise.square(sparse_sigmoid(x)))


@REGISTRY.add
def hard_shrink(x, threshold: float = 0.5) -> Expr:
    """`x` where its magnitude is above `threshold`, 0 elsewhere."""
    x = as_expr(x)
    return where(elementwise.abs(x) > threshold, x, 0)


@REGISTRY.add
def soft_shrink(x, threshold: float = 0.5) -> Expr:
    """`x` moved to 0 by `threshold`, and 0 where it is nearer than that."""
    x = _floats(x)
    return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0))


@REGISTRY.add
def softsign(x) -> Expr:
    """x / (1 + abs(x))"""
    return functions.softsign(_floats(x))


# ---- exponentials ---------------------------------------------------------------------------------------------------
@REGISTRY.add
def exponential(x) -> Expr:
    """exp(x)"""
    return elementwise.exp(_floats(x))


@REGISTRY.add
def elu(x, alpha: float = 1.0) -> Expr:
    """`x` where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al., 2015)."""
    return functions.elu(_floats(x), alpha)


@REGISTRY.add
def celu(x, alpha: float = 1.0) -> Expr:
    """`x` where it is positive, alpha * (exp(x / alpha) - 1) elsewhere (Barron, 2017)."""
    return functions.celu(_floats(x), alpha)


@REGISTRY.add
def selu(x) -> Expr:
    """The self-normalizing elu (Klambauer et al., 2017)."""
    return functions.selu(_floats(x))


@REGISTRY.add
def sigmoid(x) -> Expr:
    """1 / (1 + exp(-x))"""
    return functions.sigmoid(_floats(x))


@REGISTRY.add
def log_sigmoid(x) -> Expr:
    """log(sigmoid(x)), without underflow."""
    return functions.log_sigmoid(_floats(x))


@REGISTRY.add
def tanh(x) -> Expr:
    """The hyperbolic tangent."""
    return elementwise.tanh(_floats(x))


@REGISTRY.add
def tanh_shrink(x) -> Expr:
    """x - tanh(x)"""
    x = _floats(x)
    return x - elementwise.tanh(x)


@REGISTRY.add
def softplus(x) -> Expr:
    """log(1 + exp(x)), without overflow."""
    return functions.softplus(_floats(x))


@REGISTRY.add
def squareplus(x, b: float = 4) -> Expr:
    """(x + sqrt(x ** 2 + b)) / 2 (Barron, 2021)"""
    x = _floats(x)
    return (x + sqrt(elementwise.square(x) + b)) / 2


@REGISTRY.add("swish")
def silu(x) -> Expr:
    """x * sigmoid(x)"""
    return functions.silu(_floats(x))


@REGISTRY.add
def gelu(x, approximate: bool = False) -> Expr:
    """x times the normal distribution function at x: by tanh if `approximate`, else erf (Hendrycks, Gimpel, 2016)."""
    return functions.gelu(_floats(x), approximate)


@REGISTRY.add
def mish(x) -> Expr:
    """x * tanh(softplus(x)) (Misra, 2019)"""
    return functions.mish(_floats(x))


# ---- along an axis --------------------------------------------------------------------------------------------------
@REGISTRY.add
def glu(x, axis: int = -1) -> Expr:
    """``a * sigmoid(b)`` of the two halves of `x` along `axis` (Dauphin et al., 2016)."""
    x = _floats(x)
    size = x.dims[as_axis(axis, x.ndim)]
    if isinstance(size, int) and size % 2:
        raise ShapeError(f"glu: the size on axis {axis} must be even; it is {size}")
    a, b = rearrange.split(x, 2, axis=axis)
    return a * functions.sigmoid(b)


@REGISTRY.add
def softmax(x, axis: int | tuple[int, ...] = -1) -> Expr:
    """``exp(x) / sum(exp(x))`` over `axis`."""
    return normalized.softmax(_floats(x), axis)


@REGISTRY.add
def log_softmax(x, axis: int = -1) -> Expr:
    """``log(softmax(x))``, exact where softmax underflows."""
    return normalized.log_softmax(_floats(x), axis)


@REGISTRY.add
def sparsemax(x, axis: int = -1) -> Expr:
    """The nearest point to `x` whose elements along `axis` are at least 0 and add up to 1: ``max(x - t, 0)`` for the one
    `t` that does it (Martins and Astudillo, 2016)."""
    x = _floats(x)
    axis = as_axis(axis, x.ndim)
    highest = sorting.sort(x, axis, descending=True)
    places = _places(x, axis)
    count = sum((1 + places * highest > cumulative_sum(highest, axis=axis)).astype(x.dtype), axis, keepdims=True)
    least = sum(where(places == count, highest, 0), axis, keepdims=True)
    above = stop_gradient(x) >= stop_gradient(least)
    size = sum(above.astype(x.dtype), axis, keepdims=True)
    return functions.relu(x - (sum(where(above, x, 0), axis, keepdims=True) - 1) / size)


def _places(x: Expr, axis: int) -> Expr:
    """1, 2, ... along an axis."""
    places = arange(x.dims[axis], dtype=x.dtype) + 1
    return reshape(places, tuple(-1 if k == axis else 1 for k in range(x.ndim)))


swish, hard_swish = silu, hard_silu

__all__ = ["celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
           "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
           "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus",
           "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold"]
