"""Attention of one head, against Keras, and against its formula."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

MASKS = [np.array([[True, True, False], [True, False, True]]),
         np.array([[True, False, True, True], [False, True, True, False]])]
CASES = [
    ("Attention", 2, {}, {}),
    ("Attention", 3, {"use_scale": True}, {"return_attention_scores": True}),
    ("Attention", 2, {"score_mode": "concat", "use_scale": True}, {"use_causal_mask": True}),
    ("Attention", 3, {"score_mode": "concat", "dropout": 0.5}, {"mask": MASKS}),
    ("Attention", 2, {"use_scale": True}, {"mask": MASKS, "use_causal_mask": True, "return_attention_scores": True}),
    ("AdditiveAttention", 2, {}, {}),
    ("AdditiveAttention", 3, {"use_scale": False}, {"mask": MASKS, "return_attention_scores": True}),
]


@pytest.mark.parametrize("name, count, kwargs, call", CASES)
def test_as_in_keras(name, count, kwargs, call):
    keras = pytest.importorskip("keras")
    inputs = arrays((2, 3, 5), (2, 4, 5), (2, 4, 5))[:count]
    Pair(keras, name, inputs, "list", call, training=False, open_axes=(0, 1), **kwargs).check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in ("Attention", "AdditiveAttention"):
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_scores_are_a_softmax_over_the_values():
    query, value = arrays((2, 3, 5), (2, 4, 5))
    products = np.exp(query @ value.transpose(0, 2, 1))
    expected = products / products.sum(-1, keepdims=True)
    result, scores = layers.Attention()([query, value], return_attention_scores=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    np.testing.assert_allclose(result, expected @ value, rtol=1e-4, atol=1e-5)


def test_masks_of_inputs_are_found_and_that_of_the_query_goes_on():
    inputs = [graphc.placeholder((None, 3, 5)), graphc.placeholder((None, 4, 5))]
    masks = [graphc.placeholder((None, 3), "bool"), graphc.placeholder((None, 4), "bool")]
    layer = layers.Attention()
    with Trace() as trace:
        given = layer(inputs, mask=masks)
        trace.masks |= dict(zip(inputs, masks, strict=True))
        found = layer(inputs)
    assert trace.masks[found] is masks[0]
    a, b = graphc.interpret([*inputs, *masks], [given, found], [*arrays((2, 3, 5), (2, 4, 5)), *MASKS])
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a[~MASKS[0]], 0)


def test_training_drops_scores():
    inputs = [graphc.placeholder((4, 8, 5)), graphc.placeholder((4, 8, 5))]
    with Trace(training=True):
        dropped = layers.Attention(dropout=0.5)(inputs)
    with Trace():
        kept = layers.Attention(dropout=0.5)(inputs)
    a, b = graphc.interpret(inputs, [dropped, kept], arrays((4, 8, 5), (4, 8, 5)))
    assert not np.allclose(a, b)


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Attention(score_mode="cosine"), "score_mode is one of 'dot', 'concat', not 'cosine'"),
    (lambda: layers.Attention()(nn.Input((3, 5))), "takes a list of inputs, for query and value"),
    (lambda: layers.Attention()([nn.Input((3, 5))]), "takes a list of inputs, for query and value"),
    (lambda: layers.Attention()([nn.Input((3, 5))] * 2, mask=nn.Input((3,), dtype="bool")), "takes a list of masks"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
