"""Initializers that draw nothing."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ShapeError
from .initializer import REGISTRY, Initializer


@REGISTRY.add
class Constant(Initializer):
    """`value` everywhere: a number, or an array that broadcasts to the weight's shape."""

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return np.array(np.broadcast_to(self.value, shape), dtype or "float32")

    def get_config(self):
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}


@REGISTRY.add
class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape, dtype=None):
        return np.zeros(shape, dtype or "float32")


@REGISTRY.add("one")
class Ones(Initializer):
    """All 1."""

    def __call__(self, shape, dtype=None):
        return np.ones(shape, dtype or "float32")


@REGISTRY.add("IdentityInitializer")
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, else 0."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected the shape of a matrix, got {tuple(shape)}")
        return (self.gain * np.eye(*shape)).astype(dtype or "float32")

    def get_config(self):
        return {"gain": self.gain}


__all__ = ["Constant", "Identity", "Ones", "Zeros"]
