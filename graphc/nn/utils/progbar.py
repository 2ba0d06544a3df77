"""A bar for loops of one's own."""
from __future__ import annotations

from collections.abc import Iterable

from ..callbacks.progress import ProgbarLogger


class Progbar:
    """How far a loop of `target` steps is, None if nobody knows: ``bar.update(step, [("loss", loss)])`` after each step.

    Values are shown as their means over the steps, those in `stateful_metrics` as they are. `verbose` is as that of `fit`.
    `width`, `interval` and `unit_name` change nothing."""

    def __init__(self, target: int | None, width: int = 20, verbose: int = 1, interval: float = 0.05,
                 stateful_metrics: Iterable[str] | None = None, stateless_metrics: Iterable[str] | None = None,
                 unit_name: str = "step"):
        self.target, self.stateful_metrics = target, set(stateful_metrics or ())
        self._shown = ProgbarLogger()
        self._shown.set_params({"verbose": verbose, "steps": target})
        self._shown.on_predict_begin()
        self._sums: dict[str, tuple[float, int]] = {}
        self._seen, self._done = 0, False

    def update(self, current: int, values: Iterable[tuple[str, float]] | None = None, finalize: bool | None = None) -> None:
        """Step `current`, counted from 1, is done, with these values; `finalize` says whether it was the last."""
        steps, self._seen = max(1, current - self._seen), current
        for name, value in values or ():
            total, count = (0, 0) if name in self.stateful_metrics else self._sums.get(name, (0, 0))
            self._sums[name] = total + float(value) * steps, count + steps
        logs = {name: total / count for name, (total, count) in self._sums.items()}
        self._shown.on_train_batch_end(current - 1, logs)
        last = self.target is not None and current >= self.target if finalize is None else finalize
        if last and not self._done:
            self._done = True
            self._shown.on_epoch_end(0, logs)

    def add(self, n: int, values: Iterable[tuple[str, float]] | None = None) -> None:
        """`n` more steps are done."""
        self.update(self._seen + n, values)


__all__ = ["Progbar"]
