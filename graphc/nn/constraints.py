"""What weights must be after each step."""
from __future__ import annotations

from ..ir.expr import Expr
from .registry import Registry

REGISTRY = Registry("constraint")
get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored


class Constraint:
    """``constraint(w) -> w``."""

    def __call__(self, w: Expr) -> Expr:
        raise NotImplementedError

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Constraint:
        return cls(**config)


__all__ = ["Constraint", "deserialize", "get", "serialize"]
