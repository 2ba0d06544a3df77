"""Learning rates that change with the step."""
from __future__ import annotations

from ..ir.expr import Expr
from .registry import Registry

REGISTRY = Registry("learning rate schedule")


class LearningRateSchedule:
    """``schedule(step) -> learning rate``, as an expression."""

    def __call__(self, step: Expr) -> Expr:
        raise NotImplementedError

    def get_config(self) -> dict:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict) -> LearningRateSchedule:
        return cls(**config)


__all__ = ["REGISTRY", "LearningRateSchedule"]
