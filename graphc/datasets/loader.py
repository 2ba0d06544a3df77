"""Batches that are ready before they are asked for."""
from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..ir.errors import ArgumentError

_END = object()


def whole(name: str, value, least: int = 1) -> int:
    """The value as an int; ArgumentError, with the argument's name, unless it is one of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{name} is a whole number of at least {least}, not {value!r}")
    return int(value)


class Loader:
    """Batches of samples, drawn in a new order each epoch, and read ahead on a thread: ``for x, y in loader``.

    `arrays` are arrays of equally many samples, or anything that gives sample k as ``samples[k]``; a batch is a tuple with
    a part for each of them. `transform` is applied to each batch on the reading thread. Up to `prefetch` batches wait;
    what goes wrong on the thread is raised where batches are taken. The order depends on `seed` and the epoch's number
    alone: ``seed=None`` draws a seed.

    >>> loader = Loader(np.arange(5), np.arange(5) ** 2, batch_size=2, shuffle=False)
    >>> [(x.tolist(), y.tolist()) for x, y in loader]
    [([0, 1], [0, 1]), ([2, 3], [4, 9]), ([4], [16])]
    """

    def __init__(self, *arrays: Sequence | np.ndarray, batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
                 drop_remainder: bool = False, prefetch: int = 2, transform: Callable | None = None):
        for array in arrays:
            if not hasattr(array, "__len__") or getattr(array, "ndim", 1) == 0:
                raise ArgumentError(f"a Loader takes arrays, or what has a length and numbered samples: not {array!r}")
        lengths = {len(a) for a in arrays}
        if len(lengths) != 1:
            raise ArgumentError(f"a Loader takes arrays of equally many samples, got {sorted(lengths)}")
        self.arrays, self.shuffle, self.samples = arrays, shuffle, lengths.pop()
        self.batch_size, self.prefetch = whole("batch_size", batch_size), whole("prefetch", prefetch, 0)
        self.drop_remainder, self.transform = drop_remainder, transform
        self.seed = np.random.SeedSequence().entropy if seed is None else whole("seed", seed, 0)
        self.epoch = 0

    def __len__(self) -> int:
        """The number of batches."""
        return self.samples // self.batch_size if self.drop_remainder else -(-self.samples // self.batch_size)

    def __iter__(self) -> Iterator[tuple]:
        order = np.arange(self.samples)
        if self.shuffle:
            np.random.default_rng([self.seed, self.epoch]).shuffle(order)
        self.epoch += 1
        places = [order[k * self.batch_size:(k + 1) * self.batch_size] for k in range(len(self))]
        return self._ahead(places) if self.prefetch else map(self._batch, places)

    def _batch(self, place: np.ndarray) -> tuple:
        batch = tuple(a[place] if isinstance(a, np.ndarray) else np.stack([a[int(k)] for k in place]) for a in self.arrays)
        return batch if self.transform is None else self.transform(*batch)

    def _ahead(self, places: list[np.ndarray]) -> Iterator[tuple]:
        """The batches, read by a thread that ends with the iterator."""
        ready: queue.Queue = queue.Queue(self.prefetch)
        stopped = threading.Event()
        thread = threading.Thread(target=self._read, args=(places, ready, stopped), name="graphc-loader", daemon=True)
        thread.start()
        try:
            while (item := ready.get()) is not _END:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()
            while thread.is_alive():
                _emptied(ready)
                thread.join(0.01)

    def _read(self, places: list[np.ndarray], ready: queue.Queue, stopped: threading.Event) -> None:
        item: Any = _END
        try:
            for place in places:
                if stopped.is_set():
                    return
                ready.put(self._batch(place))
        except BaseException as error:  # noqa: BLE001 (raised again where batches are taken)
            item = error
        ready.put(item)


def _emptied(ready: queue.Queue) -> None:
    """Make room: a thread that waits to put something in sees that it may end."""
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        pass


__all__ = ["Loader", "whole"]
