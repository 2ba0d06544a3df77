"""Objects of all kinds as dicts, and back."""
from __future__ import annotations

import json

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.nn import layers
from graphc.nn.saving import (
    custom_object_scope,
    deserialize_keras_object,
    get_registered_object,
    load_model,
    register_keras_serializable,
    serialize_keras_object,
)

KINDS = [layers.Dense(3, activation="relu", name="d"), keras.losses.MeanSquaredError(reduction="sum"),
         keras.metrics.MeanSquaredError("m"), keras.optimizers.Adam(0.5),
         keras.optimizers.schedules.ExponentialDecay(1.0, 2, 0.5), keras.regularizers.L2(0.25),
         keras.initializers.Constant(2.0), keras.constraints.MaxNorm(3.0)]


@pytest.mark.parametrize("thing", KINDS, ids=lambda thing: type(thing).__name__)
def test_objects_come_back(thing):
    text = json.dumps({"a": [serialize_keras_object(thing), 3]})
    back, number = deserialize_keras_object(json.loads(text))["a"]
    assert type(back) is type(thing) and back.get_config() == thing.get_config() and number == 3


def test_functions_come_back():
    assert deserialize_keras_object(serialize_keras_object(keras.activations.relu)) is keras.activations.relu
    config = serialize_keras_object(keras.losses.mean_squared_error)
    assert deserialize_keras_object(config) is keras.losses.mean_squared_error


def test_what_keras_wrote_is_understood():
    theirs = pytest.importorskip("keras")
    config = theirs.saving.serialize_keras_object(theirs.metrics.MeanSquaredError("m"))
    assert isinstance(deserialize_keras_object(config), keras.metrics.MeanSquaredError)
    layer = deserialize_keras_object(theirs.saving.serialize_keras_object(theirs.layers.Dense(3, "relu", name="d")))
    assert (layer.name, layer.units, layer.activation) == ("d", 3, keras.activations.relu)


@register_keras_serializable("mine")
class Twice(layers.Layer):
    """A layer that holds another, as Keras' guide writes it."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, inputs):
        return 2 * self.inner(inputs)

    def get_config(self):
        return {**super().get_config(), "inner": serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(deserialize_keras_object(config.pop("inner")), **config)


def test_layers_may_hold_layers(tmp_path):
    model = keras.Sequential([keras.Input((4,)), Twice(layers.Dense(3)), layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras", safe_mode=False)(x), model(x))
    assert serialize_keras_object(model.layers[0])["registered_name"] == "mine>Twice"
    assert get_registered_object("mine>Twice") is Twice and get_registered_object("mine>Thrice") is None


class Mine(layers.Layer):
    def call(self, inputs):
        return inputs


def test_custom_objects():
    config = serialize_keras_object(Mine(name="a"))
    with pytest.raises(graphc.ArgumentError, match="no class or function is named 'Mine'; give it in custom_objects"):
        deserialize_keras_object(config)
    assert isinstance(deserialize_keras_object(config, custom_objects={"Mine": Mine}), Mine)
    assert isinstance(layers.deserialize(layers.serialize(Mine()), custom_objects={"Mine": Mine}), Mine)
    with custom_object_scope(custom_objects={"Mine": Mine}):
        assert isinstance(deserialize_keras_object(config), Mine)


def test_what_cannot_be_written():
    with pytest.raises(graphc.ArgumentError, match="has no get_config"):
        serialize_keras_object([object()])
