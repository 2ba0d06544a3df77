"""The loops of a kernel: the axes of its domain, with neighbours joined into one where all that is indexed allows it."""
from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from ..ir.integer import Call, Integer, Size, Symbol, evaluate, symbols
from .kernels import LOOP, Indices


@dataclass(frozen=True)
class Axis:
    """A loop: its variable, its length, and whether folds reduce it."""

    symbol: Symbol
    size: Size
    folded: bool

    @property
    def index(self) -> Integer:
        return Integer({(self.symbol,): 1})


@dataclass(frozen=True)
class Axes:
    """Loops, and what the variables of the domain's axes are in terms of theirs."""

    loops: tuple[Axis, ...]
    values: dict[Symbol, Size]

    @property
    def kept(self) -> tuple[Axis, ...]:
        return tuple(a for a in self.loops if not a.folded)

    @property
    def folded(self) -> tuple[Axis, ...]:
        return tuple(a for a in self.loops if a.folded)

    def place(self, i: Indices) -> Indices:
        return tuple(evaluate(x, self.values) for x in i)


def symbol_of(loop: Integer) -> Symbol:
    ((symbol,),) = loop.terms
    return symbol


def all_axes(domain: Indices, folded: Container[int] = ()) -> Axes:
    """A loop for each axis that is longer than 1."""
    loops, values = [], {}
    for k, size in enumerate(domain):
        symbol = symbol_of(LOOP[k])
        if size == 1:
            values[symbol] = 0
        else:
            loops.append(Axis(symbol, size, k in folded))
    return Axes(tuple(loops), values)


def joined(axes: Axes, used: Iterable[Size]) -> Axes:
    """Neighbouring loops made one wherever every integer in `used` depends on ``outer * length + inner`` alone."""
    used = list(used)
    loops: list[Axis] = []
    values = dict(axes.values)
    for axis in reversed(axes.loops):
        inner = loops[0] if loops else None
        if inner and inner.folded == axis.folded and all(_flat(x, axis.symbol, inner) for x in used):
            loops[0] = Axis(inner.symbol, axis.size * inner.size, inner.folded)
            values[axis.symbol] = 0
        else:
            loops.insert(0, axis)
    return Axes(tuple(loops), values)


def _flat(x: Size, outer: Symbol, inner: Axis) -> bool:
    if not symbols(x) & {outer, inner.symbol}:
        return True
    a, b = coefficient(x, outer), coefficient(x, inner.symbol)
    return a is not None and b is not None and a == b * inner.size


def coefficient(x: Size, symbol: Symbol) -> Size | None:
    """What `symbol` is multiplied by in `x`; None where `x` is not linear in it."""
    total: Size = 0
    for monomial, k in Integer.of(x).items():
        if any(isinstance(a, Call) and symbol in symbols(a.left) | symbols(a.right) for a in monomial):
            return None
        if symbol in monomial:
            rest = list(monomial)
            rest.remove(symbol)
            if symbol in rest:
                return None
            total = total + (Integer({tuple(rest): k}) if rest else k)
    return total


def value_at_zero(x: Size, loops: Iterable[Symbol]) -> Size:
    """What is left of `x` where all these variables are 0."""
    return evaluate(x, dict.fromkeys(loops, 0))
