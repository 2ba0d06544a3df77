"""Moving averages of weights, in the weights' place."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from .callback import Callback


class SwapEMAWeights(Callback):
    """Has the model evaluate and predict with the moving averages that an optimizer with `use_ema` keeps of its weights.

    With `swap_on_epoch` they are also in the weights' place from the end of an epoch to the beginning of the next, so that
    callbacks that come later save them."""

    kept = ("_swapped",)

    def __init__(self, swap_on_epoch: bool = False):
        self.swap_on_epoch, self._swapped = swap_on_epoch, False

    def on_epoch_begin(self, epoch, logs=None):
        self._put(False)

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._put(True)
            if epoch == self.params.get("epochs", 0) - 1 or self.model.stop_training:
                self._keep()

    def on_test_begin(self, logs=None):
        self._put(True)

    def on_test_end(self, logs=None):
        self._put(False)

    def on_predict_begin(self, logs=None):
        self._put(True)

    def on_predict_end(self, logs=None):
        self._put(False)

    def _put(self, averages: bool) -> None:
        """Let the model have the averages, or the weights."""
        if averages != self._swapped:
            self._swapped = averages
            for weight, average in self._averages().items():
                value = weight.numpy()
                weight.assign(average.numpy())
                average.assign(value)

    def _keep(self) -> None:
        """The training is over: the averages are what the weights are now."""
        for weight, average in self._averages().items():
            average.assign(weight.numpy())

    def _averages(self) -> dict:
        optimizer = self.model.optimizer
        if not optimizer.use_ema:
            raise ArgumentError(f"SwapEMAWeights: {optimizer.name} keeps no averages: make it with use_ema=True")
        return optimizer.averages


__all__ = ["SwapEMAWeights"]
