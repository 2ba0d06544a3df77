"""How often a model is right."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from .metric import REGISTRY, MeanMetricWrapper


@REGISTRY.add
def sparse_categorical_accuracy(y_true: Expr, y_pred: Expr) -> Expr:
    """1 where the likeliest class is that of the label, a class number."""
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = ops["squeeze"](y_true, -1)
    return ops["argmax"](y_pred, -1) == y_true.astype("int64")


@REGISTRY.add
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose likeliest class is their label's."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


__all__ = ["SparseCategoricalAccuracy", "sparse_categorical_accuracy"]
