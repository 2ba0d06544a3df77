"""Softmax and its logarithm against SciPy, and their gradients against differences."""
import numpy as np
import pytest
from scipy import special

import graphc
from graphc.ir.errors import DTypeError, ShapeError

from .harness import check_derivative, weighted_sum

FUNCTIONS = {"softmax": special.softmax, "log_softmax": special.log_softmax}
AXES = (-1, 0, 1, (0, 2), None)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values(rng, name, axis):
    value = rng.normal(size=(3, 4, 5)) * 10
    x = graphc.placeholder(value.shape, "float64")
    y = graphc.interpret([x], getattr(graphc, name)(x, axis), [value])
    np.testing.assert_allclose(y, FUNCTIONS[name](value, axis), 1e-13)


@pytest.mark.parametrize("order", (1, 2))
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(rng, name, axis, order):
    value = rng.normal(size=(2, 3, 2))
    x = graphc.placeholder(value.shape, "float64")
    cost = weighted_sum(rng, [getattr(graphc, name)(x, axis)])
    if order == 2:
        cost = weighted_sum(rng, [graphc.grad(cost, x)])
    check_derivative(cost, [x], [value], rng)


def test_numbers_that_overflow_exp():
    x = graphc.placeholder((3,))
    value = np.array([1e4, 0, -1e4], np.float32)
    y, z = graphc.softmax(x), graphc.log_softmax(x)
    dy, dz = graphc.grad(graphc.sum(y * y), x), graphc.grad(z[2], x)
    y, z, dy, dz = graphc.interpret([x], [y, z, dy, dz], [value])
    np.testing.assert_array_equal(y, [1, 0, 0])
    np.testing.assert_array_equal(z, [0, -1e4, -2e4])
    np.testing.assert_array_equal(dy, [0, 0, 0])
    np.testing.assert_array_equal(dz, [-1, 0, 1])


def test_a_masked_class_has_no_share():
    x = graphc.placeholder((3,))
    y, z = graphc.interpret([x], [graphc.softmax(x), graphc.log_softmax(x)], [[0.0, -np.inf, 0.0]])
    np.testing.assert_array_equal(y, [0.5, 0, 0.5])
    assert z[1] == -np.inf


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_floats_are_rounded_once(rng, dtype):
    value = rng.normal(size=(4, 100)).astype(graphc.placeholder((), dtype).dtype)
    x = graphc.placeholder(value.shape, dtype)
    y = graphc.softmax(x)
    assert y.dtype == x.dtype
    exact = special.softmax(value.astype("float64"), -1).astype("float32").astype(x.dtype)
    np.testing.assert_array_equal(graphc.interpret([x], y, [value]).astype("float32"), exact.astype("float32"))


def test_nothing_is_made_of_nothing():
    x = graphc.placeholder((3, 0))
    assert graphc.interpret([x], graphc.softmax(x), [np.zeros((3, 0))]).shape == (3, 0)


def test_rows_whose_number_only_a_call_knows(rng):
    x = graphc.placeholder((None, 3), "float64")
    value = rng.normal(size=(4, 3))
    y = graphc.interpret([x], graphc.softmax(x), [value])
    np.testing.assert_allclose(y, special.softmax(value, -1))


def test_two_calls_are_one_node():
    x = graphc.placeholder((3,))
    assert graphc.softmax(x) is graphc.softmax(x)


def test_the_gradient_stays_short():
    x = graphc.placeholder((8, 10))
    count = len(graphc.ir.graph.topological([graphc.grad(graphc.sum(graphc.softmax(x)[:, 0]), x)]))
    assert count < 35


def test_wrong_arguments():
    with pytest.raises(DTypeError, match="floats"):
        graphc.softmax(graphc.placeholder((3,), "int32"))
    with pytest.raises(ShapeError, match="axis 2"):
        graphc.softmax(graphc.placeholder((3, 4)), 2)
