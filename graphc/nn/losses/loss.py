"""The base of losses: one number of what a model said and what it should have said."""
from __future__ import annotations

from collections.abc import Callable

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from ..eager import eager
from ..naming import snake_case, unique_name
from ..registry import Registry
from ..trace import Trace

REGISTRY = Registry("loss")
REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """``loss(y_true, y_pred, sample_weight=None)``.

    Subclasses say in ``call(y_true, y_pred)`` what each sample's loss is. `reduction`: "sum_over_batch_size" (or "mean")
    divides the sum by the number of losses, "mean_with_sample_weight" by the sum of the weights; "sum" and "none" do
    not divide."""

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype=None):
        if reduction not in REDUCTIONS:
            raise ArgumentError(f"reduction: expected one of {REDUCTIONS}, got {reduction!r}")
        self.name = name or unique_name(type(self))
        self.reduction, self.dtype = reduction, dtype

    def call(self, y_true: Expr, y_pred: Expr) -> Expr:
        """The loss of each sample."""
        raise NotImplementedError

    @eager
    def __call__(self, y_true, y_pred, sample_weight=None) -> Expr:
        y_pred = as_expr(y_pred)
        trace = Trace.active()
        mask = trace.masks.get(y_pred) if trace else None
        return reduced(self.call(as_expr(y_true), y_pred), sample_weight, mask, self.reduction)

    def get_config(self) -> dict:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        return cls(**config)


class FunctionLoss(Loss):
    """A loss made of a function ``f(y_true, y_pred, **options)``."""

    def __init__(self, function: Callable, reduction="sum_over_batch_size", name=None, dtype=None, **options):
        super().__init__(name or snake_case(function.__name__), reduction, dtype)
        self.function, self.options = function, options

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred, **self.options)

    def get_config(self):
        return {**super().get_config(), **self.options}


def weighted(values: Expr, sample_weight, mask: Expr | None) -> tuple[Expr, Expr | None]:
    """The values times their weights, and the weights, in the values' shape."""
    weight = None if sample_weight is None else as_expr(sample_weight).astype(values.dtype)
    if mask is not None:
        mask = mask.astype(values.dtype)
        weight = mask if weight is None else _aligned(weight, mask) * mask
    if weight is None:
        return values, None
    weight = ops["broadcast_to"](_aligned(weight, values), values.dims)
    return values * weight, weight


def _aligned(weight: Expr, values: Expr) -> Expr:
    """Weights with one axis for each of the values': (n, 1) for n values loses its last axis, (n,) gains some."""
    while weight.ndim > values.ndim and weight.shape[-1] == 1:
        weight = ops["squeeze"](weight, -1)
    if weight.ndim > values.ndim:
        raise ArgumentError(f"sample_weight of shape {weight.shape} for values of shape {values.shape}")
    return ops["reshape"](weight, (*weight.dims, *(1,) * (values.ndim - weight.ndim)))


def reduced(values: Expr, sample_weight, mask: Expr | None, reduction: str | None) -> Expr:
    """One loss of the losses of samples."""
    values, weight = weighted(values, sample_weight, mask)
    if reduction in ("none", None):
        return values
    total = ops["sum"](values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None or mask is not None and sample_weight is None:
        return total / ops["maximum"](ops["sum"](weight), 1e-7)
    return ops["mean"](values)


__all__ = ["REGISTRY", "FunctionLoss", "Loss", "reduced", "weighted"]
