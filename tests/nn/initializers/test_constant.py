"""Initializers that draw nothing, and what stands for an initializer."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import Variable, initializers


@pytest.mark.parametrize(("identifier", "expected"), [
    ("zeros", np.zeros((2, 3))), ("ones", np.ones((2, 3))), ("one", np.ones((2, 3))),
    (initializers.Constant(2.5), np.full((2, 3), 2.5)), (initializers.Constant([1, 2, 3]), [[1, 2, 3]] * 2),
    ("identity", np.eye(2, 3)), (initializers.Identity(3.0), 3 * np.eye(2, 3)), (initializers.zeros, np.zeros((2, 3))),
    ({"class_name": "Constant", "config": {"value": 4}}, np.full((2, 3), 4)),
    (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
])
def test_values(identifier, expected):
    made = initializers.get(identifier)
    for dtype in ("float32", "float16", "int32"):
        numbers = made((2, 3), dtype)
        assert numbers.dtype == dtype
        np.testing.assert_array_equal(numbers, np.asarray(expected).astype(dtype))
    assert made((2, 3)).dtype == np.float32
    np.testing.assert_array_equal(Variable(made, (2, 3)).numpy(), np.asarray(expected, "float32"))


def test_a_configuration_makes_an_equal_initializer():
    for one in (initializers.Constant(np.arange(3)), initializers.Identity(2.0), initializers.Zeros(), initializers.Ones()):
        other = initializers.deserialize(initializers.serialize(one))
        np.testing.assert_array_equal(other((3, 3)), one((3, 3)))


def test_what_is_refused():
    with pytest.raises(graphc.ShapeError, match=r"Identity: .* \(2, 3, 4\)"):
        initializers.Identity()((2, 3, 4))
    with pytest.raises(graphc.ShapeError, match=r"an array of shape \(2,\) for a weight of shape \(3,\)"):
        initializers.get(np.zeros(2))((3,))


@pytest.mark.parametrize("initializer", [
    lambda shape, dtype=None: graphc.nn.ops.full(shape, 2.5, dtype), lambda shape, dtype=None: 2.5 * graphc.ones(shape),
    lambda shape, dtype=None: graphc.nn.random.uniform(shape, 2.5, 2.5 + 1e-6)], ids=["ops", "expression", "random"])
def test_functions_may_be_made_of_any_functions(initializer):
    layer = graphc.nn.layers.Dense(3, kernel_initializer=initializer)
    layer(np.ones((1, 2), "float32"))
    np.testing.assert_allclose(layer.kernel.numpy(), np.full((2, 3), 2.5), 1e-5)
