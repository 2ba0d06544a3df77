"""What a person sees of a training."""
from __future__ import annotations

import io
import re
import sys

import pytest

from graphc.nn.callbacks import ProgbarLogger, progress


class Screen(io.StringIO):
    """A terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by 0.03 s at each look."""
    now = [0.0]

    def look():
        now[0] += 0.03
        return now[0]

    monkeypatch.setattr(progress.time, "perf_counter", look)


def run(monkeypatch, stream, steps=20, params=(), epochs=2):
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "80")
    logger = ProgbarLogger()
    logger.set_params({"verbose": "auto", "epochs": epochs, "steps": steps, "batch_size": 32, **dict(params)})
    logger.on_train_begin()
    for epoch in range(epochs):
        logger.on_epoch_begin(epoch)
        for batch in range(20):
            logger.on_train_batch_end(batch, {"loss": 1.0 / (batch + 1), "accuracy": 1e-4})
        logger.on_test_begin()
        logger.on_test_batch_end(0, {})
        logger.on_test_end({})
        logger.on_epoch_end(epoch, {"loss": 0.05, "val_loss": 0.5})
    logger.on_train_end()
    return stream.getvalue()


def test_a_terminal_shows_a_bar(monkeypatch, clock):
    text = run(monkeypatch, Screen())
    drawn = text.split("\r")
    assert text.startswith("Epoch 1/2\n") and text.count("Epoch 2/2") == 1
    assert 4 <= len(drawn) // 2 <= 8  # at most ten a second, though the clock is looked at for each step
    assert re.match(r" 7/20 ━{7}─{13} 0s left 1,067 samples/s - loss: 0\.1429 - accuracy: 1\x1b\[K", drawn[2])
    assert re.match(r"20/20 ━{20} 1s 1,067 samples/s - loss: 0\.0500 - val_loss: 0\.5000\x1b\[K\n", drawn[-1])


@pytest.mark.parametrize("stream, params", [(io.StringIO, {}), (Screen, {"verbose": 2})])
def test_elsewhere_an_epoch_is_a_line(monkeypatch, clock, stream, params):
    lines = run(monkeypatch, stream(), params=params).splitlines()
    assert lines[0] == "Epoch 1/2" and len(lines) == 4
    assert re.fullmatch(r"20/20 1s 1,067 samples/s - loss: 0\.0500 - val_loss: 0\.5000", lines[1])


def test_silence(monkeypatch, clock):
    assert run(monkeypatch, Screen(), params={"verbose": 0}) == ""


def test_an_unknown_number_of_steps_has_no_end(monkeypatch, clock):
    text = run(monkeypatch, Screen(), steps=None, params={"batch_size": None})
    assert "5/Unknown 30.0ms/step" in text and "left" not in text


def test_a_terminal_without_box_characters_gets_others(monkeypatch, clock):
    screen = Screen()
    screen.encoding = "ascii"
    assert " 5/20 =====..............." in run(monkeypatch, screen)


def test_evaluation_by_itself_is_shown(monkeypatch, clock):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    logger = ProgbarLogger()
    logger.set_params({"verbose": 1, "epochs": 1, "steps": 2})
    logger.on_test_begin()
    for batch in range(2):
        logger.on_test_batch_end(batch, {"loss": 1.0})
    logger.on_test_end({"loss": 1.0})
    assert screen.getvalue() == "2/2 0s 30.0ms/step - loss: 1.0000\n"
