"""What can be gained and lost by moving the threshold between no and yes."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr, constant
from ...ir.types import is_float
from ...ops.activation import sigmoid
from ...ops.elementwise import log, logical_and, maximum, minimum, where
from ...ops.loss import EPSILON
from ...ops.reduce import max, mean, sum
from ..losses.alignment import quotient
from .confusion import Confusion, Thresholds
from .metric import REGISTRY, Metric

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class Counting(Metric):
    """The four counts at many thresholds, and the rates that they give."""

    def add_counts(self, shape: tuple[int, ...]) -> None:
        """Make the state: a Variable for each count."""
        for name in COUNTS:
            setattr(self, name, self.add_variable(shape, name=name))

    def assign_counts(self, batch: Confusion) -> None:
        """Add those of a batch."""
        for name in COUNTS:
            getattr(self, name).assign_add(getattr(batch, name))

    @property
    def recalls(self) -> Expr:
        """The share that is found of what is true."""
        return quotient(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def precisions(self) -> Expr:
        """The share of true ones in what is found."""
        return quotient(self.true_positives, self.true_positives + self.false_positives)

    @property
    def specificities(self) -> Expr:
        """The share that is left out of what is not true."""
        return quotient(self.true_negatives, self.true_negatives + self.false_positives)


# ---- the best of one rate while another is high enough --------------------------------------------------------------
class BestUnderConstraint(Counting):
    """The highest rate of one kind, at `num_thresholds` thresholds, where the other is at least `value`."""

    constraint: str

    def __init__(self, value: float, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            raise ArgumentError(f"{self.constraint} lies in [0, 1]; got {value!r}")
        if num_thresholds < 1:
            raise ArgumentError(f"num_thresholds is at least 1; got {num_thresholds!r}")
        setattr(self, self.constraint, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        self._thresholds = Thresholds([0.5]) if num_thresholds == 1 else Thresholds.spaced(num_thresholds)
        self.thresholds = self._thresholds.values
        self.add_counts((len(self.thresholds),))

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.assign_counts(Confusion.of(y_true, y_pred, sample_weight, self._thresholds, class_id=self.class_id))

    def best(self, wanted: Expr, constrained: Expr) -> Expr:
        """The highest of `wanted` where `constrained` is high enough, or 0."""
        return maximum(max(where(constrained >= self.value, wanted, 0)), 0)

    def get_config(self):
        return {**super().get_config(), "num_thresholds": self.num_thresholds, "class_id": self.class_id,
                self.constraint: self.value}


@REGISTRY.add
class SensitivityAtSpecificity(BestUnderConstraint):
    """The highest sensitivity (recall) where the specificity is at least `specificity`."""

    constraint = "specificity"

    def __init__(self, specificity: float, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self):
        return self.best(self.recalls, self.specificities)


@REGISTRY.add
class SpecificityAtSensitivity(BestUnderConstraint):
    """The highest specificity where the sensitivity (recall) is at least `sensitivity`."""

    constraint = "sensitivity"

    def __init__(self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self):
        return self.best(self.specificities, self.recalls)


@REGISTRY.add
class PrecisionAtRecall(BestUnderConstraint):
    """The highest precision where the recall is at least `recall`."""

    constraint = "recall"

    def __init__(self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self):
        return self.best(self.precisions, self.recalls)


@REGISTRY.add
class RecallAtPrecision(BestUnderConstraint):
    """The highest recall where the precision is at least `precision`."""

    constraint = "precision"

    def __init__(self, precision: float, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self):
        return self.best(self.recalls, self.precisions)


# ---- the area under a curve -----------------------------------------------------------------------------------------
@REGISTRY.add
class AUC(Counting):
    """The area under a curve, by sums over `num_thresholds` thresholds, or over those given.

    `curve`: "ROC" (recall over the rate of false positives), "PR" (precision over recall) or "PRGAIN" (their gains;
    Flach and Kull, 2015). `summation_method`: "interpolation" takes the mean of two neighbours ("PR": as Davis and
    Goadrich, 2006), "minoring" the lesser, "majoring" the greater. `multi_label` takes outputs of shape (samples, labels)
    label by label and gives the mean, with the weights `label_weights`; without it, these weigh the single outputs."""

    def __init__(self, num_thresholds: int = 200, curve="ROC", summation_method="interpolation", name=None, dtype=None,
                 thresholds=None, multi_label: bool = False, num_labels: int | None = None, label_weights=None,
                 from_logits: bool = False):
        super().__init__(dtype, name)
        self.curve = _choice("curve", str(curve).upper(), ("ROC", "PR", "PRGAIN"))
        self.summation_method = _choice("summation_method", str(summation_method).lower(),
                                        ("interpolation", "minoring", "majoring"))
        self._init_thresholds = None if thresholds is None else sorted(map(float, thresholds))
        self._thresholds = _curve_thresholds(num_thresholds, self._init_thresholds)
        self.num_thresholds, self.thresholds = len(self._thresholds), self._thresholds.values
        if num_labels and not multi_label:
            raise ArgumentError("num_labels is for multi_label=True")
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else [float(w) for w in np.asarray(label_weights)]
        if not multi_label or num_labels:
            self.ensure_built((None, num_labels))

    def build(self, shape):
        """The counts: for each threshold, and for each label if there are several."""
        if self.multi_label and (len(shape) != 2 or shape[1] is None):
            raise ShapeError(f"AUC with multi_label takes outputs of shape (samples, labels), not {shape}")
        self.add_counts((self.num_thresholds, shape[1]) if self.multi_label else (self.num_thresholds,))

    def update_state(self, y_true, y_pred, sample_weight=None):
        p = as_expr(y_pred)
        self.ensure_built(p.shape)
        if self.multi_label and (p.ndim != 2 or p.shape[1] != self.true_positives.shape[1]):
            raise ShapeError(f"{self.name} takes outputs of {self.true_positives.shape[1]} labels, not of shape {p.shape}")
        if self.from_logits:
            p = sigmoid(p if is_float(p.dtype) else p.astype("float32"))
        self.assign_counts(Confusion.of(y_true, p, sample_weight, self._thresholds, multi_label=self.multi_label,
                                        label_weights=None if self.multi_label else self.label_weights))

    def result(self):
        if (self.curve, self.summation_method) == ("PR", "interpolation"):
            return self._total(self._interpolated_precision())
        x, y = self._curve()
        heights = {"interpolation": lambda a, b: (a + b) / 2, "minoring": minimum, "majoring": maximum}
        return self._total((x[:-1] - x[1:]) * heights[self.summation_method](y[:-1], y[1:]))

    def _curve(self) -> tuple[Expr, Expr]:
        """Where the curve is at each threshold."""
        if self.curve == "ROC":
            return quotient(self.false_positives, self.false_positives + self.true_negatives), self.recalls
        if self.curve == "PR":
            return self.recalls, self.precisions
        odds = quotient(self.true_positives + self.false_negatives, self.true_negatives + self.false_positives)
        none = self.true_positives == 0
        recall = where(none, 0, 1 - odds * quotient(self.false_negatives, self.true_positives))
        precision = where(none, 1, 1 - odds * quotient(self.false_positives, self.true_positives))
        return maximum(recall, 0), precision

    def _interpolated_precision(self) -> Expr:
        """The area between neighbours, where true positives grow in proportion to all positives."""
        positives = self.true_positives + self.false_positives
        gained = self.true_positives[:-1] - self.true_positives[1:]
        p, q = positives[:-1], positives[1:]
        slope = quotient(gained, maximum(p - q, 0))
        intercept = self.true_positives[1:] - slope * q
        ratio = where(logical_and(p > 0, q > 0), quotient(p, maximum(q, 0)), 1)
        total = maximum(self.true_positives[1:] + self.false_negatives[1:], 0)
        return quotient(slope * (gained + intercept * log(ratio)), total)

    def _total(self, parts: Expr) -> Expr:
        areas = sum(parts, 0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return mean(areas)
        weights = constant(np.array(self.label_weights, "float32"))
        return quotient(sum(areas * weights), sum(weights))

    def get_config(self):
        thresholds = {} if self._init_thresholds is None else {"thresholds": self._init_thresholds}
        return {**super().get_config(), "num_thresholds": self.num_thresholds, "curve": self.curve,
                "summation_method": self.summation_method, "multi_label": self.multi_label, "num_labels": self.num_labels,
                "label_weights": self.label_weights, "from_logits": self.from_logits, **thresholds}


def _curve_thresholds(count: int, given: list[float] | None) -> Thresholds:
    """The thresholds, with one below 0 and one above 1 at the ends."""
    if given is None:
        if count < 2:
            raise ArgumentError(f"num_thresholds is at least 2; got {count!r}")
        return Thresholds.spaced(count, EPSILON)
    if any(not 0 <= t <= 1 for t in given):
        raise ArgumentError(f"thresholds lie in [0, 1]; got {given}")
    return Thresholds([-EPSILON, *given, 1 + EPSILON], even=None)


def _choice(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ArgumentError(f"{name}: expected one of {known}, got {value!r}")
    return value


__all__ = ["AUC", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"]
