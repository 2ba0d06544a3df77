"""Assignments in a layer's call: what is read after one is what was assigned, beside Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as ours
from graphc.nn.program import Program
from graphc.nn.trace import Trace

X = np.random.default_rng(0).standard_normal((6, 3)).astype("float32")


def counting(k):
    """A layer that reads before, between and after its assignments, and calls a layer that assigns as well."""

    class Sum(k.layers.Layer):
        """The running sum of Keras' guide."""

        def build(self, input_shape):
            self.total = self.add_weight(shape=(input_shape[-1],), initializer="zeros", trainable=False, name="total")

        def call(self, inputs):
            self.total.assign_add(k.ops.sum(inputs, axis=0))
            return self.total

    class Counting(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.sum = Sum()

        def build(self, input_shape):
            self.n = self.add_weight(shape=(), initializer="ones", trainable=False, name="n")
            self.w = self.add_weight(shape=(3,), initializer="ones", name="w")

        def call(self, inputs):
            before = inputs * self.n
            self.n.assign_add(1.0)
            between = inputs * self.n + 0 * before
            self.n.assign(self.n * k.ops.mean(self.sum(inputs) * 0 + 2))
            return before + 10 * between + 100 * self.n * self.w + self.sum.total

    return Counting()


def test_a_layer_reads_what_it_assigned_as_in_keras():
    keras = pytest.importorskip("keras")
    theirs, mine = counting(keras), counting(ours)
    for k in range(3):
        expected = keras.ops.convert_to_numpy(theirs(X[k:]))
        np.testing.assert_allclose(mine(X[k:]), expected, 1e-6, 1e-5)
    for a, b in zip(mine.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), keras.ops.convert_to_numpy(b), 1e-6)


def test_training_does_too():
    keras = pytest.importorskip("keras")
    histories = []
    for k in (keras, ours):
        x = k.Input((3,))
        model = k.Model(x, counting(k)(x))
        model.compile(k.optimizers.SGD(1e-5), "mse")
        histories.append(model.fit(X, X, batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"])
        histories.append([k.ops.convert_to_numpy(w) for w in model.layers[1].weights])
    np.testing.assert_allclose(histories[2], histories[0], 1e-4)
    for a, b in zip(histories[3], histories[1], strict=True):
        np.testing.assert_allclose(a, b, 1e-4)


def test_an_assigned_weight_is_a_weight_still():
    w, v = ours.Variable(np.float32(3), name="w"), ours.Variable(np.float32(5), trainable=False, name="v")
    with Program() as program:
        first = w * v
        for variable in (w, v):
            program.assign(variable, program.read(variable * 2))
        y = program.read(first + 100 * w * w * v)
    found = graphc.interpret([], [y, *graphc.grad(y, [w, v])], [])
    assert list(map(float, found)) == [15 + 36000, 5 + 200 * 60, 3 + 100 * 36 * 2]


def test_nothing_changes_where_nothing_is_assigned():
    layer, x = ours.layers.Dense(2), graphc.placeholder((None, 3))
    with Trace(training=True):
        layer(x)
        assert layer(x) is layer(x)
