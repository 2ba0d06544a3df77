"""Arrays that data is brought into."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ArgumentError


def to_categorical(x, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as rows of 0 with a 1 at that place: ``[...] -> [..., num_classes]``, or ``[..., 1]`` likewise.

    `num_classes` is one more than the greatest number in `x` where it is not given. Raises ArgumentError for numbers
    that are no classes.

    >>> to_categorical([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    numbers = np.asarray(x)
    classes = numbers.astype(np.int64)
    if (classes != numbers).any():
        raise ArgumentError(f"to_categorical: class numbers are whole, got {numbers[classes != numbers].flat[0]}")
    if classes.ndim > 1 and classes.shape[-1] == 1:
        classes = classes[..., 0]
    if not num_classes and not classes.size:
        raise ArgumentError("to_categorical: give num_classes for no class numbers at all")
    count = num_classes or int(classes.max()) + 1
    if classes.size and not 0 <= classes.min() <= classes.max() < count:
        raise ArgumentError(f"to_categorical: class numbers are 0 to {count - 1}, got {classes.min()} to {classes.max()}")
    return (classes[..., None] == np.arange(count)).astype(np.float64)


def normalize(x, axis: int = -1, order: float = 2) -> np.ndarray:
    """`x` with norms, of this order and along this axis, of 1; what is 0 stays 0.

    >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


__all__ = ["normalize", "to_categorical"]
