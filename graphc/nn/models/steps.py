"""A model's steps as compiled functions: each written down once for a kind of batch, update included."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from ... import compiler
from ...ir.errors import ArgumentError
from ...ir.graph import Graph
from ...ir.leaves import as_expr, placeholder
from .. import tree
from ..trace import Trace
from .watched import Watched

Dims = tuple[int | None, ...]


class Step:
    """``step(batch)`` runs ``method(data)``, as it writes itself down as a graph, on a batch of arrays.

    It is compiled for the structure, the dtypes and the sizes of a batch. The number of samples is always open; so are
    the sizes that `shapes` (the shapes of the inputs, in order, where the model knows them) leaves open, and those that
    turn out to change from batch to batch. `watched` steps raise NotFinite: see `Watched`."""

    def __init__(self, method: Callable, training: bool, shapes: Callable[[Any], list], options: dict,
                 watched: bool = False):
        self.method, self.training, self.shapes, self.options, self.watched = method, training, shapes, options, watched
        self._known: dict[tuple, _Written] = {}
        self._last: tuple[Any, _Written | None, list] = (None, None, [])

    def __call__(self, batch) -> list:
        """The results of one step, as they come: see `logs` and `filled`."""
        written, arrays = self._find(batch)
        return written.run(*arrays)

    def prepare(self, batch) -> None:
        """Write and compile the step for batches such as this one."""
        self._find(batch)

    def check(self, batch, arrays: Sequence[np.ndarray] | None = None) -> None:
        """Raises ArgumentError for values that the step has no meaning for, such as labels of no class: in this batch, or
        in all the data, `arrays`, of which it is one."""
        written, own = self._find(batch)
        written.check(own if arrays is None else arrays)

    @property
    def graph(self) -> Graph:
        """What was written down for the last batch, before any pass."""
        return self._last[1].run.given

    def logs(self, values: Sequence) -> dict[str, float]:
        """What the last step came to, by name, in alphabetical order."""
        return {name: number(values[k]) for name, k in self._last[1].places}

    def filled(self, values: Sequence):
        """What the last step came to, in the structure that its method gives."""
        return tree.filled(self._last[1].results, list(values))

    def _find(self, batch) -> tuple[_Written, list[np.ndarray]]:
        """What is compiled for batches such as this one, and the arrays that it takes."""
        last, written, arrays = self._last
        if batch is last:
            return written, arrays
        arrays = [a for a in tree.leaves(batch) if a is not None]
        key = (_outline(batch), *((a.dtype.str, a.ndim) for a in arrays))
        written = self._known.get(key)
        if written is None or not written.takes(arrays):
            written = self._known[key] = self._write(batch, arrays, written)
        self._last = batch, written, arrays
        return written, arrays

    def _write(self, batch, arrays: Sequence[np.ndarray], before: _Written | None) -> _Written:
        dims = self._dims(batch, arrays)
        if before is not None:
            dims = [tuple(m if m == n else None for m, n in zip(*pair, strict=True))
                    for pair in zip(before.dims, dims, strict=True)]
        inputs = [placeholder((None, *size), a.dtype, name)
                  for a, size, name in zip(arrays, dims, _names(batch), strict=True)]
        given = iter(inputs)
        with Trace(self.training, origins=True) as trace:
            results = self.method(tree.mapped(lambda a: None if a is None else next(given), batch))
            outputs = [as_expr(x) for x in tree.leaves(results)]
        checks = [(k, trace.checks[x]) for k, x in enumerate(inputs) if x in trace.checks]
        compiled = partial(compiler.compile, inputs, outputs, updates=trace.updates, **self.options)
        return _Written(Watched(compiled) if self.watched else compiled(), results, dims, checks)

    def _dims(self, batch, arrays: Sequence[np.ndarray]) -> list[Dims]:
        shapes = [*self.shapes(batch), *[None] * len(arrays)]
        return [a.shape[1:] if shape is None else shape[1:] for a, shape in zip(arrays, shapes, strict=False)]


class _Written:
    """A step, compiled: its function, the structure of its results, the sizes it takes, and checks of its arrays."""

    def __init__(self, run: Callable, results, dims: list[Dims], checks: list[tuple[int, Callable]]):
        self.run, self.results, self.dims, self.checks = run, results, dims, checks

    @cached_property
    def places(self) -> list[tuple[str, int]]:
        """The logs by name, and where each is among the results; nested dicts are made flat."""
        if not isinstance(self.results, dict):
            raise ArgumentError(f"a train_step or test_step returns a dict of logs by name, not {self.results!r}")
        numbered = tree.filled(self.results, list(range(len(tree.leaves(self.results)))))
        return sorted(dict(_flat(numbered)).items())

    def takes(self, arrays: Sequence[np.ndarray]) -> bool:
        """Whether the sizes of these arrays are those that it was written for."""
        return all(m is None or m == n for a, size in zip(arrays, self.dims, strict=True)
                   for m, n in zip(size, a.shape[1:], strict=True))

    def check(self, arrays: Sequence[np.ndarray]) -> None:
        """Raises ArgumentError for arrays with values that the step has no meaning for, such as labels of no class."""
        for k, check in self.checks:
            check(arrays[k])


def _outline(batch) -> Any:
    """The structure of a batch, hashable, with True for each array."""
    if isinstance(batch, (list, tuple)):
        return (type(batch).__name__, *map(_outline, batch))
    if isinstance(batch, dict):
        return tuple((key, _outline(batch[key])) for key in sorted(batch))
    return batch is not None


def _names(batch) -> list[str]:
    """What the arrays of a batch are called in messages.

    >>> _names(([1, 2], {"a": 3}))
    ['x/0', 'x/1', 'y/a']
    """
    parts = batch if isinstance(batch, tuple) else (batch,)
    return ["/".join(map(str, (name, *path))) for name, part in zip(("x", "y", "sample_weight"), parts, strict=False)
            for path, leaf in zip(tree.paths(part), tree.leaves(part), strict=True) if leaf is not None]


def _flat(logs: dict) -> Iterator[tuple[str, int]]:
    for name, value in logs.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield name, value


def number(value):
    """A 0-d value as Python's float; others as they are."""
    return float(value) if np.ndim(value) == 0 else value


__all__ = ["Step", "number"]
