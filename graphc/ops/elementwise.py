"""Elementwise ops: a table of derivatives, one row an op.

At kinks the derivative is: 0 for abs; half to each side where maximum or minimum tie; 1 for clip on its bounds; 0 for
hypot and atan2 at the origin. What a NaN takes part in choosing (maximum, minimum, clip) passes no gradient on, as in
JAX; nor do steps (sign, floor, comparisons ...)."""
from __future__ import annotations

import builtins
import math

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.leaves import as_expr, constant
from ..ir.op import Op, Scalar
from ..ir.registry import public
from ..ir.types import is_float
from .convert import astype
from .rows import (
    bitwise,
    choosing,
    classification,
    comparison,
    counting,
    dividing,
    elementwise,
    logical,
    numeric,
    same,
    shifting,
)


# ---- what NumPy has no name for -------------------------------------------------------------------------------------
def _erf(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf, otypes=[np.float64])(x).astype(x.dtype)


def _power(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """NumPy's power; an integer to a negative power is 1 / x**-n cut to a whole number (NumPy raises an error)."""
    if is_float(np.result_type(x, n)):
        return np.power(x, n)
    odd = np.where(n & 1 == 1, x, 1).astype(x.dtype)
    return np.where(n >= 0, np.power(x, np.where(n >= 0, n, 0).astype(n.dtype)), np.where(np.abs(x) == 1, odd, 0))


def _whole(expression: str) -> Scalar:
    """A scalar form that leaves integers as they are."""
    return Scalar(expression, dict.fromkeys("biu", "{0}"))


def _comparing(sign: str) -> Scalar:
    """A comparison; of int64 with uint64, which have no common dtype, the sign settles it first."""
    below = "{0} < 0 or u64({0}) %s {1}" if sign in ("<", "<=", "!=") else "{0} >= 0 and u64({0}) %s {1}"
    above = "{1} < 0 or {0} %s u64({1})" if sign in (">", ">=", "!=") else "{1} >= 0 and {0} %s u64({1})"
    return Scalar(f"{{0}} {sign} {{1}}", {"iu": below % sign, "ui": above % sign})


# ---- arithmetic -----------------------------------------------------------------------------------------------------
negative = elementwise("negative", np.negative, "-{0}", lambda g, y, a: (-g,), dtypes=numeric, domain=(-3, 3),
                       doc="-x")
abs = elementwise("abs", np.abs, Scalar("math.abs({0})", {"b": "{0}", "u": "{0}"}), lambda g, y, a: (g * sign(a),),
                  dtypes=same, domain=(-3, 3), doc="|x|")
sign = elementwise("sign", np.sign, Scalar("1 if {0} > 0 else -1 if {0} < 0 else {0}", {"u": "1 if {0} > 0 else {0}"}),
                   dtypes=numeric, domain=(-3, 3), doc="-1, 0 or 1; NaN stays NaN.")
square = elementwise("square", np.square, "{0} * {0}", lambda g, y, a: (2 * a * g,), dtypes=counting, domain=(-3, 3),
                     doc="x * x")
add = elementwise("add", np.add, Scalar("{0} + {1}", {"b": "{0} or {1}"}), lambda g, y, a, b: (g, g), dtypes=same,
                  domain=(-3, 3), unit=(0, 0), doc="x + y")
subtract = elementwise("subtract", np.subtract, "{0} - {1}", lambda g, y, a, b: (g, -g), dtypes=numeric,
                       domain=(-3, 3), unit=(None, 0), doc="x - y")
multiply = elementwise("multiply", np.multiply, Scalar("{0} * {1}", {"b": "{0} and {1}"}),
                       lambda g, y, a, b: (g * b, g * a), dtypes=same, domain=(-3, 3), unit=(1, 1), zero=0, doc="x * y")
divide = elementwise("divide", np.true_divide, Scalar("{0} / {1}", cost=4),
                     lambda g, y, a, b: (g / b, -g * y / b), dtypes=dividing, domain=((-3, 3), (0.5, 3)),
                     unit=(None, 1), doc="x / y; integers give float64.")
reciprocal = elementwise("reciprocal", np.reciprocal, Scalar("1 / {0}", cost=4), lambda g, y, a: (-g * y * y,),
                         domain=(0.5, 3), doc="1 / x, in floating point for integers too.")
floor_divide = elementwise("floor_divide", np.floor_divide, Scalar("math.floor_divide({0}, {1})", cost=20),
                           dtypes=counting, domain=((-9, 9), (1, 4)), doc="floor(x / y); an integer over 0 is 0.")
remainder = elementwise("remainder", np.remainder, Scalar("math.remainder({0}, {1})", cost=20),
                        lambda g, y, a, b: (g, -g * floor_divide(a, b)), dtypes=counting, domain=((-9, 9), (1.2, 4)),
                        doc="x - y * floor(x / y), with the sign of y; an integer modulo 0 is 0.")
pow = elementwise("pow", _power, Scalar("math.pow({0}, {1})", cost=40),
                  lambda g, y, a, b: (g * _power_slope(a, b), g * y * _log_base(a, b)), dtypes=counting,
                  domain=((0.5, 3), (-2, 3)), unit=(None, 1),
                  doc="x to the power y; an integer to a negative power is cut to a whole number. The gradient with respect "
                      "to y is 0 where x is 0 and y is not negative, NaN where x is negative.")
maximum = elementwise("maximum", np.maximum, Scalar("math.maximum({0}, {1})", {"b": "{0} or {1}"}),
                      lambda g, y, a, b: (_share(a > b, a == b, g), _share(b > a, a == b, g)), dtypes=same,
                      domain=(-3, 3), doc="The larger; NaN if either is. Equal ones share the gradient evenly.")
minimum = elementwise("minimum", np.minimum, Scalar("math.minimum({0}, {1})", {"b": "{0} and {1}"}),
                      lambda g, y, a, b: (_share(a < b, a == b, g), _share(b < a, a == b, g)), dtypes=same,
                      domain=(-3, 3), doc="The smaller; NaN if either is. Equal ones share the gradient evenly.")
_clip = elementwise("clip", np.clip,
                    Scalar("math.minimum(math.maximum({0}, {1}), {2})", {"b": "({0} or {1}) and {2}"}, cost=2),
                    lambda g, y, a, low, high: _clip_grad(g, a, low, high), dtypes=same,
                    domain=((-3, 3), (-2, 0), (1, 2)), doc="x held between low and high.")


def _power_slope(a: Expr, b: Expr) -> Expr:
    """b * a**(b - 1), which is 0 where b is 0, whatever a is."""
    return b * pow(a, where(equal(b, 0), 1, b) - 1)


def _log_base(a: Expr, b: Expr) -> Expr:
    """log(a), but 0 where a**b is 0 or 1 because a is 0."""
    return log(where(logical_and(equal(a, 0), b >= 0), 1, a))


def _share(mine, tie, g: Expr) -> Expr:
    return where(mine, g, where(tie, 0.5 * g, 0))


def _clip_grad(g: Expr, a: Expr, low: Expr, high: Expr) -> tuple[Expr, Expr, Expr]:
    above = maximum(a, low) > high
    below = logical_and(logical_not(above), a < low)
    inside = logical_and(low <= a, a <= high)
    return where(inside, g, 0), where(below, g, 0), where(above, g, 0)


# ---- exponentials and logarithms ------------------------------------------------------------------------------------
LN2, LN10 = math.log(2), math.log(10)

exp = elementwise("exp", np.exp, Scalar("math.exp({0})", cost=8), lambda g, y, a: (g * y,), domain=(-3, 3), doc="e**x")
exp2 = elementwise("exp2", np.exp2, Scalar("math.exp2({0})", cost=8), lambda g, y, a: (g * y * LN2,), domain=(-3, 3),
                   doc="2**x")
expm1 = elementwise("expm1", np.expm1, Scalar("math.expm1({0})", cost=10), lambda g, y, a: (g * (y + 1),),
                    domain=(-3, 3), doc="e**x - 1, exact near 0.")
log = elementwise("log", np.log, Scalar("math.log({0})", cost=12), lambda g, y, a: (g / a,), domain=(0.2, 5),
                  doc="The natural logarithm.")
log1p = elementwise("log1p", np.log1p, Scalar("math.log1p({0})", cost=14), lambda g, y, a: (g / (1 + a),),
                    domain=(-0.8, 5), doc="log(1 + x), exact near 0.")
log2 = elementwise("log2", np.log2, Scalar("math.log2({0})", cost=12), lambda g, y, a: (g / (a * LN2),),
                   domain=(0.2, 5), doc="The logarithm to base 2.")
log10 = elementwise("log10", np.log10, Scalar("math.log10({0})", cost=12), lambda g, y, a: (g / (a * LN10),),
                    domain=(0.2, 5), doc="The logarithm to base 10.")
logaddexp = elementwise("logaddexp", np.logaddexp, Scalar("math.logaddexp({0}, {1})", cost=24),
                        lambda g, y, a, b: (g * _weight(a, b, y), g * _weight(b, a, y)), domain=(-3, 3),
                        doc="log(exp(x) + exp(y)), without overflow; no gradient where both are minus infinity.")
sqrt = elementwise("sqrt", np.sqrt, Scalar("math.sqrt({0})", cost=5), lambda g, y, a: (0.5 * g / y,), domain=(0.2, 5),
                   doc="The square root.")
rsqrt = elementwise("rsqrt", lambda x: 1 / np.sqrt(x), Scalar("1 / math.sqrt({0})", cost=9),
                    lambda g, y, a: (-0.5 * g * y * y * y,), domain=(0.2, 5), doc="1 / sqrt(x)")
hypot = elementwise("hypot", np.hypot, Scalar("math.hypot({0}, {1})", cost=12),
                    lambda g, y, a, b: (g * a / _nonzero(y), g * b / _nonzero(y)), domain=((0.5, 3), (-3, 3)),
                    doc="sqrt(x*x + y*y), without overflow; its gradient at the origin is 0.")
erf = elementwise("erf", _erf, Scalar("math.erf({0})", cost=20),
                  lambda g, y, a: (g * (2 / math.sqrt(math.pi)) * exp(-a * a),), domain=(-3, 3),
                  doc="The error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x.")


def _weight(a: Expr, b: Expr, y: Expr) -> Expr:
    """exp(a - y), where y = logaddexp(a, b); infinities that are equal share it, as logsumexp does."""
    tie = logical_and(equal(a, b), isinf(a))
    return where(tie, where(a > 0, 0.5, 0), exp(where(equal(a, y), 0, a - y)))


def _nonzero(y: Expr) -> Expr:
    return where(equal(y, 0), 1, y)


# ---- circular and hyperbolic ----------------------------------------------------------------------------------------
sin = elementwise("sin", np.sin, Scalar("math.sin({0})", cost=20), lambda g, y, a: (g * cos(a),), domain=(-3, 3),
                  doc="Sine of radians.")
cos = elementwise("cos", np.cos, Scalar("math.cos({0})", cost=20), lambda g, y, a: (-g * sin(a),), domain=(-3, 3),
                  doc="Cosine of radians.")
tan = elementwise("tan", np.tan, Scalar("math.tan({0})", cost=28), lambda g, y, a: (g * (1 + y * y),), domain=(-1, 1),
                  doc="Tangent of radians.")
asin = elementwise("asin", np.arcsin, Scalar("math.asin({0})", cost=16), lambda g, y, a: (g * rsqrt(1 - a * a),),
                   domain=(-0.8, 0.8), doc="The angle in [-pi/2, pi/2] whose sine is x.")
acos = elementwise("acos", np.arccos, Scalar("math.acos({0})", cost=16), lambda g, y, a: (-g * rsqrt(1 - a * a),),
                   domain=(-0.8, 0.8), doc="The angle in [0, pi] whose cosine is x.")
atan = elementwise("atan", np.arctan, Scalar("math.atan({0})", cost=16), lambda g, y, a: (g / (1 + a * a),),
                   domain=(-3, 3), doc="The angle in [-pi/2, pi/2] whose tangent is x.")
atan2 = elementwise("atan2", np.arctan2, Scalar("math.atan2({0}, {1})", cost=20),
                    lambda g, y, a, b: (g * b / _nonzero(a * a + b * b), -g * a / _nonzero(a * a + b * b)),
                    domain=((-3, 3), (0.5, 3)),
                    doc="The angle in [-pi, pi] of the point at height x above y; its gradient at the origin is 0.")
sinh = elementwise("sinh", np.sinh, Scalar("math.sinh({0})", cost=14), lambda g, y, a: (g * cosh(a),), domain=(-3, 3),
                   doc="Hyperbolic sine.")
cosh = elementwise("cosh", np.cosh, Scalar("math.cosh({0})", cost=14), lambda g, y, a: (g * sinh(a),), domain=(-3, 3),
                   doc="Hyperbolic cosine.")
tanh = elementwise("tanh", np.tanh, Scalar("math.tanh({0})", cost=12), lambda g, y, a: (g * (1 - y * y),),
                   domain=(-3, 3), doc="Hyperbolic tangent.")
asinh = elementwise("asinh", np.arcsinh, Scalar("math.asinh({0})", cost=24), lambda g, y, a: (g * rsqrt(1 + a * a),),
                    domain=(-3, 3), doc="The number whose hyperbolic sine is x.")
acosh = elementwise("acosh", np.arccosh, Scalar("math.acosh({0})", cost=24), lambda g, y, a: (g * rsqrt(a * a - 1),),
                    domain=(1.3, 4), doc="The number from 0 up whose hyperbolic cosine is x.")
atanh = elementwise("atanh", np.arctanh, Scalar("math.atanh({0})", cost=20), lambda g, y, a: (g / (1 - a * a),),
                    domain=(-0.8, 0.8), doc="The number whose hyperbolic tangent is x.")

# ---- rounding -------------------------------------------------------------------------------------------------------
floor = elementwise("floor", np.floor, _whole("math.floor({0})"), dtypes=same, domain=(-3, 3),
                    doc="The largest whole number that is not above x.")
ceil = elementwise("ceil", np.ceil, _whole("math.ceil({0})"), dtypes=same, domain=(-3, 3),
                   doc="The smallest whole number that is not below x.")
trunc = elementwise("trunc", np.trunc, _whole("math.trunc({0})"), dtypes=same, domain=(-3, 3),
                    doc="x without its fraction.")
_round = elementwise("round", lambda x: x if x.dtype == bool else np.round(x), _whole("math.rint({0})"), dtypes=same,
                     domain=(-3, 3), doc="The nearest whole number, ties to even.")
copysign = elementwise("copysign", np.copysign, Scalar("math.copysign({0}, {1})", cost=2),
                       lambda g, y, a, b: (g * sign(a) * copysign(1, b), None), domain=((0.5, 3), (0.5, 3)),
                       doc="|x| with the sign of y.")

# ---- comparisons and tests ------------------------------------------------------------------------------------------
equal = elementwise("equal", np.equal, _comparing("=="), dtypes=comparison, domain=(-3, 3), doc="x == y")
not_equal = elementwise("not_equal", np.not_equal, _comparing("!="), dtypes=comparison, domain=(-3, 3), doc="x != y")
less = elementwise("less", np.less, _comparing("<"), dtypes=comparison, domain=(-3, 3), doc="x < y")
less_equal = elementwise("less_equal", np.less_equal, _comparing("<="), dtypes=comparison, domain=(-3, 3), doc="x <= y")
greater = elementwise("greater", np.greater, _comparing(">"), dtypes=comparison, domain=(-3, 3), doc="x > y")
greater_equal = elementwise("greater_equal", np.greater_equal, _comparing(">="), dtypes=comparison, domain=(-3, 3),
                            doc="x >= y")
isnan = elementwise("isnan", np.isnan, "{0} != {0}", dtypes=classification, domain=(-3, 3), doc="Whether x is NaN.")
isinf = elementwise("isinf", np.isinf, Scalar("math.isinf({0})", dict.fromkeys("biu", "{0} != {0}")),
                    dtypes=classification, domain=(-3, 3), doc="Whether x is infinite.")
isfinite = elementwise("isfinite", np.isfinite, Scalar("math.isfinite({0})", dict.fromkeys("biu", "{0} == {0}")),
                       dtypes=classification, domain=(-3, 3), doc="Whether x is neither infinite nor NaN.")

# ---- logic and bits -------------------------------------------------------------------------------------------------
logical_not = elementwise("logical_not", np.logical_not, "not {0}", dtypes=logical, domain=(-3, 3), doc="not x")
logical_and = elementwise("logical_and", np.logical_and, "{0} and {1}", dtypes=logical, domain=(-3, 3), doc="x and y")
logical_or = elementwise("logical_or", np.logical_or, "{0} or {1}", dtypes=logical, domain=(-3, 3), doc="x or y")
logical_xor = elementwise("logical_xor", np.logical_xor, "{0} != {1}", dtypes=logical, domain=(-3, 3),
                          doc="Either, not both.")
bitwise_invert = elementwise("bitwise_invert", np.invert, Scalar("~{0}", {"b": "not {0}"}), dtypes=bitwise,
                             domain=(-99, 99), doc="~x")
bitwise_and = elementwise("bitwise_and", np.bitwise_and, Scalar("{0} & {1}", {"b": "{0} and {1}"}), dtypes=bitwise,
                          domain=(-99, 99), doc="x & y")
bitwise_or = elementwise("bitwise_or", np.bitwise_or, Scalar("{0} | {1}", {"b": "{0} or {1}"}), dtypes=bitwise,
                         domain=(-99, 99), doc="x | y")
bitwise_xor = elementwise("bitwise_xor", np.bitwise_xor, Scalar("{0} ^ {1}", {"b": "{0} != {1}"}), dtypes=bitwise,
                          domain=(-99, 99), doc="x ^ y")
bitwise_left_shift = elementwise("bitwise_left_shift", np.left_shift, "math.left_shift({0}, {1})", dtypes=shifting,
                                 domain=((-99, 99), (0, 70)), doc="x << y; 0 from the width of x on.")
bitwise_right_shift = elementwise("bitwise_right_shift", np.right_shift, "math.right_shift({0}, {1})", dtypes=shifting,
                                  domain=((-99, 99), (0, 70)), doc="x >> y; 0 or -1 from the width of x on.")

# ---- choice ---------------------------------------------------------------------------------------------------------
where = elementwise("where", np.where, "{1} if {0} else {2}",
                    lambda g, y, c, a, b: (None, where(c, g, 0), where(c, 0, g)), dtypes=choosing, domain=(-3, 3),
                    doc="x where the condition holds, y elsewhere.")
stop_gradient = elementwise("stop_gradient", lambda x: x, "{0}", dtypes=same, domain=(-3, 3),
                            doc="x, as a constant to every derivative.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def positive(x) -> Expr:
    """`x` itself; bool is refused, as NumPy refuses it."""
    x = as_expr(x)
    numeric(x.dtype)
    return x


@public
def conj(x) -> Expr:
    """`x` itself: graphc has no complex numbers."""
    return as_expr(x)


@public
def round(x, decimals: int = 0) -> Expr:
    """`x` to so many decimals, ties to even, as ``numpy.round``: scaled, rounded and scaled back."""
    if isinstance(decimals, bool) or not isinstance(decimals, (int, np.integer)):
        raise ArgumentError(f"round: decimals is an int, not {decimals!r}")
    x = as_expr(x)
    if not is_float(x.dtype) and decimals >= 0 or decimals == 0:
        return _round(x)
    scale = 10.0 ** builtins.abs(decimals)
    wide = x if is_float(x.dtype) else astype(x, "float64")
    scaled = _round(wide * scale) / scale if decimals > 0 else _round(wide / scale) * scale
    return astype(scaled, x.dtype)


@public
def clip(x, min=None, max=None) -> Expr:
    """`x` held between `min` and `max`, either of which may be None (no bound). Where min > max the result is max.

    On a bound the gradient is passed on to `x` whole, as in PyTorch; a NaN passes none on."""
    if min is None and max is None:
        return as_expr(x)
    if not is_float(as_expr(x).dtype):
        return maximum(x, min) if max is None else minimum(x, max) if min is None else _clip(x, min, max)
    return _clip(x, -math.inf if min is None else min, math.inf if max is None else max)


@public
def nan_to_num(x, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Expr:
    """`x` with NaN and the infinities replaced: by `nan` and, unless given, the dtype's largest and smallest number."""
    x = as_expr(x)
    if not is_float(x.dtype):
        return x
    limits = _finite_limits(x.dtype)
    low, high = (_in(x.dtype, limit if given is None else given)
                 for limit, given in zip(limits, (neginf, posinf), strict=True))
    finite = where(isinf(x), where(x > 0, high, low), x)
    return where(isnan(x), _in(x.dtype, nan), finite)


def _in(dtype: np.dtype, value) -> Expr:
    return astype(value, dtype) if isinstance(value, Expr) else constant(value, dtype)


def _finite_limits(dtype: np.dtype) -> tuple[float, float]:
    """The smallest and the largest finite number of a float dtype."""
    infinity = np.array(np.inf, dtype)
    return float(np.nextafter(-infinity, np.zeros((), dtype))), float(np.nextafter(infinity, np.zeros((), dtype)))


# ---- NumPy's other names --------------------------------------------------------------------------------------------
absolute = fabs = abs
power, mod, invert, bitwise_not = pow, remainder, bitwise_invert, bitwise_invert
true_divide, rint = divide, _round
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
left_shift, right_shift = bitwise_left_shift, bitwise_right_shift

__all__ = [name for name, row in globals().items() if isinstance(row, Op) and not name.startswith("_")]
__all__ += ["clip", "conj", "nan_to_num", "positive", "round"]
