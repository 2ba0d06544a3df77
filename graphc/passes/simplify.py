"""Algebra: local rules in the user's syntax.

A rule without a mark is exact: the result is equal, NaN and infinities included; only the sign of a zero may
differ. A rule marked ``rounding=True`` holds for real numbers and rounds differently: sums and products are
regrouped, and what overflowed on the way need not overflow any more, or the reverse. On integers, which wrap
around, all of them are exact.

At minus infinity and at -0, ``x ** 0.5`` is sqrt, as in NumPy, but ``x ** -0.5`` is 0 and infinity, which rsqrt is not.

There is no rule for ``x - x``, ``0 * x`` and ``x / x`` on floats: NaN and infinities would be lost; and
``sqrt(x) ** 2`` is x only where x is known not to be negative.
"""
from __future__ import annotations

import builtins
import math
from collections.abc import Mapping
from functools import cache

import numpy as np

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.types import is_float
from ..ops.elementwise import (
    abs,
    equal,
    exp,
    isinf,
    log,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    not_equal,
    reciprocal,
    rsqrt,
    sqrt,
    square,
    where,
)
from .fold import folded
from .reductions import EXACT_REDUCTIONS, REDUCTIONS
from .rules import Replace, Rule, indexed, is_stretched, number, rewrite


def simplify(graph: Graph) -> Graph:
    """The graph with every rule applied, constants folded on the way, until none applies."""
    return _applied(graph, _table(rounding=True))


def simplify_exactly(graph: Graph) -> Graph:
    """As `simplify`, without the rules that change rounding."""
    return _applied(graph, _table(rounding=False))


def _applied(graph: Graph, table: Mapping[str, tuple[Replace, ...]]) -> Graph:
    return rewrite(graph, lambda node: table.get(node.op.name, (folded,)) if node.inputs else ())


@cache
def _table(rounding: bool) -> dict[str, tuple[Replace, ...]]:
    """Rules by the op at their root, the exact ones first."""
    exact = indexed([rule for rule in RULES if not rule.rounding] + EXACT_REDUCTIONS)
    marked = indexed([rule for rule in RULES if rule.rounding] + REDUCTIONS) if rounding else {}
    return {name: (folded, *exact.get(name, ()), *marked.get(name, ())) for name in {*exact, *marked}}


# ---- conditions -----------------------------------------------------------------------------------------------------
def _normal(c) -> bool:
    """Whether a constant made from others neither overflowed nor lost digits."""
    if c.dtype.kind in "iu":
        return True
    return c.dtype.itemsize >= 4 and np.isfinite(c) and builtins.abs(c) >= np.finfo(c.dtype).tiny


def _normal_product(c, d) -> bool:
    with np.errstate(all="ignore"):
        return c == 0 or d == 0 or _normal(c * d)


def _normal_reciprocal(c) -> bool:
    with np.errstate(all="ignore"):
        return _normal(1 / c)


def _exact_reciprocal(c) -> bool:
    return _normal_reciprocal(c) and builtins.abs(math.frexp(c)[0]) == 0.5


def _level(x: Expr, y: Expr) -> bool:
    """Neither is a constant, and regrouping makes no operation larger."""
    return x.dims == y.dims and "constant" not in (x.op.name, y.op.name)


_NOT_NEGATIVE = frozenset("abs square exp exp2 cosh hypot sigmoid softplus".split())
_KEEPS_SIGN = frozenset("add multiply divide reciprocal sqrt sum prod max min reshape expand_dims squeeze broadcast_to "
                        "permute_dims astype stop_gradient".split())
"""Ops that make nothing negative of what is not."""


def _not_negative(x: Expr, depth: int = 8) -> bool:
    """Whether no element is known to lie below 0, or to be -0, from the nodes down to `depth`."""
    if x.op.name == "constant":
        return number(x) is not None and not np.signbit(number(x))
    if not is_float(x.dtype):  # integers wrap around
        return x.op.name == "size"
    return x.op.name in _NOT_NEGATIVE or (
        depth > 0 and x.op.name in _KEEPS_SIGN and builtins.all(_not_negative(y, depth - 1) for y in x.inputs))


