"""What `fit` is given, as batches: arrays, generators, iterables."""
from __future__ import annotations

import inspect
import math
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..datasets.loader import Loader, whole
from ..ir.errors import ArgumentError
from ..ir.registry import with_article
from . import tree

Batch = Any
"""What a step takes: inputs, ``(x, y)`` or ``(x, y, sample_weight)``, each an array or a structure of arrays."""


class ArrayBatches:
    """Batches of arrays that lie in memory; the last one may be short.

    Shuffled batches are gathered into buffers that are used again: a batch holds until the next one is asked for.
    ``shuffle="batch"`` keeps together what lies together."""

    def __init__(self, x, y=None, sample_weight=None, batch_size: int | None = None, shuffle: bool | str = False):
        parts = [as_arrays(part) for part in (x, y, sample_weight)]
        self.data = packed(*parts)
        self.arrays: list[np.ndarray] = [a for a in tree.leaves(self.data) if a is not None]
        self.samples = _samples(*parts)
        self.batch_size = whole("batch_size", 32 if batch_size is None else batch_size)
        if shuffle not in (True, False, "batch"):
            raise ArgumentError(f'shuffle is True, False or "batch", not {shuffle!r}')
        self.shuffle = shuffle
        size = min(self.batch_size, self.samples)
        self._buffers = [np.empty((size, *a.shape[1:]), a.dtype) for a in self.arrays] if shuffle else []

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def _batch(self, arrays: Sequence[np.ndarray]) -> Batch:
        given = iter(arrays)
        return tree.mapped(lambda a: None if a is None else next(given), self.data)

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        return self._shuffled(self._order(random)) if self.shuffle else self._sliced()

    def _sliced(self) -> Iterator[Batch]:
        for start in range(0, self.samples, self.batch_size):
            yield self._batch([a[start:start + self.batch_size] for a in self.arrays])

    def _order(self, random: np.random.Generator) -> np.ndarray:
        if self.shuffle != "batch":
            return random.permutation(self.samples)
        whole = self.samples // self.batch_size
        order = np.arange(self.samples)
        order[:whole * self.batch_size] = random.permutation(
            order[:whole * self.batch_size].reshape(whole, self.batch_size)).ravel()
        return order

    def _shuffled(self, order: np.ndarray) -> Iterator[Batch]:
        whole = self.samples // self.batch_size * self.batch_size
        batch, pairs = self._batch(self._buffers), list(zip(self.arrays, self._buffers, strict=True))
        for start in range(0, whole, self.batch_size):
            place = order[start:start + self.batch_size]
            for array, buffer in pairs:
                array.take(place, 0, buffer, "clip")
            yield batch
        if whole < self.samples:
            yield self._batch([a[order[whole:]] for a in self.arrays])


class IteratedBatches:
    """Batches from an iterable, which may have a length: of inputs, ``(x, y)`` or ``(x, y, sample_weight)``."""

    def __init__(self, batches: Iterable, weigh: Callable | None = None):
        self.batches, self._weigh = batches, weigh

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        return map(self._read, self.batches)

    def _read(self, batch) -> Batch:
        parts = [as_arrays(part) for part in unpacked(tuple(batch) if isinstance(batch, list) else batch)]
        if self._weigh is not None:
            parts = self._weigh(*parts)
        _samples(*parts)
        return packed(*parts)


class PyDataset:
    """Batches by number: a subclass says in ``__getitem__(self, k)`` what batch k is, and in ``__len__`` how many there are.

    `on_epoch_begin` and `on_epoch_end` are called around each epoch. Batches are asked for one after the other: `workers`,
    `use_multiprocessing` and `max_queue_size` change nothing."""

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int):
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__ method")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__ method")

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class IndexedBatches(IteratedBatches):
    """Batches by number: ``batches[k]`` for k below ``len(batches)``, from a `PyDataset` or what looks like one."""

    def __init__(self, batches, weigh: Callable | None = None, shuffle: bool | str = False):
        super().__init__(batches, weigh)
        self.shuffle = shuffle

    def __len__(self) -> int:
        length = getattr(self.batches, "num_batches", None)
        return len(self.batches) if length is None else length

    def epoch(self, random):
        order = random.permutation(len(self)) if self.shuffle else range(len(self))
        return (self._read(self.batches[int(k)]) for k in order)

    def tell(self, event: str) -> None:
        """Let what gives the batches know that an epoch begins or ends."""
        getattr(self.batches, event, _nothing)()


