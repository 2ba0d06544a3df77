"""How far training is, while it runs: a live bar on a terminal, plain lines elsewhere."""
from __future__ import annotations

import shutil
import sys
import time

from ...ir.errors import ArgumentError
from .. import config
from .callback import Callback

INTERVAL = 0.1
"""Seconds between two drawings of the bar."""
WIDTH = 20


class ProgbarLogger(Callback):
    """Shows each epoch's progress, its speed and its logs.

    `verbose` of `fit`: 0 is silence, 1 (or "auto") a bar that is drawn anew on a terminal, and a line an epoch where
    output goes to a file or a notebook, 2 a line an epoch. What has run longest is left out of the estimate of time: the
    first step, which compiles."""

    def __init__(self):
        self.verbose, self.epochs, self.steps, self.batch_size = 1, 1, None, None
        self._in_fit = self._live = False

    def set_params(self, params):
        self.params = params
        verbose = params.get("verbose", 1)
        if verbose != "auto" and not isinstance(verbose, int):
            raise ArgumentError(f'verbose is 0, 1, 2 or "auto", not {verbose!r}')
        self.verbose = (1 if config.is_interactive_logging_enabled() else 2) if verbose == "auto" else int(verbose)
        self.epochs, self.steps, self.batch_size = params.get("epochs", 1), params.get("steps"), params.get("batch_size")

    # ---- events
    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.verbose and self.epochs > 1:
            self._write(f"Epoch {epoch + 1}/{self.epochs}\n")
        self._begin()

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_train_batch_end(self, batch, logs=None):
        self._step(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self._step(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._step(batch, None)

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._end(logs)

    def on_predict_end(self, logs=None):
        self._end(None)

    # ---- drawing
    def _begin(self) -> None:
        self._seen, self._drawn = 0, 0.0
        self._start = self._first = self._last = time.perf_counter()
        self._live = self.verbose == 1 and sys.stdout is not None and sys.stdout.isatty()

    def _step(self, batch: int, logs: dict | None) -> None:
        self._seen, self._last = batch + 1, time.perf_counter()
        if self._seen == 1:
            self._first = self._last
        if self._live and self._last - self._drawn >= INTERVAL:
            self._drawn = self._last
            known = self.steps is not None and self._seen > 1
            left = f" {clock((self.steps - self._seen) * self._pace())} left" if known else ""
            self._draw(self._bar() + left, logs)

    def _end(self, logs: dict | None) -> None:
        if self.verbose:
            steps = self._bar() if self._live else f"{self._seen}/{self._seen}"
            self._draw(f"{steps} {clock(time.perf_counter() - self._start)}", logs, last=True)

    def _draw(self, text: str, logs: dict | None, last: bool = False) -> None:
        pace = self._pace()
        speed = "" if not pace else f" {duration(pace)}/step" if self.batch_size is None else \
            f" {self.batch_size / pace:,.0f} samples/s"
        line = text + speed + "".join(f" - {name}: {shown(value)}" for name, value in (logs or {}).items())
        if not self._live:
            self._write(f"{line}\n")
        elif last:
            self._write(f"\r{line}\x1b[K\n")
        else:
            self._write(f"\r{line[:shutil.get_terminal_size().columns - 1]}\x1b[K")

    def _pace(self) -> float:
        """Seconds a step, the first one left out where there are others."""
        if self._seen > 1:
            return (self._last - self._first) / (self._seen - 1)
        return self._last - self._start

    def _bar(self) -> str:
        if self.steps is None:
            return f"{self._seen}/Unknown"
        full, empty = ("━", "─") if _writes("━─") else ("=", ".")
        done = min(WIDTH, WIDTH * self._seen // self.steps)
        return f"{self._seen:>{len(str(self.steps))}}/{self.steps} {full * done}{empty * (WIDTH - done)}"

    def _write(self, text: str) -> None:
        print(text, end="", flush=True)


def _writes(text: str) -> bool:
    """Whether standard output can show these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def clock(seconds: float) -> str:
    """``7s``, ``1:05``, ``1:00:00``

    >>> clock(7), clock(65), clock(3600)
    ('7s', '1:05', '1:00:00')
    """
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def duration(seconds: float) -> str:
    """``1.2ms``

    >>> duration(0.0012), duration(2.0), duration(5e-5)
    ('1.2ms', '2.0s', '50us')
    """
    if seconds >= 1:
        return f"{seconds:.1f}s"
    return f"{seconds * 1e3:.1f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def shown(value) -> str:
    """A log as a person reads it.

    >>> shown(0.98765), shown(0.00012)
    ('0.9877', '1.2000e-04')
    """
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


__all__ = ["ProgbarLogger", "clock", "duration", "shown"]
