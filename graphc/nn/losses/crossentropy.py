"""Cross-entropies."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops import loss as functions
from .loss import REGISTRY, FunctionLoss


@REGISTRY.add
def sparse_categorical_crossentropy(y_true, y_pred, from_logits: bool = False, ignore_class: int | None = None,
                                    axis: int = -1) -> Expr:
    """``-log(y_pred[y_true])``, of class numbers."""
    return functions.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)


@REGISTRY.add
class SparseCategoricalCrossentropy(FunctionLoss):
    """`sparse_categorical_crossentropy` as a loss."""

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None, reduction="sum_over_batch_size",
                 axis: int = -1, name="sparse_categorical_crossentropy", dtype=None):
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)


__all__ = ["SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"]
