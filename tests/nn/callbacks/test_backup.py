"""A training that is killed goes on as if it had not been."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import graphc.nn as keras
from graphc.datasets.loader import Loader
from graphc.ir.errors import ArgumentError
from graphc.nn import callbacks, layers
from graphc.nn.callbacks.backup import FILE
from graphc.nn.saving import SavingError
from graphc.nn.saving.weights import packed, read

ROOT = Path(__file__).resolve().parents[3]
X = np.random.default_rng(0).standard_normal((50, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def network(units=5):
    keras.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(units, activation="relu"), layers.Dropout(0.3),
                              layers.Dense(2, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Stop(callbacks.Callback):
    """Ends the training by an exception, as a crash would, at a batch counted from its start."""

    def __init__(self, after):
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def train(model, folder, freq="epoch", crash=None, **options):
    backup = callbacks.BackupAndRestore(folder, freq, **options)
    stop = [] if crash is None else [Stop(crash)]
    return model.fit(X, Y, batch_size=10, epochs=4, verbose=0, callbacks=[backup, *stop])


def same(a, b):
    return all((x == y).all() for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    model = network()
    history = train(model, tmp_path_factory.mktemp("whole"))
    return model.get_weights(), history.history


@pytest.mark.parametrize("freq, crash", [("epoch", 1), ("epoch", 7), ("epoch", 20), (1, 8), (2, 8), (3, 14), (5, 10)])
def test_a_training_goes_on_to_the_bit(tmp_path, uninterrupted, freq, crash):
    with pytest.raises(KeyboardInterrupt):
        train(network(), tmp_path, freq, crash)
    model = network()
    history = train(model, tmp_path, freq)
    weights, logs = uninterrupted
    assert same(model.get_weights(), weights)
    assert history.history == logs and history.epoch == [0, 1, 2, 3]
    assert not (tmp_path / FILE).exists()


def test_a_finished_training_stays_finished_if_asked(tmp_path, uninterrupted):
    train(network(), tmp_path, delete_checkpoint=False)
    model = network()
    weights, logs = uninterrupted
    assert train(model, tmp_path, delete_checkpoint=False).history == logs
    assert same(model.get_weights(), weights)


def test_a_checkpoint_of_another_model_names_the_weight(tmp_path):
    train(network(), tmp_path, delete_checkpoint=False)
    model = network(7)
    before = model.get_weights()
    with pytest.raises(SavingError, match=r"dense/kernel is float32\[6, 5\], the model's \S*kernel is float32\[6, 7\]"):
        train(model, tmp_path)
    assert same(before, model.get_weights())


class Killed(callbacks.Callback):
    """Ends the training at an event as a crash would."""

    def __init__(self, event, times):
        def heard(*_):
            self.times -= 1
            if not self.times:
                raise KeyboardInterrupt
        self.times = times
        setattr(self, event, heard)


def counting():
    """Callbacks that count, in a training in which all of them act; the backup stands first."""
    return [callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=0.05, cooldown=2),
            callbacks.EarlyStopping("loss", patience=3, min_delta=0.03, restore_best_weights=True)]


def batches():
    """Batches that come once, each another."""
    return ((X[k % 5::5], Y[k % 5::5]) for k in range(999))


CASES = {
    "plateau": (lambda: (X, Y), {"batch_size": 10}, counting),
    "schedule": (lambda: (X, Y), {"batch_size": 10},
                 lambda: [callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7)]),
    "loader": (lambda: (Loader(X, Y, batch_size=10, seed=1),), {}, counting),
    "steps": (lambda: (X, Y), {"batch_size": 10, "steps_per_epoch": 4}, counting),
    "iterator": (lambda: (batches(),), {"steps_per_epoch": 3, "validation_steps": 2, "validation_freq": 2}, counting),
    "dataset": (lambda: (Reordered(),), {"shuffle": True}, counting),
}


class Reordered(keras.utils.PyDataset):
    """Batches of samples in an order that changes with the epoch."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(len(X))

    def __len__(self):
        return 5

    def __getitem__(self, k):
        place = self.order[k * 10:k * 10 + 10]
        return X[place], Y[place]

    def on_epoch_end(self):
        self.order = np.random.permutation(self.order)


