"""Losses of numbers: how far outputs are from targets, as a mean over the last axis."""
from __future__ import annotations

import math

from ...ir.expr import Expr
from ...ops.activation import softplus
from ...ops.elementwise import abs, log, maximum, square, where
from ...ops.loss import EPSILON
from ...ops.normalization import normalize
from ...ops.reduce import mean, sum
from ..eager import eager_function
from .alignment import operands
from .loss import REGISTRY, FunctionLoss


# ---- functions ------------------------------------------------------------------------------------------------------
@REGISTRY.add("mse", "MSE")
@eager_function
def mean_squared_error(y_true, y_pred) -> Expr:
    """mean((y_true - y_pred)**2)"""
    t, p = operands("mean_squared_error", y_true, y_pred)
    return mean(square(t - p), -1)


@REGISTRY.add("mae", "MAE")
@eager_function
def mean_absolute_error(y_true, y_pred) -> Expr:
    """mean(abs(y_true - y_pred))"""
    t, p = operands("mean_absolute_error", y_true, y_pred)
    return mean(abs(t - p), -1)


@REGISTRY.add("mape", "MAPE")
@eager_function
def mean_absolute_percentage_error(y_true, y_pred) -> Expr:
    """100 * mean(abs((y_true - y_pred) / y_true)), no target nearer to 0 than 1e-7"""
    t, p = operands("mean_absolute_percentage_error", y_true, y_pred)
    return 100 * mean(abs((t - p) / maximum(abs(t), EPSILON)), -1)


@REGISTRY.add("msle", "MSLE")
@eager_function
def mean_squared_logarithmic_error(y_true, y_pred) -> Expr:
    """mean((log(y_true + 1) - log(y_pred + 1))**2), both at least 1e-7"""
    t, p = operands("mean_squared_logarithmic_error", y_true, y_pred)
    return mean(square(log(maximum(p, EPSILON) + 1) - log(maximum(t, EPSILON) + 1)), -1)


@REGISTRY.add("logcosh")
@eager_function
def log_cosh(y_true, y_pred) -> Expr:
    """mean(log(cosh(y_pred - y_true))): about e**2 / 2 for small errors, abs(e) - log(2) for large ones."""
    t, p = operands("log_cosh", y_true, y_pred)
    e = p - t
    return mean(e + softplus(-2 * e) - math.log(2), -1)


@REGISTRY.add
@eager_function
def huber(y_true, y_pred, delta: float = 1.0) -> Expr:
    """The mean of e**2 / 2 for errors e up to `delta`, of delta * (abs(e) - delta / 2) beyond (Huber, 1964)."""
    t, p = operands("huber", y_true, y_pred)
    e = p - t
    return mean(where(abs(e) <= delta, 0.5 * square(e), delta * abs(e) - 0.5 * delta**2), -1)


@REGISTRY.add
@eager_function
def cosine_similarity(y_true, y_pred, axis: int = -1) -> Expr:
    """-sum(t * p) of both scaled to length 1 along `axis`: -1 where they point the same way."""
    t, p = operands("cosine_similarity", y_true, y_pred)
    return -sum(normalize(t, axis) * normalize(p, axis), axis)


# ---- losses ---------------------------------------------------------------------------------------------------------
@REGISTRY.add
class MeanSquaredError(FunctionLoss):
    """`mean_squared_error` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


@REGISTRY.add
class MeanAbsoluteError(FunctionLoss):
    """`mean_absolute_error` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@REGISTRY.add
class MeanAbsolutePercentageError(FunctionLoss):
    """`mean_absolute_percentage_error` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@REGISTRY.add
class MeanSquaredLogarithmicError(FunctionLoss):
    """`mean_squared_logarithmic_error` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@REGISTRY.add
class LogCosh(FunctionLoss):
    """`log_cosh` as a loss."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)


@REGISTRY.add
class Huber(FunctionLoss):
    """`huber` as a loss."""

    def __init__(self, delta: float = 1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@REGISTRY.add
class CosineSimilarity(FunctionLoss):
    """`cosine_similarity` as a loss."""

    def __init__(self, axis: int = -1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


__all__ = ["CosineSimilarity", "Huber", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
           "MeanSquaredLogarithmicError", "cosine_similarity", "huber", "log_cosh", "mean_absolute_error",
           "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error"]
