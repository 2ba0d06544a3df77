"""The base of optimizers: the next values of weights from gradients, as a part of the train step's graph."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from ..naming import unique_name
from ..registry import Registry
from ..schedules import REGISTRY as SCHEDULES
from ..schedules import LearningRateSchedule
from ..trace import Trace
from ..variables import Variable

REGISTRY = Registry("optimizer")


class Optimizer:
    """``optimizer.apply(gradients, variables)`` inside a train step.

    Subclasses make their state in ``build(self, variables)`` with `add_variable_from_reference` and say in
    ``update_step(self, gradient, variable, learning_rate)`` what the Variable and the state become. `learning_rate` is a
    number, which may be set at any time, or a schedule of `iterations`. Gradients are clipped: each element to
    `clipvalue`, each gradient to the norm `clipnorm`, or all together to `global_clipnorm`. `weight_decay` takes
    that share of each weight, times the learning rate, at each step. With `use_ema`, averages of the weights are kept,
    and put in their place every `ema_overwrite_frequency` steps, or at the end of training."""

    def __init__(self, learning_rate=0.001, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
                 ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None, name: str | None = None):
        if sum(x is not None for x in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ArgumentError("only one of clipnorm, clipvalue and global_clipnorm can be set")
        self.name = name or unique_name(type(self))
        self.weight_decay, self.use_ema = weight_decay, use_ema
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.ema_momentum, self.ema_overwrite_frequency = ema_momentum, ema_overwrite_frequency
        self.variables: list[Variable] = []
        self.iterations = self.add_variable((), "int64", "iteration")
        self._schedule = learning_rate if isinstance(learning_rate, LearningRateSchedule) else None
        self._rate = None if self._schedule else self.add_variable((), "float32", "learning_rate", float(learning_rate))
        self.built = False

    # ---- state
    def add_variable(self, shape, dtype="float32", name: str | None = None, value=0) -> Variable:
        """A Variable of the optimizer's state."""
        variable = Variable(np.broadcast_to(np.asarray(value, dtype), shape), dtype=dtype, trainable=False,
                            name=f"{self.name}/{name or 'variable'}")
        self.variables.append(variable)
        return variable

    def add_variable_from_reference(self, reference: Variable, name: str, value=0) -> Variable:
        """A Variable of the optimizer's state, of the shape of `reference`."""
        return self.add_variable(reference.shape, reference.dtype, f"{reference.name}/{name}", value)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these weights."""
        self._place = {v: k for k, v in enumerate(variables)}
        averaged = variables if self.use_ema else ()
        self._averages = [self.add_variable_from_reference(v, "average", v.numpy()) for v in averaged]
        self.built = True

    @property
    def learning_rate(self) -> Expr:
        """The learning rate of the next step, as an expression."""
        return self._rate if self._schedule is None else self._schedule(self.iterations).astype("float32")

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._schedule is not None:
            raise ArgumentError("the learning rate follows a schedule: it cannot be set")
        self._rate.assign(np.float32(value))

    # ---- a step
    def update_step(self, gradient: Expr, variable: Variable, learning_rate: Expr) -> None:
        """Assign `variable` and what state belongs to it."""
        raise NotImplementedError

    def apply(self, gradients: Sequence[Expr], variables: Sequence[Variable] | None = None) -> None:
        """Update the weights, each by its gradient."""
        trace = Trace.active()
        if trace is None:
            raise ArgumentError("an optimizer is applied inside a train step")
        variables = list(self._place) if variables is None else list(variables)
        if not self.built:
            self.build(variables)
        rate = self.learning_rate
        for gradient, variable in zip(self._clipped(list(gradients)), variables, strict=True):
            decay = self.weight_decay if self._decays(variable) else None
            self.update_step(gradient, variable, rate)
            if decay:
                trace.updates[variable] = trace.updates[variable] - variable * rate * decay
            if variable.constraint is not None:
                trace.updates[variable] = variable.constraint(trace.updates[variable])
        self.iterations.assign_add(1)

    def apply_gradients(self, pairs: Iterable[tuple[Expr, Variable]]) -> None:
        """`apply`, from pairs of a gradient and a weight."""
        gradients, variables = zip(*pairs, strict=True)
        self.apply(gradients, variables)

    def _decays(self, variable: Variable) -> bool:
        return True

    def _clipped(self, gradients: list[Expr]) -> list[Expr]:
        if self.clipvalue is not None:
            return [ops["clip"](g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is not None:
            return [_to_norm(g, _norm([g]), self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            norm = _norm(gradients)
            return [_to_norm(g, norm, self.global_clipnorm) for g in gradients]
        return gradients

    def get_config(self) -> dict:
        rate = SCHEDULES.serialized(self._schedule) if self._schedule else float(self._rate.numpy())
        return {"name": self.name, "learning_rate": rate, "weight_decay": self.weight_decay, "clipnorm": self.clipnorm,
                "clipvalue": self.clipvalue, "global_clipnorm": self.global_clipnorm, "use_ema": self.use_ema,
                "ema_momentum": self.ema_momentum, "ema_overwrite_frequency": self.ema_overwrite_frequency}

    @classmethod
    def from_config(cls, config: dict) -> Optimizer:
        rate = config.get("learning_rate")
        return cls(**{**config, "learning_rate": SCHEDULES.restored(rate)} if isinstance(rate, dict) else config)


def _norm(gradients: list[Expr]) -> Expr:
    total = sum(ops["sum"](ops["square"](g)) for g in gradients)
    return ops["sqrt"](as_expr(total))


def _to_norm(g: Expr, norm: Expr, limit: float) -> Expr:
    return g * (limit / ops["maximum"](norm, limit))


__all__ = ["REGISTRY", "Optimizer"]
