"""Functions of numbers, for float32 and float64, as polynomials that vectorize; and the integer arithmetic of NumPy.

Each is within 4 units in the last place of the exact value, for arguments of any size down to the subnormal ones and up to
infinity; NaN gives NaN. (Of logaddexp that holds relative to the larger operand: near 0 the sum cancels.) There are no
branches and no calls, but that the remainder of floats takes the C library's fmod. The polynomials are minimax
approximations (Remez) of what their comments say; the reductions are the classical ones (Cody and Waite, 1980; Payne and
Hanek, 1983; Muller, Elementary Functions, 2016)."""
from __future__ import annotations

from numba import types

from .scalar import Number, elementary, fma, llvm, polynomial, select

INF, NAN = float("inf"), float("nan")


class _Format:
    """What differs between float32 and float64: the layout of the bits, and the constants and polynomials."""

    def __init__(self, kind: types.Float, mantissa: int, bias: int, **constants):
        self.kind, self.mantissa, self.bias = kind, mantissa, bias
        self.magic = 1.5 * 2.0 ** mantissa
        self.magic_bits = ((bias + mantissa) << mantissa) + (1 << (mantissa - 1))
        self.smallest_normal = 2.0 ** (1 - bias)
        self.__dict__.update(constants)


_F32 = _Format(
    types.float32, 23, 127,
    exp_range=(-104.0, 89.0), tanh_limit=10.0, erf_limit=4.0, large=1e8, huge=1e37,
    ln2=(0.693145751953125, 1.4286068203094173e-06), log10_2=(0.301025390625, 4.605038981195214e-06),
    root_half_bits=0x3F3504F3,
    # (e**r - 1 - r) / r**2
    exp=(0.5, 0.16666667, 0.041666463, 0.008333286, 0.0013933736, 0.00019907704),
    # (log((1 + s) / (1 - s)) - 2*s) / s**3 in s**2
    log=(0.66666687, 0.39988708, 0.29582497),
    # (sin(r) - r) / r**3 and (cos(r) - 1 + r**2 / 2) / r**4 in r**2
    sin=(-0.16666667, 0.008333332, -0.00019840086, 2.7249696e-06),
    cos=(0.041666664, -0.0013888302, 2.4547788e-05),
    # (f(x) - x) / x**3 in x**2
    atan=(-0.3333333, 0.19999559, -0.14264467, 0.10748407, -0.064652905),
    asin=(0.16666666, 0.07500103, 0.044596665, 0.03113165, 0.017006481, 0.03392065),
    sinh=(0.16666667, 0.008333339, 0.00019838099, 2.8063007e-06),
    # erf(x) / x - 1 in x**2, and log(erfc(1 + u)) + (1 + u)**2 in u, the latter as exact as 1 - erfc needs
    erf=(0.12837917, -0.37612626, 0.112836, -0.026854446, 0.0051895366, -0.00080208457, 7.889119e-05),
    erfc=(-0.8496055, -0.6389668, 0.15688166, -0.041500688, 0.00989089, -0.0018261614, 0.00018557333),
)
_F64 = _Format(
    types.float64, 52, 1023,
    exp_range=(-746.0, 710.0), tanh_limit=20.0, erf_limit=6.0, large=1e16, huge=1e307,
    ln2=(0.6931471805598903, 5.497923018708371e-14), log10_2=(0.30102999566395283, 2.8363394551044964e-14),
    root_half_bits=0x3FE6A09E667F3BCD,
    exp=(0.5, 0.1666666666666667, 0.041666666666666685, 0.008333333333326082, 0.0013888888888874294,
         0.0001984126987500567, 2.4801587347587177e-05, 2.7557255166245233e-06, 2.7557252673292366e-07,
         2.5105314116534945e-08, 2.092167017912071e-09),
    log=(0.6666666666666666, 0.4000000000000089, 0.2857142857079696, 0.22222222393108196, 0.18181795501098985,
         0.1538624681383094, 0.13268592928292988, 0.13088419058335887),
    # (log((1 + s) / (1 - s)) - 2*s - 2/3 * s**3) / s**5 in s**2, for pow
    log_tail=(0.4, 0.28571428571429375, 0.22222222221650165, 0.18181818336585667, 0.15384594844149144,
              0.1333481071975811, 0.11706084307926354, 0.11724684745071004),
    sin=(-0.16666666666666666, 0.008333333333333331, -0.00019841269841265044, 2.7557319219322184e-06,
         -2.5052106226495243e-08, 1.6058530668743098e-10, -7.586640774796648e-13),
    cos=(0.041666666666666664, -0.001388888888888739, 2.4801587298755762e-05, -2.7557317266494944e-07,
         2.0876145163581403e-09, -1.138255204095506e-11),
    atan=(-0.3333333333333333, 0.19999999999999815, -0.14285714285662166, 0.11111111105364307, -0.09090908763073519,
          0.07692296631061615, -0.06666429155627063, 0.05878974735559966, -0.05230769015425364, 0.04552938163190852,
          -0.034603039437600895, 0.016319622198304802),
    asin=(0.16666666666666669, 0.07499999999998246, 0.04464285714671502, 0.030381944111486255, 0.022372173991937087,
          0.017352368698808223, 0.013971561192651324, 0.011475856595829429, 0.010343929955748742, 0.005368862248790659,
          0.017636788516383315, -0.015212438127253425, 0.028998874125483222),
    sinh=(0.16666666666666666, 0.008333333333333299, 0.0001984126984132424, 2.7557319191363643e-06,
          2.505211769941287e-08, 1.6057679312223042e-10, 7.746188979486805e-13),
    erf=(0.1283791670955126, -0.3761263890318375, 0.11283791670954885, -0.026866170645077875, 0.005223977624828431,
         -0.0008548326981425542, 0.0001205533113295582, -1.4925595772180906e-05, 1.64610084778027e-06,
         -1.6350396222864617e-07, 1.466032872274226e-08, -1.137495573607015e-09, 5.960685338520971e-11),
    erfc=(-0.8496055099332482, -0.6389675142347885, 0.1568927436413387, -0.041561098042141656, 0.010033825378053345,
          -0.0019779025914108445, 0.0002373225788212331, 2.6277600990623616e-05, -2.71585679334799e-05,
          9.60811851665305e-06, -2.0589465470952695e-06, 1.4222939491626253e-07, 9.792232708135054e-08,
          -5.219812869282502e-08, 1.4961016132554333e-08, -2.874784216688222e-09, 3.6978870401997486e-10,
          -2.8946096564125135e-11, 1.044013909238051e-12),
)
LN2, LOG2E, LOG10E = 0.6931471805599453, 1.4426950408889634, 0.4342944819032518
PI = (3.141592653589793, 1.2246467991473532e-16)
PI_32 = (3.1415927410125732, -8.742277657347586e-08)


