"""Models of inputs and outputs, by the numbers of the interpreter: nothing is compiled."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import layers

rng = np.random.default_rng(0)
A, B = rng.standard_normal((5, 4)).astype("float32"), rng.standard_normal((5, 3)).astype("float32")


def value(model, *arrays, structure=lambda *x: x[0] if len(x) == 1 else list(x), **options):
    """What a model gives for arrays, by NumPy."""
    inputs = [graphc.placeholder((None, *a.shape[1:]), a.dtype) for a in arrays]
    outputs = keras.models.model.tree.leaves(model(structure(*inputs), **options))
    found = graphc.interpret(inputs, outputs, list(arrays))
    return found[0] if len(outputs) == 1 else list(found)


def affine(layer, x):
    kernel, bias = layer.get_weights()
    return x @ kernel + bias


@pytest.fixture(scope="module")
def two():
    """Two inputs, two outputs, a shared layer, an expression between layers."""
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    shared, widen = layers.Dense(2, name="shared"), layers.Dense(4, name="widen")
    joined = shared(a) * 2 + graphc.exp(shared(widen(b)))
    return keras.Model([a, b], {"joined": joined, "last": layers.Dense(1, name="last")(joined)})


def expected(model, a, b):
    shared, widen, last = map(model.get_layer, ("shared", "widen", "last"))
    joined = affine(shared, a) * 2 + np.exp(affine(shared, affine(widen, b)))
    return [joined, affine(last, joined)]


def test_a_model_means_its_layers(two):
    for structure in (lambda a, b: [a, b], lambda a, b: (a, b), lambda a, b: {"b": b, "a": a, "more": a}):
        for found, wanted in zip(value(two, A, B, structure=structure), expected(two, A, B), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_shared_layers_count_once(two):
    assert len(two.weights) == 6 and two.count_params() == 4 * 2 + 2 + 3 * 4 + 4 + 2 + 1
    assert sorted(layer.name for layer in two.layers) == ["a", "b", "last", "shared", "widen"]
    assert two.input_shape == [(None, 4), (None, 3)] and two.output_shape == {"joined": (None, 2), "last": (None, 1)}


def test_models_are_layers_of_models(two):
    x = keras.Input((4,))
    y = two([x, layers.Dense(3, name="made")(x)])
    outer = keras.Model(x, layers.Add()([y["last"], y["last"]]))
    made = affine(outer.get_layer("made"), A)
    np.testing.assert_allclose(value(outer, A), 2 * expected(two, A, made)[1], rtol=1e-5, atol=1e-5)
    assert set(two.weights) < set(outer.weights)


def test_parts_of_a_model_are_models(two):
    part = keras.Model(two.input[1], two.get_layer("widen").output)
    np.testing.assert_allclose(value(part, B), affine(two.get_layer("widen"), B), rtol=1e-5)
    tail = keras.Model(two.get_layer("widen").output, two.get_layer("shared")(two.get_layer("widen").output))
    np.testing.assert_allclose(value(tail, A), affine(two.get_layer("shared"), A), rtol=1e-5)


def test_expressions_may_use_sizes_that_a_call_knows():
    x = keras.Input((4,))
    flat = graphc.reshape(layers.Dense(6)(x), (x.dims[0], 2, 3))
    model = keras.Model(x, graphc.sum(flat, 1) / x.dims[0])
    dense = model.layers[1]
    for n in (2, 5):
        np.testing.assert_allclose(value(model, A[:n]), affine(dense, A[:n]).reshape(n, 2, 3).sum(1) / n, rtol=1e-5)


def test_inputs_gain_and_lose_a_last_axis_and_take_their_dtype():
    x = keras.Input((1,))
    model = keras.Model(x, x * 2)
    np.testing.assert_array_equal(value(model, np.arange(3)), [[0], [2], [4]])
    assert value(model, np.arange(3, dtype="uint8")).dtype == np.float32


def test_training_is_passed_on_to_layers():
    x = keras.Input((4,))
    model = keras.Model(x, keras.Sequential([layers.Dropout(0.5)])(x))
    np.testing.assert_array_equal(value(model, A), A)
    assert (value(model, A, training=True) == 0).any()


def test_dropping_and_freezing():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.layers[0].trainable = False
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (2, 2)
    assert model.pop().name == "dense_1" or len(model.layers) == 1
    assert len(model.weights) == 2 and model.output_shape == (None, 3)
    model.add(layers.Dense(5))
    assert model.output_shape == (None, 5) and value(model, A).shape == (5, 5)
    model.trainable = False
    assert model.trainable_weights == []


def test_frozen_layers_stay_frozen_in_other_models():
    x = keras.Input((4,))
    base = keras.Model(x, layers.Dense(3)(x))
    base.trainable = False
    model = keras.Model(x, layers.Dense(2)(base(x)))
    for same in (model, keras.models.clone_model(model), keras.models.model_from_json(model.to_json())):
        assert [w.shape for w in same.trainable_weights] == [(3, 2), (2,)]
    assert keras.Model(x, base.output, trainable=True).trainable_weights == base.weights


def test_a_sequence_is_built_when_its_input_is_seen():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    assert model.weights == [] and not model.built
    with pytest.raises(ArgumentError, match="no input yet"):
        model.output  # noqa: B018
    assert value(model, A).shape == (5, 2) and model.input_shape == (None, 4) and len(model.weights) == 4
    assert keras.Sequential([layers.Dense(3, input_shape=(7,))]).output_shape == (None, 3)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    assert keras.Sequential([inner, layers.Dense(2)]).output_shape == (None, 2)


def test_a_sequence_takes_its_input_by_name():
    model = keras.Sequential([layers.InputLayer(input_shape=(4,), name="x"), layers.Dense(3)])
    np.testing.assert_array_equal(model.predict({"x": A}, verbose=0), model.predict(A, verbose=0))
    with pytest.raises(ArgumentError, match="takes one input; got \\['x', 'y'\\]"):
        model.predict({"x": A, "y": A}, verbose=0)


def test_a_subclass_is_built_for_shapes():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [layers.Dense(3), layers.Dense(2)]

        def call(self, x):
            return self.parts[1](self.parts[0](x["in"]))

    net = Net()
    net.build({"in": (None, 4)})
    assert [w.shape for w in net.weights] == [(4, 3), (3,), (3, 2), (2,)] and net.layers == net.parts


x4, x3 = keras.Input((4,), name="four"), keras.Input((3,), name="three")


@pytest.mark.parametrize("make, message", [
    (lambda m: value(m, A), r"takes 2 inputs \(a, b\); got 1"),
    (lambda m: value(m, A, structure=lambda a: {"a": a}), r"\['b'\] are missing from \['a'\]"),
    (lambda m: value(m, B, A), r"the input a has shape \(None, 4\), got \(None, 3\)"),
    (lambda m: m.get_layer("shred"), "no layer 'shred'; did you mean 'shared'"),
    (lambda m: m.get_layer(index=9), "has 5 layers, none with index 9"),
    (lambda m: m.get_layer(), "takes a name or an index"),
    (lambda m: keras.Model(x4, layers.Dense(2)(x3)), "need the input three, which is not among the inputs"),
    (lambda m: keras.Model(x4, [layers.Dense(2, name="d")(x4), layers.Dense(2, name="d")(x4)]), "2 layers are named 'd'"),
    (lambda m: keras.Model(inputs=3, outputs=x4), "inputs of a model are what Input and layers give, not 3"),
    (lambda m: keras.Model(3), "made of inputs and outputs"),
    (lambda m: keras.Model()(A), "has no call method"),
    (lambda m: keras.Sequential([keras.Input((4,)), keras.Input((4,))]), "only once"),
    (lambda m: keras.Sequential([3]), "expected a layer, got 3"),
    (lambda m: keras.Sequential([layers.Dense(1, name="d"), layers.Dense(1, name="d")]), "a layer named 'd' already"),
    (lambda m: keras.Sequential().pop(), "no layers to pop"),
    (lambda m: keras.Sequential().build((None, 3)), "has no layers"),
])
def test_what_is_no_model_is_refused(two, make, message):
    with pytest.raises((ArgumentError, NotImplementedError), match=message):
        make(two)
