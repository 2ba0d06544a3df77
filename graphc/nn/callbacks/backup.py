"""Trainings that survive their process."""
from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ops.random import state as random_state
from .. import seeds
from ..layers.tracking import parts
from ..random import SeedGenerator
from ..saving.archive import optimizer_variables
from ..saving.weights import SavingError, named_variables, numbered, packed, read, restore, write_whole
from ..variables import Variable
from .callback import Callback, unheard

FILE = "training.safetensors"
ARRAY = "__array__"


class BackupAndRestore(Callback):
    """Writes down where a training is, in the folder `backup_dir`, and goes on from there if it is begun again.

    It does so after each epoch, or after every `save_freq` batches: weights, the optimizer's state, metrics, all random
    numbers' states, and what other callbacks count (see `Callback.kept`). The file is replaced whole, so that a process may
    be killed at any moment: the same script, run again, ends with the same weights, to the bit, as if it had never been.
    With `delete_checkpoint`, the file is removed when the training is done."""

    comes_last = True

    def __init__(self, backup_dir: str | os.PathLike, save_freq: str | int = "epoch", double_checkpoint: bool = False,
                 delete_checkpoint: bool = True):
        if save_freq != "epoch" and (not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1):
            raise ArgumentError(f'BackupAndRestore: save_freq is "epoch" or a number of batches, not {save_freq!r}')
        self.path = Path(backup_dir) / FILE
        self.save_freq, self.delete_checkpoint = save_freq, delete_checkpoint
        self._epoch, self._generator, self._unfinished = 0, {}, None
        if save_freq == "epoch":
            unheard(self, BackupAndRestore, "on_train_batch_end")

    def on_train_begin(self, logs=None):
        if not self.model.built:
            raise ArgumentError(f"BackupAndRestore: {self.model.name} is not built: before fit, call it or give it an Input")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for left in self.path.parent.glob(f".{FILE}.*"):  # by a process that was killed while it wrote
            left.unlink(missing_ok=True)
        self._unfinished = None
        if self.path.exists():
            self._restore()

    def on_epoch_begin(self, epoch, logs=None):
        if self._unfinished is not None:  # what others did at its beginning was done before
            self._set(*self._unfinished)
            self._unfinished = None
        self._epoch, self._generator = epoch, seeds.generator().bit_generator.state

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.save_freq == 0 and batch + 1 != self.params.get("steps"):  # the epoch's end saves too
            self._save(self._epoch, batch + 1, self._generator)

    def on_epoch_end(self, epoch, logs=None):
        self._save(epoch + 1, 0, seeds.generator().bit_generator.state)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            self.path.unlink(missing_ok=True)

    # ---- what is written down
    def _variables(self) -> dict[str, Variable]:
        """All that a training changes but metrics, by names."""
        model = self.model
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
        generators = dict.fromkeys(x for layer in model._flattened() for x in parts(list(vars(layer).values()))
                                   if isinstance(x, SeedGenerator))
        kinds = {"model": named_variables(model), "optimizer": optimizer_variables(model.optimizer),
                 "random": {"state": random_state, **{str(k): g.state for k, g in enumerate(generators)}}}
        return {f"{kind}/{name}": v for kind, variables in kinds.items() for name, v in variables.items()}

    def _metrics(self) -> dict[str, Variable]:
        """What the metrics have gathered in this epoch."""
        return {f"metrics/{k}/{j}": v for k, m in enumerate(self.model.metrics) for j, v in enumerate(m.variables)}

    def _counting(self) -> dict[str, Callback]:
        """The callbacks that count something, by their classes and numbers."""
        taken: Counter[str] = Counter()
        return {numbered(type(c).__name__, taken): c for c in self.beside if c.kept}

    # ---- into the file and back
    def _save(self, epoch: int, batch: int, generator: dict) -> None:
        variables = {**self._variables(), **(self._metrics() if batch else {})}
        arrays = {name: v.numpy() for name, v in variables.items()}
        place = {"epoch": epoch, "batch": batch, "generator": generator, "stopped": self.model.stop_training,
                 "callbacks": {name: {attribute: _written(getattr(callback, attribute), arrays)
                                      for attribute in callback.kept} for name, callback in self._counting().items()}}
        write_whole(self.path, packed(arrays, {"place": json.dumps(place)}))

    def _restore(self) -> None:
        origin = os.fspath(self.path)
        arrays, metadata = read(self.path.read_bytes(), origin)
        try:
            place = json.loads(metadata["place"])
            counted = {name: {a: _read(value, arrays) for a, value in state.items()}
                       for name, state in place["callbacks"].items()}
            np.random.PCG64().state = place["generator"]  # is it one?
            epoch, batch, stopped = int(place["epoch"]), int(place["batch"]), bool(place["stopped"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise SavingError(f"{origin} is no checkpoint of a training, or a damaged one: {error!r}") from error
        ours = {name: a for name, a in arrays.items() if not name.startswith(("metrics/", ARRAY))}
        metrics = {name: a for name, a in arrays.items() if name.startswith("metrics/")}
        self._set(ours, counted, place["generator"])
        if batch:
            self._unfinished = ours, counted, place["generator"]
        self.model.stop_training = stopped
        self.model.resume_at = (self.params["epochs"] if stopped else epoch, batch,
                                lambda: restore(self._metrics(), metrics, origin))

    def _set(self, arrays: Mapping[str, np.ndarray], counted: Mapping[str, Mapping[str, Any]], generator: dict) -> None:
        restore(self._variables(), arrays, os.fspath(self.path))
        seeds.generator().bit_generator.state = generator
        for name, callback in self._counting().items():
            for attribute in callback.kept:
                if attribute in counted.get(name, {}):
                    setattr(callback, attribute, counted[name][attribute])


def _written(value, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON can hold it; arrays are put beside, under their numbers."""
    if isinstance(value, np.ndarray):
        name = f"{ARRAY}/{len(arrays)}"
        arrays[name] = value
        return {ARRAY: name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _written(x, arrays) for key, x in value.items()}
    return [_written(x, arrays) for x in value] if isinstance(value, (list, tuple)) else value


def _read(value, arrays: Mapping[str, np.ndarray]) -> Any:
    """What `_written` wrote."""
    if isinstance(value, dict):
        return arrays[value[ARRAY]] if ARRAY in value else {key: _read(x, arrays) for key, x in value.items()}
    return [_read(x, arrays) for x in value] if isinstance(value, list) else value


__all__ = ["BackupAndRestore"]