def _format(x: Number) -> _Format:
    return _F32 if x.type == types.float32 else _F64


def _pi(x: Number) -> tuple[float, float]:
    """Pi as a number of the type of `x`, and what it lacks."""
    return PI_32 if x.type == types.float32 else PI


# ---- signs and rounding ---------------------------------------------------------------------------------------------
def _abs(x: Number) -> Number:
    return llvm("fabs", x) if x.is_float else select(x < 0, -x, x) if x.is_signed else x


def _signed_as(magnitude: Number, x: Number) -> Number:
    return llvm("copysign", magnitude, x)


abs = elementary(lambda x: _abs(x))
copysign = elementary(lambda x, y: _signed_as(x, y))
floor = elementary(lambda x: llvm("floor", x))
ceil = elementary(lambda x: llvm("ceil", x))
trunc = elementary(lambda x: llvm("trunc", x))
rint = elementary(lambda x: llvm("rint", x))
sqrt = elementary(lambda x: llvm("sqrt", x))
isinf = elementary(lambda x: _abs(x) == INF, returns=types.boolean)
isfinite = elementary(lambda x: _abs(x) < INF, returns=types.boolean)


@elementary
def maximum(x, y):
    """The larger; NaN if either is."""
    return select((x > y) | (x != x) if x.is_float else x > y, x, y)


