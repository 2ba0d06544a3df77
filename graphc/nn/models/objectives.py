"""What a model is trained for and judged by: the losses and metrics of its outputs, matched to them by place or name."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr, part_of
from ...ir.leaves import as_expr
from .. import losses, metrics, tree
from ..losses.targets import depends_on_shapes
from ..trace import Trace
from .outputs import Outputs


def _check_name(identifier, kind) -> None:
    """Raises ArgumentError for a name that means nothing, when `compile` is called."""
    if isinstance(identifier, (bool, int, float)):
        raise ArgumentError(f"expected a name, an object or a function, got {identifier!r}")
    if isinstance(identifier, str) and not depends_on_shapes(identifier):
        kind.get(identifier)


def _is_leaf(x) -> bool:
    return not isinstance(x, (list, tuple, dict))


class CompiledLoss:
    """The sum of the outputs' losses, each times its weight. Where there are several, `metrics` tells them one by one."""

    def __init__(self, loss, weights=None, output_names: Sequence[str] | None = None):
        for identifier in tree.leaves(loss):
            _check_name(identifier, losses)
        self.loss, self.weights, self.output_names = loss, weights, output_names
        self.functions: list | None = None
        self.metrics: list[metrics.Mean] = []
        self._trackers: list[metrics.Mean] = []

    def __call__(self, y, y_pred, sample_weight=None) -> Expr | None:
        outputs = Outputs(y_pred, self.output_names)
        given = outputs.matched(self.loss, "loss", _is_leaf)
        scales = outputs.matched(self.weights, "loss_weights", lambda x: isinstance(x, (int, float)))
        targets = outputs.targets(y, [x is not None for x in given])
        for name, loss, y_true in zip(outputs.names, given, targets, strict=True):
            if loss is not None and y_true is None:
                raise ArgumentError(f"the loss of {name!r} needs targets: y is missing")
        if self.functions is None:
            self._build(outputs, given, targets)
        parts = []
        trackers = iter(self._trackers)
        for name, function, y_true, prediction, scale, weight in zip(
                outputs.names, self.functions, targets, outputs.predictions, scales, outputs.weights(sample_weight),
                strict=True):
            if function is None:
                continue
            _check_labels(function, y_true, prediction, name)
            with part_of(f"loss of {name}" if outputs.several else "loss"):
                value = function(y_true, prediction, weight)
            if self._trackers:
                next(trackers).update_state(value, sample_weight=batch_size(prediction))
            parts.append(value if scale is None else value * scale)
        return sum(parts[1:], parts[0]) if parts else None

    def _build(self, outputs: Outputs, given: Sequence, targets: Sequence) -> None:
        self.functions = [None if loss is None else losses.resolve(loss, y_true.shape, y_pred.shape)
                          for loss, y_true, y_pred in zip(given, targets, outputs.predictions, strict=True)]
        found = [name if outputs.named else loss.name for name, loss in zip(outputs.names, self.functions, strict=True)
                 if loss is not None]
        names = [f"{name}_loss" + (f"_{found[:k].count(name)}" if name in found[:k] else "") for k, name in enumerate(found)]
        self._trackers = [metrics.Mean(name=name) for name in names] if len(names) > 1 else []
        order = [f"{name}_loss" for name in self.loss] if outputs.keyed and isinstance(self.loss, dict) else names
        self.metrics = sorted(self._trackers, key=lambda m: order.index(m.name) if m.name in order else len(order))


