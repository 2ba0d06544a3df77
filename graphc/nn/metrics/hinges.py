"""By how much margins are missed."""
from __future__ import annotations

from .. import losses
from .metric import FUNCTIONS, REGISTRY
from .reduction import MeanMetricWrapper

for function in (losses.hinge, losses.squared_hinge, losses.categorical_hinge):
    FUNCTIONS.add(function)


@REGISTRY.add
class Hinge(MeanMetricWrapper):
    """The mean of max(1 - y_true * y_pred, 0)."""

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype)


@REGISTRY.add
class SquaredHinge(MeanMetricWrapper):
    """The mean of max(1 - y_true * y_pred, 0)**2."""

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype)


@REGISTRY.add
class CategoricalHinge(MeanMetricWrapper):
    """The mean of max(1 + best - right, 0), by `losses.categorical_hinge`."""

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype)


__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge"]
