"""Who is called when; functions as callbacks; stopping at NaN; logs of epochs."""
from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import graphc.nn as keras
from graphc.ir.errors import ArgumentError, GraphcError
from graphc.nn import layers
from graphc.nn.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TensorBoard,
    TerminateOnNaN,
)


class Recorder(Callback):
    """Writes down what it hears."""

    def __init__(self):
        self.heard = []


def _hear(event):
    return lambda self, *args: self.heard.append((event, args[0] if args and isinstance(args[0], int) else None))


for _event in keras.callbacks.callback.EVENTS:
    setattr(Recorder, _event, _hear(_event))


@pytest.fixture(scope="module")
def model():
    made = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


X, Y = np.ones((3, 2), "float32"), np.zeros((3, 1), "float32")


def test_events_come_in_order(model):
    recorder = Recorder()
    history = model.fit(X, Y, batch_size=2, epochs=2, validation_data=(X[:1], Y[:1]), callbacks=[recorder], verbose=0)
    batch = [("on_train_batch_begin", 0), ("on_train_batch_end", 0), ("on_train_batch_begin", 1), ("on_train_batch_end", 1)]
    test = [("on_test_begin", None), ("on_test_batch_begin", 0), ("on_test_batch_end", 0), ("on_test_end", None)]
    epochs = [[("on_epoch_begin", k), *batch, *test, ("on_epoch_end", k)] for k in range(2)]
    assert recorder.heard == [("on_train_begin", None), *epochs[0], *epochs[1], ("on_train_end", None)]
    assert recorder.model is model and recorder.params["steps"] == 2 and history is model.history
    assert history.epoch == [0, 1] and set(history.history) == {"loss", "val_loss"}
    recorder.heard.clear()
    model.predict(X, verbose=0, callbacks=[recorder])
    assert [event for event, _ in recorder.heard] == ["on_predict_begin", "on_predict_batch_begin", "on_predict_batch_end",
                                                      "on_predict_end"]


def test_functions_are_callbacks(model):
    losses, names = [], []
    model.fit(X, Y, batch_size=1, verbose=0, callbacks=[
        LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append((batch, logs["loss"])),
                       on_epoch_end=lambda epoch, logs: logs.update(more=1.0)), [History()],
        LambdaCallback(on_batch_begin=lambda batch, logs: names.append(batch))])
    assert [k for k, _ in losses] == names == [0, 1, 2] and all(isinstance(v, float) for _, v in losses)
    assert model.history.history["more"] == [1.0] and model.history.history["loss"] == [losses[-1][1]]


def test_a_loop_of_ones_own_tells_its_callbacks(model, capsys):
    recorder = Recorder()
    several = CallbackList([recorder], add_history=True, add_progbar=True, model=model, epochs=1, steps=2, verbose=2)
    several.on_train_begin()
    several.on_epoch_begin(0)
    several.on_train_batch_end(1, {"loss": 2.0})
    several.on_epoch_end(0, {"loss": 2.0})
    several.on_train_end()
    assert recorder.heard == [("on_train_begin", None), ("on_epoch_begin", 0), ("on_train_batch_end", 1),
                              ("on_epoch_end", 0), ("on_train_end", None)]
    assert several.find(History).history == {"loss": [2.0]} and "loss: 2.0000" in capsys.readouterr().out
    assert recorder.model is model


def test_a_callback_ends_training(model):
    stop = LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", batch == 1))
    recorder = Recorder()
    model.fit(X, Y, batch_size=1, epochs=5, callbacks=[stop, recorder], verbose=0)
    assert [event for event, _ in recorder.heard].count("on_train_batch_end") == 2
    assert recorder.heard[-2:] == [("on_epoch_end", 0), ("on_train_end", None)]


def test_nan_ends_training(model, capsys):
    weights = model.get_weights()
    bad = np.array([[1, 1], [np.nan, 1], [1, 1]], "float32")
    history = model.fit(bad, Y, batch_size=1, epochs=3, shuffle=False, callbacks=[TerminateOnNaN()], verbose=0)
    assert len(history.epoch) == 1 and "Batch 1: Invalid loss" in capsys.readouterr().out
    model.set_weights(weights)


def test_the_best_weights_come_back(model):
    seen = []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: (seen.append(model.get_weights()), logs.update(
        val_loss=[3.0, 1.0, 2.0, 2.0][epoch])))
    model.fit(X, Y, epochs=4, callbacks=[keep, EarlyStopping(patience=2, restore_best_weights=True)], verbose=0)
    assert len(seen) == 4
    for a, b in zip(model.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_lower_rate_is_used(model):
    model.optimizer.learning_rate = 0.1
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[ReduceLROnPlateau("loss", 0.5, 1, min_delta=1e9)])
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.1, 0.05])
    before = model.get_weights()[0]
    model.optimizer.learning_rate = 0.0
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_directions_are_known_by_the_metric():
    def direction(name, *metrics):
        callback = EarlyStopping(name)
        callback.set_model(SimpleNamespace(metrics=list(metrics)))
        return callback._direction()

    metrics = keras.metrics
    assert direction("val_loss") == direction("head_loss") == "min"
    assert direction("val_auc", metrics.AUC(name="auc")) == direction("top", metrics.BinaryAccuracy(name="top")) == "max"
    assert direction("val_e", metrics.MeanAbsoluteError(name="e")) == "min"
    assert direction("f", metrics.FalsePositives(name="f")) == "min"
    for name in ("val_speed", "accuracy"):
        with pytest.raises(ArgumentError, match=f'"?{name}.*give mode="max" or mode="min"'):
            direction(name, metrics.Mean(name="speed"))


def test_a_missing_package_is_told(monkeypatch):
    for name in ("tensorboard", "tensorboard.compat.proto.event_pb2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(GraphcError, match=r'python -m pip install "graphc\[tensorboard\]"'):
        TensorBoard()


@pytest.mark.parametrize("make, message", [
    (lambda: CallbackList([print]), "Callback objects"),
    (lambda: LambdaCallback(on_epoch_ends=print), "no event 'on_epoch_ends'; did you mean 'on_epoch_end'"),
    (lambda: ReduceLROnPlateau(factor=1.0), "factor must be below 1"),
    (lambda: ModelCheckpoint("a.keras", save_freq=0), "save_freq"),
    (lambda: ModelCheckpoint("{val_los}.keras")._path(0, None, {"val_loss": 1.0}), "did you mean 'val_loss'"),
])
def test_what_is_no_callback_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