def fit(case, folder, freq, *crash):
    data, options, others = CASES[case]
    model = network()
    try:
        held_out = batches() if "validation_steps" in options else (X, Y)
        history = model.fit(*data(), epochs=9, verbose=0, validation_data=held_out, **options, callbacks=[
            callbacks.BackupAndRestore(folder, freq), *others(), *(Killed(*c) for c in crash)])
    except KeyboardInterrupt:
        return None
    assert not crash
    return model.get_weights(), history.history, model.optimizer.learning_rate.numpy()


@pytest.mark.filterwarnings("ignore:the data ran out")
@pytest.mark.parametrize("freq", ["epoch", 2])
@pytest.mark.parametrize("case", CASES)
def test_what_counts_and_what_is_drawn_goes_on(tmp_path, case, freq):
    weights, logs, rate = fit(case, tmp_path / "whole", freq)
    for crash in ("on_train_batch_end", 8), ("on_epoch_begin", 2), ("on_train_end", 1):
        assert fit(case, tmp_path, freq, crash) is None and (tmp_path / FILE).exists()
    assert len(logs["loss"]) < 9 or case == "schedule"
    resumed, found, reached = fit(case, tmp_path, freq)
    assert same(resumed, weights) and found == logs and reached == rate


@pytest.mark.parametrize("swap", [True, False, None])
def test_averages_go_on(tmp_path, swap):
    def trained(folder, *crash):
        model = network()
        model.compile(optimizer=keras.optimizers.Adam(0.01, use_ema=True), loss="sparse_categorical_crossentropy")
        swapping = [] if swap is None else [callbacks.SwapEMAWeights(swap)]
        try:
            model.fit(X, Y, epochs=3, verbose=0, callbacks=[
                callbacks.BackupAndRestore(folder), *swapping, *(Killed(*c) for c in crash)])
        except KeyboardInterrupt:
            return None
        return model.get_weights()

    for crash in ("on_epoch_end", 2), ("on_train_end", 1):
        assert trained(tmp_path, crash) is None and (tmp_path / FILE).exists()
    assert same(trained(tmp_path), trained(tmp_path / "whole"))


@pytest.mark.parametrize("kind, begun, attribute", [
    (callbacks.ModelCheckpoint, {"monitor": "loss", "mode": "max", "save_best_only": True}, "best"),
    (callbacks.ModelCheckpoint, {"save_freq": 7}, "_unsaved"), (callbacks.TensorBoard, {"update_freq": 3}, "_batches")])
def test_what_writes_files_goes_on(tmp_path, kind, begun, attribute):
    if kind is callbacks.TensorBoard:
        pytest.importorskip("tensorboard")

    def trained(name, *crash):
        watch = kind(str(tmp_path / f"{name}.out"), **begun)
        try:
            network().fit(X, Y, batch_size=10, epochs=4, verbose=0, callbacks=[
                callbacks.BackupAndRestore(tmp_path / name), watch, *(Killed(*c) for c in crash)])
        except KeyboardInterrupt:
            return None
        return getattr(watch, attribute)

    assert trained("a", ("on_epoch_begin", 4)) is None
    assert trained("a") == trained("b")


class Noisy(layers.Layer):
    """Draws by generators of its own, one of them in a list."""

    def __init__(self):
        super().__init__()
        self.first, self.others = keras.random.SeedGenerator(1), [keras.random.SeedGenerator(2)]

    def call(self, inputs, training=None):
        noise = [keras.random.normal((6,), stddev=0.1, seed=g) for g in (self.first, *self.others)]
        return inputs + noise[0] * noise[1] if training else inputs


