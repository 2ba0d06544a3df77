"""RMSprop."""
from __future__ import annotations

from ...ops import PUBLIC_NAMES as ops
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class RMSprop(Optimizer):
    """Gradients divided by a running root mean square of themselves (Tieleman and Hinton, 2012).

    `rho` is how much of the mean stays at each step; `centered` takes the running mean off first: a standard deviation
    (Graves, 2013)."""

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **options):
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def build(self, variables):
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient, variable, learning_rate):
        k = self._get_variable_index(variable)
        spread = self._running(self._velocities[k], ops["square"](gradient))
        if self.centered:
            spread = spread - ops["square"](self._running(self._average_gradients[k], gradient))
        step = learning_rate * gradient / ops["sqrt"](spread + self.epsilon)
        if self.momentum > 0:
            step = self.momentum * self._momentums[k] + step
            self._momentums[k].assign(step)
        variable.assign_sub(step)

    def _running(self, mean, value):
        """The running mean, assigned and returned, once `value` has come in."""
        new = self.rho * mean + (1 - self.rho) * value
        mean.assign(new)
        return new

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon,
                "centered": self.centered}


__all__ = ["RMSprop"]
