"""Exponentials, logarithms and powers: see `math`."""
from __future__ import annotations

from numba import types

from .formats import F64, INF, NAN, Format, format_of, magnitude, nearest, signed_as
from .scalar import Number, elementary, fma, llvm, polynomial, select

LN2, LOG2E, LOG10E = 0.6931471805599453, 1.4426950408889634, 0.4342944819032518


# ---- exponentials ---------------------------------------------------------------------------------------------------
def _held(x: Number, low: float, high: float) -> Number:
    """`x` between two bounds; NaN stays."""
    x = select(x < low, x.constant(low), x)
    return select(x > high, x.constant(high), x)


def _power_of_2(k: Number, form: Format) -> Number:
    return ((k + form.bias) << form.mantissa).from_bits()


def _two_powers(k: Number, form: Format) -> tuple[Number, Number]:
    """Two numbers whose product is 2**k, for the range of subnormals and beyond."""
    half = k >> 1
    return _power_of_2(half, form), _power_of_2(k - half, form)


def _reduced_exp(x: Number) -> tuple[Number, Number]:
    """(expm1(r), k) such that x = k * ln 2 + r."""
    form = format_of(x)
    n, k = nearest(x * LOG2E)
    r = fma(n, -form.ln2[1], fma(n, -form.ln2[0], x))
    return fma(r * r, polynomial(r, form.exp), r), k


def _exp(x: Number, halved: int = 0) -> Number:
    """e**x / 2**halved"""
    form = format_of(x)
    low, high = form.exp_range
    r, k = _reduced_exp(_held(x, low, high + halved))
    a, b = _two_powers(k - halved, form)
    return fma(r, a, a) * b


def _exp_below(x: Number) -> Number:
    """e**x of a number that is not above 0: a power of 2 that is never subnormal, then a constant one."""
    form = format_of(x)
    low, far = form.exp_range[0], (form.bias + 1) // 2
    r, k = _reduced_exp(select(x < low, x.constant(low), x))
    a = _power_of_2(k + far, form)
    return fma(r, a, a) * 2.0 ** -far


def _expm1(x: Number) -> Number:
    form = format_of(x)
    r, k = _reduced_exp(_held(x, *form.exp_range))
    a, b = _two_powers(k, form)
    return fma(r, a, a - _power_of_2((k >> 1) - k, form)) * b


@elementary
def exp(x):
    """e**x"""
    return _exp(x)


@elementary
def exp2(x):
    """2**x"""
    form = format_of(x)
    x = _held(x, -1.0 - form.bias - form.mantissa, form.bias + 1.0)
    n, k = nearest(x)
    r = (x - n) * LN2
    a, b = _two_powers(k, form)
    return fma(fma(r * r, polynomial(r, form.exp), r), a, a) * b


@elementary
def expm1(x):
    """e**x - 1"""
    return _expm1(x)


@elementary
def sigmoid(x):
    """1 / (1 + e**-x)"""
    small = _exp_below(-magnitude(x))
    return select(x < 0, small, x.constant(1)) / (1 + small)


@elementary
def tanh(x):
    """Hyperbolic tangent."""
    form = format_of(x)
    a = magnitude(x)
    a = select(a > form.tanh_limit, x.constant(form.tanh_limit), a)
    n, k = nearest(a * (2 * LOG2E))
    r = fma(n, -LN2 / 2, a)  # what ln 2 is rounded by counts for little: k times its error, over 2**k
    power = _power_of_2(k, form)
    halved = fma(r * r, polynomial(r, [c * 2.0 ** (j + 1) for j, c in enumerate(form.exp)]), r)
    half = fma(halved, power, fma(power, 0.5, -0.5))  # of expm1(2 * a)
    return signed_as(half / (half + 1), x)


@elementary
def sinh(x):
    """Hyperbolic sine."""
    a = magnitude(x)
    half = _exp(a, halved=1)
    square = x * x
    small = fma(a * square, polynomial(square, format_of(x).sinh), a)
    return signed_as(select(a < 1, small, half - 0.25 / half), x)


