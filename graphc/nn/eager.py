"""Functions of expressions, called on arrays: traced, compiled, run, and kept for the next arrays of that kind."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .. import compiler
from ..ir.expr import Expr
from ..ir.leaves import as_expr, placeholder
from . import tree
from .trace import Trace

_compiled: WeakKeyDictionary[Any, dict] = WeakKeyDictionary()


def computed(owner, function: Callable, args: tuple, kwargs: dict) -> Any:
    """``function(*args, **kwargs)`` on arrays: its results as arrays, the Variables that it assigns changed.

    `owner` is the object whose method it is: what is compiled is kept as long as it lives."""
    arrays = tree.mapped(_as_input, (args, kwargs))
    values = [x for x in tree.leaves(arrays) if isinstance(x, np.ndarray)]
    known = _compiled.setdefault(owner, {})
    key = (function.__name__, repr(tree.mapped(_kind, arrays)))
    if key not in known:
        known[key] = _traced(function, arrays, values)
    run, results = known[key]
    return tree.filled(results, list(run(*values)))


def _as_input(x):
    """What is an input as an array; float64 as float32, the dtype of networks. Options stay."""
    if x is None or isinstance(x, (bool, int, float, str)) or callable(x):
        return x
    array = np.asarray(x)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _kind(x):
    return (x.dtype.str, x.shape[1:], x.ndim) if isinstance(x, np.ndarray) else x


def _traced(function: Callable, arrays, values: list[np.ndarray]) -> tuple[Callable, Any]:
    inputs = [placeholder((None,) * (x.ndim > 0) + x.shape[1:], x.dtype) for x in values]
    given = iter(inputs)
    args, kwargs = tree.mapped(lambda x: next(given) if isinstance(x, np.ndarray) else x, arrays)
    with Trace() as trace:
        results = function(*args, **kwargs)
        outputs = [as_expr(x) for x in tree.leaves(results) if x is not None]
    return compiler.compile(inputs, outputs, updates=trace.updates), results


def eager(method: Callable) -> Callable:
    """Decorator of a method that emits expressions: outside a trace, on arrays, it computes."""
    @wraps(method)
    def called(self, *args, **kwargs):
        if Trace.active() is not None or any(isinstance(x, Expr) for x in tree.leaves([args, kwargs])):
            return method(self, *args, **kwargs)
        return computed(self, method.__get__(self), args, kwargs)
    return called


__all__ = ["computed", "eager"]
