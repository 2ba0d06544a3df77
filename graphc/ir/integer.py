"""Integers that are known only at call time: sizes of dimensions, and indices into them.

A placeholder of shape ``(None, 784)`` has a size that no pass can know. It is an `Integer`: a polynomial with integer
coefficients over *atoms*. An atom is a `Symbol` (a size that a call binds, or a loop variable of a kernel) or a `Call`
(a floor division, remainder, minimum or maximum that does not simplify). Equal polynomials compare equal, so that shapes
compare by ``==``; a polynomial without atoms is always a plain ``int``. Divisors are taken not to be zero.

>>> n = Integer.symbol("n")
>>> 2 * n + n, (n + 3) - n, (4 * n + 6) // 4, minimum(n, n + 1)
(3*n, 3, n + 1, n)
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from itertools import count

import numpy as np

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


def _with_integers(method: Callable) -> Callable:
    """An operator that leaves all but integers to the other operand: an expression, or a TypeError for a float."""
    @wraps(method)
    def operator(self, other):
        if isinstance(other, (bool, np.integer)):
            other = int(other)
        return method(self, other) if isinstance(other, (int, Integer)) else NotImplemented
    return operator


class Integer:
    """A polynomial over symbols and calls; see the module."""

    __slots__ = ("terms", "_hash")
    __array_ufunc__ = None  # NumPy's integers leave operators to this class

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
        return {(): value} if value else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Integer) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        return True

    def __index__(self) -> int:
        raise TypeError(f"the size {self} is known only at call time")

    @_with_integers
    def __add__(self, other: Integer | int) -> Integer | int:
        terms = dict(self.terms)
        for monomial, k in Integer.of(other).items():
            terms[monomial] = terms.get(monomial, 0) + k
        return _made(terms)

    @_with_integers
    def __mul__(self, other: Integer | int) -> Integer | int:
        terms: dict[tuple, int] = {}
        for m, j in self.terms.items():
            for n, k in Integer.of(other).items():
                monomial = _ordered(m + n)
                terms[monomial] = terms.get(monomial, 0) + j * k
        return _made(terms)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Integer | int:
        return self * -1

    def __pos__(self) -> Integer:
        return self

    @_with_integers
    def __sub__(self, other: Integer | int) -> Integer | int:
        return self + (-other)

    @_with_integers
    def __rsub__(self, other: Integer | int) -> Integer | int:
        return -self + other

    @_with_integers
    def __floordiv__(self, other: Integer | int) -> Integer | int:
        return _divide(self, other)

    @_with_integers
    def __rfloordiv__(self, other: int) -> Integer | int:
        return _divide(other, self)

    @_with_integers
    def __mod__(self, other: Integer | int) -> Integer | int:
        return _remainder(self, other)

    @_with_integers
    def __rmod__(self, other: int) -> Integer | int:
        return _remainder(other, self)

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


def _ordered(atoms: tuple) -> tuple:
    """The atoms of a product in the one order that they are written in."""
    return atoms if len(atoms) < 2 else tuple(sorted(atoms, key=_atom_order))


def _atom_order(atom: Symbol | Call) -> tuple:
    if isinstance(atom, Symbol):
        return (0, atom.serial)
    return (1, atom.function, _order(atom.left), _order(atom.right))


def _order(size: Size) -> tuple:
    """What sizes are sorted by: different for different ones, whatever their symbols are called."""
    return tuple(sorted((tuple(map(_atom_order, monomial)), k) for monomial, k in Integer.of(size).items()))


def _term(monomial: tuple, k: int) -> str:
    factors = "*".join(map(str, monomial))
    if not monomial:
        return str(k)
    return {1: "", -1: "-"}.get(k, f"{k}*") + factors


def _call(function: str, left: Size, right: Size) -> Integer:
    return Integer({(Call(function, left, right),): 1})


def _parted(value: Size, divisor: Size) -> tuple[Size, Size]:
    """``(q, r)`` with value = q * divisor + r, where q holds every term that a divisor of a single term divides."""
    by = Integer.of(divisor)
    if len(by) != 1:
        return (1, 0) if value == divisor else (0, value)
    (atoms, factor), = by.items()
    quotient: dict[tuple, int] = {}
    rest: dict[tuple, int] = {}
    for monomial, k in Integer.of(value).items():
        left = _without(monomial, atoms)
        if left is None or k % factor and left:
            rest[monomial] = k
            continue
        quotient[left] = k // factor
        rest[monomial] = k % factor
    return _made(quotient), _made(rest)


def _without(monomial: tuple, atoms: tuple) -> tuple | None:
    """The atoms of `monomial` less `atoms`; None where one is missing."""
    left = list(monomial)
    for atom in atoms:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _divide(value: Size, divisor: Size) -> Size:
    """floor(value / divisor): (q * d + r) // d is q + r // d."""
    quotient, rest = _parted(value, divisor)
    if isinstance(rest, int) and isinstance(divisor, int):
        return quotient + rest // divisor
    return quotient + _call("//", rest, divisor) if rest != 0 else quotient


def _remainder(value: Size, divisor: Size) -> Size:
    rest = _parted(value, divisor)[1]
    if isinstance(rest, int) and isinstance(divisor, int):
        return rest % divisor
    return _call("%", rest, divisor) if rest != 0 else 0


def minimum(a: Size, b: Size) -> Size:
    """The smaller of two sizes: one of them where their difference is known."""
    difference = a - b
    if isinstance(difference, int):
        return a if difference <= 0 else b
    return _call("min", *sorted((a, b), key=_order))


def maximum(a: Size, b: Size) -> Size:
    """The larger of two sizes; see `minimum`."""
    difference = a - b
    if isinstance(difference, int):
        return a if difference >= 0 else b
    return _call("max", *sorted((a, b), key=_order))


def product(sizes: Iterable[Size]) -> Size:
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def ceildiv(a: Size, b: Size) -> Size:
    """ceil(a / b)."""
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
    return _FUNCTIONS[atom.function](evaluate(atom.left, values), evaluate(atom.right, values))


_FUNCTIONS: dict[str, Callable[[Size, Size], Size]] = {
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "min": minimum,
    "max": maximum,
}
