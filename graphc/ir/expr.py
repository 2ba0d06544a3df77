"""Expressions: typed, immutable, hash-consed nodes of a static graph.

Two expressions of one op, the same operands and the same attributes are one object, so that sharing needs no search and
``is`` is equality; but see `moments`. Comparison operators build graphs, as all operators do.
"""
from __future__ import annotations

import linecache
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from . import locks
from .errors import ArgumentError, GraphcError
from .infix import infix
from .integer import Size
from .locks import Rank
from .types import Type

if TYPE_CHECKING:
    from .op import Op

_NOBODYS = (str(Path(__file__).parent.parent) + os.sep, str(Path(np.__file__).parent) + os.sep, "<frozen ")
_LIBRARY = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
_INSTALLED = {"site-packages", "dist-packages"}
_LINES = 4
_table: WeakValueDictionary[tuple, Expr] = WeakValueDictionary()
_lock = locks.lock(Rank.TABLE)
_serial = count()


class Line(NamedTuple):
    """The line of the user's program that made an expression, and others that asked for the same one; the part of a network
    that it stands in, if any, such as "layer dense"; whether it came of differentiating."""

    file: str
    number: int
    others: tuple[Line, ...] = ()
    part: str | None = None
    gradient: bool = False

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.number).strip()
        here = f"{self.file}:{self.number}" + (f": {text}" if text else "")
        place = " of ".join([*["the gradient"] * self.gradient, *([f"the {self.part}"] if self.part else [])])
        return "\n  and at ".join([here, *map(str, self.others)]) + (f"\n  in {place}" if place else "")

    def joined(self, line: Line) -> Line:
        """With `line` among the others: some are enough for a message."""
        known = (self[:2], *(other[:2] for other in self.others))
        return self if line[:2] in known or len(known) >= _LINES else self._replace(others=(*self.others, line.bare))

    @property
    def bare(self) -> Line:
        """The lines alone."""
        return self._replace(part=None, gradient=False)

    @property
    def differentiated(self) -> Line:
        """The line of what is made of a node in differentiating."""
        return self._replace(gradient=True)


_origin: ContextVar[Line | None] = ContextVar("origin", default=None)
_part: ContextVar[str | None] = ContextVar("part", default=None)
_moment: ContextVar[int] = ContextVar("moment", default=0)


class moments:
    """Context: a sequence of moments. No node that was made before `next` is found again after it, so that whether one was
    made before or after an assignment can be told by its serial number."""

    __slots__ = ("token",)

    def __enter__(self) -> moments:
        self.token = _moment.set(next(_serial))
        return self

    def next(self) -> int:
        """Begin the next moment: the number from which on nodes belong to it."""
        _moment.set(now := next(_serial))
        return now

    def __exit__(self, *error) -> None:
        _moment.reset(self.token)


class originating:
    """Context: nodes made inside belong to `line`: so do gradients and what a pass makes of a user's node."""

    __slots__ = ("line", "token")

    def __init__(self, line: Line | None):
        self.line = line

    def __enter__(self) -> None:
        self.token = _origin.set(self.line)

    def __exit__(self, *error) -> None:
        _origin.reset(self.token)


@contextmanager
def part_of(part: str) -> Iterator[None]:
    """Context: the user's lines in here stand in this part of a network, such as "layer dense"."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


def user_line() -> Line | None:
    """The line that nodes belong to: the one in `originating`, or else that of the user who calls graphc."""
    return _origin.get() or _calling_line()


def _calling_line() -> Line | None:
    """The innermost line on the stack that is the user's; None in a thread that runs nothing of the user."""
    frame = sys._getframe(1)
    while frame is not None and not _is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno, part=_part.get()) if frame is not None else None


@cache
def _is_users(file: str) -> bool:
    """Whether this file is neither of graphc, nor of NumPy, which calls it, nor of Python's library."""
    if file.startswith(_LIBRARY):
        return not _INSTALLED.isdisjoint(Path(file).parts) and not file.startswith(_NOBODYS)
    return not file.startswith(_NOBODYS)


