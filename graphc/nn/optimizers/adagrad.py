"""Adagrad and Adadelta."""
from __future__ import annotations

from ...ops import PUBLIC_NAMES as ops
from ..initializers import Constant
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares so far (Duchi et al., 2011)."""

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def build(self, variables):
        super().build(variables)
        initial = Constant(self.initial_accumulator_value)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", initial)

    def update_step(self, gradient, variable, learning_rate):
        accumulator = self._accumulators[self._get_variable_index(variable)]
        total = accumulator + ops["square"](gradient)
        accumulator.assign(total)
        variable.assign_sub(learning_rate * gradient / ops["sqrt"](total + self.epsilon))

    def get_config(self):
        return {**super().get_config(), "initial_accumulator_value": self.initial_accumulator_value,
                "epsilon": self.epsilon}


@REGISTRY.add
class Adadelta(Optimizer):
    """Gradients times the ratio of two running root mean squares: of the steps so far, and of the gradients (Zeiler,
    2012)."""

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        super().build(variables)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"])

    def update_step(self, gradient, variable, learning_rate):
        k = self._get_variable_index(variable)
        gradients, steps = self._accumulated_grads[k], self._accumulated_delta_vars[k]
        mean = self.rho * gradients + (1 - self.rho) * ops["square"](gradient)
        step = self._rms(steps) * gradient / self._rms(mean)
        gradients.assign(mean)
        steps.assign(self.rho * steps + (1 - self.rho) * ops["square"](step))
        variable.assign_sub(learning_rate * step)

    def _rms(self, mean_square):
        return ops["sqrt"](mean_square + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}


__all__ = ["Adadelta", "Adagrad"]
