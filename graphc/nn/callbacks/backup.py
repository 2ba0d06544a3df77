"""Trainings that survive their process."""
from __future__ import annotations

import json
import os
from pathlib import Path

from ...ir.errors import ArgumentError
from ...ops.random import state as random_state
from .. import seeds
from ..saving.archive import optimizer_variables
from ..saving.weights import named_variables, packed, read, restore, write_whole
from ..variables import Variable
from .callback import Callback, unheard

FILE = "training.safetensors"


class BackupAndRestore(Callback):
    """Writes down where a training is, in the folder `backup_dir`, and goes on from there if it is begun again.

    It does so after each epoch, or after every `save_freq` batches: weights, the optimizer's state, metrics, all random
    numbers' states. The file is replaced whole, so that a process may be killed at any moment: the same script, run
    again, ends with the same weights, to the bit, as if it had never been. What other callbacks count is not kept. With
    `delete_checkpoint`, the file is removed when the training is done."""

    def __init__(self, backup_dir: str | os.PathLike, save_freq: str | int = "epoch", double_checkpoint: bool = False,
                 delete_checkpoint: bool = True):
        if save_freq != "epoch" and (not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1):
            raise ArgumentError(f'BackupAndRestore: save_freq is "epoch" or a number of batches, not {save_freq!r}')
        self.path = Path(backup_dir) / FILE
        self.save_freq, self.delete_checkpoint = save_freq, delete_checkpoint
        self._epoch, self._generator = 0, {}
        if save_freq == "epoch":
            unheard(self, BackupAndRestore, "on_train_batch_end")

    def on_train_begin(self, logs=None):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._restore()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._generator = epoch, seeds.generator().bit_generator.state

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.save_freq == 0 and batch + 1 != self.params.get("steps"):  # the epoch's end saves too
            self._save(self._epoch, batch + 1, self._generator)

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0, seeds.generator().bit_generator.state)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            self.path.unlink(missing_ok=True)

    def _variables(self) -> dict[str, Variable]:
        """All that a training changes but metrics, by names."""
        model = self.model
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
        parts = {"model": named_variables(model), "optimizer": optimizer_variables(model.optimizer),
                 "random": {"state": random_state}}
        return {f"{kind}/{name}": v for kind, variables in parts.items() for name, v in variables.items()}

    def _metrics(self) -> dict[str, Variable]:
        """What the metrics have gathered in this epoch."""
        return {f"metrics/{k}/{j}": v for k, m in enumerate(self.model.metrics) for j, v in enumerate(m.variables)}

    def _save(self, epoch: int, batch: int, generator: dict) -> None:
        place = {"epoch": epoch, "batch": batch, "generator": generator}
        variables = {**self._variables(), **(self._metrics() if batch else {})}
        write_whole(self.path, packed({name: v.numpy() for name, v in variables.items()}, {"place": json.dumps(place)}))

    def _restore(self) -> None:
        origin = os.fspath(self.path)
        arrays, metadata = read(self.path.read_bytes(), origin)
        place = json.loads(metadata["place"])
        metrics = {name: arrays.pop(name) for name in list(arrays) if name.startswith("metrics/")}
        restore(self._variables(), arrays, origin)
        seeds.generator().bit_generator.state = place["generator"]
        self.model.resume_at = place["epoch"], place["batch"], lambda: restore(self._metrics(), metrics, origin)


__all__ = ["BackupAndRestore"]
