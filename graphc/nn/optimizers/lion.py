"""Lion."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as ops
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class Lion(Optimizer):
    """The sign of a mean of momentum and gradient (Chen et al., 2023): half the state of Adam. It takes learning rates 3
    to 10 times smaller than Adam."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **options):
        super().__init__(learning_rate, **options)
        if not 0 < beta_1 <= 1:
            raise ArgumentError(f"Lion: beta_1 must be above 0 and at most 1, got {beta_1!r}")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def build(self, variables):
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        m = self._momentums[self._get_variable_index(variable)]
        variable.assign_sub(learning_rate * ops["sign"](self.beta_1 * m + (1 - self.beta_1) * gradient))
        m.assign(self.beta_2 * m + (1 - self.beta_2) * gradient)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}


__all__ = ["Lion"]
