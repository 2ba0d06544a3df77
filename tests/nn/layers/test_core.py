"""Dense, Embedding, Masking, Lambda and activation layers, against Keras and against their formulas."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, GraphcError, IndexOutOfBounds, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_config, check_signature

NAMES = ("Dense", "Lambda", "InputLayer", "Embedding", "Masking", "Activation", "ReLU", "LeakyReLU", "PReLU",
         "ELU", "Softmax")

CASES = [
    ("Dense", (3, 4), {"units": 2}),
    ("Dense", (3, 2, 4), {"units": 5, "activation": "tanh", "use_bias": False, "kernel_regularizer": "l2"}),
    ("Identity", (3, 4), {}),
    ("Activation", (3, 4), {"activation": "gelu"}),
    ("ReLU", (3, 40), {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.25}),
    ("LeakyReLU", (3, 4), {}),
    ("PReLU", (3, 4, 5), {}),
    ("PReLU", (3, 4, 5), {"shared_axes": [1]}),
    ("ELU", (3, 4), {"alpha": 0.7}),
    ("Softmax", (3, 4, 5), {"axis": (1, 2)}),
    ("Masking", (3, 4, 5), {"mask_value": 1.0}),
]


@pytest.mark.parametrize("name, shape, kwargs", CASES)
def test_as_in_keras(name, shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, name, arrays(shape), **kwargs).check()


def test_an_embedding_as_in_keras():
    keras = pytest.importorskip("keras")
    words = np.array([[1, 0, 3], [0, 6, 1]], "int32")
    Pair(keras, "Embedding", [words], input_dim=7, output_dim=3, mask_zero=True).check()


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))
    check_signature(layers.Input, keras.layers.Input)


def test_configurations_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for module in (layers, keras.layers):
        assert module.Input((3, None), 2, "int32").shape == (2, 3, None)
    ours, theirs = layers.InputLayer((3,), name="a"), keras.layers.InputLayer((3,), name="a")
    assert ours.get_config() == theirs.get_config()
    check_config(layers.LeakyReLU(alpha=0.2), keras.layers.LeakyReLU(negative_slope=0.2))


def test_a_dense_layer_is_a_product_and_a_sum():
    x, = arrays((5, 3))
    layer = layers.Dense(2, activation=graphc.exp)
    y = layer(x)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, np.exp(x @ kernel + bias), 1e-5)
    assert [w.path for w in layer.weights] == [f"{layer.name}/kernel", f"{layer.name}/bias"]
    assert layers.Dense(4).compute_output_shape((None, 7, 3)) == (None, 7, 4)


def test_integers_go_into_a_dense_layer():
    x, layer = nn.Input((3,), dtype="int32"), layers.Dense(2)
    assert layer(x).dtype == np.float32
    with pytest.raises(ShapeError, match="size 3 on axis -1 of the input; it has the shape .*\n.*layer dense"):
        layer(nn.Input((4,)))


def test_an_embedding_reads_rows_and_masks_zeros():
    table, = arrays((5, 2))
    layer, words = layers.Embedding(5, 2, weights=table, mask_zero=True), nn.Input((None,), dtype="int32")
    with Trace() as trace:
        y = layer(words)
    value, mask = graphc.interpret([words], [y, trace.masks[y]], [[[3, 0, 4]]])
    np.testing.assert_array_equal(value, table[[[3, 0, 4]]])
    np.testing.assert_array_equal(mask, [[True, False, True]])
    with pytest.raises(IndexOutOfBounds):
        graphc.compile(words, layer(words))([[5]])


def test_masked_steps_are_set_to_zero_and_do_not_count():
    x = nn.Input((3, 2))
    with Trace() as trace:
        y = layers.Masking(2.0)(x)
        z = layers.Softmax(axis=1)(graphc.sum(y, -1), mask=trace.masks[y])
    steps = [[[1, 2], [2, 2], [0, 3]]]
    value, mask, shares = graphc.interpret([x], [y, trace.masks[y], z], [steps])
    np.testing.assert_array_equal(value, [[[1, 2], [0, 0], [0, 3]]])
    np.testing.assert_array_equal(mask, [[True, False, True]])
    np.testing.assert_allclose(shares, [[0.5, 0, 0.5]], 1e-6)


def test_a_lambda_is_a_function():
    x = nn.Input((3,))
    times = layers.Lambda(lambda x, by, training: x * by if training else x, arguments={"by": 2})
    values, = arrays((2, 3))
    results = graphc.interpret([x], [times(x), times(x, training=True), layers.Lambda("exp")(x)], [values])
    np.testing.assert_allclose(results, [values, 2 * values, np.exp(values)], 1e-6)
    copy = layers.Lambda.from_config(layers.Lambda(graphc.sum, arguments={"axis": -1}).get_config())
    assert copy.compute_output_shape((None, 4)) == (None,)
    assert layers.Lambda(lambda x: x, output_shape=(5,)).compute_output_shape((None, 4)) == (None, 5)
    with pytest.raises(ArgumentError, match="as a lambda, cannot be written down; define the function"):
        times.get_config()


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Dense(0), "units is an int of at least 1, not 0"),
    (lambda: layers.Dense(2, lora_rank=4), "'lora_rank': graphc has neither adapters nor quantized layers"),
    (lambda: layers.Dense(2, kernel_initialiser="ones"), "did you mean 'kernel_initializer'"),
    (lambda: layers.Dense(2)(nn.Input((None,))), "the last axis of the input must have a known size"),
    (lambda: layers.Dense(2)(graphc.placeholder((3,))), "at least 2 dimensions, not 1"),
    (lambda: layers.Dense(2, activation="rleu"), "did you mean 'relu'"),
    (lambda: layers.Dense(2, name="a/b"), "a name is a string without '/'"),
    (lambda: layers.Dense(2, trainable=1), "trainable is True or False"),
    (lambda: layers.Embedding(-1, 2), "input_dim is an int of at least 1, not -1"),
    (lambda: layers.ReLU(negative_slope=-1), "negative_slope is a number from 0 on, not -1"),
    (lambda: layers.LeakyReLU(negative_slope=None), "negative_slope is a number from 0 on, not None"),
    (lambda: layers.PReLU()(nn.Input((None,))), "must be among shared_axes"),
    (lambda: layers.Masking("a"), "mask_value is a number, not 'a'"),
    (lambda: layers.Lambda(3), "takes a function of expressions, not 3"),
    (lambda: layers.Softmax()(nn.Input((3,)), mask=nn.Input((4, 2))), "does not broadcast"),
    (lambda: nn.Input(), "takes shape="),
    (lambda: nn.Input((2,), batch_shape=(3, 2)), "takes shape="),
    (lambda: nn.Input((2,), sparse=True), "neither sparse nor ragged"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make()
