"""Normalizations of samples, against Keras, and against their formulas."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import layers

from .oracle import Pair, arrays, check_signature

NAMES = ("LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization", "BatchNormalization")

CASES = [
    ("LayerNormalization", (3, 4, 5), {}),
    ("LayerNormalization", (3, 4, 5), {"axis": [1, 2], "epsilon": 1e-2, "center": False}),
    ("LayerNormalization", (3, 4, 5), {"axis": (-1, -2), "scale": False}),
    ("LayerNormalization", (3, 4, 5), {"axis": -2, "rms_scaling": True}),
    ("GroupNormalization", (3, 4, 6), {"groups": 3}),
    ("GroupNormalization", (2, 4, 3, 3), {"groups": 2, "axis": 1, "center": False}),
    ("GroupNormalization", (3, 4, 6), {"groups": -1, "scale": False}),
    ("RMSNormalization", (3, 4, 5), {}),
    ("RMSNormalization", (3, 4, 5), {"axis": [-2, -1], "epsilon": 0.1}),
    ("UnitNormalization", (3, 4, 5), {}),
    ("UnitNormalization", (3, 4, 5), {"axis": [1, 2]}),
]


@pytest.mark.filterwarnings("ignore:.*rms_scaling")
@pytest.mark.parametrize("name, shape, kwargs", CASES)
def test_as_in_keras(name, shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, name, arrays(shape), **kwargs).check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_each_sample_gets_mean_zero_and_variance_one():
    x, = arrays((4, 6, 8))
    x = 3 * x + 2
    y = layers.LayerNormalization(axis=[1, 2], epsilon=0)(x)
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.var((1, 2)), 1, rtol=1e-4)


def test_any_axis_is_as_the_last_one():
    x, gamma, beta = arrays((3, 4, 5), (4,), (4,))
    last, middle = layers.LayerNormalization(), layers.LayerNormalization(axis=1)
    last.build((None, 5, 4))
    middle.build((None, 4, 5))
    for layer in (last, middle):
        layer.set_weights([gamma, beta])
    a, b = nn.Input((5, 4)), nn.Input((4, 5))
    expected, found = graphc.interpret([a, b], [last(a), middle(b)], [x.transpose(0, 2, 1), x])
    np.testing.assert_allclose(found, expected.transpose(0, 2, 1), rtol=1e-5, atol=1e-6)


def test_zeros_have_no_length():
    np.testing.assert_array_equal(layers.UnitNormalization()(np.zeros((2, 3), "float32")), 0)


@pytest.mark.parametrize("make, message", [
    (lambda: layers.LayerNormalization(axis="last"), "axis is an int or a list of them, not 'last'"),
    (lambda: layers.LayerNormalization()(nn.Input((4, None))), "must be known to make the weights"),
    (lambda: layers.LayerNormalization(axis=3)(nn.Input((4, 5))), "axis 3 is out of range"),
    (lambda: layers.GroupNormalization(0), "groups is an int of at least 1, not 0"),
    (lambda: layers.GroupNormalization(4)(nn.Input((4, 6))), "4 groups do not divide the 6 channels"),
    (lambda: layers.RMSNormalization(epsilo=1), "no argument 'epsilo'; did you mean 'epsilon'"),
    (lambda: layers.UnitNormalization(axis=None), "axis is an int or a list of them"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        make()
