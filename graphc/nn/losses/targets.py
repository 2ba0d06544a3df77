"""What targets are to a model's outputs, by their shapes: which accuracy, and which cross-entropy, is meant."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...ir.errors import ArgumentError

WORDS = {"accuracy": "accuracy", "acc": "accuracy", "crossentropy": "crossentropy", "ce": "crossentropy"}
"""The names that mean one loss or metric or another."""


def depends_on_shapes(identifier) -> bool:
    """Whether it takes the shapes of targets and outputs to say what `identifier` means."""
    return isinstance(identifier, str) and identifier.lower() in WORDS


def by_shapes(identifier, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]) -> Any:
    """`identifier`, or, where it depends on the shapes, the name that it means.

    >>> by_shapes("accuracy", (None, 10), (None, 10)), by_shapes("ce", (None,), (None, 10)), by_shapes("mse", (8,), (8,))
    ('categorical_accuracy', 'sparse_categorical_crossentropy', 'mse')
    """
    if not depends_on_shapes(identifier):
        return identifier
    return f"{kind_of_targets(y_true_shape, y_pred_shape)}_{WORDS[identifier.lower()]}"


def resolved(get: Callable[[Any], Any], kind: str, identifier, y_true_shape: Sequence[int | None],
             y_pred_shape: Sequence[int | None]) -> Any:
    """The loss or metric that `identifier` stands for by `get`, once the shapes of targets and outputs say which. One that
    is given by a name has that name. Raises ArgumentError, which says what `kind` of thing is expected, for None."""
    found = get(by_shapes(identifier, y_true_shape, y_pred_shape))
    if found is None:
        raise ArgumentError(f"expected a {kind}, got None")
    if isinstance(identifier, str):
        found.name = identifier
    return found


def kind_of_targets(y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]) -> str:
    """For outputs of one number "binary", for targets that are class numbers "sparse_categorical", else "categorical".

    >>> kind_of_targets((None,), (None, 1)), kind_of_targets((None,), (None, 10)), kind_of_targets((32, 10), (32, 10))
    ('binary', 'sparse_categorical', 'categorical')
    """
    outputs = y_pred_shape[-1] if len(y_pred_shape) > 1 else 1
    if outputs == 1:
        return "binary"
    numbers = len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1
    return "sparse_categorical" if numbers else "categorical"


__all__ = ["by_shapes", "depends_on_shapes", "kind_of_targets", "resolved"]
