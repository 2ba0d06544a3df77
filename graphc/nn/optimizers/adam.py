"""Adam and what came of it."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as ops
from .moments import Moments, power, running
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class Adam(Moments):
    """``w -= rate * m / (sqrt(v) + epsilon)``, both without the bias of their start (Kingma and Ba, 2015).

    `amsgrad` takes for v the greatest that there was (Reddi et al., 2018)."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **options):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = amsgrad

    def build(self, variables):
        super().build(variables)
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient, variable, learning_rate):
        m, v = self.moments(gradient, variable)
        if self.amsgrad:
            greatest = self._velocity_hats[self._get_variable_index(variable)]
            v = ops["maximum"](greatest, v)
            greatest.assign(v)
        rate = learning_rate * ops["sqrt"](1 - self.remaining(self.beta_2)) / (1 - self.remaining(self.beta_1))
        variable.assign_sub(rate * m / (ops["sqrt"](v) + self.epsilon))

    def get_config(self):
        return {**super().get_config(), "amsgrad": self.amsgrad}


@REGISTRY.add
class AdamW(Adam):
    """Adam with weight decay (Loshchilov and Hutter, 2019)."""

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
                 **options):
        if weight_decay is None:
            raise ArgumentError("AdamW: weight_decay must be a number, got None; Adam decays no weights")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


@REGISTRY.add
class Nadam(Moments):
    """Adam with Nesterov's momentum (Dozat, 2016): the gradient and the m that comes after it, each by its share."""

    def build(self, variables):
        super().build(variables)
        self._product = self.add_variable((), "ones", name="product")

    def _update_all(self, gradients, variables, rate):
        self._shares = self._share(1), self._share(2)
        self._products = self._product * self._shares[0], self._product * self._shares[0] * self._shares[1]
        self._product.assign(self._products[0])
        super()._update_all(gradients, variables, rate)

    def _share(self, steps: int):
        """beta_1 as it grows with time."""
        return self.beta_1 * (1 - 0.5 * power(0.96, self.iterations + steps))

    def update_step(self, gradient, variable, learning_rate):
        m, v = self.moments(gradient, variable)
        (now, after), (product, next_product) = self._shares, self._products
        mean = after * m / (1 - next_product) + (1 - now) * gradient / (1 - product)
        deviation = ops["sqrt"](v / (1 - self.remaining(self.beta_2)))
        variable.assign_sub(learning_rate * mean / (deviation + self.epsilon))


@REGISTRY.add
class Adamax(Optimizer):
    """Adam with the greatest of the (fading) absolute gradients in place of the root mean square (Kingma and Ba, 2015)."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables):
        super().build(variables)
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient, variable, learning_rate):
        k = self._get_variable_index(variable)
        m = running(self._m[k], gradient, self.beta_1)
        u = ops["maximum"](self.beta_2 * self._u[k], ops["abs"](gradient))
        self._u[k].assign(u)
        variable.assign_sub(learning_rate * m / ((1 - power(self.beta_1, self.iterations + 1)) * (u + self.epsilon)))

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@REGISTRY.add
class Lamb(Moments):
    """Adam's step, scaled for each weight to the norm of the weight (You et al., 2020): for large batches."""

    def update_step(self, gradient, variable, learning_rate):
        m, v = self.moments(gradient, variable)
        mean, square = m / (1 - self.remaining(self.beta_1)), v / (1 - self.remaining(self.beta_2))
        step = mean / (ops["sqrt"](square) + self.epsilon)
        lengths = [ops["sqrt"](ops["sum"](ops["square"](x))) for x in (variable, step)]
        usual = ops["logical_and"](lengths[0] > 0, lengths[1] > 0)
        ratio = ops["where"](usual, lengths[0] / ops["where"](usual, lengths[1], 1), 1)
        variable.assign_sub(ratio * learning_rate * step)


__all__ = ["Adam", "AdamW", "Adamax", "Lamb", "Nadam"]
