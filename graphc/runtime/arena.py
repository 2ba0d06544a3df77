"""Where intermediate results lie: one block of memory, planned so that what is never alive together shares bytes."""
from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate

import numpy as np

ALIGNMENT = 64


@dataclass(frozen=True)
class Interval:
    """A buffer of `nbytes` that is alive from step `first` to step `last`, both included."""

    nbytes: int
    first: int
    last: int


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
    """An offset for each buffer, and the size of the whole.

    In the order of time, where that takes no more than what is alive at once; else the largest first, which takes longer
    to find, if it takes less memory."""
    intervals = list(intervals)
    found = _first_come(intervals)
    if found[1] > _alive_at_once(intervals):
        found = min(found, _largest_first(intervals), key=lambda plan: plan[1])
    return found


def _alive_at_once(intervals: Iterable[Interval]) -> int:
    """The bytes of the buffers that are alive in one step, at most."""
    change: defaultdict[int, int] = defaultdict(int)
    for i in intervals:
        change[i.first] += rounded(i.nbytes)
        change[i.last + 1] -= rounded(i.nbytes)
    return max(accumulate(change[step] for step in sorted(change)), default=0)


# ---- in the order of time -------------------------------------------------------------------------------------------
def _first_come(intervals: list[Interval]) -> tuple[list[int], int]:
    """Each buffer, as it comes to life, in the tightest piece that it fits of what is free then."""
    free, alive = _Free(), []
    found = [0] * len(intervals)
    for k in sorted(range(len(intervals)), key=lambda k: (intervals[k].first, -intervals[k].nbytes)):
        while alive and alive[0][0] < intervals[k].first:
            free.give(*heappop(alive)[1:])
        nbytes = rounded(intervals[k].nbytes)
        found[k] = free.take(nbytes)
        heappush(alive, (intervals[k].last, found[k], found[k] + nbytes))
    return found, free.end


class _Free:
    """What is free below `end`: pieces (start, stop) that do not touch, in order."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, int]] = []
        self.end = 0

    def take(self, nbytes: int) -> int:
        """The start of so many bytes: of the tightest piece, or at the end."""
        fitting = [(stop - start, start) for start, stop in self.pieces if stop - start >= nbytes]
        if not fitting:
            start = self.pieces.pop()[0] if self.pieces and self.pieces[-1][1] == self.end else self.end
            self.end = start + nbytes
            return start
        size, start = min(fitting)
        k = bisect(self.pieces, (start,))
        self.pieces[k:k + 1] = [(start + nbytes, start + size)] if size > nbytes else []
        return start

    def give(self, start: int, stop: int) -> None:
        """Take these bytes back."""
        k = bisect(self.pieces, (start,))
        if k < len(self.pieces) and self.pieces[k][0] == stop:
            stop = self.pieces.pop(k)[1]
        if k and self.pieces[k - 1][1] == start:
            k -= 1
            start = self.pieces.pop(k)[0]
        self.pieces.insert(k, (start, stop))


# ---- the largest first ----------------------------------------------------------------------------------------------
def _largest_first(intervals: list[Interval]) -> tuple[list[int], int]:
    """Each buffer in the tightest gap between those that are alive with it and have their place."""
    placed = np.empty((4, 0), np.int64)
    found = [0] * len(intervals)
    for k in sorted(range(len(intervals)), key=lambda k: (-intervals[k].nbytes, intervals[k].first)):
        nbytes, first, last = rounded(intervals[k].nbytes), intervals[k].first, intervals[k].last
        starts, stops = placed[:2, (placed[2] <= last) & (placed[3] >= first)]
        found[k] = _tightest(nbytes, starts, stops)
        place = np.searchsorted(placed[0], found[k])
        placed = np.insert(placed, place, (found[k], found[k] + nbytes, first, last), axis=1)
    return found, int(placed[1].max(initial=0))


def _tightest(nbytes: int, starts: np.ndarray, stops: np.ndarray) -> int:
    """The start of the tightest gap between these spans, which are ordered by their starts, or the end."""
    ends = np.maximum.accumulate(np.append(0, stops))
    gaps = starts - ends[:-1]
    fitting = np.flatnonzero(gaps >= nbytes)
    return int(ends[fitting[np.argmin(gaps[fitting])]] if fitting.size else ends[-1])
