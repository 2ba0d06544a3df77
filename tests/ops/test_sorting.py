"""Running sums and products, sorting: the public functions against NumPy's."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError

from .against_numpy import check, check_gradient, drawn


def apart(*shape):
    """Numbers that differ by more than a finite difference, in any order."""
    rng = np.random.default_rng(0)
    return (rng.permutation(int(np.prod(shape))).reshape(shape) / 4 - 1.6).astype("float32")


@pytest.mark.parametrize("include_initial", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running(name, axis, include_initial):
    check(lambda x: getattr(graphc, name)(x, axis, include_initial=include_initial),
          lambda x: getattr(np, name)(x, axis=axis, include_initial=include_initial), drawn(3, 4, 2))


def test_running_aliases_and_directions():
    check(lambda x: x.cumsum(), lambda x: np.cumsum(x), drawn(3, 4))
    check(lambda x: x.cumprod(1), lambda x: np.cumprod(x, 1), drawn(3, 4))
    check(lambda x: graphc.cumulative_sum(x, 0, reverse=True, include_initial=True),
          lambda x: np.flip(np.cumulative_sum(np.flip(x, 0), axis=0, include_initial=True), 0), drawn(3, 4))
    check(lambda x: graphc.cumsum(x), lambda x: np.cumsum(x), np.array([100, 100, 100], "int8"), gradient=False)
    check(lambda x: graphc.cumsum(x), lambda x: np.cumsum(x), np.array([True, True]), gradient=False)


def test_the_gradient_of_a_running_product_holds_zeros():
    check_gradient(lambda x: graphc.cumulative_prod(x, 0), np.array([2, 0, 3, 0, 1.5], "float32"))


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("descending", [False, True])
def test_sort(axis, descending):
    def there(x):
        y = np.sort(x, axis)
        return np.flip(y, -1 if axis is None else axis) if descending else y
    check(lambda x: graphc.sort(x, axis, descending=descending), there, apart(3, 4, 2))
    check(lambda x: x.argsort(axis, descending=descending),
          lambda x: np.argsort(-x if descending else x, axis, kind="stable"), apart(3, 4, 2), gradient=False)


def test_equal_elements_keep_their_order_in_both_directions():
    x = graphc.constant(np.array([1, 2, 1, 2, 1]))
    assert graphc.interpret([], x.argsort(), []).tolist() == [0, 2, 4, 1, 3]
    assert graphc.interpret([], x.argsort(descending=True), []).tolist() == [1, 3, 0, 2, 4]


def test_nan_is_the_largest():
    x = graphc.constant(np.array([np.nan, 1, np.inf, -1]))
    np.testing.assert_array_equal(graphc.interpret([], x.sort(), []), [-1, 1, np.inf, np.nan])
    np.testing.assert_array_equal(graphc.interpret([], x.sort(descending=True), []), [np.nan, np.inf, 1, -1])
    np.testing.assert_array_equal(graphc.interpret([], graphc.top_k(x, 2)[1], []), [0, 2])


@pytest.mark.parametrize(("k", "axis"), [(1, -1), (3, 1), (2, 0), (0, 0), (2, 2)])
def test_top_k(k, axis):
    def there(x):
        order = np.take(np.argsort(-x, axis, kind="stable"), range(k), axis)
        return np.take_along_axis(x, order, axis), order
    x = apart(3, 4, 2)
    check(lambda x: graphc.top_k(x, k, axis=axis), there, x, gradient=False)
    if k:
        check_gradient(lambda x: graphc.top_k(x, k, axis=axis)[0], x)


def test_top_k_of_an_axis_that_turns_out_shorter_gives_all_of_it():
    x = graphc.placeholder((None,))
    assert graphc.interpret([x], graphc.top_k(x, 5)[0], [[1, 3, 2]]).tolist() == [3, 2, 1]


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda x: graphc.sort(x, 2), ShapeError, "axis 2"),
    (lambda x: graphc.top_k(x, 4), ShapeError, "fewer than 4"),
    (lambda x: graphc.top_k(x, -1), ArgumentError, "-1"),
    (lambda x: graphc.cumulative_sum(x, 7), ShapeError, "axis 7"),
])
def test_errors_say_what_is_wrong(build, error, words):
    with pytest.raises(error) as raised:
        build(graphc.placeholder((2, 3)))
    assert words in str(raised.value)
