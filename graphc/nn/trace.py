"""What layers leave behind, beside their results, while a function is written down as a graph."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.graph import substituted
from ..ir.leaves import Variable, as_expr

_active: ContextVar[Trace | None] = ContextVar("trace", default=None)


class Trace:
    """One function in the making: next values of Variables, losses of layers, masks of tensors; and what is to be checked
    of the arrays that are given for its inputs.

    Inside ``with Trace(training=True) as trace:`` layers emit expressions; `training` is what they take for their
    argument of that name where none is given."""

    def __init__(self, training: bool = False):
        self.training = training
        self.updates: dict[Variable, Expr] = {}
        self.losses: list[Expr] = []
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

    def current(self, x: Expr) -> Expr:
        """`x` with every Variable as it will be after the updates so far."""
        return self._after(x, self.updates)

    @staticmethod
    def _after(x: Expr, values: Mapping[Expr, Expr]) -> Expr:
        (new,) = substituted([x], values)
        return new


__all__ = ["Trace"]
