"""fit, evaluate, predict: a model's steps over its data, with callbacks between them."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import islice
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError, NotFinite
from .. import seeds
from ..callbacks import CallbackList, History
from ..data import ArrayBatches, Feed, batches_of, is_arrays, split, unpacked, whole
from .compiled import Compiled
from .steps import Step


class Trainer(Compiled):
    """What a Model can be asked once it is compiled."""

    history: History
    resume_at: tuple[int, int, Callable[[], None]]
    """The epoch and the batch that `fit` begins with, and what is to be done before that batch, when all metrics are made; a
    callback may set it when the training begins."""

    def fit(self, x=None, y=None, batch_size: int | None = None, epochs: int = 1, verbose="auto", callbacks=None,
            validation_split: float = 0.0, validation_data=None, shuffle: bool | str = True, class_weight=None,
            sample_weight=None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
            validation_steps: int | None = None, validation_batch_size: int | None = None,
            validation_freq: int | Sequence[int] = 1) -> History:
        """Train for some epochs; the History of what each came to.

        `x` is an array, a list or dict of arrays, or an iterable of batches ``(x, y)`` or ``(x, y, sample_weight)``. After
        every `validation_freq` epochs (or those that it lists), the model is evaluated on `validation_data`, or on the last
        `validation_split` of the samples. Raises ArgumentError where data, targets and model do not fit together."""
        self._must_be_compiled("fit")
        epochs, initial_epoch = whole("epochs", epochs, 0), whole("initial_epoch", initial_epoch, 0)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        feed = Feed(batches_of(x, y, sample_weight, batch_size, shuffle, class_weight), steps_per_epoch)
        held_out = None
        if validation_data is not None:
            parts = unpacked(tuple(validation_data) if isinstance(validation_data, list) else validation_data)
            size = batch_size if validation_batch_size is None else validation_batch_size
            held_out = Feed(batches_of(*parts, size if is_arrays(parts[0]) else None), validation_steps)
        notify = self._callbacks(callbacks, verbose, epochs, feed, history=True)
        self.history = notify.find(History)
        self.stop_training = False
        logs: dict[str, Any] = {}
        self.resume_at = initial_epoch, 0, lambda: None
        begun = deepcopy(seeds.generator())
        notify("on_train_begin", None)
        first, skipped, _ = self.resume_at
        if first < epochs:
            feed.skip(first - initial_epoch, begun)
            if held_out is not None:
                held_out.skip(sum(_is_due(epoch + 1, validation_freq) for epoch in range(initial_epoch, first)), begun)
        for epoch in range(first, epochs):
            notify("on_epoch_begin", epoch, None)
            place = f"epoch {epoch + 1}, "
            logs = self._epoch("train", feed, notify, place, skipped if epoch == first else 0)
            if not logs:
                warnings.warn(f"the data ran out after {epoch} epochs: an iterator gives its batches once; give "
                              "steps_per_epoch, or what can be iterated over again", stacklevel=2)
                break
            if held_out is not None and _is_due(epoch + 1, validation_freq):
                found = {f"val_{name}": value for name, value in self._evaluated(held_out, notify, place).items()}
                logs = dict(sorted((logs | found).items()))
            notify("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        finalize = getattr(self.optimizer, "finalize_variable_values", None)
        if finalize is not None and epochs:
            finalize(self.trainable_weights)
        notify("on_train_end", logs)
        return self.history

    def evaluate(self, x=None, y=None, batch_size: int | None = None, verbose="auto", sample_weight=None,
                 steps: int | None = None, callbacks=None, return_dict: bool = False):
        """The loss and metrics on data: a number or a list, or a dict by name."""
        self._must_be_compiled("evaluate")
        feed = Feed(batches_of(x, y, sample_weight, batch_size), steps)
        logs = self._evaluated(feed, self._callbacks(callbacks, verbose, 1, feed))
        return logs if return_dict else self._listed(logs)

    def _evaluated(self, feed: Feed, notify: CallbackList, place: str = "") -> dict[str, Any]:
        self.stop_evaluating = False
        feed.restart()
        notify("on_test_begin", None)
        logs = self._epoch("test", feed, notify, f"{place}validation " if place else "")
        notify("on_test_end", logs)
        return logs

    def predict(self, x, batch_size: int | None = None, verbose="auto", steps: int | None = None, callbacks=None):
        """The outputs for `x`, batch by batch, joined."""
        feed = Feed(batches_of(x, batch_size=batch_size), steps)
        notify = self._callbacks(callbacks, verbose, 1, feed)
        step, parts = self._step("predict_step"), []
        self.stop_predicting = False
        heard = notify.listens("on_predict_batch_end")
        notify("on_predict_begin", None)
        for number, batch in enumerate(feed.epoch(seeds.generator())):
            notify("on_predict_batch_begin", number, None)
            try:
                parts.append(step(batch))
            except NotFinite as error:
                raise _placed(error, f"batch {number + 1}") from error
            if heard:
                notify("on_predict_batch_end", number, {"outputs": step.filled(parts[-1])})
            if self.stop_predicting:
                break
        if not parts:
            raise ArgumentError("the data set is empty: there are no batches")
        notify("on_predict_end", None)
        return step.filled([np.concatenate(arrays) for arrays in zip(*parts, strict=True)])

    def _epoch(self, kind: str, feed: Feed, notify: CallbackList, place: str = "", skipped: int = 0) -> dict[str, Any]:
        """The logs of one epoch of training or evaluation; the first batches may be `skipped`, and the metrics know them."""
        if not skipped:
            self.reset_metrics()
        step, values = self._step(f"{kind}_step"), None
        begin, end, stop = f"on_{kind}_batch_begin", f"on_{kind}_batch_end", _STOPS[kind]
        announced, heard = notify.listens(begin), notify.listens(end)
        for number, batch in islice(enumerate(feed.epoch(seeds.generator())), skipped, None):
            if announced:
                notify(begin, number, None)
            if number == skipped > 0:
                step.prepare(batch)
                self.resume_at[-1]()
            _check(step, batch, feed)
            try:
                values = step(batch)
            except NotFinite as error:
                raise _placed(error, f"{place}batch {number + 1}") from error
            if heard:
                notify(end, number, step.logs(values))
            if getattr(self, stop):
                break
        if values is None and not feed.checked:
            raise ArgumentError("the data set is empty: there are no batches")
        return {} if values is None else step.logs(values)

    def _callbacks(self, given, verbose, epochs: int, feed: Feed, history: bool = False) -> CallbackList:
        if isinstance(given, CallbackList):
            return given
        params = {"verbose": verbose, "epochs": epochs, "steps": feed.steps,
                  "batch_size": getattr(feed.batches, "batch_size", None)}
        return CallbackList(given, history, verbose not in (0, False), self, **params)


_STOPS = {"train": "stop_training", "test": "stop_evaluating"}


def _placed(error: NotFinite, place: str) -> NotFinite:
    return NotFinite(f"{place}: {error}")


def _check(step: Step, batch, feed: Feed) -> None:
    """Arrays are checked as a whole, once; what is iterated over, batch by batch."""
    if not isinstance(feed.batches, ArrayBatches):
        step.check(batch)
    elif not feed.checked:
        step.check(batch, feed.batches.arrays)
    feed.checked = True


def _is_due(epoch: int, frequency: int | Sequence[int]) -> bool:
    if isinstance(frequency, int):
        return epoch % whole("validation_freq", frequency) == 0
    if isinstance(frequency, (list, tuple, set)):
        return epoch in frequency
    raise ArgumentError(f"validation_freq is a number of epochs or a list of epochs, not {frequency!r}")


__all__ = ["Trainer"]
