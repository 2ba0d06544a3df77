"""Losses of overlap, for masks in images: how little of two sets is common to both."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops.loss import EPSILON
from ...ops.reduce import sum
from ..eager import eager_function
from .alignment import operands
from .loss import REGISTRY, FunctionLoss


@REGISTRY.add
@eager_function
def dice(y_true, y_pred, axis=None) -> Expr:
    """1 - 2 * sum(t * p) / (sum(t) + sum(p)) over `axis`: one, several, or all where it is None (Dice, 1945)."""
    t, p = operands("dice", y_true, y_pred)
    return 1 - 2 * sum(t * p, axis) / (sum(t, axis) + sum(p, axis) + EPSILON)


@REGISTRY.add
@eager_function
def tversky(y_true, y_pred, alpha: float = 0.5, beta: float = 0.5, axis=None) -> Expr:
    """1 - c / (c + alpha * sum(t * (1 - p)) + beta * sum((1 - t) * p)) with c = sum(t * p), over `axis` as for `dice`: what
    is missed counts `alpha`, what is found in vain `beta` (Salehi et al., 2017)."""
    t, p = operands("tversky", y_true, y_pred)
    common = sum(t * p, axis)
    missed, in_vain = sum((1 - p) * t, axis), sum(p * (1 - t), axis)
    return 1 - common / (common + missed * alpha + in_vain * beta + EPSILON)


@REGISTRY.add
class Dice(FunctionLoss):
    """`dice` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@REGISTRY.add
class Tversky(FunctionLoss):
    """`tversky` as a loss."""

    def __init__(self, alpha: float = 0.5, beta: float = 0.5, reduction="sum_over_batch_size", name="tversky", axis=None,
                 dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


__all__ = ["Dice", "Tversky", "dice", "tversky"]
