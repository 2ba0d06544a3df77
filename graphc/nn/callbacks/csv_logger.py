"""Logs of epochs as a table in a file."""
from __future__ import annotations

import csv
import os
from collections.abc import Iterable

from .callback import Callback


class CSVLogger(Callback):
    """Writes a row an epoch: its number, then the logs by name. `append` goes on with the file that is there."""

    def __init__(self, filename, separator: str = ",", append: bool = False):
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.csv_file = self.writer = self.keys = None

    def on_train_begin(self, logs=None):
        self._close()
        self._headed = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self.keys = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            self._begin(logs)
        self.writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys}})
        self.csv_file.flush()

    def _begin(self, logs: dict) -> None:
        """The columns: those of the first epoch, and of a validation that may come later."""
        self.keys = sorted(logs)
        if not any(key.startswith("val_") for key in self.keys):
            self.keys += [f"val_{key}" for key in self.keys]
        self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
        if not self._headed:
            self.writer.writeheader()

    def on_train_end(self, logs=None):
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None


def _cell(value):
    several = isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1)
    return f'"[{", ".join(map(str, value))}]"' if several else value


__all__ = ["CSVLogger"]
