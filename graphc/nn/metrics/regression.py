"""How far outputs are from targets, and how much of them they explain."""
from __future__ import annotations

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops.elementwise import isinf, sqrt, square, where
from ...ops.normalization import normalize
from ...ops.reduce import mean, sum
from ...ops.shape import broadcast_to
from .. import losses
from ..eager import eager_function
from ..losses.alignment import beside, operands
from .metric import FUNCTIONS, REGISTRY, Metric
from .reduction import Mean, MeanMetricWrapper

for function in (losses.mean_squared_error, losses.mean_absolute_error, losses.mean_absolute_percentage_error,
                 losses.mean_squared_logarithmic_error, losses.log_cosh, losses.huber):
    FUNCTIONS.add(function)


@FUNCTIONS.add
@eager_function
def cosine_similarity(y_true, y_pred, axis: int = -1) -> Expr:
    """sum(t * p) of both scaled to length 1 along `axis`: 1 where they point the same way."""
    t, p = operands("cosine_similarity", y_true, y_pred)
    return sum(normalize(t, axis) * normalize(p, axis), axis)


# ---- means ----------------------------------------------------------------------------------------------------------
@REGISTRY.add("mse", "MSE")
class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)**2."""

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype)


@REGISTRY.add("rmse", "RMSE")
class RootMeanSquaredError(Mean):
    """The root of the mean of (y_true - y_pred)**2."""

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        t, p = operands(self.name, y_true, y_pred)
        super().update_state(square(p - t), sample_weight)

    def result(self):
        return sqrt(super().result())


@REGISTRY.add("mae", "MAE")
class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of abs(y_true - y_pred)."""

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype)


@REGISTRY.add("mape", "MAPE")
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """100 times the mean of abs((y_true - y_pred) / y_true)."""

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


@REGISTRY.add("msle", "MSLE")
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of (log(y_true + 1) - log(y_pred + 1))**2."""

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


@REGISTRY.add("logcosh")
class LogCoshError(MeanMetricWrapper):
    """The mean of log(cosh(y_pred - y_true))."""

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype)


@REGISTRY.add
class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between targets and outputs, along `axis`."""

    def __init__(self, name="cosine_similarity", dtype=None, axis: int = -1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)


# ---- what is explained ----------------------------------------------------------------------------------------------
@REGISTRY.add
class R2Score(Metric):
    """The share of the targets' variance that outputs explain: 1 - sum((t - p)**2) / sum((t - mean(t))**2), of outputs of
    shape (samples, outputs).

    `class_aggregation`: "uniform_average" is the mean over outputs, "variance_weighted_average" weighs them by their
    variance, None tells them one by one. `num_regressors` p adjusts the score r for n targets: 1 - (1 - r) * (n - 1) /
    (n - p - 1); where that has no meaning, it stays r."""

    def __init__(self, class_aggregation="uniform_average", num_regressors: int = 0, name="r2_score", dtype=None):
        super().__init__(dtype, name)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ArgumentError("class_aggregation: expected None, 'uniform_average' or 'variance_weighted_average', got "
                                f"{class_aggregation!r}")
        if num_regressors < 0:
            raise ArgumentError(f"num_regressors is at least 0, not {num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def build(self, y_true_shape, y_pred_shape):
        """The sums, one for each output."""
        check_columns("R2Score", y_true_shape, y_pred_shape)
        shape = y_pred_shape[-1:]
        self.squared_sum, self.sum = self.add_variable(shape, name="squared_sum"), self.add_variable(shape, name="sum")
        self.total_mse, self.count = self.add_variable(shape, name="residual"), self.add_variable(shape, name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        t, p = operands("R2Score", y_true, y_pred)
        self.ensure_built(t.shape, p.shape)
        weight = as_expr(1 if sample_weight is None else sample_weight).astype(self.dtype)
        weight = broadcast_to(beside(t, weight)[1], t.dims)
        self.sum.assign_add(sum(t * weight, 0))
        self.squared_sum.assign_add(sum(t * t * weight, 0))
        self.total_mse.assign_add(sum(square(t - p) * weight, 0))
        self.count.assign_add(sum(weight, 0))
        self.num_samples.assign_add(as_expr(t.size).astype("float32"))

    def result(self):
        total = self.squared_sum - self.sum * self.sum / self.count
        scores = 1 - self.total_mse / total
        scores = where(isinf(scores), 0, scores)
        if self.class_aggregation == "uniform_average":
            scores = mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = sum(total * scores) / sum(total)
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, score: Expr) -> Expr:
        n, free = self.num_samples, self.num_samples - self.num_regressors - 1
        return where(free > 0, 1 - (1 - score) * (n - 1) / where(free > 0, free, 1), score)

    def get_config(self):
        return {**super().get_config(), "class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}


def check_columns(name: str, *shapes: tuple) -> None:
    """Raises ShapeError for what is not of shape (samples, outputs), with a known number of outputs."""
    for shape in shapes:
        if len(shape) != 2 or shape[-1] is None:
            raise ShapeError(f"{name}: y_true and y_pred are of shape (samples, outputs), not {shape}")


__all__ = ["CosineSimilarity", "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
           "MeanSquaredLogarithmicError", "R2Score", "RootMeanSquaredError", "check_columns", "cosine_similarity"]
