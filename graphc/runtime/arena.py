"""Where intermediate results lie: one block of memory, planned so that what is never alive together shares bytes."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

ALIGNMENT = 64


@dataclass(frozen=True)
class Interval:
    """A buffer of `nbytes` that is alive from step `first` to step `last`, both included."""

    nbytes: int
    first: int
    last: int

    def meets(self, other: Interval) -> bool:
        return self.first <= other.last and other.first <= self.last


class Arena:
    """The memory that all plans of a program share: one block, as large as the largest of them needs."""

    def __init__(self) -> None:
        self.block = np.empty(0, np.uint8)

    @property
    def base(self) -> int:
        """The address of its first aligned byte."""
        return rounded(self.block.ctypes.data)

    def reserve(self, nbytes: int) -> bool:
        """See to it that it holds `nbytes`; whether it had to move for that."""
        if nbytes + ALIGNMENT <= self.block.nbytes:
            return False
        self.block = np.empty(nbytes + ALIGNMENT, np.uint8)
        return True


def rounded(nbytes: int) -> int:
    return -(-max(nbytes, 1) // ALIGNMENT) * ALIGNMENT


def offsets(intervals: Iterable[Interval]) -> tuple[list[int], int]:
    """An offset for each buffer, and the size of the whole: the largest first, each in the tightest gap that it fits."""
    intervals = list(intervals)
    placed: list[tuple[int, int, Interval]] = []
    found = [0] * len(intervals)
    for k in sorted(range(len(intervals)), key=lambda k: (-intervals[k].nbytes, intervals[k].first)):
        interval = intervals[k]
        found[k] = _tightest(rounded(interval.nbytes), [(a, b) for a, b, other in placed if interval.meets(other)])
        placed.append((found[k], found[k] + rounded(interval.nbytes), interval))
    return found, max((end for _, end, _ in placed), default=0)


def _tightest(nbytes: int, taken: list[tuple[int, int]]) -> int:
    best, best_gap, end = None, None, 0
    for start, stop in sorted(taken):
        gap = start - end
        if gap >= nbytes and (best_gap is None or gap < best_gap):
            best, best_gap = end, gap
        end = max(end, stop)
    return end if best is None else best
