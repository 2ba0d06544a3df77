"""Noise layers: nothing at inference, in training the distributions that they promise; against Keras where it is certain."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import GraphcError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_config, check_signature

NAMES = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout",
         "AlphaDropout", "ActivityRegularization")
SHAPE = (64, 10, 12)


def in_training(layer, x):
    """The layer's result for an array, in training, and its losses."""
    nn.set_random_seed(0)
    inputs = graphc.placeholder(x.shape)
    with Trace(training=True) as trace:
        y = layer(inputs)
    return graphc.interpret([inputs], [y, *trace.losses], [x])


def test_as_in_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))
        options = {} if name == "ActivityRegularization" else {"stddev" if name == "GaussianNoise" else "rate": 0.25}
        check_config(getattr(layers, name)(**options), getattr(keras.layers, name)(**options))
        if not name.startswith("Spatial"):
            Pair(keras, name, arrays((3, 4)), training=False, **options).check()


def test_dropped_elements_are_zero_and_others_grow():
    x, = arrays(SHAPE)
    y, = in_training(layers.Dropout(0.25), x)
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / 0.75, 1e-6)
    assert kept.mean() == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("layer, axes", [
    (layers.Dropout(0.5, noise_shape=(None, 1, 12)), 1), (layers.SpatialDropout1D(0.5), 1),
    (layers.SpatialDropout2D(0.5), (1, 2)), (layers.SpatialDropout2D(0.5, "channels_first"), (2, 3)),
    (layers.SpatialDropout3D(0.5), (1, 2, 3)),
])
def test_what_belongs_together_is_dropped_together(layer, axes):
    rank = 3 if axes == 1 else len(axes) + 2
    y, = in_training(layer, np.ones((64, 10, 12, 3, 2)[:rank], "float32"))
    assert np.all(y.min(axes) == y.max(axes))
    assert (y.min(axes) == 0).mean() == pytest.approx(0.5, abs=0.15)
    assert set(np.unique(y)) == {0, 2}


def test_gaussian_noise_has_its_deviation():
    x = np.full(SHAPE, 3, "float32")
    added, = in_training(layers.GaussianNoise(0.5), x)
    scaled, = in_training(layers.GaussianDropout(0.2), x)
    assert (added.mean(), added.std()) == pytest.approx((3, 0.5), abs=0.02)
    assert (scaled.mean(), scaled.std()) == pytest.approx((3, 3 * 0.5), abs=0.05)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal(SHAPE).astype("float32")
    y, = in_training(layers.AlphaDropout(0.3), x)
    values, counts = np.unique(y, return_counts=True)
    assert counts.max() / y.size == pytest.approx(0.3, abs=0.02)
    assert (y.mean(), y.std()) == pytest.approx((0, 1), abs=0.05)
    together, = in_training(layers.AlphaDropout(0.3, noise_shape=(None, 1, None)), np.zeros(SHAPE, "float32"))
    assert np.all(together.min(1) == together.max(1)) and len(np.unique(together)) == 2


def test_costs_are_those_of_a_sample():
    x, = arrays((4, 3))
    y, cost = in_training(layers.ActivityRegularization(0.1, 0.2), x)
    np.testing.assert_array_equal(x, y)
    assert cost == pytest.approx((0.1 * abs(x).sum() + 0.2 * (x * x).sum()) / 4, rel=1e-5)


def test_a_seed_repeats_a_sequence():
    x = np.ones((2, 50), "float32")

    def draws(program, seed):
        nn.set_random_seed(program)
        layer = layers.Dropout(0.5, seed=seed)
        return [layer(x, training=True) for _ in range(2)]

    first, second = draws(1, 7)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(draws(2, 7), [first, second])
    assert not np.array_equal(draws(1, 8)[0], first) and not np.array_equal(*draws(1, None))


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Dropout(1.5), "rate is a number from 0 to 1, not 1.5"),
    (lambda: layers.Dropout("0.5"), "rate is a number from 0 to 1"),
    (lambda: layers.Dropout(0.5, noise_shape=(1, 0)), "noise_shape consists of sizes and None"),
    (lambda: layers.GaussianNoise(-0.1), "stddev is a number from 0 to 1, not -0.1"),
    (lambda: layers.GaussianDropout(1.0), "below 1"), (lambda: layers.AlphaDropout(1.0), "below 1"),
    (lambda: layers.SpatialDropout1D(0.5)(nn.Input((3,))), "3 dimensions, not 2"),
    (lambda: layers.Dropout(0.5, noise_shape=(4, 1))(nn.Input((3,)), training=True), "does not broadcast"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make()
