"""Right and wrong answers to a question of yes or no, counted at thresholds: what is above one is a yes."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr, constant
from ...ir.types import show_dims
from ...ops.elementwise import clip, logical_and, logical_not, where
from ...ops.index import one_hot
from ...ops.loss import EPSILON
from ...ops.reduce import sum
from ...ops.shape import broadcast_to, expand_dims, reshape
from ...ops.sorting import top_k as largest
from ..losses.alignment import beside, quotient, same_rank
from .metric import REGISTRY, Metric

LOWEST = -1e10
"""Below every output: the threshold of what counts by its rank."""


class Thresholds:
    """Thresholds, in order. Evenly spaced ones, from 0 to 1, are compared as whole numbers; of these, one below 0 lets all
    pass."""

    def __init__(self, values: Sequence[float], even: bool | None = None):
        self.values = list(values)
        self.even = _is_even(self.values) if even is None else even

    @classmethod
    def given(cls, thresholds, default: float) -> Thresholds:
        """A number, a list of numbers in [0, 1], or None for the default."""
        if thresholds is None:
            return cls([default])
        values = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
        wrong = [t for t in values if t is None or not 0 <= t <= 1]
        if wrong or not values:
            raise ArgumentError(f"thresholds lie in [0, 1]; got {wrong or values}")
        return cls(values)

    @classmethod
    def spaced(cls, count: int, beyond: float = 0.0) -> Thresholds:
        """`count` of them from 0 to 1, the ends moved by `beyond`."""
        inner = [(k + 1) / (count - 1) for k in range(count - 2)]
        return cls([0.0 - beyond, *inner, 1.0 + beyond], even=True)

    def __len__(self) -> int:
        return len(self.values)

    def passed(self, p: Expr) -> Expr:
        """Whether the elements of `p` are above, one threshold after the other on a new first axis."""
        bounds, p = np.array(self.values, "float32"), expand_dims(p, 0)
        if self.even:
            bounds = np.arange(len(self), dtype="float32") - (np.arange(len(self)) == 0) * (self.values[0] < 0)
            p = clip(p, 0, 1) * (len(self) - 1)
        return p > reshape(constant(bounds.astype("float32")), (len(self), *(1,) * (p.ndim - 1)))


def _is_even(values: Sequence[float]) -> bool:
    return len(values) > 2 and np.allclose(values, np.arange(len(values), dtype="float32") / (len(values) - 1), atol=EPSILON)


@dataclass(frozen=True)
class Confusion:
    """The counts of one batch at each threshold, weighted; `axes` are those that are summed over."""

    true: Expr
    passed: Expr
    weight: Expr
    axes: tuple[int, ...]

    @classmethod
    def of(cls, y_true, y_pred, sample_weight, thresholds: Thresholds, *, top_k: int | None = None,
           class_id: int | None = None, multi_label: bool = False, label_weights=None) -> Confusion:
        """Of targets 0 and 1, or no and yes. With `top_k`, only the so many highest outputs on the last axis can be a yes;
        with `class_id`, only that place on it counts; with `multi_label`, each place is counted by itself."""
        p, t = same_rank(as_expr(y_pred).astype("float32"), as_expr(y_true))
        if p.ndim != t.ndim or any(m != n for m, n in zip(t.shape, p.shape, strict=True) if m is not None and n is not None):
            raise ShapeError(f"y_true has shape {show_dims(t.dims)} and y_pred {show_dims(p.dims)}")
        weight = as_expr(1.0 if sample_weight is None else sample_weight).astype("float32")
        weight = beside(p, weight)[1]
        if label_weights is not None:
            weight = weight * constant(np.asarray(label_weights, "float32"))
        if top_k is not None:
            p = _filtered(p, top_k)
        if class_id is not None:
            t, p, weight = (_place(x, class_id) for x in (t, p, broadcast_to(weight, p.dims)))
        return cls(t.astype("bool"), thresholds.passed(p), weight, (1,) if multi_label else tuple(range(1, p.ndim + 1)))

    def _sum(self, counted: Expr) -> Expr:
        return sum(where(counted, self.weight, 0), self.axes)

    @cached_property
    def true_positives(self) -> Expr:
        return self._sum(logical_and(self.true, self.passed))

    @cached_property
    def false_positives(self) -> Expr:
        return self._sum(logical_and(logical_not(self.true), self.passed))

    @cached_property
    def true_negatives(self) -> Expr:
        return self._sum(logical_not(self.true | self.passed))

    @cached_property
    def false_negatives(self) -> Expr:
        return self._sum(logical_and(self.true, logical_not(self.passed)))


def _filtered(p: Expr, k: int) -> Expr:
    """The `k` largest on the last axis; all others as low as can be."""
    _, places = largest(p, k)
    return where(sum(one_hot(places, p.dims[-1]), -2) > 0, p, LOWEST)


def _place(x: Expr, k: int) -> Expr:
    if x.ndim < 2:
        raise ShapeError(f"class_id needs outputs of shape (samples, classes), not {show_dims(x.dims)}")
    classes = x.shape[-1]
    if isinstance(k, bool) or not isinstance(k, int) or classes is not None and not 0 <= k < classes:
        raise ArgumentError(f"class_id is a place on the last axis of {show_dims(x.dims)}, not {k!r}")
    return x[..., k:k + 1]


# ---- counts ---------------------------------------------------------------------------------------------------------
class ConditionCount(Metric):
    """How many targets and outputs are as the class's name says: one number for each threshold, or for the only one."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(dtype, name)
        self.init_thresholds, self._thresholds = thresholds, Thresholds.given(thresholds, 0.5)
        self.thresholds = self._thresholds.values
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def count(self, batch: Confusion) -> Expr:
        """What is counted of a batch."""
        raise NotImplementedError

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.accumulator.assign_add(self.count(Confusion.of(y_true, y_pred, sample_weight, self._thresholds)))

    def result(self):
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


