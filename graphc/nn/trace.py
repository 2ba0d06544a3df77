"""What layers leave behind, beside their results, while a function is written down as a graph."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr, originating, part_of
from ..ir.graph import rebuilt, substituted, topological
from ..ir.leaves import Variable, as_expr
from ..ir.types import is_float
from ..ops.elementwise import stop_gradient
from . import tree

if TYPE_CHECKING:
    from .layers.layer import Layer

_active: ContextVar[Trace | None] = ContextVar("trace", default=None)


class Trace:
    """One function in the making: next values of Variables, losses of layers, masks of tensors; and what is to be checked
    of the arrays that are given for its inputs.

    Inside ``with Trace(training=True) as trace:`` layers emit expressions; `training` is what they take for their
    argument of that name where none is given. With `origins`, what a layer emits names it, and belongs to the line that
    made the layer where that is not the user's own."""

    def __init__(self, training: bool = False, origins: bool = False):
        self.training, self.origins = training, origins
        self.updates: dict[Variable, Expr] = {}
        self.losses: list[Expr] = []
        self.owners: list[Layer] = []
        self.masks: dict[Expr, Expr] = {}
        self.checks: dict[Expr, Callable[[np.ndarray], None]] = {}

    @staticmethod
    def active() -> Trace | None:
        """The innermost trace that is being written, if any."""
        return _active.get()

    def __enter__(self) -> Trace:
        self._token = _active.set(self)
        return self

    def __exit__(self, *_) -> None:
        _active.reset(self._token)

    @contextmanager
    def mode(self, training: bool | None) -> Iterator[None]:
        """Layers in here train, or do not; with None, as around it."""
        before = self.training
        self.training = before if training is None else training
        try:
            yield
        finally:
            self.training = before

    def update(self, variable: Variable, value) -> None:
        """From the next step on, `variable` is `value`. A second update goes on from the first."""
        value = as_expr(value)
        if value.shape != variable.shape:
            raise ArgumentError(f"assign to {variable.label}:{variable.type}: got shape {value.shape}")
        if variable in self.updates:
            value = self._after(value, {variable: self.updates[variable]})
        self.updates[variable] = value.astype(variable.dtype)

    def add_losses(self, layer: Layer, losses: Sequence[Expr]) -> None:
        """Losses of a call of this layer."""
        self.losses += losses
        self.owners += [layer] * len(losses)

    def losses_of(self, layers: Iterable[Layer]) -> list[Expr]:
        """The losses of the calls of these layers."""
        wanted = set(layers)
        return [loss for loss, owner in zip(self.losses, self.owners, strict=True) if owner in wanted]

    def current(self, x: Expr) -> Expr:
        """`x` with every Variable as it will be after the updates so far."""
        return self._after(x, self.updates)

    def called(self, layer: Layer, args: tuple, kwargs: dict) -> Any:
        """``layer(*args, **kwargs)``, where Variables are what was assigned to them before. As far as gradients go, they are
        the Variables still: a step may update weights, call layers with them, and take gradients for the next update."""
        with _belonging(layer) if self.origins else nullcontext():
            if not any(v in self.updates for v in layer.variables):
                return layer._traced(self, args, kwargs)
            return self._called_again(layer, args, kwargs)

    def _called_again(self, layer: Layer, args: tuple, kwargs: dict) -> Any:
        """A call of a layer some of whose Variables have new values already."""
        earlier, self.updates, first = self.updates, {}, len(self.losses)
        try:
            results = layer._traced(self, args, kwargs)
        finally:
            made, self.updates = self.updates, earlier
        given = {x: x for x in tree.leaves([args, kwargs]) if isinstance(x, Expr) and not isinstance(x, Variable)}
        now = {v: _assigned(v, new) for v, new in earlier.items()} | given
        outputs = [x for x in tree.leaves(results) if isinstance(x, Expr)]
        new = dict(zip(outputs, renewed(outputs, now), strict=True))
        self.losses[first:] = renewed(self.losses[first:], now)
        self.masks |= {new[x]: renewed([self.masks[x]], now)[0] for x in outputs if x in self.masks}
        self.updates.update(zip(made, renewed(list(made.values()), {**earlier, **given}), strict=True))
        return tree.mapped(lambda x: new.get(x, x) if isinstance(x, Expr) else x, results)

    @staticmethod
    def _after(x: Expr, values: Mapping[Expr, Expr]) -> Expr:
        (new,) = substituted([x], values)
        return new


@contextmanager
def _belonging(layer: Layer) -> Iterator[None]:
    """What is made in here is part of this layer: where it is graphc's, at the line that made it; a user's layer has lines
    of its own."""
    part, line = f"layer {layer._place}", vars(layer).get("_line")
    if line is None or not type(layer).__module__.startswith("graphc."):
        with originating(None), part_of(part):
            yield
    else:
        with originating(line.bare._replace(part=part)):
            yield


def _assigned(variable: Variable, value: Expr) -> Expr:
    """`value`, whose derivative by `variable` is 1."""
    if not is_float(variable.dtype):
        return value
    return stop_gradient(value) + (variable - stop_gradient(variable))


def renewed(results: Sequence[Expr], values: Mapping[Expr, Expr]) -> list[Expr]:
    """`results` with the keys of `values` replaced by what they map to; what these are made of stays."""
    new = dict(values)
    for node in topological(results, values):
        if node not in new:
            with originating(node.line):
                new[node] = rebuilt(node, tuple(new[x] for x in node.inputs))
    return [new[x] for x in results]


__all__ = ["Trace", "renewed"]
