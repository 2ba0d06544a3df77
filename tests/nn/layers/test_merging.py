"""Layers that merge inputs, against Keras and against NumPy; with masks and inputs of several ranks."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import GraphcError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

S = (3, 4, 5)

CASES = [
    ("Add", (S, S, S), {}), ("Add", ((3, 5), S), {}), ("Subtract", (S, S), {}), ("Multiply", (S, S, S), {}),
    ("Average", (S, S, S), {}), ("Maximum", (S, S), {}), ("Minimum", (S, S, S), {}),
    ("Concatenate", (S, (3, 4, 2)), {}), ("Concatenate", (S, (3, 1, 5)), {"axis": 1}),
    ("Dot", ((3, 5), (3, 5)), {"axes": 1}), ("Dot", ((3, 4, 5), (3, 5, 6)), {"axes": (2, 1)}),
    ("Dot", ((3, 4, 5), (3, 5)), {"axes": -1, "normalize": True}), ("Dot", ((3, 5), (3, 6, 5)), {"axes": (1, 2)}),
    ("Dot", ((3, 2, 4, 5), (3, 6, 4)), {"axes": (2, 2)}),
]


@pytest.mark.parametrize("name, shapes, kwargs", CASES)
def test_as_in_keras(name, shapes, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, name, arrays(*shapes), structure="list", **kwargs).check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in ("Concatenate", "Dot", "add", "concatenate", "dot"):
        check_signature(getattr(layers, name), getattr(keras.layers, name))


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum", "Minimum", "Concatenate"])
@pytest.mark.parametrize("masked", [(True, True, True), (False, True, True), (True, False, True), (True, True)])
def test_masks_as_in_keras(name, masked):
    keras, torch = pytest.importorskip("keras"), pytest.importorskip("torch")
    values = arrays(S, S, S)[:len(masked)]
    values[0][:2, :2], values[1][0, 1:], values[1][2], values[-1][:2, 2:] = 0, 0, 0, 0
    inputs = [torch.tensor(x) for x in values]
    expected = getattr(keras.layers, name)()([keras.layers.Masking()(x) if m else x
                                              for x, m in zip(inputs, masked, strict=True)])
    mask = getattr(expected, "_keras_mask", None)
    inputs = [graphc.placeholder(S) for _ in masked]
    with Trace() as trace:
        z = getattr(layers, name)()([layers.Masking()(x) if m else x for x, m in zip(inputs, masked, strict=True)])
    assert (z in trace.masks) == (mask is not None)
    value, found = graphc.interpret(inputs, [z, trace.masks.get(z, z)], values)
    np.testing.assert_allclose(value, expected.numpy(), 1e-6)
    if mask is not None:
        np.testing.assert_array_equal(found, mask.numpy())


def test_functions_are_layers():
    values = arrays((2, 3), (2, 3))
    x, y = nn.Input((3,)), nn.Input((3,))
    merged = [layers.add([x, y]), layers.subtract([x, y]), layers.multiply([x, y]), layers.average([x, y]),
              layers.maximum([x, y]), layers.minimum([x, y]), layers.concatenate([x, y], axis=0), layers.dot([x, y], axes=1)]
    a, b = values
    expected = [a + b, a - b, a * b, (a + b) / 2, np.maximum(a, b), np.minimum(a, b), np.concatenate([a, b]),
                (a * b).sum(1, keepdims=True)]
    for found, right in zip(graphc.interpret([x, y], merged, values), expected, strict=True):
        np.testing.assert_allclose(found, right, 1e-5, 1e-6)
    assert layers.Add().compute_output_shape([(None, 3), (None, 4, 1)]) == (None, 4, 3)


@pytest.mark.parametrize("make, message", [
    (lambda x: layers.Add()(x), "takes a list of at least 1 inputs"),
    (lambda x: layers.Subtract()([x, x, x]), "takes a list of exactly 2 inputs"),
    (lambda x: layers.Add()([x, nn.Input((4,))]), "do not broadcast"),
    (lambda x: layers.Add()([nn.Input((3,), 2), nn.Input((3,), 5)]), "different batch sizes"),
    (lambda x: layers.Concatenate(axis=0)([x, nn.Input((4,))]), "layer concatenate"),
    (lambda x: layers.Dot(axes=1)([x, nn.Input((4,))]), "have the sizes"),
    (lambda x: layers.Dot(axes=0), "not the batch axis 0"),
    (lambda x: layers.Dot(axes=(1, 2, 3)), "an int, or two of them"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make(nn.Input((3,)))
