"""Models that are saved while they learn."""
from __future__ import annotations

import os

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.registry import nearest
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after each epoch, or after every `save_freq` batches.

    `filepath` may hold ``{epoch}``, ``{batch}`` and the names of logs, as in ``"{epoch:02d}-{val_loss:.2f}.keras"``. With
    `save_best_only` it is saved only where `monitor` is better than ever, and than `initial_value_threshold`."""

    kept = "best", "_unsaved"

    def __init__(self, filepath, monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False, mode="auto",
                 save_freq: str | int = "epoch", initial_value_threshold: float | None = None):
        super().__init__(monitor, mode, initial_value_threshold)
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
            raise ArgumentError(f'ModelCheckpoint: save_freq is "epoch" or a number of batches, not {save_freq!r}')
        self.filepath, self.verbose, self.save_freq = os.fspath(filepath), verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self._epoch = self._unsaved = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        self._unsaved += 1
        if self._unsaved >= self.save_freq:
            self._unsaved = 0
            self._save(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: dict) -> None:
        path = self._path(epoch, batch, logs)
        if self.save_best_only and not self._is_best(epoch, logs, path):
            return
        if self.verbose and not self.save_best_only:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        if os.path.isdir(path):
            raise ArgumentError(f"ModelCheckpoint: {path} is a folder, not a file to save to")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path, overwrite=True)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _is_best(self, epoch: int, logs: dict, path: str) -> bool:
        current = self.watched(logs)
        if current is None or np.ndim(current):
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        better = self.improved(current, self.best)
        if self.verbose:
            done = f"improved from {before} to {current:.5f}, saving model to {path}"
            print(f"\nEpoch {epoch + 1}: {self.monitor} {done if better else f'did not improve from {before}'}")
        if better:
            self.best = current
        return better

    def _path(self, epoch: int, batch: int | None, logs: dict) -> str:
        known = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            name = error.args[0]
            raise ArgumentError(f"ModelCheckpoint: {self.filepath!r} names {name!r}, which is not among the logs"
                                f"{nearest(name, known)}") from error


__all__ = ["ModelCheckpoint"]
