"""astype where one dtype does not hold what another does: rounding once, and the ends of the integers."""
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import graphc
from graphc.ir.types import as_dtype

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SIZES = (1, 3, 64, 1021)
"""Lengths at which elements fall into vector lanes, into the iterations left over, or both."""


def both(x, dtype, **options):
    """`x` in `dtype`: interpreted, which compiled must equal at any place of the array."""
    a = graphc.placeholder((None,), x.dtype)
    y = a.astype(dtype)
    expected = graphc.interpret([a], y, [x])
    compiled = graphc.compile([a], y, **options)
    for n in (*SIZES, len(x)):
        part = np.resize(x, n)
        found = compiled(part)
        assert found.dtype == as_dtype(dtype)
        assert found.tobytes() == np.resize(expected, n).tobytes()
    return expected


def nearest(x, dtype):
    """The number of a 16-bit float dtype nearest to the finite `x`, ties to even, by exact arithmetic."""
    digits, lowest = {"float16": (11, -14), "bfloat16": (8, -126)}[dtype]
    x = Fraction(int(x)) if isinstance(x, np.integer) else Fraction(float(x))
    if not x:
        return 0.0
    e = lowest
    while abs(x) >= Fraction(2) ** (e + 1):
        e += 1
    unit = Fraction(2) ** (e - digits + 1)
    rounded = round(x / unit) * unit  # Python rounds ties of fractions to even
    return float(rounded) if abs(rounded) <= float(ml_dtypes.finfo(dtype).max) else float(np.copysign(np.inf, float(x)))


def near_ties(dtype):
    """Ties between two 16-bit floats, and what lies next to them in float64 but not in float32."""
    bits = np.random.default_rng(0).integers(0, 0x7BFF if dtype == "float16" else 0x7F7F, 300).astype(np.uint16)
    bits = np.append(bits, np.array([0, 1, 2, 0x3FF, 0x400, 0x7BFF if dtype == "float16" else 0x7F7F], np.uint16))
    low = bits.view(as_dtype(dtype)).astype(np.float64)
    step = (bits + np.uint16(1)).view(as_dtype(dtype)).astype(np.float64)
    step = np.where(np.isinf(step), 2 * low - (bits - np.uint16(1)).view(as_dtype(dtype)).astype(np.float64), step)
    tie = low + (step - low) / 2
    beside = [np.nextafter(tie, np.inf), np.nextafter(tie, 0), tie * (1 + 2.0**-30), tie * (1 - 2.0**-30)]
    found = np.concatenate([tie, *beside])
    return np.concatenate([found, -found])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_float64_is_rounded_once(dtype):
    x = near_ties(dtype)
    expected = np.array([nearest(v, dtype) for v in x])
    np.testing.assert_array_equal(both(x, dtype).astype(np.float64), expected)
    with np.errstate(over="ignore"):
        twice = x.astype(np.float32).astype(as_dtype(dtype)).astype(np.float64)
    assert (twice != expected).any()


@pytest.mark.parametrize("source", ["int32", "int64", "uint32", "uint64"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_integers_are_rounded_once(source, dtype):
    top = np.iinfo(source).max.bit_length()
    whole = [sign * (2**e + 2 ** (e - 8) + d) for e in range(8, top) for d in (-1, 0, 1) for sign in (1, -1)]
    info = np.iinfo(source)
    x = np.array([w for w in (*whole, info.min, info.max, 0, 65519, 65520) if info.min <= w <= info.max], source)
    np.testing.assert_array_equal(both(x, dtype).astype(np.float64), [nearest(v, dtype) for v in x])


def test_what_is_no_number_stays_so():
    x = np.array([np.nan, np.inf, -np.inf, 1e300, -0.0, 5e-324, -5e-324])
    for dtype in ("float16", "bfloat16"):
        found = both(x, dtype).astype(np.float64)
        np.testing.assert_array_equal(found, [np.nan, np.inf, -np.inf, np.inf, 0, 0, 0])
        np.testing.assert_array_equal(np.signbit(found[4:]), [True, False, True])


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_a_float_goes_to_the_nearest_integer_there_is(source, dtype):
    info = np.iinfo(dtype)
    with np.errstate(over="ignore"):
        x = np.array([0.0, -0.0, 0.9, -0.9, -1, 2.7, -2.7, 127, 128, -128, -129, 255, 256, 300, 1e10, -1e10, 2**31, 2**32,
                      2.0**62, 2.0**63, -2.0**63, 1.2e19, 2.0**64, 1e19, -1e30, np.inf, -np.inf, np.nan]).astype(
                          as_dtype(source))
    wide = x.astype(np.float64)
    expected = [0 if v != v else info.max if v >= info.max else info.min if v <= info.min else int(v) for v in wide]
    for threads in (1, 2):
        np.testing.assert_array_equal(both(x, dtype, threads=threads), np.array(expected, dtype))
