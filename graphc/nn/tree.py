"""Nested lists, tuples and dicts of tensors: what layers and models take and return. Some functions have a second name, and
arguments, by which Keras knows them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir.errors import ArgumentError
from ..ir.tree import filled, leaves, mapped, paths
from .absent import absent


def flatten(structure) -> list:
    """`leaves`."""
    return leaves(structure)


def flatten_with_path(structure) -> list[tuple[tuple, Any]]:
    """Each leaf, behind the keys and indices that lead to it.

    >>> flatten_with_path({"a": [1, 2]})
    [(('a', 0), 1), (('a', 1), 2)]
    """
    return list(zip(paths(structure), leaves(structure), strict=True))


def is_nested(structure) -> bool:
    """Whether it is a list, a tuple or a dict."""
    return isinstance(structure, (list, tuple, dict))


def lists_to_tuples(structure) -> Any:
    """The structure with a tuple for each list."""
    if isinstance(structure, dict):
        return {key: lists_to_tuples(part) for key, part in structure.items()}
    return tuple(map(lists_to_tuples, structure)) if isinstance(structure, (list, tuple)) else structure


def map_structure(func: Callable, *structures, none_is_leaf: bool = True) -> Any:
    """The first structure with ``func(leaf, ...)`` of the leaves of all of them. Without `none_is_leaf`, None stays.

    >>> map_structure(lambda a, b: a + b, {"a": [1, 2]}, {"a": [3, 4]})
    {'a': [4, 6]}
    """
    first, *others = structures
    for other in others:
        assert_same_structure(first, other)
    rest = [iter(leaves(other)) for other in others]

    def at(leaf):
        found = [next(values) for values in rest]
        return None if leaf is None and not none_is_leaf else func(leaf, *found)
    return mapped(at, first)


def pack_sequence_as(structure, flat_sequence: Sequence) -> Any:
    """The structure with these leaves, in order."""
    if len(flat_sequence) != len(leaves(structure)):
        raise ArgumentError(f"pack_sequence_as: {len(flat_sequence)} leaves for a structure of {len(leaves(structure))}")
    return filled(structure, list(flat_sequence))


def assert_same_structure(a, b, check_types: bool | None = None) -> None:
    """Raises ArgumentError where leaves of the two structures are in other places."""
    if paths(a) != paths(b):
        raise ArgumentError(f"the structures differ: {mapped(lambda _: '.', a)} and {mapped(lambda _: '.', b)}")


__all__ = ["assert_same_structure", "filled", "flatten", "flatten_with_path", "is_nested", "leaves", "lists_to_tuples",
           "map_structure", "mapped", "pack_sequence_as", "paths"]

__getattr__ = absent(__name__, {
    "MAP_TO_NONE assert_same_paths map_shape_structure map_structure_up_to traverse": "see flatten, flatten_with_path, "
                                                                                      "map_structure and pack_sequence_as",
}, __all__)
