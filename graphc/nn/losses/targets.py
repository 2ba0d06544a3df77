"""What targets are to a model's outputs, by their shapes."""
from __future__ import annotations

from collections.abc import Sequence


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


__all__ = ["kind_of_targets"]
