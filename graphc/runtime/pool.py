"""Memory for outputs, handed out again once the caller has dropped every array that views it.

The system gives fresh memory page by page, at the first touch of each: several times the cost of writing memory that
was written before. The pool keeps a reference to each buffer; when no other is left, the next output of that size
gets it. NumPy asks for huge pages by itself, so that buffers are NumPy arrays.
"""
from __future__ import annotations

import math
import os
import sys
from collections import OrderedDict

import numpy as np

from ..ir import locks
from ..ir.locks import Rank

ALIGNMENT = 64
SMALL = 1 << 16
"""Outputs below so many bytes come from pages that malloc has touched before."""

_COUNTED = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether reference counts can be trusted: without the GIL another thread may be taking a reference."""


class Pool:
    """At most `limit` bytes of buffers, the least recently used sizes go first. Any thread may use it."""

    def __init__(self, limit: int):
        self.limit = limit
        self.nbytes = 0
        self._buffers: OrderedDict[int, list[tuple[np.ndarray, int]]] = OrderedDict()
        self._lock = locks.lock(Rank.POOL)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """As ``np.empty``; arrays that are not small start at a multiple of 64 bytes."""
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes < SMALL:
            return np.empty(shape, dtype)
        with self._lock:
            buffer, start = self._take(_rounded(nbytes))
            return np.ndarray(shape, dtype, buffer, start)

    def clear(self) -> None:
        """Forget all buffers; those in use live on until they are dropped."""
        with self._lock:
            self._buffers.clear()
            self.nbytes = 0

    def _take(self, size):
        buffers = self._buffers.setdefault(size, [])
        self._buffers.move_to_end(size)
        for k in range(len(buffers) if _COUNTED else 0):
            if _references(buffers, k) == _IDLE:
                return buffers[k]
        made = np.empty(size + ALIGNMENT, np.uint8)
        buffer = made, -made.ctypes.data % ALIGNMENT
        if size <= self.limit and _COUNTED:
            buffers.append(buffer)
            self.nbytes += size
            self._shrink()
        return buffer

    def _shrink(self):
        while self.nbytes > self.limit:
            size, buffers = next(iter(self._buffers.items()))
            if buffers:
                buffers.pop(0)
                self.nbytes -= size
            else:
                del self._buffers[size]


def _rounded(nbytes):
    """Sizes are kept apart in steps of an eighth at most."""
    step = 1 << max(nbytes.bit_length() - 4, 0)
    return -(-nbytes // step) * step


def _references(buffers, k):
    return sys.getrefcount(buffers[k][0])


_IDLE = _references([(np.empty(0), 0)], 0)
"""The count of a buffer that only its list knows."""


def _limit():
    """An eighth of the machine's memory, a gigabyte at most."""
    try:
        return min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8, 1 << 30)
    except (AttributeError, OSError, ValueError):
        return 1 << 28


POOL = Pool(_limit())
"""The pool of this process."""

__all__ = ["ALIGNMENT", "POOL", "SMALL", "Pool"]
