"""A network trained from its layers: fit, evaluate, predict."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.datasets import digits
from graphc.nn import layers


@pytest.fixture(scope="module")
def images():
    (x, y), (x_test, y_test) = digits.load_data()
    return tuple(a.reshape(-1, 64).astype("float32") / 16 for a in (x, x_test)), (y, y_test)


def perceptron():
    keras.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64, activation="relu"), layers.Dropout(0.1),
                              layers.Dense(10, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_a_network_learns_digits(images):
    (x, x_test), (y, y_test) = images
    model = perceptron()
    history = model.fit(x, y, epochs=8, validation_data=(x_test, y_test), verbose=0).history
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert history["val_accuracy"][-1] > 0.93
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert (loss, accuracy) == (history["val_loss"][-1], history["val_accuracy"][-1])
    assert np.mean(model.predict(x_test, verbose=0).argmax(-1) == y_test) == pytest.approx(accuracy)


def test_a_seed_repeats_a_training(images):
    (x, _), (y, _) = images
    assert perceptron().fit(x, y, verbose=0).history == perceptron().fit(x, y, verbose=0).history


def test_a_functional_model_calls_its_layers_anew():
    keras.set_random_seed(0)
    x = keras.Input((8,))
    dropout = layers.Dropout(0.5)
    y = layers.Dense(4)(dropout(x) + graphc.exp(x))
    model = keras.Model(x, y)
    kernel, bias = model.get_weights()
    values = np.random.default_rng(0).standard_normal((5, 8)).astype("float32")
    expected = (values + np.exp(values)) @ kernel + bias
    np.testing.assert_allclose(model(values), expected, rtol=1e-5, atol=1e-5)
    assert not np.allclose(model(values, training=True), expected, atol=1e-2)
    np.testing.assert_allclose(graphc.compile(x, y)(values), expected, rtol=1e-5, atol=1e-5)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dropout", "Dense"]


def test_a_layer_that_is_frozen_computes_anew():
    layer = layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    values = np.random.default_rng(0).normal(5, 2, (20, 3)).astype("float32")
    trained = model(values, training=True)
    layer.trainable = False
    frozen = model(values, training=True)
    assert np.abs(trained.mean(0)).max() < 1e-3 < np.abs(frozen.mean(0)).min()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_graph_of_a_step_is_verified_after_every_pass(optimizer, monkeypatch):
    monkeypatch.setenv("GRAPHC_VERIFY", "1")
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
