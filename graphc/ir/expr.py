"""Expressions: typed, immutable, hash-consed nodes of a static graph.

Two expressions of one op, the same operands and the same attributes are one object, so that sharing needs no search and
``is`` is equality. Comparison operators build graphs, as all operators do.
"""
from __future__ import annotations

import linecache
import operator
import os
import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from .errors import GraphcError
from .infix import infix
from .registry import OPS
from .types import Type

if TYPE_CHECKING:
    from .op import Op

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_table: WeakValueDictionary[tuple, Expr] = WeakValueDictionary()
_lock = threading.RLock()
_serial = count()


class Line(NamedTuple):
    """The line of the user's program that made an expression."""

    file: str
    number: int

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.number).strip()
        return f"{self.file}:{self.number}" + (f": {text}" if text else "")


_origin: ContextVar[Line | None] = ContextVar("origin", default=None)


class originating:
    """Context: nodes made inside belong to `line`: so do gradients and what a pass makes of a user's node."""

    __slots__ = ("line", "token")

    def __init__(self, line: Line | None):
        self.line = line

    def __enter__(self) -> None:
        self.token = _origin.set(self.line)

    def __exit__(self, *error) -> None:
        _origin.reset(self.token)


def user_line() -> Line | None:
    """The innermost line on the stack that is not graphc's own."""
    if (line := _origin.get()) is not None:
        return line
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


class Expr:
    """A node: an op applied to operands. Make one with `placeholder`, `constant`, an op or an operator."""

    __slots__ = ("op", "inputs", "attrs", "type", "name", "line", "serial", "__weakref__")
    __array_priority__ = 1000

    def __init__(self, op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any], type: Type, name: str | None = None):
        self.op, self.inputs, self.attrs, self.type, self.name = op, inputs, attrs, type, name
        self.line = user_line()
        self.serial = next(_serial)

    # what it is
    @property
    def dtype(self) -> np.dtype:
        return self.type.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The size of every dimension; None where only a call knows it."""
        return self.type.shape

    @property
    def dims(self) -> tuple:
        """As `shape`, with an `Integer` in place of each None: what reshape and broadcast_to take."""
        return self.type.dims

    @property
    def ndim(self) -> int:
        return self.type.rank

    @property
    def size(self):
        return self.type.size

    def __len__(self) -> int:
        if not self.dims:
            raise TypeError("len() of a 0-d expression")
        return operator.index(self.dims[0])

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError(
            "an expression has no truth value: its numbers are not known while the graph is built. "
            "Use graphc.where(condition, a, b), or logical_and / logical_or / logical_not"
        )

    def __float__(self) -> float:
        raise TypeError("an expression has no value yet: compile it, or use graphc.interpret")

    __int__ = __index__ = __complex__ = __float__

    __hash__ = object.__hash__

    def __reduce__(self):
        raise TypeError("expressions are not pickled")

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo) -> Expr:
        return self

    def __array_ufunc__(self, ufunc, method, *operands, **keywords):
        name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or keywords or name not in OPS:
            return NotImplemented
        return OPS[name](*operands)

    def __array__(self, *args, **kwargs):
        raise TypeError("an expression has no value yet: compile it, or use graphc.interpret")

    def __repr__(self) -> str:
        return infix(self)


def make(op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any]) -> Expr:
    """The one node for this op, operands and attributes: typed on creation, found again ever after."""
    key = (op.name, tuple(map(id, inputs)), tuple(sorted(attrs.items())) if attrs else ())
    with _lock:
        found = _table.get(key)
        if found is None:
            found = _table[key] = Expr(op, inputs, dict(attrs), _infer(op, inputs, attrs))
        return found


def _infer(op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any]) -> Type:
    try:
        return op.infer(*(x.type for x in inputs), **attrs)
    except GraphcError as error:
        given = ", ".join(f"{label(x)}:{x.type}" for x in inputs)
        raise type(error)(f"{op.name}({given}): {error}\n  at {user_line()}") from None


def label(x: Expr) -> str:
    """A short name for messages: the user's, or the op's."""
    return x.name or (str(x.attrs["value"]) if x.op.name == "constant" and not x.dims else x.op.name)


_UFUNCS = {"true_divide": "divide", "absolute": "abs", "power": "pow", "arcsin": "asin", "arccos": "acos",
           "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
           "invert": "bitwise_invert", "rint": "round", "mod": "remainder", "left_shift": "bitwise_left_shift",
           "right_shift": "bitwise_right_shift", "float_power": "pow"}
