"""The base of losses: one number of what a model said and what it should have said."""
from __future__ import annotations

from collections.abc import Callable

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import as_dtype
from ...ops.reduce import mean, sum
from .. import tree
from ..eager import eager
from ..naming import function_name, unique_name
from ..registry import Registry
from ..trace import Trace
from .alignment import beside, masked, quotient, same_rank

REGISTRY = Registry("loss", "losses")
REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """``loss(y_true, y_pred, sample_weight=None)``.

    Subclasses say in ``call(y_true, y_pred)`` what each sample's loss is. `reduction`: "sum_over_batch_size" (or "mean")
    divides the sum by the number of losses, "mean_with_sample_weight" by the sum of the weights; "sum", "none" and None do
    not divide. `sample_weight` is a number, or an array that has the first axes of the losses. What the mask of `y_pred`
    leaves out does not count: with "sum_over_batch_size", neither in the sum nor in the number."""

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype=None):
        if reduction not in REDUCTIONS:
            raise ArgumentError(f"reduction: expected one of {REDUCTIONS}, got {reduction!r}")
        self.name = name or unique_name(type(self))
        self.reduction, self.dtype = reduction, str(as_dtype(dtype or "float32"))

    def call(self, y_true: Expr, y_pred: Expr) -> Expr:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} has no call method")

    @eager
    def __call__(self, y_true, y_pred, sample_weight=None) -> Expr:
        trace = Trace.active()
        if trace is None:
            with Trace():
                return self(y_true, y_pred, sample_weight)
        targets, outputs = (tree.mapped(lambda x: as_expr(x).astype(self.dtype), y) for y in (y_true, y_pred))
        losses = as_expr(self.call(targets, outputs)).astype(self.dtype)
        masks = [mask for x in (y_pred, losses) if isinstance(x, Expr) and (mask := trace.masks.get(x)) is not None]
        mask = masks[0] & masks[1] if len(masks) == 2 else masks[0] if masks else None
        return reduced(losses, sample_weight, mask, self.reduction)

    def get_config(self) -> dict:
        """The arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        """A loss as `get_config` describes it."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


@REGISTRY.add("LossFunctionWrapper")
class FunctionLoss(Loss):
    """A loss made of a function ``f(y_true, y_pred, **options)``."""

    def __init__(self, fn: Callable, reduction="sum_over_batch_size", name=None, dtype=None, **options):
        super().__init__(name or function_name(fn), reduction, dtype)
        self.fn, self.options = fn, options
        vars(self).update(options)

    def call(self, y_true, y_pred):
        if isinstance(y_true, Expr) and isinstance(y_pred, Expr):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.options)

    def get_config(self):
        function = {"fn": REGISTRY.serialized(self.fn)} if type(self) is FunctionLoss else {}
        return {**super().get_config(), **function, **self.options}

    @classmethod
    def from_config(cls, config):
        return cls(**{key: REGISTRY[value] if key == "fn" and isinstance(value, str) else value
                      for key, value in config.items()})


def reduced(values: Expr, sample_weight, mask: Expr | None, reduction: str | None) -> Expr:
    """One loss of the losses of samples."""
    weight = masked(sample_weight, mask, values.dtype, scaled=reduction in ("sum_over_batch_size", "mean"))
    if weight is not None:
        values, weight = beside(values, weight)
        values = values * weight
    if reduction in ("none", None) or not values.ndim:
        return values
    if reduction == "sum":
        return sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return quotient(sum(values), sum(weight))
    return mean(values)


__all__ = ["REDUCTIONS", "REGISTRY", "FunctionLoss", "Loss", "reduced"]
