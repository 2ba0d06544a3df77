"""Assignments one after the other: what is read after one is what was assigned."""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from ..ir.expr import Expr, moments, originating
from ..ir.graph import rebuilt
from ..ir.leaves import Variable
from ..ir.types import is_float
from ..ops.elementwise import stop_gradient


class Program:
    """Inside ``with Program() as program:`` a Variable in an expression is what it was when that expression was made.

    Expressions name Variables, not their values; when one was made, its serial number tells. So what is written as a
    program, ``m.assign(...)`` and then ``w.assign_sub(rate * m)``, means what it says: `read` says it in terms of the
    values that Variables had before the program. `values` are those of Variables that had been assigned by then.

    As far as gradients go, a weight is the Variable still, whatever was assigned to it: its value has the derivative 1 by
    it. With `gradients` False, it has that of what was assigned."""

    def __init__(self, values: Mapping[Variable, Expr] | None = None, gradients: bool = True):
        self.gradients, self._given = gradients, dict(values or {})
        self._moments: moments | None = None
        self._values: dict[Variable, tuple[list[int], list[Expr]]] = {}
        self._known: dict[Expr, Expr] = {}
        self._first: int | None = None

    def __enter__(self) -> Program:
        if self._given:
            self._record(self._given)
        return self

    def __exit__(self, *error) -> None:
        if self._moments is not None:
            self._moments.__exit__(*error)

    @property
    def assigns(self) -> bool:
        """Whether any Variable has another value than in the beginning."""
        return self._first is not None

    def assign(self, variable: Variable, value: Expr) -> None:
        """From here on, `variable` is `value`, which `read` gave."""
        self._record({variable: value})

    def _record(self, values: Mapping[Variable, Expr]) -> None:
        shown = {v: self._shown(v, value) for v, value in values.items()}
        if self._moments is None:
            self._moments = moments().__enter__()
        now = self._moments.next()
        self._first = now if self._first is None else self._first
        for variable, value in shown.items():
            begins, known = self._values.setdefault(variable, ([], []))
            begins.append(now)
            known.append(value)

    def _shown(self, variable: Variable, value: Expr) -> Expr:
        """The value as it is read."""
        if not (self.gradients and variable.trainable and is_float(variable.dtype)):
            return value
        old = stop_gradient(variable)
        steps = [old, variable - old, stop_gradient(value)]
        shown = steps[2] + steps[1]
        self._known.update((x, x) for x in (*steps, shown))
        return shown

    def read(self, x: Expr) -> Expr:
        """`x`, as it is now, in terms of the values that Variables had before the program."""
        if self._first is None:
            return x
        self._moments.next()  # what is made here is not found by what is read later
        stack = [x]
        while stack:
            node = stack[-1]
            unknown = [] if self._is_known(node) else [y for y in node.inputs if not self._is_known(y)]
            stack += unknown
            if not unknown:
                self._settle(stack.pop())
        self._moments.next()
        return self._at(x, self._moments.next())

    def _is_known(self, x: Expr) -> bool:
        return x in self._known or x.serial < self._first or not x.inputs

    def _settle(self, node: Expr) -> None:
        if self._is_known(node):
            return
        with originating(node.line):
            new = rebuilt(node, tuple(self._at(y, node.serial) for y in node.inputs))
        self._known[node] = self._known[new] = new

    def _at(self, x: Expr, moment: int) -> Expr:
        begins, values = self._values.get(x, ([], []))
        place = bisect_right(begins, moment)
        return values[place - 1] if place else self._known.get(x, x)


__all__ = ["Program"]
