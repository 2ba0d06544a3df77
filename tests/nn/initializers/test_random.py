"""Random initializers: moments, bounds, orthogonality, seeds."""
from __future__ import annotations

import math

import numpy as np
import pytest

import graphc
from graphc.nn import initializers, set_random_seed

SHAPE = (200, 300)
SCALES = {  # name: variance, and the farthest that a number can be from 0, for SHAPE
    "glorot_uniform": (2 / 500, math.sqrt(6 / 500)), "glorot_normal": (2 / 500, None),
    "he_uniform": (2 / 200, math.sqrt(6 / 200)), "he_normal": (2 / 200, None),
    "lecun_uniform": (1 / 200, math.sqrt(3 / 200)), "lecun_normal": (1 / 200, None),
}
TRUNCATION = 2 / 0.87962566103423978
"""The bound of a truncated normal distribution in its own standard deviations."""


@pytest.mark.parametrize("name", SCALES)
def test_scaled_variance(name):
    variance, bound = SCALES[name]
    numbers = initializers.get(name)(SHAPE)
    bound = bound or TRUNCATION * math.sqrt(variance)
    assert numbers.dtype == np.float32 and numbers.shape == SHAPE
    assert abs(numbers.mean()) < 5 * math.sqrt(variance / numbers.size)
    assert numbers.var() == pytest.approx(variance, rel=0.03)
    assert 0.99 * bound < np.abs(numbers).max() <= bound * 1.000001


@pytest.mark.parametrize(("mode", "count"), [("fan_in", 200), ("fan_out", 300), ("fan_avg", 250)])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal", "normal"])
def test_variance_scaling(mode, count, distribution):
    numbers = initializers.VarianceScaling(3.0, mode, distribution, seed=1)(SHAPE)
    deviation = math.sqrt(3 / count)
    assert numbers.std() == pytest.approx(deviation, rel=0.02)
    farthest = {"uniform": math.sqrt(3), "untruncated_normal": 4.5}.get(distribution, TRUNCATION)
    assert np.abs(numbers).max() == pytest.approx(farthest * deviation, rel=0.15 if farthest == 4.5 else 0.01)


@pytest.mark.parametrize(("shape", "axes", "expected"), [
    ((), {}, (1, 1)), ((7,), {}, (7, 7)), ((4, 5), {}, (4, 5)), ((3, 3, 16, 32), {}, (144, 288)), ((5, 2, 3), {}, (10, 15)),
    ((4, 5, 6), {"input_axes": [0], "output_axes": [1, 2]}, (4, 30)),
])
def test_inputs_and_outputs_of_a_unit(shape, axes, expected):
    assert initializers.random.fans(shape, **axes) == expected
    numbers = initializers.GlorotUniform(seed=0, **axes)(shape)
    assert numbers.shape == shape and np.abs(numbers).max() <= math.sqrt(6 / sum(expected))


def test_normal_and_uniform():
    numbers = initializers.RandomNormal(2.0, 0.5, seed=0)(SHAPE)
    assert (numbers.mean(), numbers.std()) == (pytest.approx(2, abs=0.01), pytest.approx(0.5, rel=0.01))
    assert np.abs(numbers - 2).max() > 1.5
    numbers = initializers.TruncatedNormal(2.0, 0.5, seed=0)(SHAPE)
    assert numbers.std() == pytest.approx(0.5 * 0.8796, rel=0.01)
    assert 0.99 < np.abs(numbers - 2).max() <= 1
    numbers = initializers.RandomUniform(1.0, 3.0, seed=0)(SHAPE)
    assert 1 <= numbers.min() < 1.001 and 2.999 < numbers.max() <= 3
    assert numbers.std() == pytest.approx(2 / math.sqrt(12), rel=0.01)


@pytest.mark.parametrize("shape", [(5, 5), (9, 4), (4, 9), (3, 3, 2, 8), (2, 2, 30)])
def test_orthogonal(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=0)(shape).reshape(-1, shape[-1])
    product = matrix.T @ matrix if len(matrix) >= shape[-1] else matrix @ matrix.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_orthogonal_matrices_turn_either_way():
    determinants = [np.linalg.det(initializers.Orthogonal(seed=k)((3, 3))) for k in range(20)]
    assert {round(d) for d in determinants} == {-1, 1}


@pytest.mark.parametrize("kind", [initializers.GlorotUniform, initializers.HeNormal, initializers.RandomNormal,
                                  initializers.TruncatedNormal, initializers.RandomUniform, initializers.Orthogonal])
def test_seeds(kind):
    seeded, free = kind(seed=3), kind()
    np.testing.assert_array_equal(seeded((4, 5)), seeded((4, 5)))
    np.testing.assert_array_equal(seeded((4, 5)), seeded.clone()((4, 5)))
    assert not np.array_equal(seeded((4, 5)), kind(seed=4)((4, 5)))
    set_random_seed(7)
    first, second = free((4, 5)), free((4, 5))
    assert not np.array_equal(first, second)
    set_random_seed(7)
    np.testing.assert_array_equal(free((4, 5)), first)
    np.testing.assert_array_equal(kind()((4, 5)), second)


@pytest.mark.parametrize("make", [
    lambda: initializers.VarianceScaling(3.0, "fan_out", "uniform", 5), lambda: initializers.HeNormal(5, [0], [1]),
    lambda: initializers.RandomNormal(1.0, 2.0, 5), lambda: initializers.TruncatedNormal(1.0, 2.0, 5),
    lambda: initializers.RandomUniform(1.0, 2.0, 5), lambda: initializers.Orthogonal(2.0, 5)])
def test_a_configuration_makes_an_equal_initializer(make):
    one = make()
    other = initializers.deserialize(initializers.serialize(one))
    assert type(other) is type(one) and other.get_config() == one.get_config()
    np.testing.assert_array_equal(other((6, 7)), one((6, 7)))


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: initializers.get("glorot_unifrm"), graphc.ArgumentError, "did you mean .*'glorot_uniform'"),
    (lambda: initializers.VarianceScaling(mode="fan"), graphc.ArgumentError, "mode is one of fan_in, .* got 'fan'"),
    (lambda: initializers.VarianceScaling(distribution="even"), graphc.ArgumentError, "distribution is one of"),
    (lambda: initializers.VarianceScaling(0), graphc.ArgumentError, "scale must be positive"),
    (lambda: initializers.HeNormal(seed="a"), graphc.ArgumentError, "HeNormal: seed is None or an int"),
    (lambda: initializers.Orthogonal()((3,)), graphc.ShapeError, "two axes or more"),
])
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