_MOVES = frozenset("reshape expand_dims squeeze broadcast_to permute_dims stop_gradient".split())


def _has_reciprocal(y: Expr, depth: int = 8) -> bool:
    """Whether no element is known to be so small that its reciprocal overflows where a quotient does not."""
    name = y.op.name
    if name == "constant":
        return number(y) is not None and number(y) > 0 and _normal_reciprocal(number(y))
    if name == "sum":
        return _holds_one(y.inputs[0], y.attrs["axes"])
    found = [_has_reciprocal(x, depth - 1) for x in y.inputs] if depth else []
    if name == "add":
        return builtins.any(found) and builtins.all(_not_negative(x) for x in y.inputs)
    if name == "maximum":
        return builtins.any(found)
    return name in _MOVES | {"sqrt"} and builtins.all(found) and bool(found)


def _is_whole(y: Expr) -> bool:
    """Whether it is an integer's value."""
    return y.op.name == "size" or y.op.name == "astype" and not is_float(y.inputs[0].dtype)


def _holds_one(e: Expr, axes: tuple[int, ...]) -> bool:
    """Whether it is exp(x - max(x, axes)), the largest of which is 1."""
    if e.op.name != "exp" or e.inputs[0].op.name != "subtract":
        return False
    x, top = e.inputs[0].inputs
    while top.op.name in _MOVES:
        top, = top.inputs
    return top.op.name == "max" and top.attrs["axes"] == axes and top.inputs[0] is x


