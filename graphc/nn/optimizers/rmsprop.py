"""RMSprop."""
from __future__ import annotations

from ...ops import PUBLIC_NAMES as ops
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class RMSprop(Optimizer):
    """Gradients divided by a running root mean square of themselves (Tieleman and Hinton, 2012)."""

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def build(self, variables):
        super().build(variables)
        self._squares = [self.add_variable_from_reference(v, "velocity") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        square = self._squares[self._place[variable]]
        mean = self.rho * square + (1 - self.rho) * ops["square"](gradient)
        square.assign(mean)
        variable.assign(variable - learning_rate * gradient / ops["sqrt"](mean + self.epsilon))

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon,
                "centered": self.centered}


__all__ = ["RMSprop"]
