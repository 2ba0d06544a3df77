"""What runs between the steps of training."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ...ir.errors import ArgumentError
from ...ir.registry import nearest


class Callback:
    """Methods that `fit`, `evaluate` and `predict` call; `model` and `params` are set before.

    ``on_train_begin(logs)``, ``on_train_end(logs)`` and the same of "test" and "predict"; ``on_epoch_begin(epoch, logs)``,
    ``on_epoch_end(epoch, logs)``; ``on_train_batch_begin(batch, logs)``, ``on_train_batch_end(batch, logs)`` and the same of
    "test" and "predict". Epochs and batches count from 0. What is added to the logs of an epoch, later callbacks see."""

    model = None
    params: dict = {}
    kept: tuple[str, ...] = ()
    """The attributes that `BackupAndRestore` writes down: numbers, strings, arrays, lists and dicts of such."""
    comes_last = False
    """Whether it is told of an event after all others."""
    beside: Sequence[Callback] = ()
    """All callbacks of the training."""

    def set_model(self, model) -> None:
        self.model = model

    def set_params(self, params: dict) -> None:
        self.params = params


PHASES = ("train", "test", "predict")
EVENTS = [f"on_{phase}_{edge}" for phase in PHASES for edge in ("begin", "end")]
EVENTS += [f"on_{phase}_batch_{edge}" for phase in PHASES for edge in ("begin", "end")]
EVENTS += ["on_epoch_begin", "on_epoch_end"]
SAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
"""Other names of events."""


def nothing(self, *args, **kwargs) -> None:
    """Does nothing unless a subclass says otherwise."""


for _event in (*EVENTS, *SAME.values()):
    setattr(Callback, _event, nothing)


def unheard(callback: Callback, kind: type[Callback], *events: str) -> None:
    """What callbacks of this kind do at these events, `callback` need not do, so that they cost it nothing. What a subclass
    does stays."""
    for event in events:
        if getattr(type(callback), event) is getattr(kind, event):
            setattr(callback, event, partial(nothing, callback))


def listener(callback: Callback, event: str) -> Callable | None:
    """What is to be called at an event; None where `callback` does nothing then."""
    for name in (event, SAME.get(event)):
        found = getattr(callback, name) if name else None
        if found and getattr(found, "__func__", getattr(found, "func", None)) is not nothing:
            return found
    return None


class History(Callback):
    """``history.history["loss"]``: what each epoch came to; ``history.epoch``: the epochs' numbers."""

    kept = "history", "epoch"

    def __init__(self):
        self.history: dict[str, list] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs=None):
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """A callback of functions: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))``."""

    def __init__(self, on_epoch_begin=None, on_epoch_end=None, on_train_begin=None, on_train_end=None,
                 on_train_batch_begin=None, on_train_batch_end=None, **others):
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
                 "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end, **others}
        for name, function in given.items():
            if name not in EVENTS and name not in SAME.values():
                raise ArgumentError(f"LambdaCallback: there is no event {name!r}{nearest(name, EVENTS)}")
            if function is not None:
                setattr(self, name, function)


__all__ = ["EVENTS", "SAME", "Callback", "History", "LambdaCallback", "listener", "unheard"]
