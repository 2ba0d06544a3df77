"""Gradients that a user gives."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, GradientError

VALUE = np.array([0.5, -2.0, 3.0])


@pytest.fixture
def x():
    return graphc.placeholder((3,), "float64", name="x")


def run(x, *ys):
    return graphc.interpret([x], list(ys), [VALUE])


def test_the_pullback_replaces_the_derived_gradient(x):
    @graphc.custom_gradient
    def straight_through(x):
        return graphc.round(x), lambda g: g * 7

    y = straight_through(x)
    value, gradient = run(x, y, graphc.grad(graphc.sum(y), x))
    np.testing.assert_array_equal(value, np.round(VALUE))
    np.testing.assert_array_equal(gradient, [7, 7, 7])


def test_several_operands_one_without_gradient(x):
    @graphc.custom_gradient
    def product(a, b, c):
        return a * b + c, lambda g: (g * 10, None, graphc.sum(g * a))

    b, c = graphc.placeholder((3,), "float64"), graphc.placeholder((), "float64")
    y = graphc.sum(product(x, b, c))
    da, dc = graphc.interpret([x, b, c], graphc.grad(y, [x, c]), [VALUE, VALUE, 1.0])
    np.testing.assert_array_equal(da, [10, 10, 10])
    assert dc == VALUE.sum()
    with pytest.raises(GradientError, match="does not depend"):
        graphc.grad(y, b)


def test_a_python_number_takes_the_dtype_of_its_company(x):
    @graphc.custom_gradient
    def scaled(a, b):
        return a * b, lambda g: (g * b, None)

    assert scaled(x, 2).dtype == np.float64


def test_gradients_of_gradients(x):
    @graphc.custom_gradient
    def cube(x):
        return x * x * x, lambda g: g * 3 * x * x

    y = graphc.sum(cube(x))
    dy = graphc.grad(y, x)
    first, second, third = run(x, dy, *(graphc.grad(graphc.sum(d), x) for d in (
        dy, graphc.grad(graphc.sum(dy), x))))
    np.testing.assert_allclose(first, 3 * VALUE**2)
    np.testing.assert_allclose(second, 6 * VALUE)
    np.testing.assert_allclose(third, [6, 6, 6])


def test_forward_mode_and_chains(x):
    @graphc.custom_gradient
    def doubled(x):
        return x, lambda g: g * 2

    y = doubled(doubled(x * 3))
    np.testing.assert_array_equal(run(x, graphc.jvp(y, x, np.ones(3)))[0], [12, 12, 12])


def test_several_outputs_share_a_pullback(x):
    @graphc.custom_gradient
    def both(x):
        return (graphc.sin(x), graphc.cos(x)), lambda g, h: g * 100 + h

    s, c = both(x)
    value, = run(x, graphc.grad(graphc.sum(s * 2) + graphc.sum(c * 3), x))
    np.testing.assert_array_equal(value, [203, 203, 203])


def test_options_are_passed_through(x):
    @graphc.custom_gradient
    def scaled(x, *, factor):
        return x * factor, lambda g: g

    np.testing.assert_array_equal(run(x, scaled(x, factor=3))[0], VALUE * 3)


def test_what_a_pullback_closes_over_is_differentiated_too(x):
    inner = x * x

    @graphc.custom_gradient
    def weighted(v):
        return v, lambda g: g * inner

    dy = graphc.grad(graphc.sum(weighted(x)), x)
    np.testing.assert_allclose(run(x, graphc.grad(graphc.sum(dy), x))[0], 2 * VALUE)


def test_wrong_functions(x):
    with pytest.raises(ArgumentError, match="pullback"):
        graphc.custom_gradient(lambda x: x)(x)
    with pytest.raises(ArgumentError, match="pullback"):
        graphc.custom_gradient(lambda x: (1.0, lambda g: g))(x)
    y = graphc.custom_gradient(lambda a, b: (a + b, lambda g: (g,)))(x, x)
    with pytest.raises(GradientError, match="2 operands"):
        graphc.grad(graphc.sum(y), x)


def test_only_its_value_shows(x):
    y = graphc.custom_gradient(lambda x: (x + 1, lambda g: g))(x)
    assert str(y) == "x + 1"


def test_nothing_of_it_is_left_in_compiled_code(x):
    y = graphc.custom_gradient(lambda x: (x * 2, lambda g: g * 5))(x)
    found = graphc.compile([x], [y, graphc.grad(graphc.sum(y), x)])(VALUE)
    np.testing.assert_array_equal(found[0], VALUE * 2)
    np.testing.assert_array_equal(found[1], [5, 5, 5])
