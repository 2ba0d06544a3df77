"""Nested lists, tuples and dicts of values: what functions of several tensors take and return."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(structure: Any) -> list:
    """What is in a structure, in order; dicts by sorted key.

    >>> leaves({"b": [1, (2,)], "a": 3})
    [3, 1, 2]
    """
    return list(_leaves(structure))


def _leaves(structure) -> Iterator:
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    if isinstance(structure, (list, tuple)):
        for part in structure:
            yield from _leaves(part)
    else:
        yield structure


def paths(structure: Any) -> list[tuple]:
    """Where each leaf is: the keys and indices that lead to it.

    >>> paths({"b": [1, 2], "a": 3})
    [('a',), ('b', 0), ('b', 1)]
    """
    if isinstance(structure, (dict, list, tuple)):
        keys = sorted(structure) if isinstance(structure, dict) else range(len(structure))
        return [(key, *path) for key in keys for path in paths(structure[key])]
    return [()]


def mapped(function: Callable, structure: Any) -> Any:
    """The structure with ``function(leaf)`` for each leaf.

    >>> mapped(str, {"a": [1, (2,)]})
    {'a': ['1', ('2',)]}
    """
    if isinstance(structure, dict):
        new = {key: mapped(function, structure[key]) for key in sorted(structure)}
        return {key: new[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        parts = [mapped(function, part) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return function(structure)


def filled(structure: Any, values: list) -> Any:
    """The structure with its leaves replaced, in order, by `values`."""
    given = iter(values)
    return mapped(lambda _: next(given), structure)


__all__ = ["filled", "leaves", "mapped", "paths"]
