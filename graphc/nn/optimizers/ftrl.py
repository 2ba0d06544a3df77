"""FTRL."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as ops
from ..initializers import Constant
from .optimizer import REGISTRY, Optimizer

NOT_NEGATIVE = ("initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
                "l2_shrinkage_regularization_strength")


@REGISTRY.add
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al., 2013): for shallow models with many features that are mostly 0.

    The weights are the minimum of what the gradients so far say, with an L1 and an L2 penalty; `beta` adds to the latter,
    and L2 shrinkage, other than L2 regularization, acts by the gradients."""

    def __init__(self, learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1,
                 l1_regularization_strength=0.0, l2_regularization_strength=0.0,
                 l2_shrinkage_regularization_strength=0.0, beta=0.0, **options):
        super().__init__(learning_rate, **options)
        self.learning_rate_power, self.initial_accumulator_value = learning_rate_power, initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ArgumentError(f"Ftrl: learning_rate_power must not be positive, got {learning_rate_power!r}")
        for name in NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ArgumentError(f"Ftrl: {name} must not be negative, got {getattr(self, name)!r}")

    def build(self, variables):
        super().build(variables)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [Constant(self.initial_accumulator_value), "zeros"])

    def update_step(self, gradient, variable, learning_rate):
        k = self._get_variable_index(variable)
        accumulator, linear = self._accumulators[k], self._linears[k]
        squares = accumulator + ops["square"](gradient)
        before, after = (ops["pow"](x, -self.learning_rate_power) / learning_rate for x in (accumulator, squares))
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * variable
        slope = linear + shrunk - (after - before) * variable
        curvature = after + 2 * (self.l2_regularization_strength + self.beta / (2 * learning_rate))
        l1 = self.l1_regularization_strength
        accumulator.assign(squares)
        linear.assign(slope)
        variable.assign((ops["clip"](slope, -l1, l1) - slope) / curvature)

    def get_config(self):
        names = ("learning_rate_power", *NOT_NEGATIVE, "beta")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


__all__ = ["Ftrl"]
