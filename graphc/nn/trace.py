"""What layers leave behind, beside their results, while a function is written down as a graph."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr, originating, part_of
from ..ir.graph import shared, substituted
from ..ir.leaves import Variable, as_expr
from . import tree
from .program import Program

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
        self._program: Program | None = None

    @staticmethod
    def active() -> Trace | None:
        """The innermost trace that is being written, if any."""
        return _active.get()

    @staticmethod
    @contextmanager
    def none() -> Iterator[None]:
        """Nothing is written down in here."""
        token = _active.set(None)
        try:
            yield
        finally:
            _active.reset(token)

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
        """From the next step on, `variable` is `value`; within a layer's call, from now on. A second update goes on from the
        first."""
        value = as_expr(value)
        if value.shape != variable.shape:
            raise ArgumentError(f"assign to {variable.label}:{variable.type}: got shape {value.shape}")
        if self._program is not None:
            value = self._program.read(value)
        elif variable in self.updates:
            value = self._after(value, {variable: self.updates[variable]})
        self.updates[variable] = value = value.astype(variable.dtype)
        if self._program is not None:
            self._program.assign(variable, value)

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
        """``layer(*args, **kwargs)``, where Variables are what was assigned to them before: see `Program`."""
        with _belonging(layer) if self.origins else nullcontext():
            if self._program is not None:
                return layer._traced(self, args, kwargs)
            return self._as_program(layer, args, kwargs)

    def _as_program(self, layer: Layer, args: tuple, kwargs: dict) -> Any:
        first = len(self.losses)
        with Program(self.updates) as program:
            self._program = program
            try:
                results = layer._traced(self, args, kwargs)
            finally:
                self._program = None
            outputs = [x for x in tree.leaves(results) if isinstance(x, Expr)]
            masked = [x for x in outputs if x in self.masks]
            read = list(map(program.read, [*outputs, *self.losses[first:], *(self.masks[x] for x in masked)]))
        if not program.assigns:
            return results
        new = iter(shared([*self.updates.values(), *read]))
        self.updates = {v: next(new) for v in self.updates}
        found = {x: next(new) for x in outputs}
        self.losses[first:] = [next(new) for _ in self.losses[first:]]
        self.masks |= {found[x]: next(new) for x in masked}
        return tree.mapped(lambda x: found.get(x, x) if isinstance(x, Expr) else x, results)

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


__all__ = ["Trace"]