@elementary
def minimum(x, y):
    """The smaller; NaN if either is."""
    return select((x < y) | (x != x) if x.is_float else x < y, x, y)


# ---- exponentials ---------------------------------------------------------------------------------------------------
def _held(x: Number, low: float, high: float) -> Number:
    """`x` between two bounds; NaN stays."""
    x = select(x < low, x.constant(low), x)
    return select(x > high, x.constant(high), x)


def _nearest(x: Number) -> tuple[Number, Number]:
    """The nearest whole number, as a float and as an integer, of a number below 2**mantissa / 4."""
    shifted = x + _format(x).magic
    return shifted - _format(x).magic, shifted.bits() - _format(x).magic_bits


def _power_of_2(k: Number, form: _Format) -> Number:
    return ((k + form.bias) << form.mantissa).from_bits()


def _two_powers(k: Number, form: _Format) -> tuple[Number, Number]:
    """Two numbers whose product is 2**k, for the range of subnormals and beyond."""
    half = k >> 1
    return _power_of_2(half, form), _power_of_2(k - half, form)


def _reduced_exp(x: Number) -> tuple[Number, Number]:
    """(expm1(r), k) such that x = k * ln 2 + r."""
    form = _format(x)
    n, k = _nearest(x * LOG2E)
    r = fma(n, -form.ln2[1], fma(n, -form.ln2[0], x))
    return fma(r * r, polynomial(r, form.exp), r), k


def _exp(x: Number, halved: int = 0) -> Number:
    """e**x / 2**halved"""
    form = _format(x)
    low, high = form.exp_range
    r, k = _reduced_exp(_held(x, low, high + halved))
    a, b = _two_powers(k - halved, form)
    return fma(r, a, a) * b


def _expm1(x: Number) -> Number:
    form = _format(x)
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
    form = _format(x)
    x = _held(x, -1.0 - form.bias - form.mantissa, form.bias + 1.0)
    n, k = _nearest(x)
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
    small = _exp(-_abs(x))
    return select(x < 0, small, x.constant(1)) / (1 + small)


@elementary
def tanh(x):
    """Hyperbolic tangent."""
    a = _abs(x)
    limit = _format(x).tanh_limit
    t = _expm1(2 * select(a > limit, x.constant(limit), a))
    return _signed_as(t / (t + 2), x)


@elementary
def sinh(x):
    """Hyperbolic sine."""
    a = _abs(x)
    half = _exp(a, halved=1)
    square = x * x
    small = fma(a * square, polynomial(square, _format(x).sinh), a)
    return _signed_as(select(a < 1, small, half - 0.25 / half), x)


@elementary
def cosh(x):
    """Hyperbolic cosine."""
    half = _exp(_abs(x), halved=1)
    return half + 0.25 / half


@elementary
def erf(x):
    """The error function."""
    form = _format(x)
    a = _abs(x)
    square = x * x
    small = fma(a, polynomial(square, form.erf), a)
    b = select(a > form.erf_limit, x.constant(form.erf_limit), a)
    large = 1 - _exp(fma(-b, b, polynomial(b - 1, form.erfc)))
    return _signed_as(select(a < 1, small, large), x)


# ---- logarithms -----------------------------------------------------------------------------------------------------
def _split(x: Number) -> tuple[Number, Number]:
    """(e, f) such that x = 2**e * (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), for a positive number."""
    form = _format(x)
    tiny = x < form.smallest_normal
    bits = select(tiny, x * 2.0 ** form.mantissa, x).bits() - form.root_half_bits
    rest = ((bits & ((1 << form.mantissa) - 1)) + form.root_half_bits).from_bits()
    e = (bits >> form.mantissa).converted(form.kind)
    return e - select(tiny, x.constant(form.mantissa), x.constant(0)), rest - 1


def _log_sum(e: Number, f: Number, low=0.0) -> Number:
    """e * ln 2 + log(1 + f) + low"""
    form = _format(f)
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
    high, low = _format(x).log10_2
    return _log_edges(x, fma(e, high, fma(_log_sum(e.constant(0), f), LOG10E, e * low)))