class Expr:
    """A node: an op applied to operands. Make one with `placeholder`, `constant`, an op or an operator.

    What an op makes of equal operands is one object; nothing of it can be changed. Methods and operators are attached in
    `graphc.ir.operators`."""

    __slots__ = ("op", "inputs", "attrs", "type", "name", "line", "serial", "__weakref__")

    def __init__(self, op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any], type: Type, name: str | None = None):
        if name is not None and not isinstance(name, str):
            raise ArgumentError(f"a name is a string, not {name!r}")
        put = object.__setattr__
        put(self, "op", op)
        put(self, "inputs", inputs)
        put(self, "attrs", MappingProxyType(attrs))
        put(self, "type", type)
        put(self, "name", name)
        put(self, "line", user_line())
        put(self, "serial", next(_serial))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"expressions are immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"expressions are immutable: {name!r} cannot be deleted")

    # what it is
    @property
    def dtype(self) -> np.dtype:
        """The dtype of its elements."""
        return self.type.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The size of every dimension; None where only a call knows it."""
        return self.type.shape

    @property
    def dims(self) -> tuple[Size, ...]:
        """As `shape`, with an `Integer` in place of each None: what reshape and broadcast_to take."""
        return self.type.dims

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.type.rank

    @property
    def size(self) -> Size:
        """The number of elements: an int, or an `Integer` where only a call knows it."""
        return self.type.size

    @property
    def full_name(self) -> str | None:
        """The name that is shown."""
        return self.name

    def __len__(self) -> int:
        if not self.dims:
            raise TypeError("a 0-d expression has no len()")
        if not isinstance(self.dims[0], int):
            raise TypeError(f"the length of {label(self)}:{self.type} is known only at call time; x.dims[0] stands for it, "
                            "wherever a size is taken")
        return self.dims[0]

    def __iter__(self):
        if not self.dims:
            raise TypeError("a 0-d expression cannot be iterated over")
        return (self[i] for i in range(len(self)))

    # what it is not: a value
    def __bool__(self) -> bool:
        raise TypeError(
            "an expression has no truth value: its numbers are not known while the graph is built. "
            "Use graphc.where(condition, a, b), or logical_and / logical_or / logical_not"
        )

    def __contains__(self, value) -> bool:
        raise TypeError("whether an expression holds a value is not known while the graph is built: use "
                        "graphc.any(x == value)")

    def __float__(self) -> float:
        raise TypeError("an expression has no value yet: compile it, or use graphc.interpret")

    __int__ = __index__ = __complex__ = __float__

    def __array__(self, *args, **kwargs):
        raise TypeError("an expression has no value yet: compile it, or use graphc.interpret. "
                        "A list of expressions becomes one by graphc.stack")

    # identity
    __hash__ = object.__hash__

    def __reduce__(self):
        raise TypeError("expressions are not pickled: they are one object wherever they are equal. Write down the graph as "
                        "text, or save the values of its Variables")

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo) -> Expr:
        return self

    def __repr__(self) -> str:
        return infix(self)


def make(op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any]) -> Expr:
    """The one node for this op, operands and attributes: typed on creation, found again ever after. It belongs to the line
    that made it, and then also to the others where the user asks for it."""
    key = op.name, tuple(map(id, inputs)), tuple(sorted(map(_exact, attrs.items()))) if attrs else (), _moment.get()
    with _lock:
        found = _table.get(key)
        if found is None:
            found = _table[key] = Expr(op, inputs, dict(attrs), _infer(op, inputs, attrs))
        elif inputs and _origin.get() is None:
            _ask_again(found)
        return found


def _ask_again(x: Expr) -> None:
    line = _calling_line()
    if line is not None and line != x.line:
        object.__setattr__(x, "line", x.line.joined(line) if x.line is not None else line)


def _exact(item: tuple[str, Any]) -> tuple[str, Any]:
    """An attribute as a key: -0.0 is not 0.0, and 1.0 not 1."""
    name, value = item
    return (name, value.hex()) if type(value) is float else item


def _infer(op: Op, inputs: tuple[Expr, ...], attrs: Mapping[str, Any]) -> Type:
    try:
        return op.infer(*(x.type for x in inputs), **attrs)
    except GraphcError as error:
        locate(error, op.name, inputs)
        raise
    except TypeError as error:
        raise locate(ArgumentError(str(error).split("infer() ")[-1]), op.name, inputs) from error


def label(x: Expr) -> str:
    """A short name for messages: the user's, or the op's."""
    return x.full_name or (str(x.attrs["value"]) if x.op.name == "constant" and not x.dims else x.op.name)


def locate(error: GraphcError, name: str, operands: Iterable) -> GraphcError:
    """`error`, told what was being made, of which operands, and on which line of the user: of calls inside each other the
    outermost, which is the user's."""
    reason = getattr(error, "reason", str(error))
    if "\n  at " not in reason:
        listed = (y for x in operands for y in (x if isinstance(x, (list, tuple)) else (x,)))
        given = ", ".join(_typed(x) for x in listed if isinstance(x, np.ndarray) or isinstance(x, Expr) and _made(x))
        subject = f"{name}({given})" if given else name
        line = user_line()
        place = f"\n  at {line.bare}" if line else ""
        error.reason, error.args = reason, (f"{subject}: {_unnamed(reason, name)}{place}",)
    return error


def _unnamed(reason: str, name: str) -> str:
    """`reason` without the name that it begins with, and without the types in brackets after it."""
    rest = re.sub(rf"^{re.escape(name)}(?!\w)(?:\(.*?\):| \S*\[.*?\]:|:)?\s*", "", reason)
    return rest or reason


def _made(x: Expr) -> bool:
    """Whether it is whole: one whose making failed is not."""
    return hasattr(x, "serial")


def _typed(x: Expr | np.ndarray) -> str:
    return f"{label(x)}:{x.type}" if isinstance(x, Expr) else f"array:{x.dtype}{list(x.shape)}"


def locating(function: Callable, name: str | None = None) -> Callable:
    """Decorator: errors that `function` raises say so, and where: see `locate`."""
    name = name or function.__qualname__.removesuffix(".__init__").rpartition(".")[2]

    @wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except GraphcError as error:
            locate(error, name, args)
            raise
    return call
