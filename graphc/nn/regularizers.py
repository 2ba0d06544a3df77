"""Losses that weights or activations bring along."""
from __future__ import annotations

import math

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ops import PUBLIC_NAMES as ops
from .numeric import numeric
from .registry import Registry

REGISTRY = Registry("regularizer", "regularizers")
get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored


class Regularizer:
    """``regularizer(x) -> loss``: a scalar; of an expression an expression, of an array a number."""

    def __call__(self, x: Expr) -> Expr:
        raise NotImplementedError(f"{type(self).__name__} has no __call__ method")

    def get_config(self) -> dict:
        """What `from_config` makes an equal regularizer of."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Regularizer:
        """A regularizer as `get_config` describes it."""
        return cls(**config)


@REGISTRY.add("l1_l2")
class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1, self.l2 = _factor(l1 or 0.0, "l1"), _factor(l2 or 0.0, "l2")

    @numeric
    def __call__(self, x):
        parts = [_absolute(self.l1, x)] if self.l1 else []
        parts += [_squared(self.l2, x)] if self.l2 else []
        return sum(parts[1:], parts[0]) if parts else ops["zeros"]((), x.dtype)

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


@REGISTRY.add
class L1(Regularizer):
    """``l1 * sum(|x|)``."""

    def __init__(self, l1=0.01):
        self.l1 = _factor(0.01 if l1 is None else l1, "l1")

    @numeric
    def __call__(self, x):
        return _absolute(self.l1, x)

    def get_config(self):
        return {"l1": self.l1}


@REGISTRY.add
class L2(Regularizer):
    """``l2 * sum(x**2)``.

    >>> float(L2(0.1)([[1.0, 2.0]]))
    0.5
    """

    def __init__(self, l2=0.01):
        self.l2 = _factor(0.01 if l2 is None else l2, "l2")

    @numeric
    def __call__(self, x):
        return _squared(self.l2, x)

    def get_config(self):
        return {"l2": self.l2}


@REGISTRY.add
class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean of |cos| of the angles between the rows (or columns: `mode`) of a matrix."""

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ArgumentError(f"OrthogonalRegularizer: mode is 'rows' or 'columns', got {mode!r}")
        self.factor, self.mode = _factor(factor, "factor"), mode

    @numeric
    def __call__(self, x):
        if x.ndim != 2:
            raise ShapeError(f"OrthogonalRegularizer: expected a matrix, got shape {x.shape}")
        rows = x if self.mode == "rows" else ops["matrix_transpose"](x)
        length = ops["sqrt"](ops["sum"](ops["square"](rows), axis=1, keepdims=True))
        rows = rows / ops["maximum"](length, 1e-12)
        count = rows.shape[0]
        cosines = ops["matmul"](rows, ops["matrix_transpose"](rows)) * (1 - ops["eye"](count, dtype=x.dtype))
        return self.factor * ops["sum"](ops["abs"](cosines)) / (count * (count - 1))

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


def _absolute(factor: float, x: Expr) -> Expr:
    return factor * ops["sum"](ops["abs"](x))


def _squared(factor: float, x: Expr) -> Expr:
    return factor * ops["sum"](ops["square"](x))


def _factor(value, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ArgumentError(f"{name}: expected a number that is not negative, got {value!r}")
    return float(value)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
           "orthogonal_regularizer", "serialize"]
