"""A training that is killed goes on as if it had not been."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import callbacks, layers
from graphc.nn.callbacks.backup import FILE
from graphc.nn.saving import SavingError

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
    assert history.history["loss"] == logs["loss"][-len(history.epoch):]
    assert history.epoch[-1] == 3
    assert not (tmp_path / FILE).exists()


def test_a_finished_training_stays_finished_if_asked(tmp_path, uninterrupted):
    train(network(), tmp_path, delete_checkpoint=False)
    model = network()
    assert train(model, tmp_path, delete_checkpoint=False).epoch == []
    assert same(model.get_weights(), uninterrupted[0])


def test_a_checkpoint_of_another_model_names_the_weight(tmp_path):
    train(network(), tmp_path, delete_checkpoint=False)
    model = network(7)
    before = model.get_weights()
    with pytest.raises(SavingError, match=r"its model/dense/kernel is float32\[6, 5\], the model's float32\[6, 7\]"):
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
