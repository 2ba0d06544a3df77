"""Normalizations against PyTorch, and their gradients against differences."""
import math

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.ops.normalization import batch_standardized

from .harness import check_derivative, weighted_sum

EPSILON = 1e-3


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def functional():
    return pytest.importorskip("torch", reason="the oracle PyTorch is not installed").nn.functional


def inputs_for(values):
    return [graphc.placeholder(v.shape, "float64") for v in values]


def check_against(function, oracle, values, rng):
    """Values, and all gradients of a weighted sum, equal PyTorch's."""
    import torch
    xs, tensors = inputs_for(values), [torch.tensor(v, requires_grad=True) for v in values]
    y, expected = function(*xs), oracle(*tensors)
    weights = rng.normal(size=expected.shape)
    (expected * torch.tensor(weights)).sum().backward()
    cost = graphc.sum(y * graphc.constant(weights))
    found = graphc.interpret(xs, [y, *graphc.grad(cost, xs)], values)
    for a, b in zip(found, [expected.detach(), *(t.grad for t in tensors)], strict=True):
        np.testing.assert_allclose(a, b.numpy(), 1e-9, 1e-11)


def test_layer_normalization(functional, rng):
    values = [rng.normal(3, 2, (4, 5, 6)), rng.normal(size=6), rng.normal(size=6)]
    check_against(lambda x, g, b: graphc.layer_normalization(x, g, b, epsilon=EPSILON),
                  lambda x, g, b: functional.layer_norm(x, (6,), g, b, EPSILON), values, rng)


def test_layer_normalization_over_several_axes(functional, rng):
    values = [rng.normal(3, 2, (4, 5, 6)), rng.normal(size=(5, 6)), rng.normal(size=(5, 6))]
    check_against(lambda x, g, b: graphc.layer_normalization(x, g, b, axis=(1, 2), epsilon=EPSILON),
                  lambda x, g, b: functional.layer_norm(x, (5, 6), g, b, EPSILON), values, rng)


def test_rms_normalization(functional, rng):
    values = [rng.normal(3, 2, (4, 6)), rng.normal(size=6)]
    check_against(lambda x, g: graphc.rms_normalization(x, g, epsilon=EPSILON),
                  lambda x, g: functional.rms_norm(x, (6,), g, EPSILON), values, rng)


@pytest.mark.parametrize("groups", (1, 3, 6))
def test_group_normalization(functional, rng, groups):
    values = [rng.normal(3, 2, (2, 6, 4, 5)), rng.normal(size=6), rng.normal(size=6)]
    check_against(lambda x, g, b: graphc.group_normalization(x, groups, g, b, axis=1, epsilon=EPSILON),
                  lambda x, g, b: functional.group_norm(x, groups, g, b, EPSILON), values, rng)


def test_group_normalization_with_channels_last(rng):
    value = rng.normal(3, 2, (2, 4, 5, 6))
    x = graphc.placeholder(value.shape, "float64")
    last = graphc.group_normalization(x, 3)
    first = graphc.moveaxis(graphc.group_normalization(graphc.moveaxis(x, -1, 1), 3, axis=1), 1, -1)
    a, b = graphc.interpret([x], [last, first], [value])
    np.testing.assert_allclose(a, b, 1e-12)
    np.testing.assert_allclose(a.reshape(2, 20, 3, 2).mean((1, 3)), 0, atol=1e-12)


def by_moments(x, scale, offset):
    mean, variance = graphc.moments(x, (0, 1))
    return graphc.batch_normalization(x, mean, variance, -1, offset, scale, EPSILON)


@pytest.mark.parametrize("ours", (by_moments, lambda x, scale, offset: batch_standardized(x, scale, offset, 2, EPSILON)))
def test_batch_normalization_in_training(functional, rng, ours):
    values = [rng.normal(3, 2, (8, 5, 4)), rng.normal(size=4), rng.normal(size=4)]

    def theirs(x, scale, offset):
        y = functional.batch_norm(x.movedim(-1, 1), None, None, scale, offset, training=True, eps=EPSILON)
        return y.movedim(1, -1)
    check_against(ours, theirs, values, rng)


