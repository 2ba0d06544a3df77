"""Rescaling, Normalization and CategoryEncoding, against Keras and against NumPy."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import layers

from .oracle import Pair, arrays, check_config, check_signature


def value(layer, x, **options):
    """The layer's result for an array."""
    inputs = graphc.placeholder(x.shape, x.dtype)
    return graphc.interpret([inputs], layer(inputs, **options), [x])


def test_as_in_keras():
    keras = pytest.importorskip("keras")
    Pair(keras, "Rescaling", arrays((3, 4)), scale=0.5, offset=-1.0).check()
    Pair(keras, "Normalization", arrays((3, 4)), mean=[0.0, 1.0, 2.0, 3.0], variance=[1.0, 2.0, 3.0, 4.0]).check()
    x, = arrays((8, 3, 4))
    for options in ({}, {"axis": None}, {"axis": (1, 2)}, {"axis": 1, "invert": True}):
        ours, theirs = layers.Normalization(**options), keras.layers.Normalization(**options)
        ours.adapt(3 * x + 2)
        theirs.adapt(3 * x + 2)
        np.testing.assert_allclose(value(ours, x), theirs(x).numpy(), 1e-4, 1e-4)
        assert [w.path.partition("/")[2] for w in ours.weights] == [w.name for w in theirs.weights]
        check_config(ours, theirs)
    numbers = np.array([[1, 3, 1], [0, 2, 2]])
    for mode in ("one_hot", "multi_hot", "count"):
        for x in (numbers, numbers[:, :1], numbers[0]):
            options = {"num_tokens": 4, "output_mode": mode}
            expected = keras.layers.CategoryEncoding(**options)(x).numpy()
            np.testing.assert_array_equal(value(layers.CategoryEncoding(**options), x), expected)
    for name in ("Rescaling", "Normalization", "CategoryEncoding"):
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_batches_are_adapted_to_as_one_array():
    x, = arrays((10, 3))
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(5 * x + 1)
    parts.adapt((batch, None) for batch in np.split(5 * x + 1, [2, 3, 7]))
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, 1e-6)
    y = value(parts, (5 * x + 1).astype("float32"))
    np.testing.assert_allclose([y.mean(0), y.std(0)], [[0] * 3, [1] * 3], atol=1e-5)
    assert parts.count.numpy() == 10
    back = layers.Normalization.from_config({**parts.get_config(), "invert": True})
    back.build((None, 3))
    back.set_weights(parts.get_weights())
    np.testing.assert_allclose(value(back, y), 5 * x + 1, 1e-4, 1e-4)


def test_data_sets_are_adapted_to_and_the_result_can_be_seen():
    class Batches(nn.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, k):
            assert k < 2, "a PyDataset ends by its length"
            return x[4 * k:4 * k + 4], np.zeros(4)

    x, = arrays((8, 3))
    layer = layers.Normalization()
    layer.adapt(Batches())
    np.testing.assert_allclose(layer.mean, x.mean(0, keepdims=True), 1e-5, 1e-6)
    np.testing.assert_allclose(layer.variance, x.var(0, keepdims=True), 1e-5)


def test_bytes_are_rescaled_by_channel():
    x = np.full((2, 3, 3, 2), 100, "uint8")
    np.testing.assert_allclose(value(layers.Rescaling(np.array([0.01, 0.1]), 1), x), np.full(x.shape, 2) + [0, 9], 1e-6)
    config = layers.Rescaling(np.array([0.01, 0.1])).get_config()
    assert config["scale"] == [0.01, 0.1]


def test_counts_are_weighted():
    numbers, weights = np.array([[1, 3, 1]]), np.array([[0.5, 2.0, 1.0]], "float32")
    np.testing.assert_allclose(value(layers.CategoryEncoding(4, "count"), numbers, count_weights=weights), [[0, 1.5, 0, 2]])


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Normalization(mean=1.0), "a mean and a variance of the same shape, or neither"),
    (lambda: layers.Normalization(axis=3)(nn.Input((2,))), "axis \\(3,\\) is out of range"),
    (lambda: layers.Normalization()(nn.Input((None,))), "must have known sizes"),
    (lambda: layers.Normalization(mean=1.0, variance=2.0).adapt(np.ones((2, 2))), "there is nothing to adapt"),
    (lambda: layers.Normalization().adapt(np.ones((0, 2))), "no data to adapt to"),
    (lambda: layers.CategoryEncoding(), "num_tokens is an int of at least 1, not None"),
    (lambda: layers.CategoryEncoding(3, "ones"), "output_mode is one of"),
    (lambda: layers.CategoryEncoding(3)(nn.Input((2,)), count_weights=nn.Input((2,))), "count_weights mean nothing"),
    (lambda: layers.CategoryEncoding(3, sparse=True), "no sparse tensors"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
