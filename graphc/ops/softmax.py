"""Softmax and its logarithm: stable, and so are their gradients."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ..ir.errors import DTypeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.registry import public
from ..ir.types import as_axes, as_axis, compute_dtype, is_float
from .custom import with_gradient
from .elementwise import exp, log, stop_gradient
from .reduce import highest, sum


@public
def softmax(x, axis=-1) -> Expr:
    """``exp(x) / sum(exp(x))`` over `axis` (one, several, or all where it is None), without overflow.

    Any float dtype; 16-bit floats are computed in float32. Raises ShapeError for an axis that is not there."""
    return _over_axes("softmax", softmax_over, x, axis)


@public
def log_softmax(x, axis=-1) -> Expr:
    """``log(softmax(x, axis))``, exact where softmax underflows; arguments as for `softmax`."""
    return _over_axes("log_softmax", log_softmax_over, x, axis)


def _over_axes(name: str, function: Callable, x, axis) -> Expr:
    x = float_operand(name, x)
    axes = as_axes(axis, x.ndim)
    if x.size == 0:
        return x
    return function(x.astype(compute_dtype(x.dtype)), axes).astype(x.dtype)


def float_operand(name: str, x) -> Expr:
    """`x` as an expression; raises DTypeError where it is not one of floats."""
    x = as_expr(x)
    if not is_float(x.dtype):
        raise DTypeError(f"{name} takes floats, not {x.type}; use astype")
    return x


def below_top(x: Expr, axes: tuple[int, ...]) -> Expr:
    """`x` less its maximum over `axes`: what exp takes without overflow. The maximum counts as a constant, for what
    is made of it does not depend on the shift."""
    return x - highest(stop_gradient(x), axes)


def softmax_over(x: Expr, axes: tuple[int, ...]) -> Expr:
    """Softmax of float32 or float64."""
    e = exp(below_top(x, axes))
    return with_gradient(e / sum(e, axes, keepdims=True), (x,), _softmax_rule(axes))


def softmax_operand(p: Expr, axis: int) -> Expr | None:
    """The `x` of which `p` is the softmax over `axis`, if it is one."""
    found = p.op.name == "custom" and p.attrs["rule"] is _softmax_rule((as_axis(axis, p.ndim),))
    return p.inputs[1] if found else None


@cache
def _softmax_rule(axes: tuple[int, ...]) -> Callable:
    def softmax_gradient(g: Expr, y: Expr, x: Expr) -> tuple:
        return y * (g - sum(g * y, axes, keepdims=True)),
    return softmax_gradient


def log_softmax_over(x: Expr, axes: tuple[int, ...]) -> Expr:
    """The logarithm of softmax of float32 or float64."""
    z = below_top(x, axes)
    return with_gradient(z - log(sum(exp(z), axes, keepdims=True)), (x,), _log_softmax_rule(axes))


@cache
def _log_softmax_rule(axes: tuple[int, ...]) -> Callable:
    def log_softmax_gradient(g: Expr, y: Expr, x: Expr) -> tuple:
        return g - softmax_over(x, axes) * sum(g, axes, keepdims=True),
    return log_softmax_gradient


__all__ = ["log_softmax", "softmax"]