@REGISTRY.add
class TruePositives(ConditionCount):
    """How many are said to be, and are."""

    def count(self, batch):
        return batch.true_positives


@REGISTRY.add
class FalsePositives(ConditionCount):
    """How many are said to be, and are not."""

    def count(self, batch):
        return batch.false_positives


@REGISTRY.add
class TrueNegatives(ConditionCount):
    """How many are said not to be, and are not."""

    def count(self, batch):
        return batch.true_negatives


@REGISTRY.add
class FalseNegatives(ConditionCount):
    """How many are said not to be, and are."""

    def count(self, batch):
        return batch.false_negatives


# ---- shares ---------------------------------------------------------------------------------------------------------
class Share(Metric):
    """True positives over true positives and those that subclasses count as missed."""

    missed: str

    def __init__(self, thresholds=None, top_k: int | None = None, class_id: int | None = None, name=None, dtype=None):
        super().__init__(dtype, name)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self._thresholds = Thresholds.given(thresholds, 0.5 if top_k is None else LOWEST)
        self.thresholds = self._thresholds.values
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, name="true_positives")
        setattr(self, self.missed, self.add_variable(shape, name=self.missed))

    def update_state(self, y_true, y_pred, sample_weight=None):
        batch = Confusion.of(y_true, y_pred, sample_weight, self._thresholds, top_k=self.top_k, class_id=self.class_id)
        self.true_positives.assign_add(batch.true_positives)
        getattr(self, self.missed).assign_add(getattr(batch, self.missed))

    def result(self):
        share = quotient(self.true_positives, self.true_positives + getattr(self, self.missed))
        return share[0] if len(self.thresholds) == 1 else share

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


@REGISTRY.add
class Precision(Share):
    """The share of true ones in what is said to be: at thresholds (0.5, or all outputs where `top_k` is given), of the
    `top_k` highest outputs, or of the class `class_id`."""

    missed = "false_positives"


@REGISTRY.add
class Recall(Share):
    """The share that is found of what is true; arguments as for `Precision`."""

    missed = "false_negatives"


__all__ = ["Confusion", "ConditionCount", "FalseNegatives", "FalsePositives", "Precision", "Recall", "Thresholds",
           "TrueNegatives", "TruePositives"]
