"""Expressions as a person writes them: ``x * y + 5 * y + 5``. Read back as Python, the text means the same graph."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .expr import Expr

_DEPTH = 40
_NODES = 200
_COMPARISON, _UNARY, _POWER, _ATOM = 4, 11, 12, 13
_SYMBOL = {"less": ("<", _COMPARISON), "less_equal": ("<=", _COMPARISON), "greater": (">", _COMPARISON),
           "greater_equal": (">=", _COMPARISON), "equal": ("==", _COMPARISON), "not_equal": ("!=", _COMPARISON),
           "bitwise_or": ("|", 5), "bitwise_xor": ("^", 6), "bitwise_and": ("&", 7),
           "bitwise_left_shift": ("<<", 8), "bitwise_right_shift": (">>", 8), "add": ("+", 9), "subtract": ("-", 9),
           "multiply": ("*", 10), "divide": ("/", 10), "floor_divide": ("//", 10), "remainder": ("%", 10),
           "matmul": ("@", 10), "negative": ("-", _UNARY), "bitwise_invert": ("~", _UNARY), "pow": ("**", _POWER)}
"""Each operator and how tightly it binds, after Python's grammar."""


class _Text(NamedTuple):
    string: str
    level: int = _ATOM

    def within(self, level: int) -> str:
        """In parentheses where it binds less tightly than `level`."""
        return f"({self.string})" if self.level < level else self.string


def infix(x: Expr, depth: int = _DEPTH, nodes: int = _NODES) -> str:
    """The expression as text; what is deeper than `depth`, or comes after so many nodes, becomes ``...``."""
    return _Writer(nodes).write(x, depth).string


class _Writer:
    def __init__(self, nodes: int):
        self.left = nodes

    def write(self, x: Expr, depth: int) -> _Text:
        if x.op.name == "custom":
            return self.write(x.inputs[0], depth)
        if self.left <= 0 or depth == 0 and x.inputs:
            return _Text("...")
        self.left -= 1
        if not x.inputs:
            return _leaf(x)
        operands = [self.write(operand, depth - 1) for operand in x.inputs]
        return _operation(x, operands) if x.op.name in _SYMBOL else _call(x, operands)


def _operation(x: Expr, operands: list[_Text]) -> _Text:
    symbol, level = _SYMBOL[x.op.name]
    if level == _UNARY:
        return _Text(symbol + operands[0].within(_UNARY), _UNARY)
    left, right = operands
    if level == _POWER:
        return _Text(f"{left.within(_ATOM)} {symbol} {right.within(_UNARY)}", level)
    return _Text(f"{left.within(level + (level == _COMPARISON))} {symbol} {right.within(level + 1)}", level)


def _call(x: Expr, operands: list[_Text]) -> _Text:
    strings = [operand.string for operand in operands]
    shown = [s for k, s in enumerate(strings) if k == 0 or not s == "..." == strings[k - 1]]
    attributes = [f"{name}={value}" for name, value in x.attrs.items()]
    return _Text(f"{x.op.name}({', '.join(shown + attributes)})")


def _leaf(x: Expr) -> _Text:
    if x.full_name:
        return _Text(x.full_name)
    if x.op.name == "constant" and not x.dims:
        number = str(x.attrs["value"])
        return _Text(number, _UNARY if number.startswith("-") else _ATOM)
    return _Text(f"{x.op.name}:{x.type}")
