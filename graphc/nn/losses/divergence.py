"""Losses of distributions: Kullback-Leibler divergence, and the Poisson distribution's log-likelihood."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops.elementwise import clip, log
from ...ops.loss import EPSILON
from ...ops.reduce import mean, sum
from ..eager import eager_function
from .alignment import operands
from .loss import REGISTRY, FunctionLoss


@REGISTRY.add("kld", "KLD", "kullback_leibler_divergence")
@eager_function
def kl_divergence(y_true, y_pred) -> Expr:
    """sum(t * log(t / p)) over the last axis, both clipped to [1e-7, 1] (Kullback and Leibler, 1951)."""
    t, p = (clip(x, EPSILON, 1) for x in operands("kl_divergence", y_true, y_pred))
    return sum(t * log(t / p), -1)


@REGISTRY.add
@eager_function
def poisson(y_true, y_pred) -> Expr:
    """mean(p - t * log(p + 1e-7)): the rates p for counts t."""
    t, p = operands("poisson", y_true, y_pred)
    return mean(p - t * log(p + EPSILON), -1)


@REGISTRY.add
class KLDivergence(FunctionLoss):
    """`kl_divergence` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


@REGISTRY.add
class Poisson(FunctionLoss):
    """`poisson` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)


__all__ = ["KLDivergence", "Poisson", "kl_divergence", "poisson"]
