"""Integers that are known only at call time: sizes of dimensions, and indices into them.

A placeholder of shape ``(None, 784)`` has a size that no pass can know. It is an `Integer`: a polynomial with integer
coefficients over *atoms*. An atom is a `Symbol` (a size that a call binds, or a loop variable of a kernel) or a `Call`
(a floor division, remainder, minimum or maximum that does not simplify). Equal polynomials compare equal, so that shapes
compare by ``==``; a polynomial without atoms is always a plain ``int``.

>>> n = Integer.symbol("n")
>>> 2 * n + n, (n + 3) - n, (4 * n) // 2
(3*n, 3, 2*n)
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

_serial = count()


@dataclass(frozen=True, slots=True)
class Symbol:
    """One unknown; two symbols of one name are two unknowns."""

    name: str = field(compare=False)
    serial: int = field(default_factory=_serial.__next__)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Call:
    """``function(left, right)`` that stays as it is."""

    function: str
    left: Integer | int
    right: Integer | int

    def __str__(self) -> str:
        if self.function in ("//", "%"):
            return f"({self.left}){self.function}({self.right})"
        return f"{self.function}({self.left}, {self.right})"


_FUNCTIONS: dict[str, Callable[[int, int], int]] = {
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "min": min,
    "max": max,
}


class Integer:
    """A polynomial over symbols and calls; see the module."""

    __slots__ = ("terms", "_hash")

    def __init__(self, terms: Mapping[tuple, int]):
        self.terms = terms
        self._hash = hash(frozenset(terms.items()))

    @staticmethod
    def symbol(name: str) -> Integer:
        return Integer({(Symbol(name),): 1})

    @staticmethod
    def of(value: Integer | int) -> Mapping[tuple, int]:
        """The terms of an Integer or of a plain int."""
        if isinstance(value, Integer):
            return value.terms
        return {(): int(value)} if value else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Integer) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        return True

    def __index__(self) -> int:
        raise TypeError(f"the size {self} is known only at call time")

    def __add__(self, other: Integer | int) -> Integer | int:
        terms = dict(self.terms)
        for monomial, k in Integer.of(other).items():
            terms[monomial] = terms.get(monomial, 0) + k
        return _made(terms)

    def __mul__(self, other: Integer | int) -> Integer | int:
        terms: dict[tuple, int] = {}
        for m, j in self.terms.items():
            for n, k in Integer.of(other).items():
                monomial = tuple(sorted(m + n, key=_atom_order))
                terms[monomial] = terms.get(monomial, 0) + j * k
        return _made(terms)

    def __neg__(self) -> Integer | int:
        return self * -1

    def __sub__(self, other: Integer | int) -> Integer | int:
        return self + (-other)

    def __rsub__(self, other: Integer | int) -> Integer | int:
        return -self + other

    def __floordiv__(self, other: Integer | int) -> Integer | int:
        return _divide(self, other)

    def __rfloordiv__(self, other: int) -> Integer | int:
        return _divide(other, self)

    def __mod__(self, other: Integer | int) -> Integer | int:
        return self - _divide(self, other) * other if _divides(self, other) else _call("%", self, other)

    def __rmod__(self, other: int) -> Integer | int:
        return _call("%", other, self)

    __radd__, __rmul__ = __add__, __mul__

    def symbols(self) -> set[Symbol]:
        """Every symbol that this value depends on."""
        found: set[Symbol] = set()
        for atom in (a for monomial in self.terms for a in monomial):
            if isinstance(atom, Symbol):
                found.add(atom)
            else:
                found |= symbols(atom.left) | symbols(atom.right)
        return found

    def __repr__(self) -> str:
        return " + ".join(_term(m, k) for m, k in self.terms.items()).replace("+ -", "- ")


Size = int | Integer


def _made(terms: dict[tuple, int]) -> Size:
    terms = {m: k for m, k in terms.items() if k}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    return Integer(terms)


def _atom_order(atom: Symbol | Call) -> tuple:
    return (0, atom.serial) if isinstance(atom, Symbol) else (1, str(atom))


def _term(monomial: tuple, k: int) -> str:
    factors = [str(a) for a in monomial]
    if k != 1 or not factors:
        factors.insert(0, str(k)) if k != -1 or not factors else factors.__setitem__(0, f"-{factors[0]}")
    return "*".join(factors)


def _call(function: str, left: Size, right: Size) -> Size:
    if isinstance(left, int) and isinstance(right, int):
        return _FUNCTIONS[function](left, right)
    return Integer({(Call(function, left, right),): 1})


def _quotient(value: Size, divisor: Size) -> dict[tuple, int] | None:
    """The exact quotient by a single term, or None."""
    by = Integer.of(divisor)
    if len(by) != 1:
        return None
    (atoms, factor), = by.items()
    result = {}
    for monomial, k in Integer.of(value).items():
        left = list(monomial)
        for atom in atoms:
            if atom not in left:
                return None
            left.remove(atom)
        if k % factor:
            return None
        result[tuple(left)] = k // factor
    return result


def _divides(value: Size, divisor: Size) -> bool:
    return _quotient(value, divisor) is not None


def _divide(value: Size, divisor: Size) -> Size:
    exact = _quotient(value, divisor)
    return _call("//", value, divisor) if exact is None else _made(exact)


def minimum(a: Size, b: Size) -> Size:
    return a if a == b else _call("min", a, b)


def maximum(a: Size, b: Size) -> Size:
    return a if a == b else _call("max", a, b)


def product(sizes) -> Size:
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def ceildiv(a: Size, b: Size) -> Size:
    return -(-a // b)


def symbols(size: Size) -> set[Symbol]:
    return size.symbols() if isinstance(size, Integer) else set()


def evaluate(size: Size, values: Mapping[Symbol, Size]) -> Size:
    """`size` with its symbols replaced: by numbers it becomes an int. Unbound symbols stay."""
    if isinstance(size, int):
        return size
    total: Size = 0
    for monomial, k in size.terms.items():
        term: Size = k
        for atom in monomial:
            term = term * _value(atom, values)
        total = total + term
    return total


def _value(atom: Symbol | Call, values: Mapping[Symbol, Size]) -> Size:
    if isinstance(atom, Symbol):
        return values[atom] if atom in values else Integer({(atom,): 1})
    left, right = evaluate(atom.left, values), evaluate(atom.right, values)
    operation = {"//": lambda: left // right, "%": lambda: left % right,
                 "min": lambda: minimum(left, right), "max": lambda: maximum(left, right)}
    return operation[atom.function]()