@elementary
def cosh(x):
    """Hyperbolic cosine."""
    half = _exp(magnitude(x), halved=1)
    return half + 0.25 / half


@elementary
def erf(x):
    """The error function."""
    form = format_of(x)
    a = magnitude(x)
    square = x * x
    small = fma(a, polynomial(square, form.erf), a)
    b = select(a > form.erf_limit, x.constant(form.erf_limit), a)
    large = 1 - _exp_below(fma(-b, b, polynomial(b - 1, form.erfc)))
    return signed_as(select(a < 1, small, large), x)


# ---- logarithms -----------------------------------------------------------------------------------------------------
def _split(x: Number) -> tuple[Number, Number]:
    """(e, f) such that x = 2**e * (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), for a positive number."""
    form = format_of(x)
    tiny = x < form.smallest_normal
    bits = select(tiny, x * 2.0 ** form.mantissa, x).bits() - form.root_half_bits
    rest = ((bits & ((1 << form.mantissa) - 1)) + form.root_half_bits).from_bits()
    e = (bits >> form.mantissa).converted(form.kind)
    return e - select(tiny, x.constant(form.mantissa), x.constant(0)), rest - 1


def _log_sum(e: Number, f: Number, low=0.0) -> Number:
    """e * ln 2 + log(1 + f) + low"""
    form = format_of(f)
    s = f / (2 + f)
    z = s * s
    half_square = 0.5 * f * f
    tail = fma(s, fma(z, polynomial(z, form.log), half_square), fma(e, form.ln2[1], low))
    return fma(e, form.ln2[0], f - (half_square - tail))


def _log_edges(x: Number, result: Number) -> Number:
    """A logarithm of `x` where it is 0, negative, infinite or NaN; `result` elsewhere."""
    result = select(x > 0, result, select(x == 0, x.constant(-INF), x.constant(NAN)))
    return select(x < INF, result, x)


def _log(x: Number) -> Number:
    return _log_edges(x, _log_sum(*_split(x)))


def _log1p(x: Number) -> Number:
    u = 1 + x
    e, f = _split(u)
    lost = select(x > 1, 1 - (u - x), x - (u - 1)) / u
    near = e == 0
    return _log_edges(u, _log_sum(e, select(near, x, f), select(near, x.constant(0), lost)))


@elementary
def log(x):
    """The natural logarithm."""
    return _log(x)


@elementary
def log1p(x):
    """log(1 + x)"""
    return _log1p(x)


@elementary
def log2(x):
    """The logarithm to base 2."""
    e, f = _split(x)
    return _log_edges(x, fma(_log_sum(e.constant(0), f), LOG2E, e))


@elementary
def log10(x):
    """The logarithm to base 10."""
    e, f = _split(x)
    high, low = format_of(x).log10_2
    return _log_edges(x, fma(e, high, fma(_log_sum(e.constant(0), f), LOG10E, e * low)))


def _softplus(x: Number) -> Number:
    return select(x < 0, x.constant(0), x) + _log1p(_exp_below(-magnitude(x)))


@elementary
def softplus(x):
    """log(1 + e**x)"""
    return _softplus(x)


@elementary
def logaddexp(x, y):
    """log(e**x + e**y)"""
    return select(x == y, x + LN2, select(x > y, x, y) + _log1p(_exp_below(-magnitude(x - y))))


@elementary
def asinh(x):
    """The inverse of sinh."""
    a = magnitude(x)
    large = a > format_of(x).large
    b = select(large, x.constant(1), a)
    argument = select(large, a, b + b * b / (1 + llvm("sqrt", fma(b, b, 1))))
    return signed_as(_log1p(argument) + select(large, x.constant(LN2), x.constant(0)), x)