# ---- the rules ------------------------------------------------------------------------------------------------------
RULES: list[Rule] = [
    # neutral operands
    Rule(lambda x: (x + 0, x)),
    Rule(lambda x: (x * 1, x)),
    Rule(lambda x: (x / 1, x)),
    Rule(lambda x: (x ** 1, x)),
    Rule(lambda x: (x ** 0, 1)),
    # what annihilates: integers only
    Rule(lambda x: (x * 0, 0), floats=False),
    Rule(lambda x: (x - x, 0), floats=False),
    # signs
    Rule(lambda x: (-(-x), x)),  # noqa: B002
    Rule(lambda x: (0 - x, -x)),
    Rule(lambda x: (x * -1, -x)),
    Rule(lambda x, y: (x + (-y), x - y)),
    Rule(lambda x, y: (x - (-y), x + y)),
    Rule(lambda x, y: (-(x - y), y - x)),
    Rule(lambda x, y: ((-x) * (-y), x * y)),
    Rule(lambda x, y: ((-x) / (-y), x / y)),
    Rule(lambda x, c: ((-x) * c, x * (-c))),
    Rule(lambda x, c: (-(x * c), x * (-c))),
    Rule(lambda x: (x * x, square(x))),
    Rule(lambda x: (abs(-x), abs(x)), when=lambda x: x.dtype.kind != "u"),
    Rule(lambda x: (abs(abs(x)), abs(x))),
    Rule(lambda x: (abs(square(x)), square(x)), integers=False),
    Rule(lambda x: (square(-x), square(x))),
    Rule(lambda x: (square(abs(x)), square(x))),
    # factors in common: x*y + z*y = (x + z)*y
    Rule(lambda x: (x + x, x * 2)),
    Rule(lambda x, y, z: (x*y + z*y, (x + z)*y), rounding=True),
    Rule(lambda x, y, z: (x*y - z*y, (x - z)*y), rounding=True),
    Rule(lambda x, y, z: (x/y + z/y, (x + z)/y), rounding=True),
    Rule(lambda x, y, z: (x/y - z/y, (x - z)/y), rounding=True),
    Rule(lambda w, x, y, z: ((w + x*y) + z*y, w + (x + z)*y), rounding=True, when=lambda w, x, y, z: _level(w, x*y)),
    Rule(lambda x, z: (square(x) + z*x, (x + z)*x), rounding=True),
    Rule(lambda x, c: (x*c + x, x*(c + 1)), rounding=True),
    Rule(lambda x, c: (x - x*c, x*(1 - c)), rounding=True),
    # constants gathered: 2*(3*x) = 6*x
    Rule(lambda x, c, d: ((x + c) + d, x + (c + d)), rounding=True),
    Rule(lambda x, c, d: ((x*c)*d, x*(c*d)), rounding=True, when=lambda c, d: _normal_product(c, d)),
    Rule(lambda x, c, d: ((c - x) + d, (c + d) - x), rounding=True),
    Rule(lambda x, c, d: (c - (x + d), (c - d) - x), rounding=True),
    Rule(lambda x, c, d: (c - (d - x), x + (c - d)), rounding=True),
    Rule(lambda x, c, d: ((c/x)*d, (c*d)/x), rounding=True, when=lambda c, d: _normal_product(c, d)),
    # constants moved outwards, to where they meet
    Rule(lambda x, y, c: ((x + c) + y, (x + y) + c), rounding=True, when=lambda x, y: _level(x, y)),
    Rule(lambda x, y, c: ((x*c)*y, (x*y)*c), rounding=True, when=lambda x, y: _level(x, y)),
    # quotients
    Rule(lambda x: (1 / x, reciprocal(x))),
    Rule(lambda x, c: (x / c, x * (1 / c)), when=lambda c: _exact_reciprocal(c)),
    Rule(lambda x, c: (x / c, x * (1 / c)), rounding=True, when=lambda c: _normal_reciprocal(c)),
    Rule(lambda x, y: (x / y, x * reciprocal(y)), rounding=True,
         when=lambda x, y: is_stretched(y, x) and (_is_whole(y) or _has_reciprocal(y))),
    Rule(lambda x: (reciprocal(reciprocal(x)), x), rounding=True),
    Rule(lambda x: (reciprocal(sqrt(x)), rsqrt(x)), rounding=True),
    # powers, roots, logarithms
    Rule(lambda x: (x ** 2, square(x)), rounding=True),
    Rule(lambda x: (x ** 3, square(x)*x), rounding=True),
    Rule(lambda x: (x ** 0.5, sqrt(x)), rounding=True),
    Rule(lambda x: (x ** -1, reciprocal(x)), rounding=True, integers=False),
    Rule(lambda x: (x ** -0.5, rsqrt(x)), rounding=True, when=lambda x: _not_negative(x)),
    Rule(lambda x: (x ** -0.5, where(isinf(x), 0, abs(rsqrt(x)))), rounding=True),
    Rule(lambda x: (sqrt(square(x)), abs(x)), rounding=True),
    Rule(lambda x: (square(sqrt(x)), x), rounding=True, when=lambda x: _not_negative(x)),
    Rule(lambda x: (log(exp(x)), x), rounding=True),
    # order
    Rule(lambda x: (maximum(x, x), x)),
    Rule(lambda x: (minimum(x, x), x)),
    Rule(lambda x, c, d: (maximum(maximum(x, c), d), maximum(x, maximum(c, d)))),
    Rule(lambda x, c, d: (minimum(minimum(x, c), d), minimum(x, minimum(c, d)))),
    # choice and logic
    Rule(lambda p, x: (where(p, x, x), x)),
    Rule(lambda p, x, y: (where(logical_not(p), x, y), where(p, y, x))),
    Rule(lambda p, x, y, z: (where(p, where(p, x, y), z), where(p, x, z))),
    Rule(lambda p, x, y, z: (where(p, x, where(p, y, z)), where(p, x, z))),
    Rule(lambda p: (logical_not(logical_not(p)), p)),
    Rule(lambda p: (logical_and(p, p), p)),
    Rule(lambda p: (logical_or(p, p), p)),
    Rule(lambda x, y: (logical_not(equal(x, y)), not_equal(x, y)), booleans=True),
    Rule(lambda x, y: (logical_not(not_equal(x, y)), equal(x, y)), booleans=True),
]
