"""Small functions of one tensor, called on numbers as well."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from ..interpreter import interpret
from ..ir.expr import Expr
from ..ir.leaves import as_expr


def numeric(method: Callable) -> Callable:
    """Decorator of a method ``f(x)`` that emits an expression: of an array or a number it gives the value, by NumPy."""
    @wraps(method)
    def called(self, x):
        result = method(self, as_expr(x))
        return result if isinstance(x, Expr) else interpret([], result, [])
    return called


__all__ = ["numeric"]
