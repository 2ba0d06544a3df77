"""Precision and recall in one number."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops.elementwise import abs, logical_and
from ...ops.loss import EPSILON
from ...ops.reduce import max, mean, sum
from ..losses.alignment import beside
from .metric import REGISTRY, Metric
from .regression import check_columns


@REGISTRY.add
class FBetaScore(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall), of outputs of shape (samples, classes).

    A sample is of the classes above `threshold`; without one, of the class of its highest output. `average`: None gives a
    score for each class, "macro" their mean, "weighted" their mean by how many samples they have, "micro" the score of all
    answers together."""

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name="fbeta_score",
                 dtype=None):
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ArgumentError(f"average: expected None, 'micro', 'macro' or 'weighted', got {average!r}")
        if not isinstance(beta, float) or beta <= 0:
            raise ArgumentError(f"beta is a float above 0, not {beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ArgumentError(f"threshold is a float above 0, at most 1, not {threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold

    def build(self, y_true_shape, y_pred_shape):
        """The counts, for each class, or of all classes together."""
        check_columns(type(self).__name__, y_true_shape, y_pred_shape)
        shape = () if self.average == "micro" else y_pred_shape[-1:]
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_variable(shape, dtype=self.dtype, name=name))

    def update_state(self, y_true, y_pred, sample_weight=None):
        t, p = as_expr(y_true).astype(self.dtype), as_expr(y_pred).astype(self.dtype)
        self.ensure_built(t.shape, p.shape)
        if self.threshold is None:
            said = logical_and(p >= max(p, -1, keepdims=True), abs(p) > 1e-9)
        else:
            said = p > self.threshold
        said = said.astype(self.dtype)
        for state, counted in ((self.true_positives, said * t), (self.false_positives, said * (1 - t)),
                               (self.false_negatives, (1 - said) * t), (self.intermediate_weights, t)):
            state.assign_add(self._sum(counted, sample_weight))

    def _sum(self, x: Expr, sample_weight) -> Expr:
        if sample_weight is not None:
            x, weight = beside(x, as_expr(sample_weight).astype(self.dtype))
            x = x * weight
        return sum(x) if self.average == "micro" else sum(x, 0)

    def result(self):
        precision = self.true_positives / (self.true_positives + self.false_positives + EPSILON)
        recall = self.true_positives / (self.true_positives + self.false_negatives + EPSILON)
        square = self.beta**2
        score = precision * recall / (square * precision + recall + EPSILON) * (1 + square)
        if self.average == "weighted":
            return sum(score * self.intermediate_weights / (sum(self.intermediate_weights) + EPSILON))
        return score if self.average is None else mean(score)

    def get_config(self):
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


@REGISTRY.add
class F1Score(FBetaScore):
    """2 * precision * recall / (precision + recall); arguments as for `FBetaScore`."""

    def __init__(self, average: str | None = None, threshold: float | None = None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key != "beta"}


__all__ = ["F1Score", "FBetaScore"]
