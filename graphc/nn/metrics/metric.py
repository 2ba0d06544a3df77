"""The base of metrics: numbers that are gathered over batches."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from .. import initializers
from ..eager import eager
from ..losses.loss import weighted
from ..naming import unique_name
from ..registry import Registry
from ..trace import Trace
from ..variables import Variable

REGISTRY = Registry("metric")


class Metric:
    """State, `update_state` that takes in a batch, and `result`.

    Subclasses make their state with `add_weight`, assign it in ``update_state(self, y_true, y_pred, sample_weight=None)``
    and say in ``result(self)`` what it comes to. On arrays both compute; in a train step they are part of the graph."""

    def __init__(self, name: str | None = None, dtype=None):
        self.name, self.dtype = name or unique_name(type(self)), dtype or "float32"
        self.variables: list[Variable] = []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in ("update_state", "result"):
            if name in vars(cls):
                setattr(cls, name, eager(vars(cls)[name]))

    def add_weight(self, shape=(), initializer="zeros", dtype=None, name: str | None = None) -> Variable:
        """A Variable of the metric's state."""
        variable = Variable(initializers.get(initializer), shape, dtype or self.dtype, trainable=False,
                            name=f"{self.name}/{name or 'variable'}")
        self.variables.append(variable)
        return variable

    add_variable = add_weight

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def __call__(self, *args, **kwargs):
        """Take in a batch; the result so far."""
        self.update_state(*args, **kwargs)
        return self.value()

    def value(self):
        """The result after all updates so far, also inside a trace."""
        trace = Trace.active()
        return self.result() if trace is None else trace.current(as_expr(self.result()))

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Metric:
        return cls(**config)


@REGISTRY.add
class Mean(Metric):
    """The weighted mean of the values given."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(name, dtype)
        self.total, self.count = self.add_weight(name="total"), self.add_weight(name="count")

    def update_state(self, values, sample_weight=None):
        values = as_expr(values).astype(self.dtype)
        values, weight = weighted(values, sample_weight, None)
        self.total.assign_add(ops["sum"](values))
        self.count.assign_add(as_expr(values.size).astype(self.dtype) if weight is None else ops["sum"](weight))

    def result(self):
        return ops["where"](self.count == 0, 0, self.total / ops["maximum"](self.count, 1e-30))


class MeanMetricWrapper(Mean):
    """The mean of ``function(y_true, y_pred, **options)`` over samples."""

    def __init__(self, fn: Callable, name=None, dtype=None, **options):
        super().__init__(name or fn.__name__, dtype)
        self.fn, self.options = fn, options

    def update_state(self, y_true, y_pred, sample_weight=None):
        trace = Trace.active()
        y_pred = as_expr(y_pred)
        mask = trace.masks.get(y_pred)
        values, weight = weighted(self.fn(as_expr(y_true), y_pred, **self.options).astype(self.dtype), sample_weight, mask)
        self.total.assign_add(ops["sum"](values))
        self.count.assign_add(as_expr(values.size).astype(self.dtype) if weight is None else ops["sum"](weight))

    def get_config(self) -> dict:
        return {**super().get_config(), **self.options}


def mean_of(function: Callable[..., Expr]) -> Callable[[], MeanMetricWrapper]:
    """A metric of a function."""
    return MeanMetricWrapper(function)


__all__ = ["REGISTRY", "Mean", "MeanMetricWrapper", "Metric", "mean_of"]