def _softplus(x: Number) -> Number:
    return select(x < 0, x.constant(0), x) + _log1p(_exp(-_abs(x)))


@elementary
def softplus(x):
    """log(1 + e**x)"""
    return _softplus(x)


@elementary
def logaddexp(x, y):
    """log(e**x + e**y)"""
    return select(x == y, x + LN2, select(x > y, x, y) + _log1p(_exp(-_abs(x - y))))


@elementary
def asinh(x):
    """The inverse of sinh."""
    a = _abs(x)
    large = a > _format(x).large
    b = select(large, x.constant(1), a)
    argument = select(large, a, b + b * b / (1 + llvm("sqrt", fma(b, b, 1))))
    return _signed_as(_log1p(argument) + select(large, x.constant(LN2), x.constant(0)), x)


@elementary
def acosh(x):
    """The inverse of cosh from 0 up."""
    large = x > _format(x).large
    t = select(large, x.constant(1), x - 1)
    argument = select(large, x, t + llvm("sqrt", t * (t + 2)))
    result = _log1p(argument) + select(large, x.constant(LN2), x.constant(0))
    return select(x < 1, x.constant(NAN), result)


@elementary
def atanh(x):
    """The inverse of tanh."""
    a = _abs(x)
    return _signed_as(0.5 * _log1p(2 * a / (1 - a)), x)


# ---- circular functions ---------------------------------------------------------------------------------------------
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


def _quarters(x: Number, rows: int, columns: int, mantissa: int) -> tuple[Number, Number]:
    """(q, r) such that x = q * pi/2 + r modulo 2*pi, |r| <= pi/4, of a float64 with so many bits behind its first one.

    x is scaled by a power of 2**-64 to a y that is below 2**(mantissa + 64), but whole, so that multiples of 4 may be
    dropped from what it is multiplied by; and from the products, which are exact sums of two numbers."""
    exponent = ((x.bits() >> 52) & 2047) - (1023 + mantissa)
    block = select(exponent < 0, x.bits().constant(0), exponent >> 6)
    y = x * ((1023 - (block << 6)) << 52).from_bits()
    total = rest = last = x.constant(0)
    for column in range(columns):
        factor = _chosen(block, [row[column] for row in _TURNS[:rows]])
        product = y * factor
        for term in (product, fma(y, factor, -product)):
            total, lost = _two_sum(total, term - 4 * llvm("rint", 0.25 * term))
            rest, lost = _two_sum(rest, lost)
            last = last + lost
        if column == 2:
            n, q = _nearest(total)
            total = total - n
    return q, (total + (rest + last)) * (0.5 * PI[0])


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
    form = _format(x)
    q, r = _quarters(x.converted(types.float64), *((2, 3) if form is _F32 else (16, 5)), form.mantissa)
    r = r.converted(form.kind)
    z = r * r
    return q, fma(r * z, polynomial(z, form.sin), r), fma(z * z, polynomial(z, form.cos), fma(z, -0.5, 1.0))


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


def _angle(y: Number, x: Number) -> Number:
    """atan(y / x) of two numbers that are not negative"""
    steep, diagonal = y > 2.414213562373095 * x, y > 0.41421356237309503 * x
    high, lack = _pi(x)
    t = select(steep, -x, select(diagonal, y - x, y)) / select(steep, y, select(diagonal, y + x, x))
    whole, part = (select(steep, x.constant(c / 2), select(diagonal, x.constant(c / 4), x.constant(0)))
                   for c in (high, lack))
    z = t * t
    return whole + (fma(t * z, polynomial(z, _format(x).atan), t) + part)


@elementary
def atan(x):
    """The inverse of tan."""
    a = _abs(x)
    infinite = a == INF
    return _signed_as(_angle(select(infinite, x.constant(1), a), select(infinite, x.constant(0), x.constant(1))), x)


