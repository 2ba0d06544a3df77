"""The elementary functions, over every kind of number, against NumPy in wider arithmetic; and that they vectorize."""
import math as libm
import platform
import re

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from graphc.kernels.cpu import math  # noqa: E402
from graphc.kernels.cpu.jit import OPTIONS  # noqa: E402
from graphc.kernels.cpu.memory import source, target  # noqa: E402

SHORT = {"float32": "f32", "float64": "f64", "bool": "bool", "int8": "i8", "int16": "i16", "int32": "i32",
         "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64"}
FLOATS = ("float32", "float64")
INTEGERS = tuple(d for d in SHORT if "int" in d)
EDGES = [0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e-40, -1e-310, 5e-324, 1e300, -1e300, 3.4e38, -3.4e38, 88.7, 88.8,
         -87.4, -103.9, 709.7, 709.8, 710.4, -745.1, 0.5, -0.5, 2.5, 1e22, 2.0 ** 100, 2.0 ** 53 + 2]
WIDE = np.longdouble
UNARY = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "log2": np.log2,
    "log10": np.log10, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "sqrt": np.sqrt, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint,
    "abs": np.abs, "erf": lambda x: np.vectorize(libm.erf, otypes=[WIDE])(x.astype(float)),
    "sigmoid": lambda x: np.where(x < 0, np.exp(-np.abs(x)), WIDE(1)) / (1 + np.exp(-np.abs(x))),
    "softplus": lambda x: np.logaddexp(x, WIDE(0)),
}
BINARY = {"pow": np.power, "atan2": np.arctan2, "hypot": np.hypot, "copysign": np.copysign, "maximum": np.maximum,
          "minimum": np.minimum}
VECTORIZED = ("exp", "exp2", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "erf", "sin", "cos", "asin",
              "atan", "sinh")


def driver(name: str, arity: int, dtype: str, result: str):
    """A compiled loop over arrays by address."""
    function, given, made = getattr(math, name), SHORT[dtype], SHORT[result]

    def unary(args, n):
        x, z = source(args, 0, given), target(args, 1, made)
        for i in range(n):
            z[i] = function(x[i])

    def binary(args, n):
        x, y, z = source(args, 0, given), source(args, 1, given), target(args, 2, made)
        for i in range(n):
            z[i] = function(x[i], y[i])

    signature = numba.types.void(numba.types.int64, numba.types.int64)
    options = {**OPTIONS, "no_cpython_wrapper": False}
    return numba.njit(signature, **options)(unary if arity == 1 else binary)


def computed(name: str, *operands: np.ndarray, result=None) -> np.ndarray:
    operands = [np.ascontiguousarray(x) for x in operands]
    out = np.empty(operands[0].shape, result or operands[0].dtype)
    addresses = np.array([x.ctypes.data for x in (*operands, out)])
    driver(name, len(operands), str(operands[0].dtype), str(out.dtype))(addresses.ctypes.data, out.size)
    return out


def everywhere(dtype: str, seed: int = 0) -> np.ndarray:
    """Numbers of every magnitude (random bits), of the usual ones, and the edges."""
    rng = np.random.default_rng(seed)
    word = np.uint32 if dtype == "float32" else np.uint64
    bits = rng.integers(0, np.iinfo(word).max, 8000, word)
    usual = [rng.uniform(-1, 1, 8000), rng.uniform(-10, 10, 8000), rng.uniform(-800, 800, 4000),
             rng.choice((-1, 1), 4000) * 10 ** rng.uniform(-45, 5, 4000), np.array(EDGES)]
    with np.errstate(all="ignore"):
        return np.concatenate([bits.view(dtype), *(x.astype(dtype) for x in usual)])


