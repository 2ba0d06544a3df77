"""Sums and means over batches."""
from __future__ import annotations

from collections.abc import Callable

from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops.reduce import mean, sum
from ...ops.shape import broadcast_to
from ..losses.alignment import conflict, masked, misfit, quotient, same_rank
from ..trace import Trace
from .metric import FUNCTIONS, REGISTRY, Metric


def samplewise(values, sample_weight, reduce: Callable, dtype: str) -> tuple[Expr, Expr | None]:
    """The values times their weights, and the weights, one for each sample: further axes are reduced. Weights with fewer
    axes than values count for all that their place on the first ones holds."""
    values = as_expr(values)
    mask = Trace.active().masks.get(values) if Trace.active() else None
    values, weight = values.astype(dtype), None
    if sample_weight is not None:
        values, weight = same_rank(values, masked(sample_weight, mask, dtype, scaled=False))
        if weight.ndim > values.ndim:
            raise misfit(values, weight)
        values = _reduced(reduce, values, weight.ndim)
        if weight.ndim and conflict(values, weight):
            raise misfit(values, weight)
        weight = broadcast_to(weight, values.dims)
        values, weight = values * weight, _reduced(reduce, weight, 1)
    return _reduced(reduce, values, 1), weight


def _reduced(reduce: Callable, x: Expr, rank: int) -> Expr:
    return reduce(x, tuple(range(rank, x.ndim))) if x.ndim > rank else x


@REGISTRY.add
class Sum(Metric):
    """The weighted sum of the values given."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable(dtype=self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        values, _ = samplewise(values, sample_weight, sum, self.dtype)
        self.total.assign_add(sum(values))

    def result(self):
        return self.total


@REGISTRY.add
class Mean(Metric):
    """The weighted mean of the values given: of samples, each the mean over its further axes."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable(dtype=self.dtype, name="total")
        self.count = self.add_variable(dtype=self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        values, weight = samplewise(values, sample_weight, mean, self.dtype)
        self.total.assign_add(sum(values))
        self.count.assign_add(as_expr(values.size).astype(self.dtype) if weight is None else sum(weight))

    def result(self):
        return quotient(self.total, self.count)


@REGISTRY.add
class MeanMetricWrapper(Mean):
    """The mean of ``fn(y_true, y_pred, **options)`` over samples."""

    def __init__(self, fn: Callable, name=None, dtype=None, **options):
        super().__init__(name, dtype)
        self.fn, self.options = fn, options
        vars(self).update(options)

    def update_state(self, y_true, y_pred, sample_weight=None):
        mask = Trace.active().masks.get(y_pred) if isinstance(y_pred, Expr) else None
        values = self.fn(as_expr(y_true), as_expr(y_pred), **self.options)
        super().update_state(values, masked(sample_weight, mask, self.dtype, scaled=False))

    def get_config(self):
        function = {"fn": FUNCTIONS.serialized(self.fn)} if type(self) is MeanMetricWrapper else {}
        return {**super().get_config(), **function, **self.options}

    @classmethod
    def from_config(cls, config):
        return cls(**{key: FUNCTIONS[value] if key == "fn" and isinstance(value, str) else value
                      for key, value in config.items()})


__all__ = ["Mean", "MeanMetricWrapper", "Sum", "samplewise"]
