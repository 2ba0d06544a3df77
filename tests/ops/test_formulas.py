"""Functions made of others: NumPy's values, interpreted and compiled; gradients; what is refused."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError

from .against_numpy import check

EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.3, -2.7, 27.0, 1e30, -1e-30, np.inf, -np.inf, np.nan])
LEFT, RIGHT = (a.ravel() for a in np.meshgrid(EDGES[:-3], EDGES[:-3]))
INTEGERS = np.array([-7, 0, 3, 12], "int32")

UNARY = "signbit deg2rad rad2deg radians degrees cbrt sinc isposinf isneginf around real".split()
BINARY = "heaviside logaddexp2 fmax fmin isclose".split()
FOLDS = "nansum nanmean nanmax nanmin amax amin".split()


def same(name, numpy, *arrays, rtol=3e-15, **attrs):
    inputs = [graphc.placeholder(x.shape, x.dtype) for x in arrays]
    y = getattr(graphc, name)(*inputs, **attrs)
    with np.errstate(all="ignore"):
        expected = np.asarray(numpy(*arrays, **attrs))
    for found in (graphc.interpret(inputs, y, arrays), graphc.compile(inputs, y)(*arrays)):
        np.testing.assert_allclose(found, expected, rtol)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
    return y


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name):
    assert same(name, getattr(np, name), EDGES[:-1]).dtype == getattr(np, name)(EDGES).dtype
    same(name, getattr(np, name), EDGES.astype("float32"), rtol=1e-6)
    x = graphc.placeholder((4,), "int32")
    found = graphc.interpret([x], getattr(graphc, name)(x), [INTEGERS])
    np.testing.assert_allclose(found, getattr(np, name)(INTEGERS), 1e-6)


@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name):
    same(name, getattr(np, name), LEFT, RIGHT)


@pytest.mark.parametrize("name", ["heaviside", "fmax", "fmin"])
def test_two_operands_that_may_be_nan(name):
    a, b = (v.ravel() for v in np.meshgrid(EDGES, EDGES))
    same(name, getattr(np, name), a[~(a == b)], b[~(a == b)])


@pytest.mark.parametrize("name", FOLDS)
def test_reductions(name):
    x = np.array([[1.0, np.nan, 3], [-2, 5, 0.5]])
    x = np.nan_to_num(x) if name in ("amax", "amin") else x
    same(name, getattr(np, name), x, axis=1)
    same(name, getattr(np, name), x.astype("float32"), axis=0, keepdims=True, rtol=1e-6)


def test_reductions_of_nothing_but_nan():
    x, value = graphc.placeholder((2,)), [[np.nan, np.nan]]
    outputs = [graphc.nansum(x), graphc.nanmean(x), graphc.nanmax(x), graphc.nanmin(x)]
    np.testing.assert_array_equal(graphc.interpret([x], outputs, value), [0, np.nan, np.nan, np.nan])


def test_closeness():
    a = np.array([1.0, 1 + 1e-6, np.inf, -np.inf, np.nan, 1e-9])
    b = np.array([1.0, 1.0, np.inf, np.inf, np.nan, 0.0])
    same("isclose", np.isclose, a, b)
    same("isclose", np.isclose, a, b, equal_nan=True, rtol=0.0, atol=0.1)
    same("allclose", np.allclose, a[:3], b[:3])
    assert not graphc.interpret([], graphc.allclose(1.0, 1.1), [])


@pytest.mark.parametrize("attrs", [{}, {"n": 2}, {"axis": 0}, {"n": 0}, {"n": 9}])
def test_diff(attrs):
    x = np.random.default_rng(0).standard_normal((3, 4))
    check(lambda a: graphc.diff(a, **attrs), lambda a: np.diff(a, **attrs), x, gradient=attrs.get("n") != 9)
    same("diff", np.diff, x > 0, **attrs)
    joined = {"prepend": np.zeros((3, 1)), "append": np.ones((3, 2))}
    check(lambda a: graphc.diff(a, **joined), lambda a: np.diff(a, **joined), x)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_searching(side, dtype):
    edges, values = np.array([0, 1, 1, 3, 7]).astype(dtype), np.array([[-1, 0, 1], [2, 7, 9]]).astype(dtype)
    same("searchsorted", np.searchsorted, edges, values, side=side)
    same("digitize", np.digitize, values, edges, right=side == "left")
    if dtype == "float64":
        holed = np.array([0, 1, np.nan, np.nan])
        same("searchsorted", np.searchsorted, holed, np.array([np.nan, 0.5, np.inf]), side=side)


@pytest.mark.parametrize("order", [1, 2, 3, 0.5, np.inf, -np.inf])
def test_norm(order):
    x = np.random.default_rng(0).standard_normal((3, 4))
    check(lambda a: graphc.norm(a, order, axis=1), lambda a: np.linalg.norm(a, order, axis=1), x, exact=False)


def test_gradients():
    x = np.array([0.3, -1.2, 2.5])
    for name in ("cbrt", "sinc", "deg2rad"):
        check(getattr(graphc, name), getattr(np, name), x, exact=False)
    check(graphc.logaddexp2, np.logaddexp2, x, x[::-1].copy(), exact=False)
    a = graphc.placeholder((2,))
    at_zero = graphc.interpret([a], graphc.grad(graphc.norm(a) + graphc.sum(graphc.sinc(a)), a), [[0, 0]])
    np.testing.assert_array_equal(at_zero, [0, 0])


def test_other_names():
    x = np.arange(6.0).reshape(2, 3)
    same("fliplr", np.fliplr, x)
    same("flipud", np.flipud, x)
    assert graphc.cast(graphc.placeholder((2,)), "int8").dtype == np.int8 and graphc.empty((2, 3)).shape == (2, 3)
    a = graphc.placeholder((2,), "int32")
    np.testing.assert_array_equal(graphc.interpret([a], graphc.divmod(a, 3), [[-7, 7]]), np.divmod([-7, 7], 3))


def test_numpys_functions_on_expressions():
    x = graphc.placeholder((3,), name="x")
    assert np.diff(x).shape == (2,) and np.isclose(x, 1).dtype == bool and np.cbrt(x).dtype == np.float32


def test_refused():
    x = graphc.placeholder((3,))
    for wrong, message in ((lambda: graphc.diff(x, -1), "n is how many"), (lambda: graphc.norm(x, "fro"), "ord is a number"),
                           (lambda: graphc.searchsorted(x, 1, side="up"), "side is"),
                           (lambda: graphc.searchsorted(1.0, x), "is a vector")):
        with pytest.raises(ArgumentError, match=message):
            wrong()
