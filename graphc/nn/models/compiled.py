"""compile, and the steps of training, evaluation and prediction, which users may override."""
from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from ...runtime.device import device as as_device
from ...runtime.threads import count as thread_count
from .. import losses, metrics, optimizers, tree
from ..data import ArrayBatches, unpacked, weights_of_classes
from .objectives import CompiledLoss, CompiledMetrics, batch_size
from .steps import Step


class Compiled:
    """A model's optimizer, losses and metrics, and its steps. The steps are methods that users may override: they are
    written down once as a graph, update included, and run as one native call."""

    _options: ClassVar[dict] = {}
    _compiled_loss: CompiledLoss | None = None
    _compiled_metrics: CompiledMetrics | None = None
    _loss_tracker: metrics.Mean | None = None
    _compile_arguments: ClassVar[dict] = {}
    compiled = False
    optimizer = None
    stop_training = stop_evaluating = stop_predicting = False
    run_eagerly = _watched = False
    output_names = None

    @cached_property
    def _steps(self) -> dict[str, Step]:
        """The steps by their methods' names."""
        return {}

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, weighted_metrics=None,
                run_eagerly: bool = False, steps_per_execution: int = 1, jit_compile="auto", auto_scale_loss: bool = True,
                *, device: str = "cpu", threads: int | None = None, check_nan: bool = False) -> None:
        """Say how to train: optimizer, losses and metrics, by name or as objects; on which device, on how many threads.

        With several outputs, `loss`, `loss_weights`, `metrics` and `weighted_metrics` are lists, an entry an output, or
        dicts by the outputs' names. A step is always compiled, in one native call, so that `jit_compile`, `run_eagerly` and
        `steps_per_execution` change nothing; nor does `auto_scale_loss`, as arithmetic is in float32.

        With `check_nan`, a NaN or an infinity in a batch, in what its step comes to, or in the next value of a weight raises
        NotFinite, which names the first op that made one, its layer, the epoch and the batch, both counted from 1; no weight
        changes in that step."""
        _check_options(run_eagerly, steps_per_execution, check_nan, device, threads)
        given = metrics is not None or weighted_metrics is not None
        found = {
            "optimizer": optimizers.get(optimizer), "loss": loss,
            "_compiled_loss": None if loss is None else CompiledLoss(loss, loss_weights, self.output_names),
            "_compiled_metrics": CompiledMetrics(metrics, weighted_metrics, self.output_names) if given else None,
            "_loss_tracker": _mean("loss"), "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
            "_options": {"device": device, "threads": threads}, "_watched": check_nan,
            "_compile_arguments": {"optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
                                   "weighted_metrics": weighted_metrics}}
        vars(self).update(found, compiled=True)
        self._steps.clear()

    def get_compile_config(self) -> dict:
        """The arguments of `compile`, as JSON can hold them."""
        kinds = {"optimizer": optimizers, "loss": losses, "metrics": metrics, "weighted_metrics": metrics}
        return {name: _serialized(kinds.get(name), value) for name, value in self._compile_arguments.items()}

    def compile_from_config(self, config: dict) -> None:
        """`compile` with what `get_compile_config` wrote down."""
        kinds = {"optimizer": optimizers, "loss": losses, "metrics": metrics, "weighted_metrics": metrics}
        self.compile(**{name: _restored(kinds.get(name), value) for name, value in config.items()})

    # ---- metrics
    @property
    def metrics(self) -> list:
        """The metrics of a step: the loss, those of `compile`, the losses of several outputs, and those that the model and
        its layers hold."""
        found = [m for m in (self._loss_tracker, self._compiled_metrics) if m is not None]
        found += self._compiled_loss.metrics if self._compiled_loss is not None else []
        return list(dict.fromkeys([*found, *self._held_metrics()]))

    def _held_metrics(self) -> list:
        compiled = self._compile_arguments.values()
        skipped = {id(m) for m in tree.leaves(list(compiled))} | {id(self._loss_tracker)}
        layers = [self, *(layer for layer in self._flattened() if layer is not self and not isinstance(layer, Compiled))]
        values = [x for layer in layers for key, value in vars(layer).items() if key != "_compile_arguments"
                  for x in (tree.leaves(value) if isinstance(value, (list, tuple, dict)) else [value])]
        return [x for x in values if isinstance(x, metrics.Metric) and id(x) not in skipped]

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [m.name for m in self.metrics]

    @property
    def metrics_variables(self) -> list:
        """The state of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    def reset_metrics(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    # ---- steps
    def train_step(self, data) -> dict[str, Any]:
        """One step of training, as a graph: logs by name."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=True)
        loss = self._total_loss(x, y, y_pred, sample_weight, training=True)
        weights = self.trainable_weights
        if self.optimizer is None:
            raise ArgumentError(f"{self.name} has no optimizer: give compile one")
        if weights:
            self.optimizer.minimize(loss, weights)
        else:
            warnings.warn(f"{self.name} has no trainable weights: nothing is learned", stacklevel=2)
        return self._logs(x, y, y_pred, sample_weight, loss)

    def test_step(self, data) -> dict[str, Any]:
        """One step of evaluation, as a graph: logs by name."""
        x, y, sample_weight = unpacked(data)
        y_pred = self(x, training=False)
        loss = self._total_loss(x, y, y_pred, sample_weight, training=False)
        return self._logs(x, y, y_pred, sample_weight, loss)

    def predict_step(self, data) -> Any:
        """The outputs for a batch, as a graph."""
        return self(unpacked(data)[0], training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training: bool = True) -> Expr:
        """What training minimizes: the losses of the outputs, and what layers and regularized weights add."""
        loss = None if self._compiled_loss is None else self._compiled_loss(y, y_pred, sample_weight)
        parts = [part for part in (loss, *map(ops["sum"], self.losses)) if part is not None]
        if not parts:
            raise ArgumentError("nothing to minimize: give compile a loss, or let a layer add one")
        return sum(parts[1:], parts[0])

    def compute_metrics(self, x, y, y_pred, sample_weight=None) -> dict[str, Any]:
        """The metrics after this batch, by name."""
        if self._compiled_metrics is not None:
            self._compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The metrics after the batches so far, by name."""
        found = {}
        for metric in self.metrics:
            result = metric.result()
            found.update(result if isinstance(result, dict) else {metric.name: result})
        return found

    def _total_loss(self, x, y, y_pred, sample_weight, training: bool) -> Expr:
        takes = "training" in inspect.signature(self.compute_loss).parameters
        return self.compute_loss(x, y, y_pred, sample_weight, **({"training": training} if takes else {}))

    def _logs(self, x, y, y_pred, sample_weight, loss) -> dict[str, Any]:
        if self._loss_tracker is not None:
            self._loss_tracker.update_state(loss, sample_weight=batch_size(tree.leaves(x)[0]))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    # ---- compiled steps
    def _step(self, name: str) -> Step:
        """The step of this name, as it is with the layers that are trainable now."""
        state = tuple((id(layer), layer.trainable) for layer in self._flattened())
        if state != self.__dict__.get("_trainable_state"):
            self._steps.clear()
            self.__dict__["_trainable_state"] = state
        if name not in self._steps:
            shapes: Callable[[Any], list] = lambda data: self._shapes_of(unpacked(data)[0])  # noqa: E731
            self._steps[name] = Step(getattr(self, name), name == "train_step", shapes, self._options, self._watched)
        return self._steps[name]

    def _shapes_of(self, x) -> list:
        """The shapes that the model takes for the leaves of `x`, None where it does not know."""
        return [None] * len([a for a in tree.leaves(x) if a is not None])

    def _must_be_compiled(self, what: str) -> None:
        if not self.compiled:
            raise ArgumentError(f"call compile() before {what}()")

    # ---- single batches
    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict: bool = False):
        """One step of training on one batch: its metrics, which begin anew."""
        weight = sample_weight if class_weight is None else weights_of_classes(y, class_weight, sample_weight)
        return self._on_batch("train", (x, y, weight), return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict: bool = False):
        """One step of evaluation on one batch: its metrics, which begin anew."""
        return self._on_batch("test", (x, y, sample_weight), return_dict)

    def predict_on_batch(self, x):
        """The outputs for one batch."""
        step = self._step("predict_step")
        return step.filled(step(ArrayBatches(x).data))

    def _on_batch(self, kind: str, data: tuple, return_dict: bool):
        self._must_be_compiled(f"{kind}_on_batch")
        step, batch = self._step(f"{kind}_step"), ArrayBatches(*data).data
        step.check(batch)
        self.reset_metrics()
        logs = step.logs(step(batch))
        return logs if return_dict else self._listed(logs)

    def _listed(self, logs: dict):
        """Logs without names: a list, or a bare number where there is but one. The loss comes first, then metrics in the
        order of `metrics`, then those that have the names of outputs."""
        names = [name for m in self.metrics for name in (m.own_names if m is self._compiled_metrics else [m.name])]
        order = [name for name in dict.fromkeys([*names, *sorted(logs)]) if name in logs]
        return logs[order[0]] if len(order) == 1 else [logs[name] for name in order]


def _check_options(run_eagerly, steps_per_execution, check_nan, device, threads) -> None:
    if run_eagerly:
        warnings.warn("run_eagerly=True changes nothing: a step is always one compiled graph. To look inside, use "
                      "check_nan=True, model(x) on arrays, or graphc.interpret(inputs, outputs, values)", stacklevel=3)
    if isinstance(steps_per_execution, bool) or not isinstance(steps_per_execution, int) or steps_per_execution < 1:
        raise ArgumentError(f"steps_per_execution is a whole number of at least 1, not {steps_per_execution!r}")
    if not isinstance(check_nan, bool):
        raise ArgumentError(f"check_nan is True or False, not {check_nan!r}")
    as_device(device)
    thread_count(threads)


def _mean(name: str) -> metrics.Mean:
    return metrics.Mean(name=name)


def _serialized(kind, value):
    if value is None or kind is None and isinstance(value, (str, int, float)):
        return value
    return tree.mapped(lambda x: x if kind is None or isinstance(x, (str, type(None))) else kind.serialize(x), value)


def _restored(kind, value):
    if kind is not None and isinstance(value, dict) and "class_name" in value:
        return kind.deserialize(value)
    if isinstance(value, (list, tuple)):
        return [_restored(kind, part) for part in value]
    return {key: _restored(kind, part) for key, part in value.items()} if isinstance(value, dict) else value


__all__ = ["Compiled"]
