"""What weights are before training."""
from __future__ import annotations

import math

import numpy as np

from . import seeds
from .registry import Registry

REGISTRY = Registry("initializer")
get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored


class Initializer:
    """``initializer(shape, dtype) -> array``."""

    def __call__(self, shape: tuple[int, ...], dtype="float32") -> np.ndarray:
        raise NotImplementedError

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Initializer:
        return cls(**config)


@REGISTRY.add("zeros")
class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape, dtype="float32"):
        return np.zeros(shape, dtype)


@REGISTRY.add("ones")
class Ones(Initializer):
    """All 1."""

    def __call__(self, shape, dtype="float32"):
        return np.ones(shape, dtype)


@REGISTRY.add
class VarianceScaling(Initializer):
    """Zero mean and a variance of ``scale / n``; n is the number of a unit's inputs ("fan_in"), of its outputs
    ("fan_out"), or their mean ("fan_avg")."""

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed=None):
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def __call__(self, shape, dtype="float32"):
        fans = dict(zip(("fan_in", "fan_out"), _fans(shape), strict=True))
        fans["fan_avg"] = (fans["fan_in"] + fans["fan_out"]) / 2
        variance = self.scale / max(1.0, fans[self.mode])
        random = seeds.generator(self.seed)
        limit = math.sqrt(3 * variance)
        return random.uniform(-limit, limit, shape).astype(dtype)

    def get_config(self):
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


@REGISTRY.add
class GlorotUniform(VarianceScaling):
    """Uniform, after Glorot and Bengio (2010)."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_avg", "uniform", seed)

    def get_config(self):
        return {"seed": self.seed}


def _fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Inputs and outputs of a unit with weights of this shape."""
    if len(shape) < 2:
        return (shape[0] if shape else 1,) * 2
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


__all__ = ["GlorotUniform", "Initializer", "Ones", "VarianceScaling", "Zeros", "deserialize", "get", "serialize"]