def test_generators_of_ones_own_go_on(tmp_path):
    def trained(folder, *crash):
        keras.set_random_seed(3)
        model = keras.Sequential([keras.Input((6,)), Noisy(), layers.Dense(2, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        try:
            model.fit(X, Y, epochs=3, verbose=0, callbacks=[
                callbacks.BackupAndRestore(folder), *(Killed(*c) for c in crash)])
        except KeyboardInterrupt:
            return None
        return model.get_weights()

    assert trained(tmp_path, ("on_epoch_begin", 3)) is None
    assert same(trained(tmp_path), trained(tmp_path / "whole"))


def test_a_model_is_built_before_it_is_backed_up(tmp_path):
    model = keras.Sequential([layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match="BackupAndRestore: sequential.* is not built"):
        train(model, tmp_path)
    model(X)
    train(model, tmp_path)


def test_what_a_killed_process_left_is_removed(tmp_path):
    left = tmp_path / f".{FILE}.abc"
    left.touch()
    train(network(), tmp_path)
    assert not left.exists()


@pytest.mark.parametrize("place", [
    None, "", "[]", "{}", "[" * 10000, '{"epoch": 1, "batch": 0, "stopped": false, "callbacks": {}, "generator": {}}',
    '{"epoch": "x", "batch": 0, "stopped": false, "callbacks": {}, "generator": GENERATOR}',
    '{"epoch": 1, "batch": 0, "stopped": false, "callbacks": {"a": {"b": {"__array__": "c"}}}, "generator": GENERATOR}'])
def test_a_checkpoint_without_its_place_is_refused(tmp_path, place):
    train(network(), tmp_path, delete_checkpoint=False)
    arrays, _ = read((tmp_path / FILE).read_bytes(), "")
    generator = json.dumps(np.random.default_rng(0).bit_generator.state)
    metadata = {} if place is None else {"place": place.replace("GENERATOR", generator)}
    (tmp_path / FILE).write_bytes(packed({name: a for name, a in arrays.items() if "__array__" not in name}, metadata))
    model = network()
    before = model.get_weights()
    with pytest.raises(SavingError, match="is no checkpoint of a training, or a damaged one"):
        train(model, tmp_path)
    assert same(before, model.get_weights())


@pytest.mark.parametrize("wrong", [0, -1, True, "batch", 1.5])
def test_save_freq_is_checked(tmp_path, wrong):
    with pytest.raises(ArgumentError, match="save_freq"):
        callbacks.BackupAndRestore(tmp_path, wrong)


SCRIPT = """
import sys, time
import numpy as np
from graphc.nn import callbacks
from tests.nn.callbacks.test_backup import network, X, Y

class Slow(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.01)

model = network()
backup = callbacks.BackupAndRestore(sys.argv[1], 2, delete_checkpoint=False)
model.fit(X, Y, batch_size=10, epochs=30, verbose=0, callbacks=[backup] + [Slow()] * (len(sys.argv) > 3))
np.savez(sys.argv[2], *model.get_weights())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_process_goes_on_to_the_bit(tmp_path):
    def command(name, *more):
        return [sys.executable, "-c", SCRIPT, str(tmp_path / name), str(tmp_path / f"{name}.npz"), *more]

    subprocess.run(command("whole"), cwd=ROOT, check=True)
    killed = subprocess.Popen(command("killed", "slowly"), cwd=ROOT)
    while not (tmp_path / "killed" / FILE).exists() and killed.poll() is None:
        time.sleep(0.01)
    time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL and not (tmp_path / "killed.npz").exists()
    subprocess.run(command("killed"), cwd=ROOT, check=True)
    whole, resumed = (np.load(tmp_path / f"{name}.npz") for name in ("whole", "killed"))
    assert same([whole[k] for k in whole], [resumed[k] for k in resumed])
