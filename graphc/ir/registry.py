"""The table of all ops by name, and of public functions. `graphc.ir.operators` looks here for what an Expr's operators
and methods mean, so that it need not import the ops."""
from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .errors import ArgumentError
from .expr import locating

if TYPE_CHECKING:
    from .op import Op

OPS: dict[str, Op] = {}
FUNCTIONS: dict[str, Callable] = {}


def register(op: Op) -> Op:
    """Put a new row into the table; its name must be free."""
    if op.name in OPS:
        raise ArgumentError(f"an op named {op.name!r} exists already")
    OPS[op.name] = op
    return op


def lookup(name: str) -> Op:
    """The op of that name; raises ArgumentError with the nearest names where there is none."""
    if name not in OPS:
        raise ArgumentError(f"no op is named {name!r}{nearest(name, OPS)}")
    return OPS[name]


def public(function: Callable) -> Callable:
    """Decorator of a public function: methods of Expr, and NumPy's functions on an Expr, find it here by its name. Errors
    that it raises name it and the user's line."""
    FUNCTIONS[function.__name__] = locating(function)
    return FUNCTIONS[function.__name__]


def function(name: str) -> Callable:
    """What `graphc.<name>` is: a public function, or else the op itself."""
    return FUNCTIONS[name] if name in FUNCTIONS else lookup(name)


def nearest(name: str, names) -> str:
    """``; did you mean ...?``, or nothing where no name is near."""
    names = list(names)
    close = [n for n in names if n.lower() == name.lower()] or get_close_matches(name, names, n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def with_article(noun: str) -> str:
    """A noun as a message has it.

    >>> with_article("activation"), with_article("layer")
    ('an activation', 'a layer')
    """
    return f"{'an' if noun[:1].lower() in tuple('aeio') else 'a'} {noun}"
