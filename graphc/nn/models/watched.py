"""Steps that are watched for NaN and infinities, at little more than the time of the step."""
from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ...compiler import Function
from ...ir.graph import Graph
from ...ir.types import is_float
from ...runtime.checked import finite


class Watched:
    """A compiled step that raises NotFinite for a NaN or an infinity in what it is given, in what it comes to, or in the
    next value of a Variable; no Variable changes then.

    ``compiled(check_nan=...)`` compiles the step. It runs as ever. Only where a number is not finite it is run once more,
    from the same state, op by op: that run names the first op that makes one; if none does, its results stand."""

    def __init__(self, compiled: Callable[..., Function]):
        self._compiled, self._run = compiled, compiled()
        self._changed = [v for v, _ in self.given.updates]

    @property
    def given(self) -> Graph:
        """The step's graph, before any pass."""
        return self._run.given

    @cached_property
    def _careful(self) -> Function:
        return self._compiled(check_nan=True)

    def __call__(self, *arrays: np.ndarray) -> tuple:
        if not _all_finite(arrays):
            return self._careful(*arrays)
        before = [v.numpy() for v in self._changed]
        results = self._run(*arrays)
        if _all_finite(results) and _all_finite(v.storage for v in self._changed):
            return results
        for variable, value in zip(self._changed, before, strict=True):
            variable.assign(value)
        return self._careful(*arrays)


def _all_finite(arrays) -> bool:
    return all(finite(a) for a in arrays if is_float(a.dtype))


__all__ = ["Watched"]
