"""Attention of many heads, against Keras, and against heads one by one."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import layers, tree
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

QUERY, VALUE, KEY = (2, 3, 5), (2, 4, 6), (2, 4, 7)
SEEN = np.random.default_rng(1).random((2, 3, 4)) < 0.7
SEEN[..., 0] = True
ONES = np.array([[True, True, False, True], [True, False, True, True]])
SOME = np.repeat([[[True], [False], [True]], [[False], [True], [True]]], 4, axis=2)
"""Two queries may see nothing."""
CASES = [
    ("MultiHeadAttention", (QUERY, VALUE), {"num_heads": 2, "key_dim": 3}, {}),
    ("MultiHeadAttention", (QUERY, VALUE, KEY), {"num_heads": 2, "key_dim": 3, "value_dim": 4, "use_bias": False},
     {"return_attention_scores": True}),
    ("MultiHeadAttention", (QUERY, VALUE, KEY), {"num_heads": 2, "key_dim": 3, "output_shape": (4, 2), "dropout": 0.1},
     {"attention_mask": SEEN, "use_causal_mask": True, "return_attention_scores": True}),
    ("MultiHeadAttention", (QUERY, QUERY), {"num_heads": 3, "key_dim": 2, "sliding_window": 2, "use_gate": True},
     {"use_causal_mask": True}),
    ("MultiHeadAttention", ((2, 3, 4, 5), (2, 3, 2, 5)), {"num_heads": 2, "key_dim": 3, "attention_axes": 2}, {}),
    ("MultiHeadAttention", ((2, 3, 4, 5), (2, 3, 2, 5)), {"num_heads": 2, "key_dim": 3, "attention_axes": (1, 2)},
     {"return_attention_scores": True}),
    ("MultiHeadAttention", (QUERY, VALUE), {"num_heads": 2, "key_dim": 3}, {"value_mask": ONES, "key_mask": ONES}),
    ("GroupQueryAttention", (QUERY, VALUE[:2] + (5,)), {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, {}),
    ("GroupQueryAttention", (QUERY, VALUE[:2] + (5,)),
     {"head_dim": 3, "num_query_heads": 6, "num_key_value_heads": 2, "use_gate": True, "sliding_window": 2, "dropout": 0.1},
     {"attention_mask": SEEN, "return_attention_scores": True}),
    ("GroupQueryAttention", (QUERY, VALUE[:2] + (5,)),
     {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 1, "use_bias": False}, {"use_causal_mask": True}),
]


@pytest.mark.parametrize("name, shapes, kwargs, call", CASES)
def test_as_in_keras(name, shapes, kwargs, call):
    keras = pytest.importorskip("keras")
    open_axes = (0,) if len(shapes[0]) == 4 else (0, 1)
    Pair(keras, name, arrays(*shapes), call=call, training=False, open_axes=open_axes, **kwargs).check()


@pytest.mark.parametrize("name, kwargs, call", [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, {"use_causal_mask": True}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "dropout": 0.1}, {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, {"return_attention_scores": True}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, {}),
])
def test_queries_that_may_see_nothing(name, kwargs, call):
    """Results alone: gradients of Keras' on torch are not those of its other backends here."""
    keras = pytest.importorskip("keras")
    query, value = arrays(QUERY, VALUE[:2] + (5,))
    pair = Pair(keras, name, [query, value], training=False, **kwargs)
    pair.ours(query, value)
    pair.ours.set_weights(pair.initial)
    found, expected = (tree.leaves(layer(query, value, attention_mask=SOME, **call)) for layer in (pair.ours, pair.theirs))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, keras.ops.convert_to_numpy(b), 1e-4, 1e-5)


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in ("MultiHeadAttention", "GroupQueryAttention"):
        check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_each_head_is_an_attention():
    x, = arrays((2, 3, 5))
    layer = layers.MultiHeadAttention(2, 4, bias_initializer="ones")
    result = layer(x, x)
    qw, qb, kw, kb, vw, vb, ow, ob = layer.get_weights()
    expected = ob
    for h in range(2):
        q, k, v = (x @ w[:, h] + b[h] for w, b in ((qw, qb), (kw, kb), (vw, vb)))
        e = np.exp(q @ k.transpose(0, 2, 1) / 2)
        expected = expected + e / e.sum(-1, keepdims=True) @ v @ ow[h]
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("error")
def test_masks_of_inputs_are_found_and_that_of_the_query_goes_on():
    query, value = graphc.placeholder((None, 3, 5)), graphc.placeholder((None, 4, 5))
    masks = [graphc.placeholder((None, 3), "bool"), graphc.placeholder((None, 4), "bool")]
    layer = layers.MultiHeadAttention(2, 3)
    with Trace() as trace:
        given = layer(query, value, query_mask=masks[0], value_mask=masks[1], return_attention_scores=True)
        trace.masks |= {query: masks[0], value: masks[1]}
        found = layer(query, value, return_attention_scores=True)
    assert trace.masks[found[0]] is masks[0]
    first = np.array([[True, True, False], [True, False, True]])
    a, scores, b, same = graphc.interpret([query, value, *masks], [*given, *found],
                                          [*arrays((2, 3, 5), (2, 4, 5)), first, ONES])
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(scores, same)
    np.testing.assert_allclose(scores.sum(-1), np.broadcast_to(first[:, None], (2, 2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(scores[np.broadcast_to(~ONES[:, None, None], scores.shape)], 0)


def test_training_drops_scores():
    x = graphc.placeholder((4, 8, 5))
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5)
    with Trace(training=True):
        dropped = layer(x, x)
    with Trace():
        kept = layer(x, x)
    a, b = graphc.interpret([x], [dropped, kept], arrays((4, 8, 5)))
    assert not np.allclose(a, b)


@pytest.mark.parametrize("make, message", [
    (lambda: layers.MultiHeadAttention(0, 4), "num_heads is an int of at least 1, not 0"),
    (lambda: layers.MultiHeadAttention(2, 4.5), "key_dim is an int of at least 1"),
    (lambda: layers.MultiHeadAttention(2, 4, value_dim=-1), "value_dim is an int of at least 1"),
    (lambda: layers.MultiHeadAttention(2, 4, attention_axes="time"), "attention_axes is an int or a list"),
    (lambda: layers.MultiHeadAttention(2, 4, sliding_window=0), "sliding_window is an int of at least 1"),
    (lambda: layers.GroupQueryAttention(2, 3, 2), "3 query heads cannot share 2 heads"),
    (lambda: layers.MultiHeadAttention(2, 4)(nn.Input((3, 5))), "missing a required argument: 'value'"),
    (lambda: layers.MultiHeadAttention(2, 4)(nn.Input((3, 5)), nn.Input((4, 5)), nn.Input((6, 5))), "value and key"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
