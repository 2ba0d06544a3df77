"""Memory that holds nonsense before a program runs: what a kernel forgets to write, or reads too early, shows."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.runtime import runner
from graphc.runtime.pool import Pool
from graphc.runtime.runner import Runner

NONSENSE = 0xFF
"""In every byte: NaN as a float, -1 or the largest number as an integer."""


class _PoisonedPool(Pool):
    def empty(self, shape, dtype):
        array = super().empty(shape, dtype)
        array.reshape(-1).view(np.uint8)[...] = NONSENSE
        return array


def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, arena, scratch and outputs hold nonsense before each run."""
    place = Runner.place

    def poisoned(self, plan, arrays):
        plan.memory[...] = NONSENSE
        return place(self, plan, arrays)
    monkeypatch.setattr(Runner, "place", poisoned)
    monkeypatch.setattr(runner, "POOL", _PoisonedPool(1 << 24))