@elementary
def atan2(y, x):
    """The angle of the point (x, y)."""
    form = _format(x)
    a, b = _abs(y), _abs(x)
    scale = select((a > 0.1 * form.huge) | (b > 0.1 * form.huge), x.constant(2.0 ** -8), x.constant(1))
    both = (a == INF) & (b == INF)
    a, b = (select(both, x.constant(1), part * scale) for part in (a, b))
    a, b = _without_infinity(a, b), _without_infinity(b, a)
    angle = _angle(a, select((a == 0) & (b == 0), x.constant(1), b))
    high, lack = _pi(x)
    return _signed_as(select(x.bits() < 0, high - (angle - lack), angle), y)


def _without_infinity(a: Number, b: Number) -> Number:
    """`a` in the direction of (a, b), at most one of which is infinite."""
    return select(a == INF, a.constant(1), select(b == INF, a * 0.0, a))


def _asin_core(x: Number) -> tuple[Number, Number, Number]:
    """(is |x| <= 1/2, t, asin(t) - t) where t is |x|, or else sqrt((1 - |x|) / 2)"""
    a = _abs(x)
    inner = a <= 0.5
    z = select(inner, x * x, 0.5 * (1 - a))
    t = select(inner, a, llvm("sqrt", z))
    return inner, t, t * z * polynomial(z, _format(x).asin)


@elementary
def asin(x):
    """The inverse of sin."""
    high, lack = _pi(x)
    inner, t, rest = _asin_core(x)
    return _signed_as(select(inner, t + rest, 0.5 * high - (2 * (t + rest) - 0.5 * lack)), x)


@elementary
def acos(x):
    """The inverse of cos."""
    high, lack = _pi(x)
    inner, t, rest = _asin_core(x)
    near = _signed_as(t, x) + (_signed_as(rest, x) - 0.5 * lack)
    outer = 2 * (t + rest)
    return select(inner, 0.5 * high - near, select(x < 0, high - (outer - lack), outer))


@elementary
def hypot(x, y):
    """sqrt(x*x + y*y)"""
    a, b = _abs(x), _abs(y)
    longer, shorter = select(a > b, a, b), select(a > b, b, a)
    ratio = shorter / select(longer == 0, x.constant(1), longer)
    length = longer * llvm("sqrt", fma(ratio, ratio, 1))
    length = select((a != a) | (b != b), a + b, length)
    return select((a == INF) | (b == INF), x.constant(INF), length)


# ---- powers ---------------------------------------------------------------------------------------------------------
@elementary
def pow(x, y):
    """x to the power y; an integer to a negative power is cut to a whole number."""
    if not x.is_float:
        return _integer_power(x, y)
    magnitude = _abs(x)
    if x.type == types.float32:
        wide, exponent = magnitude.converted(types.float64), y.converted(types.float64)
        result = _exp(exponent * _log(wide)).converted(types.float32)
    else:
        result = _float64_power(magnitude, y)
    return _power_edges(x, y, result)


def _float64_power(x: Number, y: Number) -> Number:
    """x**y = e**(y log x), the logarithm to twice the precision, for positive finite x."""
    high, low = _precise_log(x)
    product = y * high
    rest = fma(y, low, fma(y, high, -product))
    held = _held(product, *_F64.exp_range)
    n, k = _nearest(held * LOG2E)
    r = fma(n, -_F64.ln2[1], fma(n, -_F64.ln2[0], held)) + select(_abs(product) < 1000, rest, x.constant(0))
    a, b = _two_powers(k, _F64)
    return fma(fma(r * r, polynomial(r, _F64.exp), r), a, a) * b


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
    low = (third - (first - 2 * s)) + (2 * s_low + third_low + cube * z * polynomial(z, _F64.log_tail))
    whole = e * _F64.ln2[0]
    total = whole + first
    low = (first - (total - whole)) + fma(e, _F64.ln2[1], low)
    return total + low, low - ((total + low) - total)


def _power_edges(x: Number, y: Number, result: Number) -> Number:
    """|x|**y made x**y: signs, zeros, infinities, and what is 1 whatever the other is."""
    a = _abs(x)
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
        return select(rest == 0, _signed_as(x.constant(0), y), rest)
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
