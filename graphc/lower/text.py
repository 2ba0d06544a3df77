"""Python text: names that are free, numbers in a dtype, integer polynomials as code."""
from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Callable

import numpy as np

from ..ir.integer import Call, Integer, Size, Symbol
from ..ir.types import SHORT, is_bool, is_float

RESERVED = {*"""
    args tid threads low high row column value out first last width block part status scratch epilogue
    math random as_stored share source target workspace size inlined finish finisher add_up multiply_up highest_of lowest_of
    report is_last nan inf min max range
    """.split(), *SHORT.values(), *keyword.kwlist, *keyword.softkwlist}
"""Names that generated code uses itself."""
LONGEST = 40
"""Characters of a wanted name that are kept: compilers do not take names of any length."""


class Names:
    """Identifiers, each handed out once: the wanted name made an identifier, numbered where it is taken."""

    def __init__(self, taken: set[str] = frozenset()):
        self.taken = RESERVED | set(taken)

    def new(self, wanted: str) -> str:
        stem = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_")[:LONGEST] or "value"
        stem = f"_{stem}" if stem[0].isdigit() else stem
        name, count = stem, 0
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}"
        self.taken.add(name)
        return name


def cast(dtype: np.dtype) -> str:
    """The function that converts to `dtype` in generated code."""
    return SHORT[dtype]


def number(value, dtype: np.dtype) -> str:
    """`value` in `dtype`, as code."""
    value = dtype.type(value)
    if is_bool(dtype):
        return str(bool(value))
    if is_float(dtype):
        if np.isnan(value):
            return f"{cast(dtype)}(nan)"
        text = str(value)
        return f"{cast(dtype)}({text.removesuffix('.0')})"
    if value == np.iinfo(dtype).min and dtype.kind == "i":
        return f"{cast(dtype)}({int(value) + 1} - 1)"
    return f"{cast(dtype)}({int(value)})"


def limits(dtype: np.dtype) -> dict[str, str]:
    """The lowest and the highest value of a dtype, as code."""
    if is_float(dtype):
        return {"lowest": number(-np.inf, dtype), "highest": number(np.inf, dtype)}
    if is_bool(dtype):
        return {"lowest": "False", "highest": "True"}
    info = np.iinfo(dtype)
    return {"lowest": number(info.min, dtype), "highest": number(info.max, dtype)}


def typed(expression: str, dtype: np.dtype) -> str:
    """`expression` with every number in it, and ``lowest`` and ``highest``, in `dtype`; ``{0}`` stays."""
    words = limits(dtype)
    parts = []
    position, before = 0, ""
    for token in tokenize.generate_tokens(io.StringIO(expression).readline):
        replacement = None
        if token.type == tokenize.NUMBER and before != "{":
            replacement = _literal(token.string, dtype)
        elif token.type == tokenize.NAME and token.string in words:
            replacement = words[token.string]
        if replacement is not None:
            parts += [expression[position:token.start[1]], replacement]
            position = token.end[1]
        before = token.string
    return "".join(parts) + expression[position:]


def _literal(text: str, dtype: np.dtype) -> str:
    return text if is_bool(dtype) else f"{cast(dtype)}({text})"


def integer(size: Size, names: dict[Symbol, str], number: Callable[[int], str] = str) -> str:
    """An integer polynomial as code, its symbols called by `names`; `number` writes the numbers but not divisors, by which
    the compiler divides faster if it knows them."""
    if not isinstance(size, Integer):
        return number(size) if size >= 0 else f"-{number(-size)}"
    terms = [_term(atoms, k, names, number) for atoms, k in size.terms.items()]
    return " + ".join(terms).replace("+ -", "- ")


def _term(atoms: tuple, k: int, names: dict[Symbol, str], number: Callable[[int], str]) -> str:
    factors = [_atom(a, names, number) for a in atoms]
    if abs(k) != 1 or not factors:
        factors.append(number(abs(k)))
    return "-" * (k < 0) + " * ".join(factors)


def _atom(atom: Symbol | Call, names: dict[Symbol, str], number: Callable[[int], str]) -> str:
    if isinstance(atom, Symbol):
        return names[atom]
    left = integer(atom.left, names, number)
    if atom.function in ("min", "max"):
        return f"{atom.function}({left}, {integer(atom.right, names, number)})"
    return f"(({left}) {atom.function} ({integer(atom.right, names)}))"
