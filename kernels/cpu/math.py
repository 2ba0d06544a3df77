"""Functions of numbers, as the scalar form of an op names them (``math.exp``): for float32 and float64 as polynomials
that vectorize, and the integer arithmetic of NumPy.

Each is within 4 units in the last place of the exact value (sin and cos within 1 in float32, 2 in float64), for
arguments of any size down to the subnormal ones and up to infinity; NaN gives NaN. (Of logaddexp that holds relative to
the larger operand: near 0 the sum cancels.) There are no branches and no calls, but that the remainder of floats takes
the C library's fmod. The reductions are the classical ones (Cody and Waite, 1980; Payne and Hanek, 1983; Muller,
Elementary Functions, 2016)."""
from __future__ import annotations

from numba import types

from .circular import acos, asin, atan, atan2, cos, hypot, sin, tan
from .convert import to_i8, to_i16, to_i32, to_i64, to_odd, to_u8, to_u16, to_u32, to_u64
from .exponential import (
    acosh,
    asinh,
    atanh,
    cosh,
    erf,
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    pow,
    sigmoid,
    sinh,
    softplus,
    tanh,
)
from .formats import INF, magnitude, signed_as
from .scalar import Number, elementary, llvm, select

# ---- signs and rounding ---------------------------------------------------------------------------------------------
abs = elementary(lambda x: magnitude(x))
copysign = elementary(lambda x, y: signed_as(x, y))
floor = elementary(lambda x: llvm("floor", x))
ceil = elementary(lambda x: llvm("ceil", x))
trunc = elementary(lambda x: llvm("trunc", x))
rint = elementary(lambda x: llvm("rint", x))
sqrt = elementary(lambda x: llvm("sqrt", x))
isinf = elementary(lambda x: magnitude(x) == INF, returns=types.boolean)
isfinite = elementary(lambda x: magnitude(x) < INF, returns=types.boolean)


@elementary
def maximum(x, y):
    """The larger; NaN if either is."""
    return select((x > y) | (x != x) if x.is_float else x > y, x, y)


@elementary
def minimum(x, y):
    """The smaller; NaN if either is."""
    return select((x < y) | (x != x) if x.is_float else x < y, x, y)


# ---- whole division and shifts --------------------------------------------------------------------------------------
@elementary
def floor_divide(x, y):
    """floor(x / y); for integers 0 where y is 0."""
    if x.is_float:
        return _float_floor_divide(x, y)
    quotient, rest = _integer_division(x, y)
    quotient = select(_crosses(rest, y), quotient - 1, quotient)
    quotient = select(y == -1, -x, quotient) if x.is_signed else quotient
    return select(y == 0, x.constant(0), quotient)


@elementary
def remainder(x, y):
    """x - y * floor(x / y), with the sign of y; for integers 0 where y is 0."""
    rest = x.rest(y) if x.is_float else _integer_division(x, y)[1]
    if x.is_float:
        rest = select(_crosses(rest, y), rest + y, rest)
        return select(rest == 0, signed_as(x.constant(0), y), rest)
    return select(y == 0, x.constant(0), select(_crosses(rest, y), rest + y, rest))


def _crosses(rest: Number, y: Number) -> Number:
    """Whether a remainder with the sign of the dividend must become one with the sign of the divisor."""
    return (rest != 0) & ((rest < 0) ^ (y < 0))


def _integer_division(x: Number, y: Number) -> tuple[Number, Number]:
    """Quotient and remainder cut towards 0; x and 0 where the machine would trap."""
    safe = (y == 0) | (y == -1) if x.is_signed else y == 0
    divisor = select(safe, x.constant(1), y)
    return x.quotient(divisor), x.rest(divisor)


def _float_floor_divide(x: Number, y: Number) -> Number:
    """As NumPy: the exact remainder taken away, then divided, and the quotient snapped to a whole number."""
    rest = x.rest(y)
    quotient = (x - rest) / y
    quotient = select(_crosses(rest, y), quotient - 1, quotient)
    below = llvm("floor", quotient)
    snapped = select(quotient - below > 0.5, below + 1, below)
    return select(y == 0, x / y, snapped)


@elementary
def left_shift(x, y):
    """x << y; 0 where y is no less than the width."""
    inside = _inside(x, y)
    return select(inside, x << select(inside, y, y.constant(0)), x.constant(0))


@elementary
def right_shift(x, y):
    """x >> y; 0, or -1 for negative numbers, where y is no less than the width."""
    inside = _inside(x, y)
    outside = select(x < 0, x.constant(-1), x.constant(0)) if x.is_signed else x.constant(0)
    return select(inside, x >> select(inside, y, y.constant(0)), outside)


def _inside(x: Number, y: Number) -> Number:
    return (y < x.width) & (y >= 0) if y.is_signed else y < x.width


__all__ = ["abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "erf",
           "exp", "exp2", "expm1", "floor", "floor_divide", "hypot", "isfinite", "isinf", "left_shift", "log", "log10",
           "log1p", "log2", "logaddexp", "maximum", "minimum", "pow", "remainder", "right_shift", "rint", "sigmoid",
           "sin", "sinh", "softplus", "sqrt", "tan", "tanh", "to_i16", "to_i32", "to_i64", "to_i8", "to_odd", "to_u16",
           "to_u32", "to_u64", "to_u8", "trunc"]
