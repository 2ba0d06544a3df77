"""Expressions as a person writes them: ``x * y + 5 * y + 5``."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .expr import Expr

_BINDING = {"or": 1, "and": 2, "not": 3, "|": 5, "^": 6, "&": 7, "<<": 8, ">>": 8, "+": 9, "-": 9,
            "*": 10, "/": 10, "//": 10, "%": 10, "@": 10, "unary": 11, "**": 12, "atom": 13}
_COMPARISON = 4
_SYMBOL = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%",
           "pow": "**", "matmul": "@", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
           "equal": "==", "not_equal": "!=", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
           "bitwise_left_shift": "<<", "bitwise_right_shift": ">>"}
_DEPTH = 12


def infix(x: Expr, depth: int = _DEPTH) -> str:
    """The expression as text; deeper parts than `depth` become ``...``."""
    return _infix(x, depth)[0]


def _infix(x: Expr, depth: int) -> tuple[str, int]:
    if not x.inputs:
        return _leaf(x), _BINDING["atom"]
    if depth == 0:
        return "...", _BINDING["atom"]
    name = x.op.name
    if name in _SYMBOL:
        symbol = _SYMBOL[name]
        level = _BINDING.get(symbol, _COMPARISON)
        left, right = (_infix(o, depth - 1) for o in x.inputs)
        right_level = level if symbol in "+*" and x.inputs[1].op.name == name else level + 1
        return f"{_wrap(left, level)} {symbol} {_wrap(right, right_level)}", level
    if name == "negative":
        return "-" + _wrap(_infix(x.inputs[0], depth - 1), _BINDING["unary"]), _BINDING["unary"]
    if name == "custom":
        return _infix(x.inputs[0], depth)
    arguments = [_infix(o, depth - 1)[0] for o in x.inputs] + [f"{k}={v}" for k, v in x.attrs.items()]
    return f"{name}({', '.join(arguments)})", _BINDING["atom"]


def _wrap(text_level: tuple[str, int], level: int) -> str:
    text, own = text_level
    return f"({text})" if own < level else text


def _leaf(x: Expr) -> str:
    if x.name:
        return x.name
    if x.op.name == "constant" and not x.dims:
        return re.sub(r"\.$", "", str(x.attrs["value"]))
    return f"{x.op.name}:{x.type}"
