"""check_nan: the layer, the epoch and the batch that made a NaN or an infinity; and no other difference."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.ir.errors import ArgumentError, NotFinite
from graphc.nn import layers
from graphc.nn.callbacks import Callback, TerminateOnNaN

RNG = np.random.default_rng(0)
X = RNG.uniform(1, 2, (160, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
PLACE = 12 * 8 + 4  # in batches of 8: sample 4 of batch 13


class Spoil(Callback):
    """Puts a NaN into the weights of `layer` before one batch of one epoch, both counted from 1."""

    def __init__(self, layer, epoch, batch):
        self.layer, self.place, self.epoch = layer, (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch + 1) == self.place:
            kernel, bias = self.layer.get_weights()
            self.layer.set_weights([np.where(np.eye(*kernel.shape) > 0, np.nan, kernel), bias])


class Root(layers.Layer):
    """Its derivative at 0 is infinite."""

    def call(self, x):
        return graphc.sqrt(graphc.abs(x))  # the line that is named


def network(*between, **options):
    keras.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, kernel_initializer="identity", name="dense_1"),
                              *between, layers.Dense(1, name="scores")])
    model.compile(**{"optimizer": keras.optimizers.SGD(1e-4), "loss": "mse", "check_nan": True, **options})
    return model


def fit(model, x=X, y=Y, **options):
    return model.fit(x, y, **{"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0, **options})


def spoiled(values, value):
    values = values.copy()
    values[PLACE, 0] = value
    return values


def test_the_layer_the_epoch_and_the_batch_are_named():
    model = network(layers.Dense(4, name="dense_2"), layers.Dense(4, name="dense_3"), layers.Dense(4, name="dense_4"))
    message = (r"^epoch 2, batch 17: matmul\(.*dense_3/kernel:f32\[4,4\]\) made nan at \(0, 0\); .*dense_3/kernel holds nan "
               r"at \(0, 0\)\n  made at .*test_watched.py:\d+: .*\n  in the layer \w+/dense_3$")
    with pytest.raises(NotFinite, match=message):
        fit(model, callbacks=[Spoil(model.get_layer("dense_3"), 2, 17)])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_data_are_named(value):
    with pytest.raises(NotFinite, match=rf"^epoch 1, batch 13: input 0 \(x:f32.*\) holds {value} at \(4, 0\)$"):
        fit(network(), spoiled(X, value))
    with pytest.raises(NotFinite, match=rf"^epoch 1, batch 13: input 1 \(y:f32.*\) holds {value} at \(4, 0\)$"):
        fit(network(), X, spoiled(Y, value))


def test_a_gradient_is_named():
    model = network(Root(name="root"), optimizer=keras.optimizers.SGD(0))
    assert np.isfinite(model.evaluate(spoiled(X, 0), Y, verbose=0))
    message = r"(?s)^epoch 1, batch 13: .*made -?(inf|nan).*the line that is named\n  in the gradient of the layer \w+/root$"
    with pytest.raises(NotFinite, match=message):
        fit(model, spoiled(X, 0))


def test_a_loss_is_named():
    model = network(loss=lambda y, scores: graphc.mean(graphc.square(graphc.log(y) - scores)))
    with pytest.raises(NotFinite, match=r"(?s)^epoch 1, batch 13: log\(y.*made nan at \(4, 0\)\n.*\n  in the loss$"):
        fit(model, X, spoiled(Y, -1))


def test_a_metric_is_named():
    def ratio(y, scores):
        return scores * 0 + 1 / y

    with pytest.raises(NotFinite, match=r"(?s)^epoch 1, batch 13: .*made inf at \(4, 0\)\n.*\n  in the metric ratio$"):
        fit(network(metrics=[ratio]), X, spoiled(Y, 0))


def test_an_optimizer_is_named():
    model = network(optimizer=keras.optimizers.Adam(epsilon=0))
    with pytest.raises(NotFinite, match=r"(?s)^epoch 1, batch 1: divide.*made nan.*\n  in the optimizer adam\w*$"):
        fit(model, X * 0)


def test_a_loop_and_a_layer_within_a_layer_are_named():
    model = keras.Sequential([keras.Input((5, 4)), layers.Dense(4), layers.TimeDistributed(Root(name="inner"), name="outer"),
                              layers.LSTM(2, name="memory")])
    model.compile("sgd", "mse", check_nan=True)
    x, y = np.ones((8, 5, 4), "float32"), np.ones((8, 2), "float32")
    kernel, recurrent, bias = model.layers[2].get_weights()
    model.layers[2].set_weights([kernel, recurrent * np.inf, bias])
    with pytest.raises(NotFinite, match=r"(?s)scan.*made nan.*recurrent_kernel holds.*in the layer \w+/memory$"):
        model.fit(x, y, verbose=0)
    model.layers[2].set_weights([kernel, recurrent, bias])
    with pytest.raises(NotFinite, match=r"(?s)the line that is named\n  in the gradient of the layer \w+/outer/inner$"):
        model.fit(x * 0, y, verbose=0)


def test_evaluation_and_prediction_are_watched():
    bad = spoiled(X, np.nan)
    for call, place in ((lambda m: fit(m, validation_data=(bad, Y)), "epoch 1, validation batch 13"),
                        (lambda m: m.evaluate(bad, Y, batch_size=8, verbose=0), "batch 13"),
                        (lambda m: m.predict(bad, batch_size=8, verbose=0), "batch 13")):
        with pytest.raises(NotFinite, match=rf"^{place}: input 0 .*holds nan at \(4, 0\)$"):
            call(network())
    with pytest.raises(NotFinite, match=r"^input 0 .*holds nan"):
        network().train_on_batch(bad, Y)


def test_nothing_changes_in_a_step_that_is_not_finite():
    model = network(layers.Dropout(0.5), optimizer=keras.optimizers.Adam(0.01))
    fit(model, X[:96], Y[:96], epochs=1)
    model.reset_metrics()
    expected = [v.numpy() for v in (*model.variables, *model.optimizer.variables)], model.optimizer.iterations.numpy()
    with pytest.raises(NotFinite, match="epoch 1, batch 1:"):
        fit(model, X, Y * 1e30)  # finite, but not its square
    found = [v.numpy() for v in (*model.variables, *model.optimizer.variables)], model.optimizer.iterations.numpy()
    assert all(map(np.array_equal, found[0], expected[0])) and found[1] == expected[1] == 12


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_watched_training_is_training(optimizer):
    histories, weights = [], []
    for watched in (False, True):
        model = network(layers.Dropout(0.5), layers.BatchNormalization(), optimizer=optimizer, check_nan=watched)
        histories.append(fit(model, validation_split=0.1).history)
        weights.append(model.get_weights())
    assert histories[0] == histories[1] and all(map(np.array_equal, *weights))


def test_an_infinity_that_leaves_no_trace_ends_nothing():
    model = network(layers.Lambda(lambda x: x + 1 / (1 + graphc.exp(100 * graphc.stop_gradient(x)))))
    assert np.isfinite(fit(model).history["loss"]).all()


def test_a_callback_names_epoch_and_batch(capsys):
    with pytest.raises(NotFinite, match=r"^epoch 2, batch 17: the loss is nan; compile\(..., check_nan=True\) names"):
        model = network(check_nan=False)
        fit(model, callbacks=[Spoil(model.get_layer("scores"), 2, 17), TerminateOnNaN(raise_error=True)])
    model = network(check_nan=False)
    history = fit(model, callbacks=[Spoil(model.get_layer("scores"), 2, 17), TerminateOnNaN()])
    assert history.epoch == [0, 1] and "Batch 16: Invalid loss" in capsys.readouterr().out


def test_it_is_on_or_off():
    with pytest.raises(ArgumentError, match="check_nan is True or False, not 'no'"):
        network(check_nan="no")