class Feed:
    """The epochs of batches: each is `steps` long, or as long as there are batches. With `steps`, an epoch goes on where
    the one before ended, unless `restart` was called in between."""

    def __init__(self, batches: ArrayBatches | IteratedBatches, steps: int | None = None):
        self.batches, self.given = batches, None if steps is None else whole("steps", steps)
        try:
            self.steps = self.given or len(batches)
        except TypeError:
            self.steps = None
        self._rest: Iterator[Batch] | None = None
        self._taken = 0
        self.checked = False

    def epoch(self, random: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch."""
        tell = getattr(self.batches, "tell", _nothing)
        tell("on_epoch_begin")
        yield from self.batches.epoch(random) if self.given is None else self._some(random)
        tell("on_epoch_end")

    def restart(self) -> None:
        """Begin the next epoch with the first batch, as far as the batches can be had again."""
        self._rest = None

    def skip(self, epochs: int, random: np.random.Generator) -> None:
        """Leave so many epochs behind: the next batches are those that come after them. `random` is as it was before."""
        source, tell = getattr(self.batches, "batches", None), getattr(self.batches, "tell", _nothing)
        for _ in range(epochs):
            if self.given or isinstance(source, Iterator):
                deque(self.epoch(random), 0)
            elif isinstance(source, Loader):
                source.epoch += 1
            else:
                tell("on_epoch_begin")
                tell("on_epoch_end")

    def _some(self, random: np.random.Generator) -> Iterator[Batch]:
        if self._rest is None:
            self._rest, self._taken = self.batches.epoch(random), 0
        before = self._taken
        for batch in islice(self._rest, self.given):
            self._taken += 1
            yield batch
        if self._taken - before < self.given:
            self._rest = None
            warnings.warn(f"the data ran out after {self._taken - before} of {self.given} steps of this epoch", stacklevel=2)
        elif self._taken == self._known_length():
            self._rest = None

    def _known_length(self) -> int | None:
        try:
            return len(self.batches)
        except TypeError:
            return None


def _nothing(*_) -> None:
    pass


def batches_of(x, y=None, sample_weight=None, batch_size: int | None = None, shuffle: bool | str = False,
               class_weight: dict | None = None) -> ArrayBatches | IteratedBatches:
    """Batches of arrays, of structures of arrays, of an iterable, or of what gives batches by number."""
    if x is None:
        raise ArgumentError("there are no inputs: x is None")
    if is_arrays(x):
        weights = sample_weight if class_weight is None else weights_of_classes(y, class_weight, sample_weight)
        return ArrayBatches(x, y, weights, batch_size, shuffle)
    kind = type(x).__name__
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is not None:
            raise ArgumentError(f"{name} comes with the batches of {with_article(kind)}: do not give it beside")
    if batch_size is not None:
        warnings.warn(f"batch_size changes nothing: {with_article(kind)} gives whole batches", stacklevel=3)
    weigh = None if class_weight is None else lambda x, y, w: (x, y, weights_of_classes(y, class_weight, w))
    if hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(x, "num_batches")):
        return IndexedBatches(x, weigh, shuffle)
    if not isinstance(x, Iterable):
        raise ArgumentError("x is an array, a list or dict of arrays, or an iterable of batches, not "
                            f"{with_article(kind)}")
    return IteratedBatches(x, weigh)


def is_arrays(x) -> bool:
    """Whether `x` is an array, or a structure of arrays: not an iterable of batches."""
    if inspect.isgenerator(x):
        return False
    parts = [part for part in tree.leaves(x) if part is not None]
    return bool(parts or isinstance(x, (list, tuple))) and all(
        hasattr(a, "__array__") or isinstance(a, (bool, int, float)) for a in parts)


def as_arrays(structure):
    """A structure of arrays; lists of numbers are arrays, float64 becomes float32, the dtype of networks."""
    if isinstance(structure, (list, tuple)) and _is_numbers(structure):
        return _as_array(structure)
    return tree.mapped(_as_array, structure)


def _is_numbers(structure) -> bool:
    return all(_is_numbers(x) if isinstance(x, (list, tuple)) else isinstance(x, (bool, int, float, np.number, np.bool_))
               for x in structure)


def _as_array(x):
    if x is None:
        return None
    try:
        array = x.detach().cpu().numpy() if hasattr(x, "detach") else np.asarray(x)
    except ValueError as error:
        raise ArgumentError(f"data are arrays, or lists of one length on each axis: {error}") from error
    if array.dtype.kind in "OUSc":
        raise ArgumentError(f"data are numbers, not of dtype {array.dtype}")
    if array.ndim == 0:
        raise ArgumentError(f"data have an axis of samples; got the single number {array}")
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _samples(x, y=None, sample_weight=None) -> int:
    """The number of samples that all arrays have."""
    lengths = {name: [len(a) for a in tree.leaves(part) if a is not None]
               for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight))}
    found = {n for several in lengths.values() for n in several}
    if len(found) > 1:
        shown = "; ".join(f"{name}: {', '.join(map(str, several))}" for name, several in lengths.items() if several)
        raise ArgumentError(f"the numbers of samples differ ({shown})")
    if not found or 0 in found:
        raise ArgumentError("the data set is empty: there are no samples")
    return found.pop()


def unpacked(data) -> tuple[Any, Any, Any]:
    """``(x, y, sample_weight)`` of what a step is given."""
    parts = tuple(data) if isinstance(data, tuple) else (data,)
    if not 1 <= len(parts) <= 3:
        raise ArgumentError(f"a batch is x, (x, y) or (x, y, sample_weight), not {len(parts)} parts")
    return (*parts, *(None,) * (3 - len(parts)))


def packed(x, y=None, sample_weight=None) -> Batch:
    """What a step is given: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def split(data: tuple, share: float) -> tuple[tuple, tuple]:
    """(x, y, sample_weight) in two: what is trained on, and the last `share` of the samples, to validate."""
    if not isinstance(share, (int, float, np.number)) or not 0 < share < 1:
        raise ArgumentError(f"validation_split is between 0 and 1, not {share!r}")
    if not is_arrays(data[0]):
        given = with_article(type(data[0]).__name__)
        raise ArgumentError(f"validation_split takes arrays, not {given}: give validation_data")
    arrays = tuple(map(as_arrays, data))
    samples = _samples(*arrays)
    at = math.floor(samples * (1 - share))
    if at in (0, samples):
        raise ArgumentError(f"validation_split={share} of {samples} samples leaves none to "
                            f"{'train on' if at == 0 else 'validate'}")
    cut = [tree.mapped(lambda a, place=place: None if a is None else a[place], arrays)
           for place in (slice(0, at), slice(at, None))]
    return cut[0], cut[1]


def weights_of_classes(y, class_weight: dict, sample_weight=None) -> np.ndarray:
    """The weight of each sample: that of its class, 1 where none is given."""
    if sample_weight is not None:
        raise ArgumentError("class_weight and sample_weight cannot be given together")
    targets = [a for a in tree.leaves(as_arrays(y)) if a is not None]
    if len(targets) != 1:
        raise ArgumentError(f"class_weight is for models with one output and its targets; there are {len(targets)}")
    labels = targets[0]
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] != 1 else labels[..., 0]
    try:
        known = {int(k): float(v) for k, v in class_weight.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ArgumentError(f"class_weight is a dict of weights by the numbers of classes, not {class_weight!r}") from error
    classes, place = np.unique(np.round(labels).astype(np.int64), return_inverse=True)
    return np.array([known.get(int(c), 1.0) for c in classes], np.float32)[place].reshape(labels.shape)




__all__ = ["ArrayBatches", "Batch", "Feed", "IndexedBatches", "IteratedBatches", "PyDataset", "as_arrays", "batches_of",
           "is_arrays", "packed", "split", "unpacked", "weights_of_classes", "whole"]
