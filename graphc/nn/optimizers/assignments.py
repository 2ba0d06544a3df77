"""Assignments one after the other: what is read after one is what was assigned."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import Variable, as_expr
from ..program import Program
from ..trace import Trace


class Assignments(Trace):
    """A trace in which a Variable in an expression is what it was when that expression was made: see `Program`. So an
    update that is written as a program, ``m.assign(...)`` and then ``w.assign_sub(rate * m)``, means what it says."""

    def __init__(self):
        super().__init__()
        self._own = Program(gradients=False)

    def __enter__(self) -> Assignments:
        self._own.__enter__()
        return super().__enter__()

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        self._own.__exit__(*error)

    def update(self, variable: Variable, value) -> None:
        """From here on, `variable` is `value`."""
        value = self.current(as_expr(value))
        if value.shape != variable.shape:
            raise ArgumentError(f"assign to {variable.label}:{variable.type}: got shape {value.shape}")
        self.updates[variable] = value.astype(variable.dtype)
        self._own.assign(variable, self.updates[variable])

    def current(self, x: Expr) -> Expr:
        """`x` in terms of the values that Variables had in the beginning."""
        return self._own.read(x)


__all__ = ["Assignments"]
