"""Losses of margins: nothing is lost where an output is right by 1 or more."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops.elementwise import logical_or, maximum, square, where
from ...ops.reduce import all, max, mean, sum
from ..eager import eager_function
from .alignment import operands
from .loss import REGISTRY, FunctionLoss


# ---- functions ------------------------------------------------------------------------------------------------------
@REGISTRY.add
@eager_function
def hinge(y_true, y_pred) -> Expr:
    """mean(max(1 - y_true * y_pred, 0)), of targets -1 and 1; if all are 0 or 1, 0 counts as -1."""
    return mean(_margin_missed("hinge", y_true, y_pred), -1)


@REGISTRY.add
@eager_function
def squared_hinge(y_true, y_pred) -> Expr:
    """mean(max(1 - y_true * y_pred, 0)**2), of targets as for `hinge`"""
    return mean(square(_margin_missed("squared_hinge", y_true, y_pred)), -1)


@REGISTRY.add
@eager_function
def categorical_hinge(y_true, y_pred) -> Expr:
    """max(1 + best - right, 0): `right` is the output for the class that one-hot `y_true` names, `best` the highest of the
    others' and 0 (Weston and Watkins, 1999)."""
    t, p = operands("categorical_hinge", y_true, y_pred)
    return maximum(max((1 - t) * p, -1) - sum(t * p, -1) + 1, 0)


def _margin_missed(name: str, y_true, y_pred) -> Expr:
    t, p = operands(name, y_true, y_pred)
    signs = where(all(logical_or(t == 0, t == 1)), 2 * t - 1, t)
    return maximum(1 - signs * p, 0)


# ---- losses ---------------------------------------------------------------------------------------------------------
@REGISTRY.add
class Hinge(FunctionLoss):
    """`hinge` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


@REGISTRY.add
class SquaredHinge(FunctionLoss):
    """`squared_hinge` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


@REGISTRY.add
class CategoricalHinge(FunctionLoss):
    """`categorical_hinge` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)


__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]
