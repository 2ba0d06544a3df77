"""Class numbers and norms."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import utils


def test_classes_as_rows():
    np.testing.assert_array_equal(utils.to_categorical([2, 0, 1]), np.eye(3)[[2, 0, 1]])
    np.testing.assert_array_equal(utils.to_categorical([[2], [0]], 4), np.eye(4)[[2, 0]])
    assert utils.to_categorical(np.zeros((2, 3), int), 5).shape == (2, 3, 5)
    assert utils.to_categorical(np.zeros((2, 3, 1), int), 5).shape == (2, 3, 5)
    assert utils.to_categorical([], 5).shape == (0, 5)
    np.testing.assert_array_equal(utils.to_categorical(1, 3), [0, 1, 0])


@pytest.mark.parametrize(("numbers", "count", "message"), [
    ([0, 3], 3, "class numbers are 0 to 2, got 0 to 3"), ([-1, 0], None, "got -1 to 0"), ([0.5], None, "are whole, got 0.5"),
    ([], None, "give num_classes")])
def test_no_classes(numbers, count, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        utils.to_categorical(numbers, count)


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (0, 2), (1, 1), (0, np.inf)])
def test_norms_of_one(axis, order):
    x = np.random.default_rng(0).standard_normal((3, 4))
    after = utils.normalize(x, axis, order)
    np.testing.assert_allclose(np.linalg.norm(after, order, axis), 1)
    np.testing.assert_allclose(after * np.linalg.norm(x, order, axis, keepdims=True), x)
    np.testing.assert_array_equal(utils.normalize(np.zeros((2, 2))), 0)


def test_names_begin_again():
    utils.clear_session()
    first = graphc.nn.optimizers.SGD().name
    assert graphc.nn.optimizers.SGD().name == f"{first}_1"
    utils.clear_session()
    assert graphc.nn.optimizers.SGD().name == first == "sgd"
