"""compile, fit, evaluate, predict: a model and its data as compiled steps."""
from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ... import compiler
from ...autodiff import grad
from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr, placeholder
from .. import losses, optimizers, seeds, tree
from ..callbacks import CallbackList, History
from ..data import ArrayBatches, IteratedBatches, unpacked
from ..metrics import Mean, SparseCategoricalAccuracy
from ..metrics import get as get_metric
from ..trace import Trace


class Trainer:
    """What a Model can be asked once it is compiled. The steps are methods that users may override: they are written
    down once as a graph, update included, and run as one native call."""

    _options: ClassVar[dict] = {}
    compiled = False

    @cached_property
    def _functions(self) -> dict[tuple, tuple[Callable, Any]]:
        """The compiled steps, by name and kind of batch, and the structures of their results."""
        return {}

    def compile(self, optimizer="rmsprop", loss=None, metrics=None, device: str = "cpu", threads: int | None = None):
        """Say how to train: optimizer, loss and metrics, by name or as objects; on which device, on how many threads."""
        self.optimizer = optimizers.get(optimizer)
        self._loss = losses.get(loss)
        self._metrics = [self._metric(m) for m in metrics or []]
        self._tracker = Mean(name="loss")
        self._options = {"device": device, "threads": threads}
        self._functions.clear()
        self.compiled = True

    def _metric(self, identifier):
        if identifier in ("accuracy", "acc"):
            return SparseCategoricalAccuracy(name=identifier)
        return get_metric(identifier)

    @property
    def metrics(self) -> list:
        """The metrics of a step, the loss first."""
        return [self._tracker, *self._metrics]

    def reset_metrics(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    # ---- steps
    def train_step(self, data) -> dict[str, Expr]:
        """One step of training, as a graph: logs by name."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        weights = self.trainable_weights
        self.optimizer.apply(grad(loss, weights, unconnected="zeros"), weights)
        return self._logs(x, y, y_pred, sample_weight, loss)

    def test_step(self, data) -> dict[str, Expr]:
        """One step of evaluation, as a graph: logs by name."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        return self._logs(x, y, y_pred, sample_weight, self.compute_loss(x, y, y_pred, sample_weight))

    def predict_step(self, data) -> Any:
        """The outputs for a batch, as a graph."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None) -> Expr:
        """What training minimizes: the loss, and what layers and regularized weights add."""
        parts = [] if self._loss is None else [self._loss(y, y_pred, sample_weight)]
        parts += self.losses
        if not parts:
            raise ArgumentError("nothing to minimize: give compile a loss, or let a layer add one")
        return sum(parts[1:], parts[0])

    def compute_metrics(self, x, y, y_pred, sample_weight=None) -> dict[str, Expr]:
        """The metrics after this batch, by name."""
        for metric in self._metrics:
            metric.update_state(y, y_pred, sample_weight)
        return {metric.name: metric.value() for metric in self.metrics}

    def _logs(self, x, y, y_pred, sample_weight, loss) -> dict[str, Expr]:
        batch = tree.leaves(x)[0].dims[0]
        self._tracker.update_state(loss, sample_weight=as_expr(batch).astype("float32"))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    # ---- compiled steps
    def _run(self, step: str, batch) -> Any:
        """The results of a step, by its method's name, for a batch of arrays."""
        arrays = [a for a in tree.leaves(batch) if a is not None]
        key = (step, *((a.dtype.str, a.shape[1:]) for a in arrays), *(a is None for a in tree.leaves(batch)))
        if key not in self._functions:
            self._functions[key] = self._written(getattr(self, step), batch, arrays, training=step == "train_step")
        run, results = self._functions[key]
        return tree.filled(results, list(run(*arrays)))

    def _written(self, step: Callable, batch, arrays, training: bool):
        inputs = [placeholder((None, *a.shape[1:]), a.dtype) for a in arrays]
        given = iter(inputs)
        with Trace(training) as trace:
            results = step(tree.mapped(lambda a: None if a is None else next(given), batch))
            outputs = [as_expr(x) for x in tree.leaves(results)]
        return compiler.compile(inputs, outputs, updates=trace.updates, **self._options), results

    # ---- loops
    def fit(self, x=None, y=None, batch_size: int = 32, epochs: int = 1, verbose="auto", callbacks=None,
            validation_data=None, shuffle: bool = True, sample_weight=None, initial_epoch: int = 0) -> History:
        """Train for some epochs; the History of what each came to."""
        batches = _batches(x, y, sample_weight, batch_size, shuffle)
        history = History()
        notify = CallbackList([history, *(callbacks or [])], self, {"epochs": epochs, "verbose": verbose})
        self.stop_training = False
        notify("on_train_begin")
        for epoch in range(initial_epoch, epochs):
            notify("on_epoch_begin", epoch)
            logs = self._epoch("train", batches, notify)
            if validation_data is not None:
                held_out = self.evaluate(*validation_data, batch_size=batch_size, verbose=0, return_dict=True)
                logs |= {f"val_{name}": value for name, value in held_out.items()}
            notify("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        notify("on_train_end")
        return history

    def evaluate(self, x=None, y=None, batch_size: int = 32, verbose="auto", sample_weight=None, callbacks=None,
                 return_dict: bool = False):
        """The loss and metrics on data: a list, or a dict by name."""
        notify = CallbackList(callbacks or [], self, {})
        logs = self._epoch("test", _batches(x, y, sample_weight, batch_size, False), notify)
        return logs if return_dict else list(logs.values())

    def predict(self, x, batch_size: int = 32, verbose="auto"):
        """The outputs for `x`, batch by batch, joined."""
        parts = [self._run("predict_step", batch) for batch in
                 _batches(x, None, None, batch_size, False).epoch(seeds.generator())]
        joined = [np.concatenate(arrays) for arrays in zip(*map(tree.leaves, parts), strict=True)]
        return tree.filled(parts[0], joined)

    def _epoch(self, kind: str, batches, notify: CallbackList) -> dict[str, float]:
        self.reset_metrics()
        logs: dict = {}
        begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
        heard = notify.listens(end)
        for number, batch in enumerate(batches.epoch(seeds.generator())):
            notify(begin, number)
            logs = self._run(f"{kind}_step", batch)
            if heard:
                notify(end, number, _numbers(logs))
        return _numbers(logs)

    def train_on_batch(self, x, y=None, sample_weight=None, return_dict: bool = False):
        """One step of training on one batch."""
        logs = _numbers(self._run("train_step", next(_batches(x, y, sample_weight, 1 << 62, False).epoch(None))))
        return logs if return_dict else list(logs.values())


def _batches(x, y, sample_weight, batch_size: int, shuffle: bool):
    arrays = [a for a in tree.leaves(x) if a is not None]
    if all(hasattr(a, "__array__") or hasattr(a, "__len__") for a in arrays):
        return ArrayBatches(x, y, sample_weight, batch_size, shuffle)
    return IteratedBatches(x)


def _numbers(logs: dict) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}


__all__ = ["Trainer"]
