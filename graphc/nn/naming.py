"""Names for objects that the user gives none: ``dense``, ``dense_1``, ..."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

_given: Counter[str] = Counter()
_counted: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """``MaxPooling2D`` as ``max_pooling2d``.

    >>> snake_case("Conv2DTranspose"), snake_case("LSTM"), snake_case("<lambda>")
    ('conv2d_transpose', 'lstm', 'lambda')
    """
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def function_name(function: Callable) -> str:
    """The name that logs have for what a function, or an object that is called, gives."""
    return getattr(function, "name", None) or snake_case(getattr(function, "__name__", type(function).__name__))


def unique_name(kind: type | str) -> str:
    """A name for another object of this class."""
    stem = kind if isinstance(kind, str) else snake_case(kind.__name__)
    number = _given[stem]
    _given[stem] += 1
    return f"{stem}_{number}" if number else stem


def count(prefix: str) -> int:
    """How often this function was called with this word."""
    _counted[prefix] += 1
    return _counted[prefix]


def forget_names() -> None:
    """Count from the start again."""
    _given.clear()
    _counted.clear()


__all__ = ["count", "forget_names", "function_name", "snake_case", "unique_name"]
