"""Assignments one after the other: what is read after one is what was assigned."""
from __future__ import annotations

from bisect import bisect_right

from ...ir.errors import ArgumentError
from ...ir.expr import Expr, moments
from ...ir.graph import rebuilt, topological
from ...ir.leaves import Variable, as_expr
from ..trace import Trace


class Assignments(Trace):
    """A trace in which a Variable in an expression is what it was when that expression was made.

    Expressions name Variables, not their values; when one was made, its serial number tells. So an update that is written
    as a program, ``m.assign(...)`` and then ``w.assign_sub(rate * m)``, means what it says."""

    def __init__(self):
        super().__init__()
        self._moments = moments()
        self._values: dict[Variable, tuple[list[int], list[Expr]]] = {}
        self._known: dict[Expr, Expr] = {}

    def __enter__(self) -> Assignments:
        self._moments.__enter__()
        return super().__enter__()

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        self._moments.__exit__(*error)

    def update(self, variable: Variable, value) -> None:
        """From here on, `variable` is `value`."""
        value = self.current(as_expr(value))
        if value.shape != variable.shape:
            raise ArgumentError(f"assign to {variable.label}:{variable.type}: got shape {value.shape}")
        self.updates[variable] = value.astype(variable.dtype)
        begins, values = self._values.setdefault(variable, ([], []))
        values.append(self.updates[variable])
        begins.append(self._moments.next())

    def current(self, x: Expr) -> Expr:
        """`x` in terms of the values that Variables had in the beginning."""
        if x in self.updates:
            return self.updates[x]
        for node in topological([x]):
            if node not in self._known:
                self._known[node] = rebuilt(node, tuple(self._read(y, node.serial) for y in node.inputs))
        return self._known[x]

    def _read(self, x: Expr, moment: int) -> Expr:
        begins, values = self._values.get(x, ([], []))
        place = bisect_right(begins, moment)
        return values[place - 1] if place else self._known[x]


__all__ = ["Assignments"]
