"""Functions of expressions that compute on arrays at once, by NumPy."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from ...interpreter import interpret
from ...ir.expr import Expr
from .. import tree
from ..trace import Trace


def at_once(function: Callable, name: str | None = None) -> Callable:
    """`function`, also under another name; on arrays and numbers alone, and outside a trace, it gives arrays."""
    @wraps(function)
    def called(*args, **kwargs):
        results = function(*args, **kwargs)
        if Trace.active() is not None or any(isinstance(x, Expr) for x in tree.leaves([args, kwargs])):
            return results
        values = iter(interpret([], [x for x in tree.leaves(results) if isinstance(x, Expr)], []))
        return tree.mapped(lambda x: next(values) if isinstance(x, Expr) else x, results)
    if name is not None:
        called.__name__ = called.__qualname__ = name
    return called


__all__ = ["at_once"]