@elementary
def acosh(x):
    """The inverse of cosh from 0 up."""
    large = x > format_of(x).large
    t = select(large, x.constant(1), x - 1)
    argument = select(large, x, t + llvm("sqrt", t * (t + 2)))
    result = _log1p(argument) + select(large, x.constant(LN2), x.constant(0))
    return select(x < 1, x.constant(NAN), result)


@elementary
def atanh(x):
    """The inverse of tanh."""
    a = magnitude(x)
    return signed_as(0.5 * _log1p(2 * a / (1 - a)), x)


# ---- powers ---------------------------------------------------------------------------------------------------------
@elementary
def pow(x, y):
    """x to the power y; an integer to a negative power is cut to a whole number."""
    if not x.is_float:
        return _integer_power(x, y)
    a = magnitude(x)
    if x.type == types.float32:
        wide, exponent = a.converted(types.float64), y.converted(types.float64)
        result = _exp(exponent * _log(wide)).converted(types.float32)
    else:
        result = _float64_power(a, y)
    return _power_edges(x, y, result)


def _float64_power(x: Number, y: Number) -> Number:
    """x**y = e**(y log x), the logarithm to twice the precision, for positive finite x."""
    high, low = _precise_log(x)
    product = y * high
    rest = fma(y, low, fma(y, high, -product))
    held = _held(product, *F64.exp_range)
    n, k = nearest(held * LOG2E)
    r = fma(n, -F64.ln2[1], fma(n, -F64.ln2[0], held)) + select(magnitude(product) < 1000, rest, x.constant(0))
    a, b = _two_powers(k, F64)
    return fma(fma(r * r, polynomial(r, F64.exp), r), a, a) * b


def _precise_log(x: Number) -> tuple[Number, Number]:
    """log(x) as the sum of two numbers."""
    e, f = _split(x)
    d = 2 + f
    s = f / d
    s_low = (fma(-s, d, f) - s * (f - (d - 2))) / d
    z = s * s
    z_low = fma(s, s, -z) + 2 * s * s_low
    cube = s * z
    cube_low = fma(s, z, -cube) + fma(s, z_low, s_low * z)
    third = cube * (2 / 3)
    third_low = fma(cube, 2 / 3, -third) + fma(cube, 3.700743415417188e-17, cube_low * (2 / 3))
    first = 2 * s + third
    low = (third - (first - 2 * s)) + (2 * s_low + third_low + cube * z * polynomial(z, F64.log_tail))
    whole = e * F64.ln2[0]
    total = whole + first
    low = (first - (total - whole)) + fma(e, F64.ln2[1], low)
    return total + low, low - ((total + low) - total)


def _power_edges(x: Number, y: Number, result: Number) -> Number:
    """|x|**y made x**y: signs, zeros, infinities, and what is 1 whatever the other is."""
    a = magnitude(x)
    zero, infinity = x.constant(0), x.constant(INF)
    whole = y == llvm("rint", y)
    odd = whole & (0.5 * y != llvm("rint", 0.5 * y))
    result = select(a == 0, select(y < 0, infinity, zero), result)
    result = select(a == INF, select(y < 0, zero, infinity), result)
    result = select((a == 1) & (y == y), x.constant(1), result)
    negative = x.bits() < 0
    result = select((x < 0) & (a < INF) & ~whole, x.constant(NAN), select(negative & odd, -result, result))
    return select((y == 0) | (x == 1), x.constant(1), select((x != x) | (y != y), x + y, result))


def _integer_power(x: Number, n: Number) -> Number:
    """By repeated squaring, modulo the range of the type."""
    result, square = x.constant(1), x
    for bit in range(x.width):
        result = select((n >> bit & 1) == 1, result * square, result)
        square = square * square
    if not x.is_signed:
        return result
    inverse = select(x == 1, x.constant(1), select(x == -1, select((n & 1) == 1, x, x.constant(1)), x.constant(0)))
    return select(n < 0, inverse, result)


__all__ = ["acosh", "asinh", "atanh", "cosh", "erf", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2",
           "logaddexp", "pow", "sigmoid", "sinh", "softplus", "tanh"]
