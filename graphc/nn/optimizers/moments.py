"""What the optimizers of Adam's family share: running means of gradients and of their squares, which start at 0."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from .optimizer import Optimizer


class Moments(Optimizer):
    """An optimizer with two running means, m of gradients and v of their squares; `beta_1` and `beta_2` are how much of
    them stays at each step."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables):
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def moments(self, gradient, variable) -> tuple[Expr, Expr]:
        """m and v once `gradient` has come in, assigned to the state of `variable`."""
        k = self._get_variable_index(variable)
        return (running(self._momentums[k], gradient, self.beta_1),
                running(self._velocities[k], ops["square"](gradient), self.beta_2))

    def remaining(self, beta: float, steps: int = 1) -> Expr:
        """``beta ** t``, the share that the start still has in a running mean: at this step, or later ones."""
        return power(beta, self.iterations + steps)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


def running(mean, value: Expr, beta: float) -> Expr:
    """The running mean, assigned and returned, once `value` has come in."""
    new = mean + (value - mean) * (1 - beta)
    mean.assign(new)
    return new


def power(base: float, exponent: Expr) -> Expr:
    return ops["pow"](base, exponent.astype("float32"))


__all__ = ["Moments", "power", "running"]
