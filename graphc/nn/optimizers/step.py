"""One step of an optimizer as a graph: what happens to gradients before, and to weights after, `update_step`."""
from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from ...autodiff import grad
from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr, part_of
from ...ir.graph import shared, substituted, topological
from ...ir.leaves import as_expr, placeholder
from ...ops import PUBLIC_NAMES as ops
from ..eager import computed
from ..trace import Trace
from ..variables import Variable
from .assignments import Assignments


class Step:
    """The order of a step: unscale, accumulate, clip, decay, update, average, constrain, count.

    What is read after an `assign` is what was assigned; gradients are what they are."""

    def update_step(self, gradient: Expr, variable: Variable, learning_rate: Expr) -> None:
        """Assign `variable` and the state that belongs to it."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step method")

    def assign(self, variable: Variable, value) -> None:
        """Let `variable` be `value` from the next step on."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value) -> None:
        """Add `value` to `variable`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value) -> None:
        """Subtract `value` from `variable`."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Expr) -> Expr:
        """The loss to take gradients of."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # ---- applying
    def apply(self, grads: Sequence[Expr | None], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Update weights, each by its gradient: expressions in a train step, elsewhere arrays.

        A weight whose gradient is None stays as it is. Raises ArgumentError for weights that the optimizer was not built
        with, ShapeError for a gradient that has not its weight's shape."""
        pairs = self._pairs(list(grads), trainable_variables)
        places = [self._place[v] for _, v in pairs]
        gradients = [g for g, _ in pairs]
        if Trace.active() is not None:
            self._emit(gradients, places)
        elif any(isinstance(g, Expr) for g in gradients):
            raise ArgumentError(f"{self.name}: gradients that are expressions are applied inside a train step")
        elif gradients:
            computed(self, self._emit, (gradients, places), {})

    def minimize(self, loss: Expr, trainable_variables: Sequence[Variable]) -> None:
        """`apply` the gradients of a loss. Weights that it does not depend on stay as they are."""
        loss = self.scale_loss(loss)
        reached = set(topological([loss]))
        connected = [v for v in trainable_variables if v in reached]
        found = dict(zip(connected, grad(loss, connected), strict=True))
        self.apply([found.get(v) for v in trainable_variables], trainable_variables)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Expr, Variable]]) -> Expr:
        """`apply`, from pairs of a gradient and a weight; the steps done."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(gradients, variables)
        return self._iterations

    def _pairs(self, gradients: list, variables) -> list[tuple[Expr, Variable]]:
        if variables is None and not self.built:
            raise ArgumentError(f"{self.name}: apply takes the variables too, unless the optimizer is built")
        variables = self._weights if variables is None else list(variables)
        if len(gradients) != len(variables):
            raise ArgumentError(f"{self.name}: got {len(gradients)} gradients for {len(variables)} variables")
        if not self.built:
            self.build(variables)
        strange = [v.label for v in variables if v not in self._place]
        if strange:
            raise ArgumentError(f"{self.name} was built for other variables than {strange[0]}: make a new optimizer")
        return self._connected(gradients, variables)

    def _connected(self, gradients: list, variables: list[Variable]) -> list[tuple[Expr, Variable]]:
        missing = [v.label for g, v in zip(gradients, variables, strict=True) if g is None]
        if missing and len(missing) == len(gradients):
            raise ArgumentError(f"{self.name}: the loss depends on none of the weights {', '.join(missing)}")
        if missing:
            warnings.warn(f"the loss does not depend on {', '.join(missing)}: they stay as they are", stacklevel=4)
        return [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]

    def _emit(self, gradients: list[Expr], places: list[int]) -> tuple:
        """The step, written into the active trace."""
        trace = Trace.active()
        self._traced = True
        variables = [self._weights[k] for k in places]
        gradients = [_shaped(g, v) for g, v in zip(gradients, variables, strict=True)]
        stand_ins = [placeholder(g.dims, g.dtype) for g in gradients]
        with Assignments() as step, part_of(f"optimizer {self.name}"):
            self._step(stand_ins, variables)
        known = {**trace.updates, **dict(zip(stand_ins, gradients, strict=True))}
        trace.updates.update(zip(step.updates, shared(substituted(step.updates.values(), known)), strict=True))
        return ()

    # ---- parts of a step
    def _step(self, gradients: list[Expr], variables: list[Variable]) -> None:
        if self.loss_scale_factor is not None:
            gradients = [g / self.loss_scale_factor for g in gradients]
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        else:
            self._update(gradients, variables)
        if self.use_ema:
            self._average()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        self._iterations.assign_add(1)

    def _update(self, gradients: list[Expr], variables: list[Variable]) -> None:
        gradients = self._clipped(gradients)
        rate = self.learning_rate
        for variable in variables:
            decay = self._decay_of(variable) if self._use_weight_decay(variable) else None
            if decay:
                variable.assign(variable - variable * decay * rate)
        self._update_all(gradients, variables, rate)

    def _update_all(self, gradients: list[Expr], variables: list[Variable], rate: Expr) -> None:
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, rate)

    def _decay_of(self, variable: Variable) -> float | None:
        """The weight decay of this weight, unless it is excluded."""
        return self.weight_decay

    def _accumulate(self, gradients: list[Expr], variables: list[Variable]) -> None:
        steps = self.gradient_accumulation_steps
        last = (self._iterations + 1) % steps == 0
        sums = [self._accumulated[self._place[v]] for v in variables]
        totals = [g + total for g, total in zip(gradients, sums, strict=True)]
        with Assignments() as update:
            self._update([total / steps for total in totals], variables)
        for variable, value in update.updates.items():
            variable.assign(ops["where"](last, value, variable))
        for accumulated, total in zip(sums, totals, strict=True):
            accumulated.assign(ops["where"](last, 0, total))

    def _average(self) -> None:
        """The moving averages, and, every `ema_overwrite_frequency` steps, these as the weights."""
        momentum = ops["where"](self.iterations == 0, 0, ops["full"]((), self.ema_momentum, dtype="float32"))
        every = self.ema_overwrite_frequency
        for variable, average in zip(self._weights, self._averages, strict=True):
            average.assign(momentum * average + (1 - momentum) * variable)
            if every:
                due = (self.iterations + 1) % every == 0
                variable.assign(ops["where"](due, average, variable))

    def _clipped(self, gradients: list[Expr]) -> list[Expr]:
        if self.clipnorm:
            return [_to_norm(g, _norm([g]), self.clipnorm) for g in gradients]
        if self.global_clipnorm:
            norm = _norm(gradients)
            return [_to_norm(g, norm, self.global_clipnorm) for g in gradients]
        if self.clipvalue:
            return [ops["clip"](g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients


def _shaped(gradient, variable: Variable) -> Expr:
    gradient = as_expr(gradient)
    fits = gradient.ndim == variable.ndim and all(a in (None, b) for a, b in
                                                  zip(gradient.shape, variable.shape, strict=True))
    if not fits:
        raise ShapeError(f"a gradient of shape {gradient.shape} for {variable.label} of shape {variable.shape}")
    return gradient if gradient.shape == variable.shape else ops["reshape"](gradient, variable.shape)


def _norm(gradients: list[Expr]) -> Expr:
    squares = [ops["sum"](ops["square"](g)) for g in gradients]
    return ops["sqrt"](sum(squares[1:], squares[0]))


def _to_norm(g: Expr, norm: Expr, limit: float) -> Expr:
    return g * (limit / ops["maximum"](norm, limit))


__all__ = ["Step"]
