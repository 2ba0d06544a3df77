"""Layers that reshape, pad, crop and repeat, against Keras and against NumPy."""
from __future__ import annotations

import numpy as np
import pytest

import graphc.nn as nn
from graphc.ir.errors import GraphcError
from graphc.nn import layers

from .oracle import Pair, arrays, check_signature

NAMES = ("Flatten", "Reshape", "Permute", "RepeatVector", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D",
         "Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D")
FIRST = {"data_format": "channels_first"}

CASES = [
    ("Flatten", (2, 3, 4), {}), ("Flatten", (2, 3, 4, 5), FIRST), ("Flatten", (3,), {}),
    ("Reshape", (2, 3, 4), {"target_shape": (-1, 2)}), ("Reshape", (2, 12), {"target_shape": (2, 3, 2)}),
    ("Permute", (2, 3, 4, 5), {"dims": (3, 1, 2)}), ("RepeatVector", (2, 3), {"n": 4}),
    ("ZeroPadding1D", (2, 3, 4), {"padding": (1, 2)}), ("ZeroPadding1D", (2, 3, 4), {"padding": 2}),
    ("ZeroPadding2D", (2, 3, 4, 5), {"padding": (1, 2)}),
    ("ZeroPadding2D", (2, 3, 4, 5), {"padding": ((1, 0), (0, 3)), **FIRST}),
    ("ZeroPadding3D", (2, 3, 4, 2, 2), {"padding": 1}),
    ("Cropping1D", (2, 5, 4), {"cropping": (1, 2)}), ("Cropping1D", (2, 5, 4), {"cropping": 1}),
    ("Cropping2D", (2, 5, 6, 3), {"cropping": ((1, 0), (0, 3))}), ("Cropping2D", (2, 3, 5, 6), {"cropping": 2, **FIRST}),
    ("Cropping3D", (2, 4, 5, 6, 2), {"cropping": ((1, 0), (0, 3), (2, 2))}),
    ("UpSampling1D", (2, 3, 4), {"size": 3}), ("UpSampling2D", (2, 3, 4, 2), {"size": (2, 3)}),
    ("UpSampling2D", (2, 2, 3, 4), {"size": 2, "interpolation": "bilinear", **FIRST}),
    ("UpSampling3D", (2, 2, 3, 2, 2), {"size": (2, 1, 3)}), ("UpSampling3D", (2, 2, 3, 2, 2), {"size": 2, **FIRST}),
]


@pytest.mark.parametrize("name, shape, kwargs", CASES)
def test_as_in_keras(name, shape, kwargs):
    keras = pytest.importorskip("keras")
    pair = Pair(keras, name, arrays(shape), **kwargs)
    pair.check()
    expected = pair.theirs.compute_output_shape(shape)
    assert pair.ours.compute_output_shape(shape) == tuple(expected)


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_sizes_that_a_call_knows():
    x = nn.Input((None, 6))
    assert layers.Flatten()(x).shape == (None, None)
    assert layers.Reshape((-1, 3))(x).shape == (None, None, 3)
    assert layers.ZeroPadding1D(2)(x).shape == layers.Cropping1D(2)(x).shape == (None, None, 6)
    values, = arrays((2, 4, 6))
    y = nn.Model(x, layers.Cropping1D(1)(layers.UpSampling1D(2)(layers.Reshape((-1, 3))(x))))(values)
    np.testing.assert_array_equal(y, np.repeat(values.reshape(2, 8, 3), 2, 1)[:, 1:-1])


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Reshape((2, 2))(nn.Input((3,))), "3 numbers of each sample do not fit"),
    (lambda: layers.Reshape((-1, 2))(nn.Input((3,))), "3 numbers of each sample do not fit"),
    (lambda: layers.Reshape((-1, -1)), "one of them -1"),
    (lambda: layers.Permute((0, 1)), "the numbers 1 to n"),
    (lambda: layers.Permute((2, 1))(nn.Input((3,))), "3 dimensions, not 2"),
    (lambda: layers.RepeatVector(2)(nn.Input((3, 4))), "2 dimensions, not 3"),
    (lambda: layers.ZeroPadding2D((1, 2, 3)), "padding is an int from 0 on"),
    (lambda: layers.ZeroPadding1D(-1), "padding is an int from 0 on"),
    (lambda: layers.Cropping2D(2)(nn.Input((4, 9, 1))), "leaves nothing of the size 4 on axis 1"),
    (lambda: layers.UpSampling2D(interpolation="cubic"), "interpolation is one of"),
    (lambda: layers.UpSampling2D(interpolation="bilinear")(nn.Input((None, 3, 1))), "of a known size"),
    (lambda: layers.Flatten("channels_lost"), "data_format is one of"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make()
