"""What weights must be after each step."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ops import PUBLIC_NAMES as ops
from . import config
from .numeric import numeric
from .registry import Registry

REGISTRY = Registry("constraint", "constraints")
get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored


class Constraint:
    """``constraint(w) -> w``: expressions to expressions, arrays to arrays.

    `axis` is, below, what the norm of one unit's weights sums over: 0 for the kernel of a Dense layer,
    ``[0, 1, 2]`` for one of Conv2D."""

    def __call__(self, w: Expr) -> Expr:
        return w

    def get_config(self) -> dict:
        """What `from_config` makes an equal constraint of."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Constraint:
        """A constraint as `get_config` describes it."""
        return cls(**config)


@REGISTRY.add
class MaxNorm(Constraint):
    """Norms of at most `max_value` (Srivastava et al., 2014)."""

    def __init__(self, max_value=2, axis=0):
        self.max_value, self.axis = max_value, axis

    @numeric
    def __call__(self, w):
        norm = _norm(w, self.axis)
        return _scaled(w, norm, ops["minimum"](norm, self.max_value))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


@REGISTRY.add
class NonNeg(Constraint):
    """No weight below 0."""

    @numeric
    def __call__(self, w):
        return ops["maximum"](w, 0)


@REGISTRY.add
class UnitNorm(Constraint):
    """Norms of 1."""

    def __init__(self, axis=0):
        self.axis = axis

    @numeric
    def __call__(self, w):
        return _scaled(w, _norm(w, self.axis), 1)

    def get_config(self):
        return {"axis": self.axis}


@REGISTRY.add
class MinMaxNorm(Constraint):
    """Norms between `min_value` and `max_value`; those outside go there by the share `rate` of the way at each step."""

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    @numeric
    def __call__(self, w):
        norm = _norm(w, self.axis)
        within = ops["clip"](norm, self.min_value, self.max_value)
        return _scaled(w, norm, self.rate * within + (1 - self.rate) * norm)

    def get_config(self):
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


def _norm(w: Expr, axis) -> Expr:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return ops["sqrt"](ops["sum"](ops["square"](w), axis=axis, keepdims=True))


def _scaled(w: Expr, norm: Expr, wanted: Expr | int) -> Expr:
    return w * (wanted / (norm + config.epsilon()))


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
           "non_neg", "serialize", "unit_norm"]
