"""Pooling layers, against Keras, and against windows written out."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

SHAPES = {1: (2, 7, 3), 2: (2, 7, 5, 3), 3: (2, 4, 5, 6, 2)}
NAMES = [f"{kind}Pooling{n}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for n in SHAPES]


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_windows_as_in_keras(kind, axes):
    keras = pytest.importorskip("keras")
    inputs = arrays(SHAPES[axes])
    name = f"{kind}Pooling{axes}D"
    Pair(keras, name, inputs, pool_size=2).check()
    even = (3, 3, 3), (1, 1, 1)  # where torch pads one side more, Keras on torch counts the border twice in a mean
    sizes, strides = even if kind == "Average" else ((3, 2, 2), (1, 2, 3))
    Pair(keras, name, inputs, pool_size=sizes[:axes], strides=strides[:axes], padding="same").check()
    Pair(keras, name, inputs, pool_size=2, strides=1, data_format="channels_first").check()


@pytest.mark.parametrize("axes", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_whole_images_as_in_keras(kind, axes):
    keras = pytest.importorskip("keras")
    inputs = arrays(SHAPES[axes])
    Pair(keras, f"Global{kind}Pooling{axes}D", inputs).check()
    Pair(keras, f"Global{kind}Pooling{axes}D", inputs, keepdims=True, data_format="channels_first").check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))


@pytest.mark.parametrize("kwargs", [{}, {"keepdims": True}])
def test_masked_steps_do_not_count(kwargs):
    x, = arrays((2, 4, 3))
    mask = np.array([[True, True, False, False], [True, False, True, True]])
    layer = layers.GlobalAveragePooling1D(**kwargs)
    inputs, masks = graphc.placeholder((None, 4, 3)), graphc.placeholder((None, 4), "bool")
    with Trace() as trace:
        given = layer(inputs, mask=masks)
        trace.masks[inputs] = masks
        found = layer(inputs)
    assert not any(y in trace.masks for y in (given, found))
    expected = np.stack([sample[kept].mean(0) for sample, kept in zip(x, mask, strict=True)])
    for y in graphc.interpret([inputs, masks], [given, found], [x, mask]):
        np.testing.assert_allclose(y.reshape(2, 3), expected, rtol=1e-5)
        assert y.ndim == (3 if kwargs else 2)


def test_the_largest_and_the_mean_of_windows():
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    inputs = nn.Input((4, 4, 1))
    pooled = layers.MaxPooling2D()(inputs), layers.AveragePooling2D(2)(inputs), layers.GlobalMaxPooling2D()(inputs)
    largest, mean, whole = graphc.interpret([inputs], pooled, [x])
    np.testing.assert_array_equal(largest[0, :, :, 0], [[5, 7], [13, 15]])
    np.testing.assert_array_equal(mean[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])
    assert whole.item() == 15


def test_what_is_added_at_a_border_does_not_count():
    inputs = nn.Input((3, 1))
    pooled = layers.AveragePooling1D(2, padding="same")(inputs), layers.MaxPooling1D(2, padding="same")(inputs)
    x = np.array([-1, -3, -4], "float32").reshape(1, 3, 1)
    np.testing.assert_array_equal(np.ravel(graphc.interpret([inputs], pooled, [x])), [-2, -4, -1, -4])


@pytest.mark.parametrize("make, message", [
    (lambda: layers.MaxPooling2D(0), "pool_size is an int of at least 1"),
    (lambda: layers.MaxPooling2D((2, 2, 2)), "pool_size is an int of at least 1, or 2 of them"),
    (lambda: layers.AveragePooling1D(2, padding="causal"), "padding is one of"),
    (lambda: layers.MaxPooling2D()(nn.Input((8, 3))), "expected an input of 4 dimensions, not 3"),
    (lambda: layers.GlobalMaxPooling1D("last"), "data_format is one of"),
    (lambda: layers.MaxPooling2D(9)(nn.Input((8, 8, 3))), "a window of 9 does not fit"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        make()