class CompiledMetrics:
    """The metrics of the outputs: `result` is a dict, by the names that logs have them under."""

    name = "compile_metrics"

    def __init__(self, plain=None, weighted=None, output_names: Sequence[str] | None = None):
        for what, given in (("metrics", plain), ("weighted_metrics", weighted)):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ArgumentError(f"{what} is a list, or a dict by the outputs' names, not {given!r}")
            for identifier in tree.leaves(given):
                _check_name(identifier, metrics)
        self.given, self.output_names = (plain, weighted), output_names
        self.built = False
        self._of_outputs: list[list[tuple[str, metrics.Metric]]] = [[], []]

    def update_state(self, y, y_pred, sample_weight=None) -> None:
        """Take in a batch."""
        outputs = Outputs(y_pred, self.output_names)
        lists = [self._lists(outputs, given, what)
                 for given, what in zip(self.given, ("metrics", "weighted_metrics"), strict=True)]
        wanted = [bool(a or b) for a, b in zip(*lists, strict=True)]
        if not any(wanted):
            return
        targets = outputs.targets(y, wanted)
        if not self.built:
            self._build(outputs, lists, targets)
        for kind, weights in zip(self._of_outputs, ([None] * len(wanted), outputs.weights(sample_weight)), strict=True):
            for k, _, metric in kind:
                _check_labels(metric, targets[k], outputs.predictions[k], outputs.names[k])
                with part_of(f"metric {metric.name}"):
                    metric.update_state(targets[k], outputs.predictions[k], weights[k])

    def _lists(self, outputs: Outputs, given, what: str) -> list[list]:
        if not outputs.several:
            return [tree.leaves(given) if given is not None else []]
        count = len(outputs.predictions)
        if isinstance(given, (list, tuple)) and len(given) != count:
            raise ArgumentError(f"{what}: {len(given)} are given for the {count} outputs {outputs.names}: "
                                "give a list of metrics for each, or a dict by their names")
        return [tree.leaves(x) if x is not None else [] for x in outputs.matched(given, what, lambda x: False)]

    def _build(self, outputs: Outputs, lists: Sequence[list[list]], targets: Sequence) -> None:
        for kind, of_outputs in zip(self._of_outputs, lists, strict=True):
            for k, identifiers in enumerate(of_outputs):
                if identifiers and targets[k] is None:
                    raise ArgumentError(f"the metrics of {outputs.names[k]!r} need targets: y is missing")
                for identifier in identifiers:
                    metric = metrics.resolve(identifier, targets[k].shape, outputs.predictions[k].shape)
                    kind.append((k, f"{outputs.names[k]}_" if outputs.several and outputs.named else "", metric))
        self.built = True

    @property
    def metrics(self) -> list[metrics.Metric]:
        """All metrics, as far as the outputs are known."""
        return [metric for kind in self._of_outputs for _, _, metric in kind]

    @property
    def own_names(self) -> list[str]:
        """The names of the metrics, those of outputs left away."""
        return [metric.name for metric in self.metrics]

    @property
    def named(self) -> dict[str, metrics.Metric]:
        """The metrics by the names that logs have them under: the second of one name is "name_1", or "weighted_name"."""
        found: dict[str, metrics.Metric] = {}
        for kind, word in zip(self._of_outputs, ("", "weighted_"), strict=True):
            for _, prefix, metric in kind:
                free = prefix + metric.name
                stem = prefix + word + metric.name if free in found else free
                free, number = stem, 1
                while free in found:
                    free, number = f"{stem}_{number}", number + 1
                found[free] = metric
        return found

    @property
    def variables(self) -> list:
        """The state of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """The metrics after the batches so far."""
        found = {}
        for name, metric in self.named.items():
            with part_of(f"metric {name}"):
                found[name] = metric.result()
        return found


def batch_size(x: Expr) -> Expr:
    """The number of samples in a batch, as an expression."""
    return as_expr(x.dims[0] if x.ndim else 1).astype("float32")


# ---- labels -----------------------------------------------------------------------------------------------------------
def _check_labels(function, y_true: Expr, y_pred: Expr, name: str) -> None:
    """Have labels that are class numbers checked before each step: they must be numbers of the prediction's classes."""
    kind = getattr(getattr(function, "fn", None), "__name__", "")
    options = getattr(function, "options", {})
    trace = Trace.active()
    if trace is None or y_true.op.name != "placeholder" or y_true in trace.checks:
        return
    if kind.startswith("sparse_categorical"):
        classes = y_pred.shape[options.get("axis", -1)]
        if classes is not None:
            trace.checks[y_true] = lambda labels: check_labels(labels, classes, options.get("ignore_class"), name)


def check_labels(labels: np.ndarray, classes: int, ignored: int | None, name: str) -> None:
    """Raises ArgumentError where a label is no number of `classes` classes, nor the `ignored` one."""
    whole = labels.dtype.kind in "iub"
    if not labels.size or whole and 0 <= labels.min() and labels.max() < classes:
        return
    wrong = ~((labels >= 0) & (labels < classes))
    if not whole:
        wrong |= labels != np.floor(labels)
    if ignored is not None:
        wrong &= labels != ignored
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ArgumentError(f"label {labels[place]} at {list(place)} is outside the classes 0 to {classes - 1} "
                            f"of {name!r}; {int(wrong.sum())} of {labels.size} labels are no numbers of classes")


__all__ = ["CompiledLoss", "CompiledMetrics", "batch_size", "check_labels"]
