"""Activation functions by name."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ops import PUBLIC_NAMES as ops
from .registry import Registry

REGISTRY = Registry("activation")
serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier):
    """The activation of that name; None is the linear one."""
    return linear if identifier is None else REGISTRY.get(identifier)


@REGISTRY.add
def linear(x: Expr) -> Expr:
    """`x` itself."""
    return x


@REGISTRY.add
def softmax(x: Expr, axis: int = -1) -> Expr:
    """exp(x), scaled to a sum of 1 along `axis`."""
    return ops["softmax"](x, axis=axis)


@REGISTRY.add
def relu(x: Expr, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Expr:
    """max(x, 0)."""
    return ops["relu"](x)


__all__ = ["deserialize", "get", "linear", "relu", "serialize", "softmax"]
