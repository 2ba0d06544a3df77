"""What watches one number of the logs: whether it is better than before."""
from __future__ import annotations

import warnings
from operator import gt, lt

import numpy as np

from ...ir.errors import ArgumentError
from ..naming import snake_case
from .callback import Callback

UP = ("accuracy", "precision", "recall", "auc", "iou", "f1_score", "fbeta_score", "r2_score", "cosine_similarity",
      "sensitivity", "specificity", "true_positives", "true_negatives")
DOWN = ("error", "loss", "crossentropy", "kl_divergence", "kldivergence", "poisson", "hinge", "log_cosh", "false_positives",
        "false_negatives")
"""Words in the names of metrics of which more, or less, is better."""


class MonitorCallback(Callback):
    """Watches ``logs[monitor]``: is it less (or with mode "max" more) than the best so far by more than `min_delta`?"""

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0):
        if mode not in ("auto", "min", "max"):
            warnings.warn(f'{type(self).__name__}: mode is "auto", "min" or "max", not {mode!r}; taken as "auto"',
                          stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.best, self.min_delta = monitor, mode, baseline, abs(min_delta)
        self.monitor_op = None

    def watched(self, logs: dict | None) -> float | None:
        """The number that is watched; None, with a warning, where the logs do not have it."""
        if self.monitor_op is None:
            self.monitor_op = gt if self._direction() == "max" else lt
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(f"{type(self).__name__} watches {self.monitor!r}, which is not among the logs: "
                          f"{', '.join(logs or {})}", stacklevel=3)
        return value

    def improved(self, value: float, reference: float | None) -> bool:
        """Whether `value` is better than `reference`, by more than `min_delta`."""
        if reference is None:
            return True
        delta = self.min_delta if self.monitor_op is gt else -self.min_delta
        return bool(self.monitor_op(np.subtract(value, delta), reference))

    def _direction(self) -> str:
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "min"
        for metric, known in _metrics_by_name(self.model):
            if known == name and (found := _better(metric)):
                return found
        raise ArgumentError(f"{type(self).__name__}: whether more or less of {self.monitor!r} is better cannot be told "
                            'from its name: give mode="max" or mode="min"')


def _metrics_by_name(model):
    for metric in getattr(model, "metrics", ()):
        parts = getattr(metric, "named", None)
        yield from ((part, name) for name, part in (parts or {metric.name: metric}).items())


def _better(metric) -> str | None:
    direction = getattr(metric, "_direction", None)
    if direction in ("up", "down"):
        return "max" if direction == "up" else "min"
    words = f"{snake_case(type(metric).__name__)} {getattr(getattr(metric, 'fn', None), '__name__', '')}"
    if any(word in words for word in DOWN):
        return "min"
    return "max" if any(word in words for word in UP) else None


__all__ = ["MonitorCallback"]
