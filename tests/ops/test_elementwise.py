"""What the generated tests cannot know: independent values, conventions at kinks, NumPy's corner cases, errors."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, DTypeError

special = pytest.importorskip("scipy.special")


def value(function, *operands, dtype="float64"):
    inputs = [graphc.placeholder(np.shape(x), getattr(x, "dtype", dtype)) for x in operands]
    return graphc.interpret(inputs, function(*inputs), operands)


def slope(function, *at):
    inputs = [graphc.placeholder((), "float64") for _ in at]
    return graphc.interpret(inputs, graphc.grad(function(*inputs), inputs, unconnected="zeros"), at)


def test_erf_is_exact_to_float64():
    x = np.linspace(-6, 6, 101)
    np.testing.assert_allclose(value(graphc.erf, x), special.erf(x), 4e-16)


@pytest.mark.parametrize("function, at, expected", [
    (graphc.abs, (0.0,), (0,)),
    (graphc.maximum, (1.0, 1.0), (0.5, 0.5)),
    (graphc.minimum, (2.0, 1.0), (0, 1)),
    (lambda x: graphc.clip(x, -1, 1), (1.0,), (1,)),
    (lambda x: graphc.clip(x, -1, 1), (1.5,), (0,)),
    (graphc.pow, (0.0, 0.0), (0, 0)),
    (lambda x: graphc.pow(x, 1), (0.0,), (1,)),
    (lambda x: graphc.pow(x, 2), (-3.0,), (-6,)),
    (lambda x: graphc.pow(x, 0), (0.0,), (0,)),
    (lambda x: graphc.where(x > 0, graphc.log(graphc.where(x > 0, x, 1)), 0), (-1.0,), (0,)),
    (graphc.hypot, (0.0, 0.0), (0, 0)),
    (lambda x: x - graphc.floor(x), (1.5,), (1,)),
])
def test_derivative_at_kinks_and_corners(function, at, expected):
    np.testing.assert_array_equal(slope(function, *at), expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
def test_integers_over_zero_and_signs(name, dtype):
    x, y = (a.ravel().astype(dtype) for a in np.meshgrid([-7, -1, 0, 1, 7], [-3, -1, 0, 1, 3]))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(value(getattr(graphc, name), x, y), getattr(np, name)(x, y))


def test_an_integer_to_a_negative_power_is_cut():
    x, n = np.array([1, -1, -1, 2, 0]), np.array([-3, -3, -2, -1, -1])
    np.testing.assert_array_equal(value(graphc.pow, x, n), [1, -1, 1, 0, 0])


@pytest.mark.parametrize("left, right, expected", [
    ("int8", "int8", "float64"), ("float32", "int64", "float32"), ("bool", "bool", "float64"),
    ("float16", "bfloat16", "float32"),
])
def test_dtype_of_a_quotient(left, right, expected):
    assert graphc.divide(graphc.placeholder((), left), graphc.placeholder((), right)).dtype == expected


@pytest.mark.parametrize("decimals", [0, 2, -1])
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_round_to_decimals(decimals, dtype):
    x = np.array([-25, 0.125, 2.5, 115, 3.14159]).astype(dtype)
    np.testing.assert_allclose(value(lambda a: graphc.round(a, decimals), x), np.round(x, decimals))


@pytest.mark.parametrize("low, high", [(None, None), (0, None), (None, 1), (0, 1), (2, -2)])
def test_clip(low, high):
    x = np.array([-3.0, 0.5, 3, np.nan])
    expected = x if low is None and high is None else np.clip(x, low, high)
    np.testing.assert_array_equal(value(lambda a: graphc.clip(a, low, high), x), expected)


def test_nan_to_num():
    x = np.array([np.nan, np.inf, -np.inf, 2], "float32")
    np.testing.assert_array_equal(value(graphc.nan_to_num, x), np.nan_to_num(x))
    np.testing.assert_array_equal(value(lambda a: graphc.nan_to_num(a, 1, 2, 3), x), np.nan_to_num(x, True, 1, 2, 3))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_nan_to_num_keeps_the_dtype(dtype):
    x = graphc.placeholder((4,), dtype)
    for y in (graphc.nan_to_num(x), graphc.nan_to_num(x, np.float64(1), np.float64(2), graphc.constant(3.0, "float64"))):
        assert y.dtype == x.dtype
    largest = graphc.interpret([x], graphc.nan_to_num(x), [[np.nan, np.inf, -np.inf, 2]])
    assert np.isfinite(largest.astype("float64")).all() and largest[1] == -largest[2] > 1e4


@pytest.mark.parametrize("signed", ["int8", "int64"])
@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
def test_signed_integers_and_uint64_compare_exactly(name, signed):
    a = np.array([-1, 0, 5, np.iinfo(signed).max], signed)
    b = np.array([0, 5, 2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1], "uint64")[:, None]
    x, y = graphc.placeholder(a.shape, signed), graphc.placeholder(b.shape, "uint64")
    outputs = [getattr(graphc, name)(x, y), getattr(graphc, name)(y, x)]
    for values in (graphc.compile([x, y], outputs)(a, b), graphc.interpret([x, y], outputs, [a, b])):
        np.testing.assert_array_equal(values[0], getattr(np, name)(a, b))
        np.testing.assert_array_equal(values[1], getattr(np, name)(b, a))


def test_refused():
    flag, x = graphc.placeholder((), "bool"), graphc.placeholder(())
    with pytest.raises(DTypeError, match="not bool"):
        graphc.negative(flag)
    with pytest.raises(DTypeError, match="integers or bool"):
        graphc.bitwise_and(x, x)
    with pytest.raises(ArgumentError, match="decimals"):
        graphc.round(x, 0.5)


def test_astype_passes_gradients_between_floats():
    x = graphc.placeholder((), "float64")
    assert graphc.interpret([x], graphc.grad(graphc.astype(x, "float32") * 3, x), [2.0]) == 3
