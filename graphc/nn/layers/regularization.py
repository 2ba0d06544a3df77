"""Noise that keeps a network from learning its training data by heart."""
from __future__ import annotations

from ...ops.random import dropout
from .layer import Layer


class Dropout(Layer):
    """In training, each element is 0 with probability `rate`, the others grow by ``1 / (1 - rate)``; else the input
    itself."""

    def __init__(self, rate: float, noise_shape=None, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed
        self.supports_masking = True

    def call(self, inputs, training=False):
        return dropout(inputs, self.rate) if training and self.rate else inputs

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


__all__ = ["Dropout"]
