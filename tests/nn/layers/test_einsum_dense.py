"""Dense layers over any axes, against Keras, and against dense layers."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import initializers, layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

CASES = [
    ((4, 3), {"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "c", "activation": "relu"}),
    ((2, 4, 3), {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"}),
    ((2, 4, 3), {"equation": "...x,xy->...y", "output_shape": 5, "bias_axes": "y"}),
    ((2, 4, 3), {"equation": "abc,cde->abde", "output_shape": (None, 2, 5), "bias_axes": "d"}),
    ((2, 4, 3), {"equation": "abc,bcd->ad", "output_shape": 6}),
    ((2, 4, 3, 2), {"equation": "ab...,bc->ac...", "output_shape": 5, "bias_axes": "c"}),
]


@pytest.mark.parametrize("shape, kwargs", CASES)
def test_as_in_keras(shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, "EinsumDense", arrays(shape), **kwargs).check()


def test_its_signature_is_that_of_keras():
    keras = pytest.importorskip("keras")
    check_signature(layers.EinsumDense, keras.layers.EinsumDense)


def test_one_equation_is_the_dense_layer():
    inputs = graphc.placeholder((None, 4, 3))
    ours, dense = layers.EinsumDense("...a,ab->...b", 5, bias_axes="b"), layers.Dense(5)
    with Trace():
        y, z = ours(inputs), dense(inputs)
    dense.set_weights(ours.get_weights())
    np.testing.assert_allclose(*graphc.interpret([inputs], [y, z], arrays((2, 4, 3))), rtol=1e-5, atol=1e-6)


def test_a_kernel_is_drawn_for_its_inputs_and_outputs():
    layer = layers.EinsumDense("abc,bcde->ade", (20, 30), kernel_initializer=initializers.GlorotUniform(seed=1))
    layer.build((None, 4, 5))
    limit = np.sqrt(6 / (4 * 5 + 20 * 30))
    assert 0.95 * limit < np.abs(layer.kernel.numpy()).max() <= limit


@pytest.mark.parametrize("equation, output_shape, bias_axes, shape, message", [
    ("ab->ac", 3, None, (8,), "an equation is"),
    ("ab,bc->ac", 3, None, (8, 9), "has 2 letters for an input of shape"),
    ("ab,bc->ac", (3, 4), None, (8,), "does not fit the letters 'ac'"),
    ("ab,bc->ad", 3, None, (8,), "'d' of the result is neither"),
    ("ab,bc->ab", 3, None, (8,), "'b' is 8 in the input and 3 in the result"),
    ("ab,bcd->ac", 3, None, (8,), "the size of 'd' must follow"),
    ("ab,bc->ac", None, None, (8,), "output_shape"),
    ("ab,bc->ac", 3, "x", (8,), "bias_axes: 'x' is not in the result"),
])
def test_what_makes_no_sense_is_refused(equation, output_shape, bias_axes, shape, message):
    with pytest.raises(ArgumentError, match=message):
        layers.EinsumDense(equation, output_shape, bias_axes=bias_axes)(nn.Input(shape))
