"""What `fit` is given, as batches: arrays, generators, iterables."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..ir.errors import ArgumentError
from . import tree

Batch = tuple[Any, Any, Any]
"""Inputs, targets and sample weights: arrays, or structures of arrays, or None."""


class ArrayBatches:
    """Batches of arrays that lie in memory; the last one may be short."""

    def __init__(self, x, y=None, sample_weight=None, batch_size: int = 32, shuffle: bool = False):
        self.arrays = tree.mapped(_as_array, (x, y, sample_weight))
        lengths = {len(a) for a in tree.leaves(self.arrays) if a is not None}
        if len(lengths) > 1:
            raise ArgumentError(f"inputs, targets and weights differ in length: {sorted(lengths)}")
        self.samples = lengths.pop() if lengths else 0
        if not self.samples:
            raise ArgumentError("the data set is empty")
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = random.permutation(self.samples) if self.shuffle else None
        for start in range(0, self.samples, self.batch_size):
            stop = start + self.batch_size
            place = slice(start, stop) if order is None else order[start:stop]
            yield tree.mapped(lambda a, place=place: None if a is None else a[place], self.arrays)


class IteratedBatches:
    """Batches from an iterable: of inputs, ``(x, y)`` or ``(x, y, sample_weight)``."""

    def __init__(self, batches: Iterable):
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        for batch in self.batches:
            yield unpacked(batch)


def unpacked(batch) -> Batch:
    """``(x, y, sample_weight)`` of what a step is given."""
    parts = tuple(batch) if isinstance(batch, tuple) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ArgumentError(f"a batch is x, (x, y) or (x, y, sample_weight), not {len(parts)} parts")
    return (*parts, *(None,) * (3 - len(parts)))


def _as_array(x):
    if x is None:
        return None
    array = np.asarray(x)
    return array.astype(np.float32) if array.dtype == np.float64 else array


__all__ = ["ArrayBatches", "Batch", "IteratedBatches", "unpacked"]
