"""Circular functions and their inverses, and the length of a vector: see `math`."""
from __future__ import annotations

from numba import types

from .formats import F32, F64, INF, Format, format_of, magnitude, nearest, signed_as
from .scalar import Number, elementary, fma, llvm, polynomial, select

PI = (3.141592653589793, 1.2246467991473532e-16)
PI_32 = (3.1415927410125732, -8.742277657347586e-08)


def _pi(x: Number) -> tuple[float, float]:
    """Pi as a number of the type of `x`, and what it lacks."""
    return PI_32 if x.type == types.float32 else PI


# ---- sine and cosine ------------------------------------------------------------------------------------------------
_TWO_OVER_PI_BITS = 1440
_TWO_OVER_PI = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73e"
    "e88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b7"
    "4f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361da9e391615ee61b08"
    "6599855f14a068408dffd880", 16)
"""2/pi in fixed point, so many bits behind the point."""


_BLOCK = 64


def _leading(fixed: int, count: int = 53) -> int:
    """The `count` leading bits of a number, the others 0."""
    drop = max(fixed.bit_length() - count, 0)
    return fixed >> drop << drop


def _turns(k: int) -> tuple[float, ...]:
    """2**(64*k) * 2/pi modulo 4, as a sum of five doubles."""
    fixed = (_TWO_OVER_PI << _BLOCK * k) % (4 << _TWO_OVER_PI_BITS)
    parts = []
    for _ in range(5):
        parts.append(_leading(fixed) / (1 << _TWO_OVER_PI_BITS))
        fixed -= _leading(fixed)
    return tuple(parts)


_TURNS = tuple(_turns(k) for k in range(16))


def _quarters(x: Number, form: Format) -> tuple[Number, Number]:
    """(q, r) such that x = q * pi/2 + r modulo 2*pi, |r| <= pi/4, of a float64 that holds a number of `form`.

    x is scaled by a power of 2**-64 to a y that is below 2**(mantissa + 64), but whole, so that multiples of 4 may be
    dropped from what it is multiplied by; and from the products, which are exact sums of two numbers."""
    rows, columns = (2, 3) if form is F32 else (16, 5)
    exponent = ((x.bits() >> 52) & 2047) - (1023 + form.mantissa)
    block = select(exponent < 0, x.bits().constant(0), exponent >> 6)
    y = x * ((1023 - (block << 6)) << 52).from_bits()
    total = rest = last = x.constant(0)
    for column in range(columns):
        factor = _chosen(block, [row[column] for row in _TURNS[:rows]])
        product = y * factor
        for order, term in enumerate((product, fma(y, factor, -product)), column):
            if form.mantissa + 66 > 53 * order:  # else it is below 1, as |y| < 2**(mantissa + 64)
                term = term - 4 * llvm("rint", 0.25 * term)
            if form is F64:
                total, lost = _two_sum(total, term)
                rest, lost = _two_sum(rest, lost)
                last = last + lost
            elif order < columns:
                total = total + term
        if column == 2:
            n, q = nearest(total)
            total = total - n
    total = total + (rest + last)
    return q, fma(total, 0.5 * PI[0], total * (0.5 * PI[1]))


def _chosen(k: Number, numbers: list[float]) -> Number:
    """``numbers[k]``, without a look-up in memory: the last one where k is beyond."""
    found = Number.of(k.builder, types.float64, numbers[0])
    for index, number in enumerate(numbers[1:], 1):
        found = select(k >= index, found.constant(number), found)
    return found


