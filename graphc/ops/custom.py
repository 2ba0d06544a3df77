"""Gradients that a user, or a numerically stable formula, puts in place of the derived ones."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from ..ir.errors import ArgumentError, GradientError
from ..ir.expr import Expr
from ..ir.leaves import as_operands
from ..ir.op import Case, Op, View
from ..ir.registry import public
from .creation import zeros_like


# ---- the row --------------------------------------------------------------------------------------------------------
def _custom_gradient(g: Expr, node: Expr, y: Expr, *xs: Expr, rule) -> tuple:
    gradients = rule(g, node, *xs)
    if not isinstance(gradients, (tuple, list)) or len(gradients) != len(xs):
        raise GradientError(f"{rule!r} must give one gradient (or None) for each of the {len(xs)} operands, "
                            f"not {gradients!r}\n  used at {node.line}")
    return None, *gradients


_custom = Op("custom", lambda y, *xs, rule: y, lambda y, *xs, rule: y, View(), _custom_gradient,
             cases=lambda rng: [Case((np.arange(6).reshape(2, 3), np.arange(2)), {"rule": _no_gradient})],
             doc="The first operand; the gradients of the others are what `rule` says. Only derivatives see it.")


def _no_gradient(g: Expr, y: Expr, *xs: Expr) -> tuple:
    return (None,) * len(xs)


def with_gradient(y: Expr, xs: tuple[Expr, ...], rule: Callable) -> Expr:
    """`y`, whose gradients with respect to `xs` are ``rule(g, y, *xs)``, whatever `y` was computed from.

    Two calls with one rule and the same operands are one node: make rules at module level, or cache them."""
    return _custom(y, *xs, rule=rule)


# ---- the decorator --------------------------------------------------------------------------------------------------
@public
def custom_gradient(function: Callable) -> Callable:
    """Decorator: a function with a gradient of its own.

    ``function(*xs, **options)`` returns ``(y, pullback)``. `y` is an expression, or a tuple of them; ``pullback(*gs)``
    takes the gradient of the cost with respect to each of these and returns one gradient for each operand, in its shape
    or one that broadcasts from it, None where there is none (a single one may come bare). Both are built from
    expressions once, while the graph is built. A pullback is differentiated in its turn by the ordinary rules, so that
    gradients of gradients exist. Nothing of it is left in compiled code.

    Raises ArgumentError where `function` returns something else, and GradientError where a pullback does.

    >>> import graphc
    >>> @graphc.custom_gradient
    ... def clipped(x):
    ...     return x, lambda g: g.clip(-1, 1)
    >>> x = graphc.placeholder((3,), name="x")
    >>> graphc.interpret([x], graphc.grad(graphc.sum(clipped(x) * 5), x), [[1.0, 2.0, 3.0]])
    array([1., 1., 1.], dtype=float32)
    """
    name = getattr(function, "__name__", repr(function))

    @wraps(function)
    def call(*operands, **options):
        xs = as_operands(name, operands)
        y, pullback = _returned(name, function(*xs, **options))
        if isinstance(y, Expr):
            return with_gradient(y, xs, _Pullback(name, pullback, (y,), 0))
        return tuple(with_gradient(part, xs, _Pullback(name, pullback, tuple(y), k)) for k, part in enumerate(y))
    return call


def _returned(name: str, result) -> tuple:
    pair = isinstance(result, tuple) and len(result) == 2 and callable(result[1])
    if not pair or not all(isinstance(y, Expr) for y in (result[0] if isinstance(result[0], tuple) else result[:1])):
        raise ArgumentError(f"{name}, as a custom_gradient, must return (y, pullback): an expression or a tuple of "
                            f"them, and a function of their gradients; it returned {result!r}")
    return result


class _Pullback:
    """The rule of output `k`: a pullback is linear, so each output may pull its own gradient back, beside zeros."""

    def __init__(self, name: str, pullback: Callable, ys: tuple[Expr, ...], k: int):
        self.name, self.pullback, self.ys, self.k = name, pullback, ys, k

    def __call__(self, g: Expr, y: Expr, *xs: Expr) -> tuple:
        gradients = self.pullback(*(g if j == self.k else zeros_like(other) for j, other in enumerate(self.ys)))
        return gradients if isinstance(gradients, (tuple, list)) or len(xs) > 1 else (gradients,)

    def __repr__(self) -> str:
        return f"pullback of {self.name}"


__all__ = ["custom_gradient", "with_gradient"]
