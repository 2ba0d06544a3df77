"""Spectral normalization, against Keras, step by step, and against singular values."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import arrays

STEPS = 3


def network(k):
    return k.Sequential([k.Input((4, 4, 2)), k.layers.SpectralNormalization(k.layers.Conv2D(3, 2), power_iterations=2),
                         k.layers.Flatten(), k.layers.Dense(2)])


def test_a_training_as_in_keras():
    keras = pytest.importorskip("keras")
    theirs, ours = network(keras), network(nn)
    ours.set_weights(theirs.get_weights())
    data = [arrays((5, 4, 4, 2), (5, 2)) for _ in range(STEPS)]
    for k, model in ((keras, theirs), (nn, ours)):
        model.compile(k.optimizers.SGD(0.1), "mse")
    x, y = graphc.placeholder((None, 4, 4, 2)), graphc.placeholder((None, 2))
    with Trace(training=True) as trace:
        loss = ours.train_step((x, y))["loss"]
    for batch in data:
        ours.reset_metrics()
        found, *state = graphc.interpret([x, y], [loss, *trace.updates.values()], batch)
        for variable, value in zip(trace.updates, state, strict=True):
            variable.assign(value)
        assert found == pytest.approx(theirs.train_on_batch(*batch), rel=1e-4)
    for w, a, b in zip(ours.weights, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5, err_msg=w.path)


@pytest.mark.parametrize("initializer", ["glorot_uniform", "zeros"])
def test_the_largest_singular_value_becomes_one(initializer):
    layer = layers.SpectralNormalization(layers.Dense(4, kernel_initializer=initializer), power_iterations=50)
    x = graphc.placeholder((None, 3))
    with Trace(training=True) as trace:
        layer(x)
    kernel = graphc.interpret([x], [trace.updates[layer.kernel]], arrays((2, 3)))[0]
    largest = np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(largest, 0 if initializer == "zeros" else 1, rtol=1e-4)
    with Trace() as trace:
        layer(x)
    assert not trace.updates


def test_its_configuration_makes_an_equal_layer():
    layer = layers.SpectralNormalization(layers.Dense(4, activation="relu"), name="normalized")
    config = layer.get_config()
    assert layers.SpectralNormalization.from_config(config).get_config() == config


@pytest.mark.parametrize("make, message", [
    (lambda: layers.SpectralNormalization("dense"), "takes a layer, not 'dense'"),
    (lambda: layers.SpectralNormalization(layers.Dense(2), 0), "power_iterations is an int of at least 1"),
    (lambda: layers.SpectralNormalization(layers.Flatten())(nn.Input((3, 2))), "has neither a kernel nor embeddings"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
