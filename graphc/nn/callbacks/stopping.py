"""When training ends before its last epoch."""
from __future__ import annotations

import math

from ...ir.errors import NotFinite
from .callback import Callback
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops once `monitor` has not improved by more than `min_delta` for `patience` epochs.

    The first `start_from_epoch` epochs do not count. With a `baseline`, epochs that are no better than it do not count as
    improvement either. `restore_best_weights` puts back the weights of the best epoch at the end of training."""

    kept = "best", "wait", "stopped_epoch", "best_epoch", "best_weights"

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto", baseline=None,
                 restore_best_weights=False, start_from_epoch=0):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait, self.stopped_epoch, self.best_epoch, self.best_weights = 0, 0, 0, None

    def on_train_begin(self, logs=None):
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        current = self.watched(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self.improved(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self.improved(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()
        self.best_epoch = epoch

    def on_train_end(self, logs=None):
        if self.verbose and self.stopped_epoch:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Stops training at a loss that is NaN or infinite; with `raise_error`, by an error that names the epoch and the batch,
    counted from 1.

    Which layer made it, ``compile(..., check_nan=True)`` tells."""

    def __init__(self, raise_error: bool = False):
        self.raise_error, self._epoch = raise_error, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise NotFinite(f"epoch {self._epoch + 1}, batch {batch + 1}: the loss is {loss}; compile(..., check_nan=True) "
                            "names the layer that makes it so")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


__all__ = ["EarlyStopping", "TerminateOnNaN"]
