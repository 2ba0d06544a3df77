"""Numerical stability: formulas that overflow, underflow or cancel become the ones that do not.

All rules hold for real numbers, and all are marked as rounding: they give the better answer, sometimes in place of
NaN or an infinity. The pass reads formulas as users and gradients write them, and so it comes before `simplify`.
Gradients that were taken of a naive formula are mended where they multiply with what that formula divided by: with
exponentials and their sums alone, which are 0 or infinite only where they left the range. ``x / y * y`` of any other y
stays, and is NaN where y is 0.
"""
from __future__ import annotations

from functools import cache

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ops.activation import sigmoid, softplus
from ..ops.elementwise import exp, expm1, log, log1p, logaddexp, reciprocal
from ..ops.reduce import highest, logsumexp, sum
from .rules import Replace, Rule, indexed, number, rewrite


def stabilize(graph: Graph) -> Graph:
    """The graph with stable formulas."""
    table = _table()
    return rewrite(graph, lambda node: table.get(node.op.name, ()))


@cache
def _table() -> dict[str, list[Replace]]:
    return indexed([*RULES, *_AXES])


_EXPONENTIALS = frozenset("exp exp2 sigmoid".split())
_POSITIVE = frozenset("add multiply divide reciprocal square sqrt sum prod reshape expand_dims squeeze broadcast_to "
                      "permute_dims astype".split())
"""Ops that make of positive numbers nothing but positive ones."""


def _is_exponential(x: Expr, depth: int = 8) -> bool:
    """Whether `x` is made of exponentials and positive numbers so that it is positive, but for overflow and
    underflow; looks at nodes down to `depth`."""
    if x.op.name == "constant":
        return number(x) is not None and number(x) > 0
    return x.op.name in _EXPONENTIALS or (
        depth > 0 and x.op.name in _POSITIVE and all(_is_exponential(y, depth - 1) for y in x.inputs))


RULES: list[Rule] = [
    # near 0: log(1 + x) and exp(x) - 1 cancel
    Rule(lambda x: (log(x + 1), log1p(x)), rounding=True, when=lambda x: x.op.name != "exp"),
    Rule(lambda x: (log(1 - x), log1p(-x)), rounding=True, when=lambda x: x.op.name != "sigmoid"),
    Rule(lambda x: (exp(x) + -1, expm1(x)), rounding=True),
    Rule(lambda x: (1 - exp(x), -expm1(x)), rounding=True),
    # the logistic function
    Rule(lambda x: (1 / (exp(-x) + 1), sigmoid(x)), rounding=True),
    Rule(lambda x: (1 / (exp(x) + 1), sigmoid(-x)), rounding=True),
    Rule(lambda x: (reciprocal(exp(-x) + 1), sigmoid(x)), rounding=True),
    Rule(lambda x: (reciprocal(exp(x) + 1), sigmoid(-x)), rounding=True),
    Rule(lambda x: (exp(x) / (exp(x) + 1), sigmoid(x)), rounding=True),
    Rule(lambda x: (1 - sigmoid(x), sigmoid(-x)), rounding=True),
    # its logarithm
    Rule(lambda x: (log(sigmoid(-x)), -softplus(x)), rounding=True),
    Rule(lambda x: (log(sigmoid(x)), -softplus(-x)), rounding=True),
    Rule(lambda x: (log1p(-sigmoid(x)), -softplus(x)), rounding=True),
    Rule(lambda x: (log(exp(x) + 1), softplus(x)), rounding=True),
    Rule(lambda x: (log1p(exp(x)), softplus(x)), rounding=True),
    Rule(lambda x, y: (log(exp(x) + exp(y)), logaddexp(x, y)), rounding=True),
    # exponentials that are divided by and multiplied with again
    Rule(lambda x, y: ((x / y) * y, x), rounding=True, when=lambda y: _is_exponential(y)),
    Rule(lambda x, y: ((x * reciprocal(y)) * y, x), rounding=True, when=lambda y: _is_exponential(y)),
    Rule(lambda x, y, z: (((x / y) * z) * y, x * z), rounding=True, when=lambda y: _is_exponential(y)),
    Rule(lambda x, y, z: (((-(x / y)) * z) * y, -(x * z)), rounding=True, when=lambda y: _is_exponential(y)),
    Rule(lambda w, x, y, z: (((x / y + -(w / z)) * y) * z, x * z - w * y), rounding=True,
         when=lambda y, z: _is_exponential(y) and _is_exponential(z)),
    Rule(lambda y, z: (((-reciprocal(y)) * z) * y, -z), rounding=True, when=lambda y: _is_exponential(y)),
]


# ---- over axes ------------------------------------------------------------------------------------------------------
def _log_of_sum(node: Expr) -> Expr | None:
    """log(sum(exp(x))) = logsumexp(x)."""
    total = node.inputs[0]
    if total.op.name != "sum" or total.inputs[0].op.name != "exp" or _is_shifted(total.inputs[0].inputs[0]):
        return None
    return logsumexp(total.inputs[0].inputs[0], total.attrs["axes"])


def _softmax(node: Expr) -> Expr | None:
    """exp(x) / sum(exp(x)), where the largest x is taken from each: it cancels."""
    parts = _softmax_parts(node)
    if parts is None or _is_shifted(parts[0]):
        return None
    x, axes = parts
    shifted = exp(x - highest(x, axes))
    return shifted / sum(shifted, axes, keepdims=True)


def _log_of_softmax(node: Expr) -> Expr | None:
    """log(exp(x) / sum(exp(x))) = x - log(sum(exp(x)))."""
    parts = _softmax_parts(node.inputs[0])
    if parts is None:
        return None
    x, axes = parts
    if not _is_shifted(x):
        return x - logsumexp(x, axes, keepdims=True)
    return x - log(sum(exp(x), axes, keepdims=True))


def _softmax_parts(node: Expr) -> tuple[Expr, tuple[int, ...]] | None:
    """x and the axes, where `node` is exp(x) / sum(exp(x), axes, keepdims=True)."""
    if node.op.name != "divide" or node.inputs[0].op.name != "exp":
        return None
    top, total = node.inputs
    shape = total.dims
    while total.op.name in ("reshape", "expand_dims"):
        total = total.inputs[0]
    if total.op.name != "sum" or total.inputs[0] is not top:
        return None
    axes = total.attrs["axes"]
    kept = tuple(1 if k in axes else d for k, d in enumerate(top.dims))
    return (top.inputs[0], axes) if (1,) * (len(kept) - len(shape)) + shape == kept else None


def _is_shifted(x: Expr) -> bool:
    """Whether the largest element was taken from x already."""
    if x.op.name != "subtract":
        return False
    top = x.inputs[1]
    while top.op.name in ("reshape", "expand_dims", "broadcast_to", "stop_gradient", "where"):
        top = top.inputs[1 if top.op.name == "where" else 0]
    return top.op.name == "max" and top.inputs[0] is x.inputs[0]


_AXES: list[tuple[str, Replace]] = [("log", _log_of_sum), ("log", _log_of_softmax), ("divide", _softmax)]