def _two_sum(x: Number, y: Number) -> tuple[Number, Number]:
    """The rounded sum, and what rounding took."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def _sin_cos(x: Number) -> tuple[Number, Number, Number]:
    """(q, sin(r), cos(r)) for x = q * pi/2 + r modulo 2*pi"""
    form = format_of(x)
    q, wide = _quarters(x.converted(types.float64), form)
    r = wide.converted(form.kind)
    lost = (wide - r.converted(types.float64)).converted(form.kind)
    z = r * r
    whole = fma(z, -0.5, 1)
    rest = fma(z, -0.5, 1 - whole) - r * lost
    return q, r + fma(r * z, polynomial(z, form.sin), lost), whole + fma(z * z, polynomial(z, form.cos), rest)


def _of_quarter(q: Number, s: Number, c: Number) -> Number:
    """sin(q * pi/2 + r) from the sine and the cosine of r"""
    value = select((q & 1) == 0, s, c)
    return select((q & 2) == 0, value, -value)


@elementary
def sin(x):
    """Sine."""
    return _of_quarter(*_sin_cos(x))


@elementary
def cos(x):
    """Cosine."""
    q, s, c = _sin_cos(x)
    return _of_quarter(q + 1, s, c)


@elementary
def tan(x):
    """Tangent."""
    q, s, c = _sin_cos(x)
    even = (q & 1) == 0
    return select(even, s, -c) / select(even, c, s)


# ---- inverses -------------------------------------------------------------------------------------------------------
def _angle(y: Number, x: Number) -> Number:
    """atan(y / x) of two numbers that are not negative"""
    steep, diagonal = y > 2.414213562373095 * x, y > 0.41421356237309503 * x
    high, lack = _pi(x)
    t = select(steep, -x, select(diagonal, y - x, y)) / select(steep, y, select(diagonal, y + x, x))
    whole, part = (select(steep, x.constant(c / 2), select(diagonal, x.constant(c / 4), x.constant(0)))
                   for c in (high, lack))
    z = t * t
    return whole + (fma(t * z, polynomial(z, format_of(x).atan), t) + part)


@elementary
def atan(x):
    """The inverse of tan."""
    a = magnitude(x)
    infinite = a == INF
    return signed_as(_angle(select(infinite, x.constant(1), a), select(infinite, x.constant(0), x.constant(1))), x)


@elementary
def atan2(y, x):
    """The angle of the point (x, y)."""
    form = format_of(x)
    a, b = magnitude(y), magnitude(x)
    scale = select((a > 0.1 * form.huge) | (b > 0.1 * form.huge), x.constant(2.0 ** -8), x.constant(1))
    both = (a == INF) & (b == INF)
    a, b = (select(both, x.constant(1), part * scale) for part in (a, b))
    a, b = _without_infinity(a, b), _without_infinity(b, a)
    angle = _angle(a, select((a == 0) & (b == 0), x.constant(1), b))
    high, lack = _pi(x)
    return signed_as(select(x.bits() < 0, high - (angle - lack), angle), y)


def _without_infinity(a: Number, b: Number) -> Number:
    """`a` in the direction of (a, b), at most one of which is infinite."""
    return select(a == INF, a.constant(1), select(b == INF, a * 0.0, a))


def _asin_core(x: Number) -> tuple[Number, Number, Number]:
    """(is |x| <= 1/2, t, asin(t) - t) where t is |x|, or else sqrt((1 - |x|) / 2)"""
    a = magnitude(x)
    inner = a <= 0.5
    z = select(inner, x * x, 0.5 * (1 - a))
    t = select(inner, a, llvm("sqrt", z))
    return inner, t, t * z * polynomial(z, format_of(x).asin)


@elementary
def asin(x):
    """The inverse of sin."""
    high, lack = _pi(x)
    inner, t, rest = _asin_core(x)
    return signed_as(select(inner, t + rest, 0.5 * high - (2 * (t + rest) - 0.5 * lack)), x)


@elementary
def acos(x):
    """The inverse of cos."""
    high, lack = _pi(x)
    inner, t, rest = _asin_core(x)
    near = signed_as(t, x) + (signed_as(rest, x) - 0.5 * lack)
    outer = 2 * (t + rest)
    return select(inner, 0.5 * high - near, select(x < 0, high - (outer - lack), outer))


@elementary
def hypot(x, y):
    """sqrt(x*x + y*y)"""
    a, b = magnitude(x), magnitude(y)
    longer, shorter = select(a > b, a, b), select(a > b, b, a)
    ratio = shorter / select(longer == 0, x.constant(1), longer)
    length = longer * llvm("sqrt", fma(ratio, ratio, 1))
    length = select((a != a) | (b != b), a + b, length)
    return select((a == INF) | (b == INF), x.constant(INF), length)


__all__ = ["acos", "asin", "atan", "atan2", "cos", "hypot", "sin", "tan"]
