"""Activation functions, by the names, defaults and conventions of keras.ops.

A row where a stable value or derivative needs one; a formula elsewhere, which fuses as well. At its kink an activation
has the derivative of its flat side: 0 for relu and for both ends of relu6, `negative_slope` for leaky_relu; hard_tanh,
like clip, has 1. At NaN these have the derivative of the flat side as well, as in JAX (PyTorch's relu has 1)."""
from __future__ import annotations

import math

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.op import Scalar
from ..ir.registry import public
from .elementwise import abs, clip, erf, expm1, less, logical_and, multiply, tanh, where
from .rows import elementwise, same


def _sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1).astype(x.dtype) / (1 + small)


# ---- rows -----------------------------------------------------------------------------------------------------------
relu = elementwise("relu", lambda x: np.maximum(x, np.zeros((), x.dtype)),
                   Scalar("0 if {0} < 0 else {0}", {"b": "{0}"}), lambda g, y, a: (where(y > 0, g, 0),),
                   dtypes=same, domain=(-3, 3), doc="max(x, 0)")
relu6 = elementwise("relu6", lambda x: np.clip(x, np.zeros((), x.dtype), np.full((), 6, x.dtype)),
                    Scalar("0 if {0} < 0 else 6 if {0} > 6 else {0}", {"b": "{0}"}),
                    lambda g, y, a: (where(logical_and(y > 0, y < 6), g, 0),), dtypes=same, domain=(-3, 9),
                    doc="x between 0 and 6.")
sigmoid = elementwise("sigmoid", _sigmoid, Scalar("math.sigmoid({0})", cost=12), lambda g, y, a: (g * y * (1 - y),),
                      domain=(-3, 3), doc="1 / (1 + exp(-x))")
softplus = elementwise("softplus", lambda x: np.logaddexp(x, np.zeros((), x.dtype)),
                       Scalar("math.softplus({0})", cost=22), lambda g, y, a: (g * sigmoid(a),), domain=(-3, 3),
                       doc="log(1 + exp(x)), without overflow.")


# ---- formulas -------------------------------------------------------------------------------------------------------
@public
def log_sigmoid(x) -> Expr:
    """log(sigmoid(x)), without underflow: -softplus(-x)."""
    return -softplus(-as_expr(x))


@public
def softsign(x) -> Expr:
    """x / (1 + abs(x))"""
    x = as_expr(x)
    return x / (1 + abs(x))


@public
def leaky_relu(x, negative_slope: float = 0.2) -> Expr:
    """`x` where it is positive, negative_slope * x elsewhere."""
    x = as_expr(x)
    return where(x > 0, x, multiply(negative_slope, x))


@public
def elu(x, alpha: float = 1.0) -> Expr:
    """`x` where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al., 2015)."""
    x = as_expr(x)
    return where(x > 0, x, multiply(alpha, expm1(_held_below_0(x))))


@public
def celu(x, alpha: float = 1.0) -> Expr:
    """`x` where it is positive, alpha * (exp(x / alpha) - 1) elsewhere (Barron, 2017)."""
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0")
    x = as_expr(x)
    return where(x > 0, x, alpha * expm1(_held_below_0(x) / alpha))


@public
def selu(x) -> Expr:
    """The self-normalizing elu: scale * elu(x, alpha), with the constants of Klambauer et al., 2017."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


@public
def gelu(x, approximate: bool = True) -> Expr:
    """x times the normal distribution function at x: by tanh if `approximate`, else erf (Hendrycks, Gimpel, 2016)."""
    x = as_expr(x)
    if approximate:
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


@public
def silu(x) -> Expr:
    """x * sigmoid(x)"""
    x = as_expr(x)
    return x * sigmoid(x)


@public
def mish(x) -> Expr:
    """x * tanh(softplus(x)) (Misra, 2019)"""
    x = as_expr(x)
    return x * tanh(softplus(x))


@public
def hard_sigmoid(x) -> Expr:
    """relu6(x + 3) / 6"""
    return relu6(as_expr(x) + 3) / 6


@public
def hard_silu(x) -> Expr:
    """x * hard_sigmoid(x)"""
    x = as_expr(x)
    return x * hard_sigmoid(x)


@public
def hard_tanh(x) -> Expr:
    """`x` between -1 and 1."""
    return clip(x, -1, 1)


def _held_below_0(x: Expr) -> Expr:
    """min(x, 0), so that the branch not taken stays finite; at 0 it has the derivative 1."""
    return where(less(0, x), 0, x)


swish, hard_swish = silu, hard_silu

__all__ = ["celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "log_sigmoid",
           "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "swish"]
