"""Adafactor."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from ..variables import Variable
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class Adafactor(Optimizer):
    """Gradients divided by a root mean square of which only the means over rows and columns are kept (Shazeer and Stern,
    2018): the memory of a vector for a matrix, as far as what is learned from goes.

    `epsilon_1` is added to squares, `epsilon_2` is the least scale of a weight; a step's root mean square is at most
    `clip_threshold`. The learning rate is at most ``1 / sqrt(t)``, whether or not `relative_step` asks for it."""

    def __init__(self, learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0,
                 relative_step=True, **options):
        super().__init__(learning_rate, **options)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def build(self, variables):
        super().build(variables)
        self._r, self._c, self._v = [], [], []
        for v in variables:
            factored = v.ndim > 1
            self._r.append(self._mean_over(v, -1) if factored else None)
            self._c.append(self._mean_over(v, -2) if factored else None)
            self._v.append(self.add_variable_from_reference(v, "velocity"))

    def _mean_over(self, variable: Variable, axis: int) -> Variable:
        shape = list(variable.shape)
        del shape[axis]
        return self.add_variable(shape, dtype=variable.dtype, name=variable.name)

    def update_step(self, gradient, variable, learning_rate):
        step = (self.iterations + 1).astype("float32")
        relative = ops["minimum"](learning_rate, 1 / ops["sqrt"](step))
        square = self._mean_square(gradient, variable, 1 - ops["pow"](step, self.beta_2_decay))
        update = gradient / ops["sqrt"](square)
        update = update / ops["maximum"](1, _rms(update) / self.clip_threshold)
        variable.assign_sub(ops["maximum"](self.epsilon_2, _rms(variable)) * relative * update)

    def _mean_square(self, gradient: Expr, variable: Variable, beta: Expr) -> Expr:
        """The running mean of squares: of a matrix, the product of those over its rows and its columns."""
        k = self._get_variable_index(variable)
        square = ops["square"](gradient) + self.epsilon_1
        if variable.ndim < 2:
            mean = _running(self._v[k], square, beta)
        else:
            rows = _running(self._r[k], ops["mean"](square, axis=-1), beta)
            columns = _running(self._c[k], ops["mean"](square, axis=-2), beta)
            rows = rows / ops["mean"](rows, axis=-1, keepdims=True)
            mean = ops["expand_dims"](rows, -1) * ops["expand_dims"](columns, -2)
            self._v[k].assign(mean)
        return mean

    def get_config(self):
        names = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _rms(x: Expr) -> Expr:
    return ops["sqrt"](ops["mean"](ops["square"](x)))


def _running(mean: Variable, value: Expr, beta: Expr) -> Expr:
    new = beta * mean + (1 - beta) * value
    mean.assign(new)
    return new


__all__ = ["Adafactor"]