def errors_in_ulps(actual: np.ndarray, exact: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        rounded = exact.astype(actual.dtype)
        spacing = np.spacing(np.maximum(np.abs(rounded), np.finfo(actual.dtype).tiny)).astype(WIDE)
        error = np.abs(actual.astype(WIDE) - exact) / spacing
    error[(actual == rounded) & np.isinf(rounded) | np.isnan(actual) & np.isnan(rounded)] = 0
    return np.where(np.isnan(error), np.inf, error).astype(float)


def assert_within_4_ulps(name, meaning, *operands):
    with np.errstate(all="ignore"):
        exact = meaning(*(x.astype(WIDE) for x in operands))
    error = errors_in_ulps(computed(name, *operands), exact)
    worst = int(np.argmax(error))
    assert error[worst] <= 4, f"{name}{[x[worst] for x in operands]}: {error[worst]} ulp from {exact[worst]}"


@pytest.mark.skipif(np.finfo(WIDE).nmant < 60, reason="no arithmetic wider than float64 to compare with")
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_function_of_one_number(name, dtype):
    assert_within_4_ulps(name, UNARY[name], everywhere(dtype))


@pytest.mark.skipif(np.finfo(WIDE).nmant < 60, reason="no arithmetic wider than float64 to compare with")
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", BINARY)
def test_function_of_two_numbers(name, dtype):
    x = everywhere(dtype)
    edges = [e.ravel() for e in np.meshgrid(x[-len(EDGES):], x[-len(EDGES):])]
    assert_within_4_ulps(name, BINARY[name], np.append(x, edges[0]), np.append(everywhere(dtype, 1)[::-1], edges[1]))


@pytest.mark.parametrize("dtype", FLOATS)
def test_logaddexp(dtype):
    x, y = (np.append(np.random.default_rng(k).uniform(-50, 50, 5000), e) for k, e in
            enumerate(([np.inf, np.inf, -np.inf, -np.inf, np.nan, 1], [np.inf, -np.inf, -np.inf, 3, 1, np.nan])))
    x, y = x.astype(dtype), y.astype(dtype)
    eps = np.finfo(dtype).eps
    actual, exact = computed("logaddexp", x, y), np.logaddexp(x.astype(WIDE), y.astype(WIDE))
    finite = np.isfinite(exact)
    np.testing.assert_array_equal(actual[~finite], exact[~finite].astype(dtype))
    assert np.all(np.abs(actual - exact)[finite] <= 4 * eps * np.maximum(1, np.maximum(np.abs(x), np.abs(y)))[finite])


@pytest.mark.parametrize("dtype, saturated", [("float32", 9.011), ("float64", 19.062)])
def test_tanh_is_odd_and_is_1_where_it_rounds_to_1(dtype, saturated):
    x = np.linspace(0, 12 if dtype == "float32" else 22, 100_001).astype(dtype)
    y = computed("tanh", x)
    np.testing.assert_array_equal(computed("tanh", -x), -y)
    assert np.all(y <= 1) and np.all(y[x > saturated] == 1)
    assert errors_in_ulps(y, np.tanh(x.astype(WIDE))).max() <= 2.5


def test_sine_where_reduction_is_hardest():
    """6381956970095103 * 2**797 is the float64 nearest to an odd multiple of pi/2 (Muller, Elementary Functions)."""
    x = np.array([6381956970095103 * 2.0 ** 797, 1e22])
    np.testing.assert_allclose(computed("cos", x), [-4.6871659242546277e-19, 0.5232147853951389], 1e-15)
    np.testing.assert_allclose(computed("sin", x), [1.0, -0.8522008497671888], 1e-15)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
def test_division_of_floats(name, dtype):
    x, y = everywhere(dtype), everywhere(dtype, 1)[::-1]
    edges = [e.ravel() for e in np.meshgrid(*[np.array([0, -0.0, 1, -1, 2.5, -7, np.inf, -np.inf, np.nan], dtype)] * 2)]
    x, y = np.append(x, edges[0]), np.append(y, edges[1])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(computed(name, x, y), getattr(np, name)(x, y))


def pairs(dtype, low=None, high=None):
    rng, info = np.random.default_rng(0), np.iinfo(dtype)
    edges = np.array([0, 1, 2, 3, 7, info.max, info.min, info.max - 1, *((-1, -2, -5) if info.min else ())], dtype)
    x = np.append(rng.integers(info.min, info.max, 2000, dtype), np.repeat(edges, len(edges)))
    y = np.append(rng.integers(info.min, info.max, 2000, dtype), np.tile(edges, len(edges)))
    y[:1000] = rng.integers(max(info.min, -9), 9, 1000, dtype)
    return x, y


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ["floor_divide", "remainder", "maximum", "minimum", "left_shift", "right_shift"])
def test_arithmetic_of_integers(name, dtype):
    x, y = pairs(dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(computed(name, x, y), getattr(np, name)(x, y))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_powers_of_integers(dtype):
    x, n = pairs(dtype)
    positive = n >= 0
    np.testing.assert_array_equal(computed("pow", x[positive], n[positive]), np.power(x[positive], n[positive]))
    if not positive.all():
        x, n = np.array([0, 1, -1, -1, 2, -3], dtype), np.array([-1, -5, -2, -3, -1, -2], dtype)
        np.testing.assert_array_equal(computed("pow", x, n), [0, 1, 1, -1, 0, 0])


@pytest.mark.parametrize("dtype", FLOATS)
def test_classification(dtype):
    x = everywhere(dtype)
    np.testing.assert_array_equal(computed("isinf", x, result="bool"), np.isinf(x))
    np.testing.assert_array_equal(computed("isfinite", x, result="bool"), np.isfinite(x))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", VECTORIZED)
def test_loops_become_vector_code_without_calls(name, dtype):
    """The loop's own function: packed arithmetic in the widest registers, no call."""
    compiled = driver(name, 1, dtype, dtype)
    assembly, = compiled.inspect_asm().values()
    own = compiled.overloads[compiled.signatures[0]].fndesc.mangled_name
    body = assembly[assembly.index(f"{own}:"):]
    body = body[:body.index(".size")] if ".size" in body else body
    assert not re.search(r"\bcallq?\b", body)
    if platform.machine().lower() in ("x86_64", "amd64"):
        assert re.search(r"mulp[sd]\s.*[yz]mm", body)


@pytest.mark.skipif(np.finfo(WIDE).nmant < 60, reason="no arithmetic wider than float64 to compare with")
@pytest.mark.parametrize(("dtype", "ulps"), [("float32", 1), ("float64", 2)])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_are_closer(name, dtype, ulps):
    """Over numbers of every magnitude, and beside the multiples of pi/2."""
    near = (np.arange(-3000, 3000) * (WIDE(np.pi) / 2)).astype(dtype)
    x = np.concatenate([everywhere(dtype), near, np.nextafter(near, np.array(np.inf, dtype))])
    with np.errstate(all="ignore"):
        exact = UNARY[name](x.astype(WIDE))
    assert errors_in_ulps(computed(name, x), exact).max() <= ulps
