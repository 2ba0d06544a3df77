"""Convolutions of all kinds, against Keras, and against sums written out."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

NAMES = ("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
         "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
CASES = [
    ("Conv1D", (2, 9, 4), {"filters": 6, "kernel_size": 3, "groups": 2, "dilation_rate": 2, "padding": "causal"}),
    ("Conv1D", (2, 9, 4), {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "relu"}),
    ("Conv1D", (2, 4, 9), {"filters": 3, "kernel_size": 2, "data_format": "channels_first", "padding": "causal"}),
    ("Conv2D", (2, 7, 6, 3), {"filters": 4, "kernel_size": (3, 2), "strides": (2, 1), "activation": "relu"}),
    ("Conv2D", (2, 7, 6, 2), {"filters": 4, "kernel_size": 3, "dilation_rate": (1, 2), "padding": "same", "groups": 2}),
    ("Conv2D", (2, 2, 7, 6), {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "use_bias": False}),
    ("Conv2D", (2, 2, 5, 6), {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "activation": "softmax"}),
    ("Conv3D", (2, 4, 5, 4, 2), {"filters": 2, "kernel_size": 2, "strides": (1, 2, 1), "padding": "same"}),
    ("DepthwiseConv1D", (2, 8, 3), {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"}),
    ("DepthwiseConv2D", (2, 6, 5, 3), {"kernel_size": (2, 3), "depth_multiplier": 2, "activation": "relu"}),
    ("DepthwiseConv2D", (2, 3, 6, 5), {"kernel_size": 3, "data_format": "channels_first", "dilation_rate": 2}),
    ("SeparableConv1D", (2, 8, 3), {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "depth_multiplier": 2}),
    ("SeparableConv2D", (2, 6, 5, 3), {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ("SeparableConv2D", (2, 3, 6, 5), {"filters": 4, "kernel_size": 2, "data_format": "channels_first"}),
    ("Conv1DTranspose", (2, 5, 3), {"filters": 4, "kernel_size": 2, "strides": 3, "output_padding": 1}),
    ("Conv2DTranspose", (2, 4, 3, 3), {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ("Conv2DTranspose", (2, 4, 3, 3), {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same",
                                       "output_padding": (1, 0), "activation": "relu"}),
    ("Conv2DTranspose", (2, 3, 4, 3), {"filters": 2, "kernel_size": 3, "data_format": "channels_first",
                                       "dilation_rate": 2}),
    ("Conv3DTranspose", (2, 2, 3, 2, 2), {"filters": 2, "kernel_size": 2, "strides": 2}),
]


@pytest.mark.parametrize("name, shape, kwargs", CASES)
def test_as_in_keras(name, shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, name, arrays(shape), **kwargs).check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_a_kernel_of_size_one_is_a_dense_layer():
    x, = arrays((2, 4, 3, 5))
    layer, dense = layers.Conv2D(3, 1, activation="relu"), layers.Dense(3, activation="relu")
    inputs = graphc.placeholder((None, 4, 3, 5))
    with Trace():
        y, z = layer(inputs), dense(inputs)
    kernel, bias = arrays((1, 1, 5, 3), (3,))
    layer.set_weights([kernel, bias])
    dense.set_weights([kernel[0, 0], bias])
    np.testing.assert_allclose(*graphc.interpret([inputs], [y, z], [x]), rtol=1e-5, atol=1e-6)


def test_a_causal_convolution_sums_what_was():
    layer = layers.Conv1D(1, 3, padding="causal", kernel_initializer="ones", use_bias=False)
    x = np.arange(1, 6, dtype="float32").reshape(1, 5, 1)
    np.testing.assert_array_equal(layer(x).ravel(), [1, 3, 6, 9, 12])


def test_rules_reach_their_weights():
    layer = layers.SeparableConv2D(2, 2, depthwise_initializer="zeros", pointwise_initializer="ones",
                                   bias_initializer="ones", pointwise_regularizer="l2", bias_constraint="non_neg")
    layer.build((None, 4, 4, 3))
    assert [w.path.rpartition("/")[2] for w in layer.weights] == ["depthwise_kernel", "pointwise_kernel", "bias"]
    assert [float(w.numpy().mean()) for w in layer.weights] == [0, 1, 1]
    assert [w.regularizer is not None for w in layer.weights] == [False, True, False]
    assert [w.constraint is not None for w in layer.weights] == [False, False, True]


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Conv2D(0, 3), "filters is an int of at least 1, not 0"),
    (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size is an int of at least 1, or 2 of them"),
    (lambda: layers.Conv2D(4, 3, strides=0), "strides is an int of at least 1"),
    (lambda: layers.Conv2D(4, 3, padding="causal"), "padding is one of 'valid', 'same', not 'causal'"),
    (lambda: layers.Conv2D(4, 3, data_format="NCHW"), "data_format is one of"),
    (lambda: layers.Conv2D(4, 3, groups=3), "3 groups do not divide 4 filters"),
    (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "do not go with a dilation_rate"),
    (lambda: layers.Conv2D(4, 3, strids=2), "takes no argument 'strids'; did you mean 'strides'"),
    (lambda: layers.Conv2D(4, 3, activation="rely"), "no activation is named 'rely'; did you mean"),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=2), "output_padding must be less than the strides"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier is an int of at least 1"),
    (lambda: layers.Conv2D(4, 3, groups=2).build((None, 8, 8, 3)), "2 groups do not divide the 3 channels"),
    (lambda: layers.Conv2D(4, 3).build((None, 8, 8)), r"takes inputs \(batch, size, size, channels\)"),
    (lambda: layers.Conv2D(4, 3)(nn.Input((8, 8, None))), "must know the number of channels"),
    (lambda: layers.Conv2D(4, 9)(nn.Input((8, 8, 3))), "the kernel spans 9 elements, the padded input has 8"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        make()


def test_inputs_must_have_the_channels_of_the_first():
    layer = layers.Conv2D(4, 3)
    layer(nn.Input((8, 8, 3)))
    with pytest.raises(ShapeError, match="expected the size 3 on axis -1"):
        layer(nn.Input((8, 8, 1)))
