"""Models written down and read back; their tables."""
from __future__ import annotations

import json

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import layers
from graphc.nn.models import clone_model, model_from_json
from graphc.nn.saving.weights import SavingError

X = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")


def sequence():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dropout(0.5, name="noise"),
                             layers.Dense(2)], name="sequence")


def branched():
    """A shared layer, a nested model, an expression with sizes of a call, several outputs in a dict."""
    x = keras.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    hidden = shared(shared(x)) + graphc.tanh(x) / graphc.sum(x * 0 + 1, 1, keepdims=True)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="deep")], name="inner")
    return keras.Model(x, {"direct": inner(hidden), "mean": 0.5 * hidden}, name="branched")


def shapes_of_its_own():
    x = keras.Input((4,))
    return keras.Model(x, graphc.reshape(layers.Dense(6)(x), (x.dims[0], 2, 3)))


def translator():
    """A sequence read by one recurrent layer, whose states, several of one call, another one starts from."""
    x = keras.Input((4,))
    sequence = layers.Reshape((2, 2))(x)
    _, *states = layers.LSTM(3, return_state=True)(sequence)
    return keras.Model(x, layers.LSTM(3)(sequence, initial_state=states))


def values(model):
    x = graphc.placeholder((None, 4))
    return graphc.interpret([x], keras.models.model.tree.leaves(model(x)), [X])


def same(model, copy):
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
    assert not set(copy.weights) & set(model.weights)
    copy.set_weights(model.get_weights())
    for a, b in zip(values(model), values(copy), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("build", [sequence, branched, shapes_of_its_own, translator])
def test_models_come_back_from_json_and_as_clones(build):
    model = build()
    copy = model_from_json(model.to_json())
    assert type(copy) is type(model) and copy.name == model.name
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    assert json.loads(copy.to_json()) == json.loads(model.to_json())
    same(model, copy)
    same(model, clone_model(model))


class Own(keras.Model):
    """A class of a user's, of inputs and outputs."""


@pytest.mark.parametrize("cls", [keras.Model, Own])
def test_a_model_of_inputs_and_outputs_comes_back_by_the_class_that_it_was_made_with(cls):
    x = keras.Input((4,))
    model = cls(x, Doubled()(layers.Dense(3)(x)))
    copy = cls.from_config(model.get_config(), custom_objects={"Doubled": Doubled})
    assert isinstance(copy, cls) and type(copy) is type(model)
    same(model, copy)


def test_models_of_lambdas_are_cloned():
    x = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda t: t ** 2), layers.Dense(3)])
    inner.trainable = False
    model = keras.Model(x, layers.Lambda(lambda t, by: t * by, arguments={"by": 2.0})(inner(x)))
    clone = clone_model(model)
    same(model, clone)
    assert not clone.trainable_weights and not clone.get_layer(inner.name).trainable


def test_clones_may_differ():
    clone = clone_model(branched(), clone_function=lambda layer: layers.Dense(4, use_bias=False, name=layer.name)
                        if layer.name == "shared" else type(layer).from_config(layer.get_config()))
    assert len(clone.get_layer("shared").weights) == 1
    model = sequence()
    model.trainable = False
    assert not clone_model(model).trainable and not keras.Sequential.from_config(model.get_config()).trainable_weights


class Doubled(layers.Layer):
    """A layer of a user's."""

    def call(self, inputs):
        return 2 * inputs


def test_classes_of_ones_own_are_named():
    model = keras.Sequential([keras.Input((4,)), Doubled()])
    text = model.to_json()
    same(model, model_from_json(text, custom_objects={"Doubled": Doubled}))
    with pytest.raises(SavingError, match="no layer is named 'Doubled'"):
        model_from_json(text)


def test_variables_of_no_layer_cannot_be_written():
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(x * graphc.Variable(np.ones(4, "float32"), name="mine")))
    with pytest.raises(ArgumentError, match="the Variable mine, which belongs to no layer"):
        model.get_config()


def test_a_configuration_without_sense_is_refused():
    config = branched().get_config()
    config["output_layers"] = ["shred", 0, 0]
    with pytest.raises(ArgumentError, match="no call 0 of a layer 'shred'"):
        keras.models.Functional.from_config(config)
    config = json.loads(json.dumps(branched().get_config()))
    node = next(layer for layer in config["layers"] if layer["name"] == "shared")["inbound_nodes"][0]
    node["args"][0]["config"]["keras_history"] = ["shared", 1, 0]
    with pytest.raises(ArgumentError, match="on its own result"):
        keras.models.Functional.from_config(config)


def test_summaries():
    shown = []
    model = branched()
    model.summary(print_fn=shown.append, show_trainable=True, expand_nested=True)
    lines = shown[0].splitlines()
    assert lines[0] == 'Model: "branched"' and "Connected to" in lines[1] and "Trainable" in lines[1]
    cells = {line.split()[0]: line for line in lines[3:]}
    assert "(None, 4)" in cells["shared"] and "x[0], shared[0]" in cells["shared"] and " 20 " in cells["shared"]
    assert lines[3 + len(model.layers)].startswith("  deep") and cells["inner"].split()[-2:] == ["x[0]", "Y"]
    assert "Total params: 30 (120.00 B)" in lines and "Non-trainable params: 0 (0.00 B)" in lines
    sequence().summary(print_fn=shown.append, layer_range=("noise", "noise"), line_length=30)
    assert max(map(len, shown[1].splitlines())) <= 30


def test_summary_prints(capsys):
    sequence().summary()
    assert "dense" in capsys.readouterr().out
    keras.Sequential([layers.Dense(7, name="later")]).summary()
    assert "later (Dense)  ?             0 (unbuilt)" in capsys.readouterr().out
    with pytest.raises(ArgumentError, match="layer_range"):
        sequence().summary(layer_range=("first",))


def test_what_compile_was_given_comes_back():
    model = branched()
    model.compile(keras.optimizers.SGD(0.25, momentum=0.5), loss={"direct": "mse", "mean": keras.losses.Huber(0.5)},
                  loss_weights={"direct": 2.0}, metrics={"mean": ["mae", keras.metrics.MeanSquaredError(name="square")]})
    copy = branched()
    copy.compile_from_config(json.loads(json.dumps(model.get_compile_config())))
    assert copy.optimizer.get_config() == model.optimizer.get_config()
    assert copy.loss["direct"] == "mse" and copy.loss["mean"].get_config() == model.loss["mean"].get_config()
    assert json.dumps(copy.get_compile_config()) == json.dumps(model.get_compile_config())
    assert branched().get_compile_config() == {}
