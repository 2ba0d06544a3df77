"""Functions of expressions, called on arrays: traced, compiled, run, and kept for the next arrays of that kind."""
from __future__ import annotations

import numbers
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any

import numpy as np

from .. import compiler
from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr, placeholder
from . import tree
from .trace import Trace

KEPT = 64
"""For how many kinds of arguments compiled functions are kept for one object; beyond, the longest unused goes."""


class Compiled(OrderedDict):
    """The compiled functions of one object, by kind of arguments. They stand in the object itself, so that they go with
    it; a copy of the object starts with none."""

    @classmethod
    def of(cls, owner) -> Compiled:
        """Those of `owner`: an object with a ``__dict__``, or a function."""
        return vars(owner).setdefault("_compiled", cls())

    def found(self, key, make: Callable[[], Any]) -> Any:
        """What is kept for `key`, made if need be."""
        if key not in self:
            self[key] = make()
            if len(self) > KEPT:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]

    def __reduce__(self):
        return Compiled, ()


# ---- calls ----------------------------------------------------------------------------------------------------------
def computed(owner, function: Callable, args: tuple, kwargs: dict, state: Hashable = None) -> Any:
    """``function(*args, **kwargs)`` on arrays: its results as arrays, the Variables that it assigns changed.

    `owner` is the object whose method it is: what is compiled is kept in it, for this `state` of the object. Arrays that
    are equally long share that length, which may be another one in the next call; where lengths differ, or `function` must
    know them, they are part of the kind."""
    arrays = tree.mapped(_as_input, (args, kwargs))
    leaves = tree.leaves(arrays)
    values = [x for x in leaves if isinstance(x, np.ndarray)]
    lengths = {len(x) for x in values if x.ndim}
    common = len(lengths) == 1

    def compiled(common: bool):
        key = function.__name__, state, _layout(arrays), *(_kind(x, common) for x in leaves)
        return Compiled.of(owner).found(key, lambda: _traced(function, arrays, values, common))
    found = None
    if common:
        with suppress(ShapeError):  # where the length must be known, as that of one image
            found = compiled(True)
    run, results = found or compiled(False)
    return tree.mapped(_given(run(*values)), results)


def eager(method: Callable) -> Callable:
    """Decorator of a method that emits expressions: outside a trace, on arrays, numbers or lists of them, it computes."""
    @wraps(method)
    def called(self, *args, **kwargs):
        if is_traced(args, kwargs):
            return method(self, *args, **kwargs)
        return computed(self, method.__get__(self), *as_arguments(args, kwargs))
    return called


def eager_function(function: Callable) -> Callable:
    """Decorator of ``function(y_true, y_pred, **options)``: as `eager`, and on expressions it is given expressions."""
    @wraps(function)
    def called(y_true, y_pred, *options, **named):
        if is_traced((y_true, y_pred), {}):
            return function(as_expr(y_true), as_expr(y_pred), *options, **named)
        return computed(called, function, (as_data(y_true), as_data(y_pred), *options), named)
    return called


def is_traced(args: tuple, kwargs: dict) -> bool:
    """Whether a call is part of a graph: within a trace, or on expressions."""
    return Trace.active() is not None or any(isinstance(x, Expr) for x in tree.leaves([args, kwargs]))


def as_arguments(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments, each by `as_data`."""
    return tuple(map(as_data, args)), {name: as_data(x) for name, x in kwargs.items()}


def as_data(structure) -> Any:
    """The structure with each number, and each list of numbers, as an array."""
    leaves = tree.leaves(structure)
    if isinstance(structure, (list, tuple)) and leaves and all(map(_is_number, leaves)):
        return _array(structure)
    if isinstance(structure, dict):
        return {key: as_data(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [as_data(part) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return _array(structure) if _is_number(structure) else structure


# ---- kinds of arguments ---------------------------------------------------------------------------------------------
def _is_number(x) -> bool:
    return isinstance(x, (numbers.Real, np.generic))


def _array(numbers) -> np.ndarray:
    try:
        return np.asarray(numbers)
    except ValueError as error:
        raise ArgumentError(f"a list of numbers must have a shape: {error}") from error


def _as_input(x):
    """What is an input as an array; float64 as float32, the dtype of networks. Options stay."""
    if x is None or isinstance(x, (bool, int, float, str, np.dtype)) or callable(x):
        return x
    array = np.asarray(x)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _layout(structure) -> Any:
    """What is left of a structure without its leaves."""
    if isinstance(structure, dict):
        return tuple((key, _layout(structure[key])) for key in sorted(structure))
    return (type(structure), *map(_layout, structure)) if isinstance(structure, (list, tuple)) else None


def _kind(x, common: bool):
    if not isinstance(x, np.ndarray):
        return type(x), x
    return x.dtype, x.shape[1:] if common and x.ndim else x.shape, x.ndim


def _traced(function: Callable, arrays, values: Sequence[np.ndarray], common: bool) -> tuple[Callable, Any]:
    """The compiled function, and its results with the places of its outputs."""
    inputs = _inputs(values, common)
    given = iter(inputs)
    args, kwargs = tree.mapped(lambda x: next(given) if isinstance(x, np.ndarray) else x, arrays)
    with Trace() as trace:
        results = function(*args, **kwargs)
        outputs = [as_expr(x) for x in tree.leaves(results) if x is not None]
    places = iter(range(len(outputs)))
    results = tree.mapped(lambda x: None if x is None else next(places), results)
    return compiler.compile(inputs, outputs, updates=trace.updates), results


def _inputs(values: Sequence[np.ndarray], common: bool) -> list[Expr]:
    length, inputs = None, []
    for x in values:
        shape = (length, *x.shape[1:]) if common and x.ndim else x.shape
        inputs.append(placeholder(shape, x.dtype))
        length = inputs[-1].dims[0] if common and x.ndim else length
    return inputs


def _given(outputs: Sequence) -> Callable:
    return lambda place: None if place is None else outputs[place]


__all__ = ["Compiled", "as_arguments", "as_data", "computed", "eager", "eager_function", "is_traced"]
