"""What callbacks decide on scripted logs, beside Keras 3."""
from __future__ import annotations

import warnings
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

import graphc.nn.callbacks as ours
from graphc.nn import optimizers

keras = pytest.importorskip("keras")
SCRIPTS = {
    "falls": [1.0, 0.8, 0.6, 0.5, 0.45, 0.43, 0.425, 0.42],
    "stalls": [1.0, 0.5, 0.52, 0.51, 0.5, 0.49, 0.6, 0.7, 0.65],
    "rises": [0.1, 0.2, 0.15, 0.3, 0.3, 0.31, 0.2, 0.2],
    "nan": [1.0, float("nan"), 0.9, 0.95, float("nan"), 0.99],
}


class Model:
    """What a callback sees of a model: weights that tell the epoch, and an optimizer."""

    def __init__(self, optimizer):
        self.optimizer, self.metrics, self.stop_training, self.epoch = optimizer, [], False, -1

    def get_weights(self):
        return [np.array(self.epoch)]

    def set_weights(self, weights):
        self.epoch = int(weights[0])


def run(callback, optimizer, values, seen):
    """The epochs that are reached, and what `seen` sees after each; the epoch whose weights are there at the end."""
    model = Model(optimizer)
    callback.set_model(model)
    callback.on_train_begin()
    trail = []
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"val_loss": value, "loss": 1.0})
        trail.append(seen(callback, model))
        if model.stop_training:
            break
    callback.on_train_end()
    return trail, model.epoch


def rate(_, model):
    value = model.optimizer.learning_rate
    return round(float(value.numpy() if hasattr(value, "numpy") else value), 7)


def state(*names):
    return lambda callback, model: [model.stop_training, *(getattr(callback, name) for name in names)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_early_stopping_stops_where_keras_stops(script):
    grid = product((0, 2), ("min", "max", "auto"), (0, 0.05), (None, 0.45), (0, 3), (False, True))
    for patience, mode, delta, baseline, start, restore in grid:
        options = dict(patience=patience, mode=mode, min_delta=delta, baseline=baseline, start_from_epoch=start,
                       restore_best_weights=restore)
        found = [run(k.EarlyStopping(**options), None, SCRIPTS[script], state("wait", "stopped_epoch", "best_epoch"))
                 for k in (keras.callbacks, ours)]
        assert _numbers(found[0]) == _numbers(found[1]), options


@pytest.mark.parametrize("script", SCRIPTS)
def test_rates_are_reduced_where_keras_reduces_them(script):
    for patience, mode, cooldown, delta in product((0, 1, 2), ("min", "max"), (0, 2), (1e-4, 0.05)):
        options = dict(patience=patience, mode=mode, cooldown=cooldown, min_delta=delta, factor=0.5, min_lr=0.02)
        theirs, mine = keras.optimizers.SGD(0.1), optimizers.SGD(0.1)
        assert run(keras.callbacks.ReduceLROnPlateau(**options), theirs, SCRIPTS[script], rate) == \
            run(ours.ReduceLROnPlateau(**options), mine, SCRIPTS[script], rate), options


def test_schedules_are_followed_as_keras_follows_them():
    schedules = [lambda epoch, lr: lr * 0.5, lambda epoch: 0.1 / (epoch + 1)]
    for schedule in schedules:
        theirs, mine = keras.optimizers.SGD(0.3), optimizers.SGD(0.3)
        assert run(keras.callbacks.LearningRateScheduler(schedule), theirs, [1.0] * 4, rate) == \
            run(ours.LearningRateScheduler(schedule), mine, [1.0] * 4, rate)


@pytest.mark.parametrize("script", ["stalls", "rises", "nan"])
def test_checkpoints_are_saved_where_keras_saves_them(script, tmp_path):
    saved = {}
    for name, k in (("theirs", keras.callbacks), ("mine", ours)):
        for mode, threshold, best in product(("min", "max"), (None, 0.4), (True, False)):
            paths = saved.setdefault(name, [])
            callback = k.ModelCheckpoint(str(tmp_path / "{epoch:02d}-{val_loss:.2f}.keras"), save_best_only=best, mode=mode,
                                         initial_value_threshold=threshold)
            model = SimpleNamespace(save=lambda path, overwrite, paths=paths: paths.append(path), metrics=[])
            callback.set_model(model)
            for epoch, value in enumerate(SCRIPTS[script]):
                callback.on_epoch_begin(epoch)
                callback.on_epoch_end(epoch, {"val_loss": value})
    assert saved["theirs"] == saved["mine"]


def test_batches_are_counted_as_keras_counts_them(tmp_path):
    saved = []
    for k in (keras.callbacks, ours):
        paths = []
        callback = k.ModelCheckpoint(str(tmp_path / "{epoch}-{batch}.keras"), save_freq=3)
        callback.set_model(SimpleNamespace(save=lambda path, overwrite, paths=paths: paths.append(path), metrics=[]))
        for epoch in range(3):
            callback.on_epoch_begin(epoch)
            for batch in range(4):
                callback.on_train_batch_end(batch, {"loss": 1.0})
        saved.append(paths)
    assert saved[0] == saved[1] and len(saved[0]) == 4


@pytest.mark.parametrize("logs", [[{"b": 1.0, "a": 2.0}, {"a": 1.5, "b": 0.5, "val_a": 3.0}],
                                  [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5}]])
def test_tables_are_those_of_keras(logs, tmp_path):
    for append in (False, True):
        for name, k in (("theirs", keras.callbacks), ("mine", ours)):
            callback = k.CSVLogger(str(tmp_path / name), separator=";", append=append)
            callback.on_train_begin()
            for epoch, values in enumerate(logs):
                callback.on_epoch_end(epoch, values)
            callback.on_train_end()
    theirs, mine = ((tmp_path / name).read_bytes().split() for name in ("theirs", "mine"))
    assert theirs == mine and len(mine) == 5


def test_a_number_that_is_not_logged_is_warned_of():
    for callback in (keras.callbacks.EarlyStopping("val_auc", mode="max"), ours.EarlyStopping("val_auc", mode="max")):
        callback.set_model(Model(None))
        callback.on_train_begin()
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            callback.on_epoch_end(0, {"loss": 1.0})
        assert len(found) == 1 and "val_auc" in str(found[0].message) and not callback.model.stop_training


def _numbers(found):
    trail, epoch = found
    return [[None if x is None else int(x) for x in row] for row in trail], epoch
