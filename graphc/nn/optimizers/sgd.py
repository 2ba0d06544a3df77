"""Gradient descent."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class SGD(Optimizer):
    """``w -= rate * g``; with `momentum` a velocity ``v = momentum * v - rate * g`` is added instead, with `nesterov` the
    velocity that comes after it (Sutskever et al., 2013)."""

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **options):
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"SGD: momentum must be between 0 and 1, got {momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient, variable, learning_rate):
        step = -learning_rate * gradient
        if self.momentum:
            velocity = self.momentums[self._get_variable_index(variable)]
            new = self.momentum * velocity + step
            velocity.assign(new)
            step = self.momentum * new + step if self.nesterov else new
        variable.assign_add(step)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}


__all__ = ["SGD"]