def test_batch_normalization_in_use(functional, rng):
    values = [rng.normal(3, 2, (8, 4)), rng.normal(size=4), rng.uniform(0.5, 2, 4)]
    check_against(lambda x, m, v: graphc.batch_normalization(x, m, v, -1),
                  lambda x, m, v: (x - m) / (v + 1e-3).sqrt(), values, rng)


def test_moments(rng):
    value = rng.normal(size=(3, 4, 5)) + 1000
    x = graphc.placeholder(value.shape, "float64")
    mean, variance = graphc.interpret([x], graphc.moments(x, (0, 2)), [value])
    np.testing.assert_allclose(mean, value.mean((0, 2)))
    np.testing.assert_allclose(variance, value.var((0, 2)), 1e-9)
    assert [m.shape for m in graphc.moments(x, (0, 2), keepdims=True)] == [(1, 4, 1)] * 2


def test_a_large_mean_does_not_spoil_the_variance():
    value = (np.arange(100) % 2 + 4096).astype("float32")
    x = graphc.placeholder((100,))
    assert graphc.interpret([x], graphc.moments(x, 0)[1], [value]) == 0.25
    y = graphc.interpret([x], graphc.layer_normalization(x), [value])
    np.testing.assert_allclose(y, np.where(np.arange(100) % 2, 1, -1), 1e-5)


@pytest.mark.parametrize("order", (1, 2, 3, 1.5, math.inf))
def test_normalize(functional, rng, order):
    values = [rng.normal(size=(4, 6))]
    check_against(lambda x: graphc.normalize(x, order=order), lambda x: functional.normalize(x, order), values, rng)


@pytest.mark.parametrize("order", (1, 2, 3, math.inf))
def test_normalize_of_zeros_is_zero_and_has_a_gradient(order):
    x = graphc.placeholder((2, 3))
    y = graphc.normalize(x, order=order)
    for found in graphc.interpret([x], [y, graphc.grad(graphc.sum(y), x)], [np.zeros((2, 3))]):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("function", (
    graphc.layer_normalization, graphc.rms_normalization, graphc.normalize,
    lambda x: graphc.group_normalization(x, 2), lambda x: batch_standardized(x, x[0], None, 1, EPSILON),
    lambda x: graphc.moments(x, 1, keepdims=True)[1] * x))
def test_second_derivatives(rng, function):
    value = rng.normal(size=(3, 4))
    x = graphc.placeholder(value.shape, "float64")
    cost = weighted_sum(rng, [graphc.grad(weighted_sum(rng, [function(x)]), x)])
    check_derivative(cost, [x], [value], rng)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_16_bit_floats_are_computed_in_float32(rng, dtype):
    x, wide = graphc.placeholder((4, 64), dtype), graphc.placeholder((4, 64))
    value = (rng.normal(size=(4, 64)) * 300).astype(x.dtype)
    y = graphc.layer_normalization(x)
    assert y.dtype == x.dtype
    exact = graphc.interpret([wide], graphc.layer_normalization(wide), [value.astype("float32")])
    np.testing.assert_array_equal(graphc.interpret([x], y, [value]).astype("float32"),
                                  exact.astype(x.dtype).astype("float32"))


def test_rows_whose_number_only_a_call_knows(rng):
    x = graphc.placeholder((None, None, 6), "float64")
    value = rng.normal(size=(2, 3, 6))
    mean, variance = graphc.moments(x, (0, 1))
    y = graphc.batch_normalization(graphc.group_normalization(x, 3), mean, variance, -1)
    assert graphc.interpret([x], y, [value]).shape == value.shape


def test_wrong_arguments():
    x = graphc.placeholder((4, 6))
    with pytest.raises(ShapeError, match=r"\(5,\)"):
        graphc.layer_normalization(x, graphc.placeholder((5,)))
    with pytest.raises(ShapeError, match="4 groups"):
        graphc.group_normalization(x, 4)
    with pytest.raises(ShapeError, match="does not fit"):
        graphc.batch_normalization(x, graphc.placeholder((4,)), graphc.placeholder((6,)), -1)
    with pytest.raises(ArgumentError, match="order"):
        graphc.normalize(x, order=0)
