"""Cross-entropies: one number for each sample, with gradients that never overflow and are short.

From logits, the gradient is what the mathematics says, softmax(x) - t or sigmoid(x) - t, not what the chain rule would
spell out. From probabilities they are clipped to [1e-7, 1 - 1e-7], as in Keras.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from ..ir.errors import DTypeError, ShapeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.registry import public
from ..ir.types import as_axis, broadcast, compute_dtype, is_integer, show_dims
from .activation import sigmoid
from .creation import arange, number
from .custom import with_gradient
from .elementwise import abs, clip, equal, exp, less, log, log1p, logical_and, maximum, where
from .reduce import sum
from .shape import expand_dims, reshape, squeeze
from .softmax import below_top, float_operand, log_softmax_over, softmax_over

EPSILON = 1e-7


@public
def categorical_crossentropy(target, output, from_logits=False, axis=-1) -> Expr:
    """``-sum(target * log(output))`` over the classes on `axis`: the shape is the operands' without that axis.

    `target` holds probabilities, `output` of the same shape logits, or probabilities (which are divided by their sum).
    Raises ShapeError where the shapes differ, DTypeError where `output` is not of floats."""
    x = float_operand("categorical_crossentropy", output)
    t = as_expr(target).astype(compute_dtype(x.dtype))
    _check_equal_shapes("categorical_crossentropy", t, x)
    axis = as_axis(axis, x.ndim)
    wide = x.astype(t.dtype)
    scores = log_softmax_over(wide, (axis,)) if from_logits else log(_probabilities(wide, axis))
    return (-sum(t * scores, axis)).astype(x.dtype)


@public
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1) -> Expr:
    """``-log(output[target])``, the classes on `axis`: `categorical_crossentropy` for targets that are class numbers.

    `target` holds integers, in the shape of `output` without `axis`, or with size 1 there. A number that is no class
    has the loss NaN and no gradient. Raises ShapeError where the shapes do not fit, DTypeError for other targets."""
    x = float_operand("sparse_categorical_crossentropy", output)
    axis = as_axis(axis, x.ndim)
    t = _class_numbers(as_expr(target), x, axis)
    wide = x.astype(compute_dtype(x.dtype))
    loss = _sparse_from_logits(t, wide, axis) if from_logits else -log(chosen(t, _probabilities(wide, axis), axis))
    known = logical_and(less(-1, t), less(t, number(x.dims[axis])))
    return where(known, loss, math.nan).astype(x.dtype)


@public
def binary_crossentropy(target, output, from_logits=False) -> Expr:
    """``-(target * log(output) + (1 - target) * log(1 - output))``, element by element.

    `output` holds logits, or probabilities; `target`, of a shape that broadcasts with it, probabilities, integers or
    bool. Raises ShapeError where the shapes do not broadcast, DTypeError where `output` is not
    of floats."""
    x = float_operand("binary_crossentropy", output)
    wide = x.astype(compute_dtype(x.dtype))
    t = as_expr(target).astype(wide.dtype)
    broadcast(t.dims, wide.dims)
    if from_logits:
        loss = with_gradient(maximum(wide, 0) - wide * t + log1p(exp(-abs(wide))), (t, wide), _binary_gradient)
    else:
        p = clip(wide, EPSILON, 1 - EPSILON)
        loss = -(t * log(p) + (1 - t) * log(1 - p))
    return loss.astype(x.dtype)


def _binary_gradient(g: Expr, y: Expr, t: Expr, x: Expr) -> tuple:
    return -g * x, g * (sigmoid(x) - t)


# ---- parts ----------------------------------------------------------------------------------------------------------
def _probabilities(x: Expr, axis: int) -> Expr:
    return clip(x / sum(x, axis, keepdims=True), EPSILON, 1 - EPSILON)


def _hot(t: Expr, x: Expr, axis: int) -> Expr:
    """Whether a place on `axis` is the class that `t` names: in 32 bits, as wide as float32, for the sake of vectors. A
    number that they do not hold is no class, and the caller masks it."""
    size = x.dims[axis]
    places = reshape(arange(size, dtype="int32"), tuple(size if k == axis else 1 for k in range(x.ndim)))
    return equal(expand_dims(t.astype("int32"), axis), places)


def chosen(t: Expr, x: Expr, axis: int) -> Expr:
    """The element of `x` that `t` names: a sum over all, so that it fuses with other reductions over that axis."""
    return sum(where(_hot(t, x, axis), x, 0), axis)


def _sparse_from_logits(t: Expr, x: Expr, axis: int) -> Expr:
    z = below_top(x, (axis,))
    return with_gradient(log(sum(exp(z), axis)) - chosen(t, z, axis), (t, x), _sparse_rule(axis))


@cache
def _sparse_rule(axis: int) -> Callable:
    def sparse_gradient(g: Expr, y: Expr, t: Expr, x: Expr) -> tuple:
        p = softmax_over(x, (axis,))
        return None, expand_dims(g, axis) * where(_hot(t, x, axis), p - 1, p)
    return sparse_gradient


def _class_numbers(t: Expr, x: Expr, axis: int) -> Expr:
    if not is_integer(t.dtype):
        raise DTypeError(f"sparse_categorical_crossentropy takes class numbers as integers, not {t.type}")
    t = squeeze(t, axis) if t.ndim == x.ndim and t.dims[axis] == 1 else t
    _check_equal_shapes("sparse_categorical_crossentropy", t, x, axis)
    return t.astype("int64")


def _check_equal_shapes(name: str, t: Expr, x: Expr, axis: int | None = None) -> None:
    expected = tuple(d for k, d in enumerate(x.dims) if k != axis)
    if t.ndim != len(expected) or any(
            a != b for a, b in zip(t.dims, expected, strict=True) if isinstance(a, int) and isinstance(b, int)):
        raise ShapeError(f"{name}: the target has shape {show_dims(t.dims)}; for an output of {x.type} it must have "
                         f"{show_dims(expected)}")


__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]
