"""The base of initializers."""
from __future__ import annotations

import numpy as np

from ..registry import Registry

REGISTRY = Registry("initializer", "initializers")


class Initializer:
    """``initializer(shape, dtype) -> array``."""

    def __call__(self, shape: tuple[int, ...], dtype=None) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no __call__ method")

    def get_config(self) -> dict:
        """What `from_config` makes an equal initializer of."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Initializer:
        """An initializer as `get_config` describes it."""
        return cls(**config)

    def clone(self) -> Initializer:
        """An equal initializer."""
        return type(self).from_config(self.get_config())


__all__ = ["REGISTRY", "Initializer"]
