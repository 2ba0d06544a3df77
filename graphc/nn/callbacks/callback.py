"""What runs between the steps of training."""
from __future__ import annotations

from collections.abc import Iterable


class Callback:
    """Methods that `fit`, `evaluate` and `predict` call; `model` and `params` are set before."""

    model = None
    params: dict = {}

    def set_model(self, model) -> None:
        self.model = model

    def set_params(self, params: dict) -> None:
        self.params = params


EVENTS = [f"on_{phase}_{edge}" for phase in ("train", "test", "predict") for edge in ("begin", "end")]
EVENTS += [f"on_{phase}_batch_{edge}" for phase in ("train", "test", "predict") for edge in ("begin", "end")]
EVENTS += ["on_epoch_begin", "on_epoch_end"]


def _nothing(self, *args, **kwargs) -> None:
    """Does nothing unless a subclass says otherwise."""


for _event in EVENTS:
    setattr(Callback, _event, _nothing)


class CallbackList:
    """Several callbacks as one; events that none of them listens to cost nothing."""

    def __init__(self, callbacks: Iterable[Callback], model, params: dict):
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)
        self._listeners = {event: [getattr(c, event) for c in self.callbacks
                                   if getattr(type(c), event) is not _nothing or event in vars(c)] for event in EVENTS}

    def __call__(self, event: str, *args) -> None:
        for listener in self._listeners[event]:
            listener(*args)

    def listens(self, event: str) -> bool:
        """Whether anybody wants to know."""
        return bool(self._listeners[event])


class History(Callback):
    """``history.history["loss"]``: what each epoch came to."""

    def on_train_begin(self, logs=None):
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


__all__ = ["Callback", "CallbackList", "History"]
