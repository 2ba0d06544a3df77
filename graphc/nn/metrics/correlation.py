"""How outputs and targets vary together."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops.elementwise import square
from ...ops.loss import EPSILON
from ...ops.reduce import mean, std, var
from ..eager import eager_function
from ..losses.alignment import operands
from .metric import FUNCTIONS, REGISTRY
from .reduction import MeanMetricWrapper


@FUNCTIONS.add
@eager_function
def pearson_correlation(y_true, y_pred, axis: int = -1) -> Expr:
    """mean(t * p) along `axis`, of both brought to mean 0 and variance 1."""
    t, p = operands("pearson_correlation", y_true, y_pred)
    t, p = ((x - mean(x, axis, keepdims=True)) / std(x, axis, keepdims=True) for x in (t, p))
    return mean(t * p, axis)


@FUNCTIONS.add
@eager_function
def concordance_correlation(y_true, y_pred, axis: int = -1) -> Expr:
    """2 * cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))**2) along `axis` (Lin, 1989)."""
    t, p = operands("concordance_correlation", y_true, y_pred)
    t_mean, p_mean = mean(t, axis, keepdims=True), mean(p, axis, keepdims=True)
    spread = var(t, axis, keepdims=True) + var(p, axis, keepdims=True) + square(t_mean - p_mean)
    return mean(2 * (t - t_mean) * (p - p_mean) / (spread + EPSILON), axis)


@REGISTRY.add
class PearsonCorrelation(MeanMetricWrapper):
    """The mean of `pearson_correlation` over samples."""

    def __init__(self, name="pearson_correlation", dtype=None, axis: int = -1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


@REGISTRY.add
class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of `concordance_correlation` over samples."""

    def __init__(self, name="concordance_correlation", dtype=None, axis: int = -1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)


__all__ = ["ConcordanceCorrelation", "PearsonCorrelation", "concordance_correlation", "pearson_correlation"]
