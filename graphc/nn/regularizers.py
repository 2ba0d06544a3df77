"""Losses that weights or activations bring along."""
from __future__ import annotations

from ..ir.expr import Expr
from .registry import Registry

REGISTRY = Registry("regularizer")
get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored


class Regularizer:
    """``regularizer(x) -> loss``."""

    def __call__(self, x: Expr) -> Expr:
        raise NotImplementedError

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Regularizer:
        return cls(**config)


__all__ = ["Regularizer", "deserialize", "get", "serialize"]
