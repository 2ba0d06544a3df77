"""Several callbacks as one."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...ir.errors import ArgumentError
from .. import tree
from .callback import EVENTS, SAME, Callback, History, listener
from .progress import ProgbarLogger


class CallbackList:
    """Several callbacks as one, called in order; events that none of them listens to cost nothing.

    For a training loop of one's own: ``CallbackList(callbacks, model=model, epochs=3, steps=100)`` has the methods of a
    Callback. `add_history` and `add_progbar` add a History and a ProgbarLogger, unless there is one."""

    def __init__(self, callbacks: Callback | Iterable | None = None, add_history: bool = False, add_progbar: bool = False,
                 model=None, **params):
        self.callbacks = [c for c in tree.leaves(callbacks) if c is not None]
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ArgumentError(f"callbacks are Callback objects, not {callback!r}")
        wanted = [*[History] * add_history, *[ProgbarLogger] * add_progbar]
        self.callbacks += [kind() for kind in wanted if self.find(kind) is None]
        self.set_params(params)
        if model is not None:
            self.set_model(model)
        for callback in self.callbacks:
            callback.beside = self.callbacks
        told = sorted(self.callbacks, key=lambda c: c.comes_last)
        self._listeners = {event: [heard for c in told if (heard := listener(c, event))]
                           for event in (*EVENTS, *SAME.values())}

    def set_params(self, params: dict) -> None:
        """Tell all callbacks what is known of the training."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model) -> None:
        """Tell all callbacks of the model."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def __call__(self, event: str, *args) -> None:
        *number, logs = args
        logs = {} if logs is None else logs
        for heard in self._listeners[event]:
            heard(*number, logs)

    def listens(self, event: str) -> bool:
        """Whether anybody wants to know."""
        return bool(self._listeners[event])

    def find(self, kind: type) -> Any:
        """The first callback of this class."""
        return next((c for c in self.callbacks if isinstance(c, kind)), None)


def _told(event: str, counted: bool) -> Callable:
    if counted:
        return lambda self, number, logs=None: self(event, number, logs)
    return lambda self, logs=None: self(event, logs)


for _event in (*EVENTS, *SAME.values()):
    setattr(CallbackList, _event, _told(_event, "batch" in _event or "epoch" in _event))


__all__ = ["CallbackList"]
