"""The crew: threads that run one program together.

There is one crew a process. Its workers are parked in native code; a program works as thread 0, and they take shares of
what it has to do. The crew starts with the first program that asks for more than one thread, and anew in a forked child. A
program that finds it in use by another Python thread runs on its own thread alone: work is split such that the bits of the
result do not depend on the number of threads.
"""
from __future__ import annotations

import atexit
import ctypes
import functools
import os
import threading
from collections.abc import Callable

import numpy as np

from ..ir import locks
from ..ir.errors import ArgumentError
from ..ir.locks import Rank
from . import executor
from .device import available_cores

MOST = 255
"""A crew's size has eight bits."""
_lock = locks.lock(Rank.CREW)


class Crew:
    """Workers 1, 2, ... of the threads that run programs; the caller's thread is number 0."""

    def __init__(self):
        self._memory = np.zeros(executor.CREW_BYTES + 64, np.uint8)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._memory))
        self.address = -(-self._memory.ctypes.data // 64) * 64
        self._words = self._memory[self.address - self._memory.ctypes.data:].view(np.int32)
        self._reset()

    def _reset(self):
        """As new: no workers, nobody waiting. So the child of a fork finds it, for threads do not survive a fork."""
        self._words[:] = 0
        self._workers, self._closed = [], False

    @property
    def size(self) -> int:
        return len(self._workers) + 1

    def grow(self, threads: int) -> None:
        """Start workers until there are `threads` threads; fewer, if the system gives no more."""
        with _lock:
            while self.size < threads and not self._closed:
                worker = threading.Thread(target=_worker(), args=(self.address, self.size), daemon=True,
                                          name=f"graphc-{self.size}")
                try:
                    worker.start()
                except RuntimeError:
                    return
                self._workers.append(worker)

    def close(self) -> None:
        """Let the workers return: machine code must not run while the interpreter goes away."""
        with _lock:
            self._closed = True
            if self._workers:
                _stop()(self.address)
            for worker in self._workers:
                worker.join(1)


def runner(steps: np.ndarray, threads: int = 1, keep_gil: bool = False) -> Callable[[], None]:
    """A function without arguments that runs `steps` on `threads` threads; see `executor.runner`."""
    if threads == 1:
        return executor.runner(steps, keep_gil=keep_gil)
    crew = _crew()
    run = executor.runner(steps, threads, crew.address)

    def run_together():
        if crew.size < threads:
            crew.grow(threads)
        run()
    return run_together


def count(threads: int | None = None) -> int:
    """The number of threads to use: `threads`, or ``GRAPHC_THREADS``, or all cores that this process may use."""
    if threads is None:
        text = os.environ.get("GRAPHC_THREADS", "").strip()
        if not text:
            return min(available_cores(), MOST)
        name, threads = "GRAPHC_THREADS", int(text) if text.isdecimal() else text
    else:
        name = "threads"
    if not isinstance(threads, (int, np.integer)) or isinstance(threads, bool) or not 1 <= threads <= MOST:
        raise ArgumentError(f"{name}: expected an int from 1 to {MOST}, got {threads!r}")
    return int(threads)


@functools.cache
def _crew():
    crew = Crew()
    atexit.register(crew.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=crew._reset)
    return crew


@functools.cache
def _worker():
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(executor.addresses()["graphc_worker"])


@functools.cache
def _stop():
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(executor.addresses()["graphc_stop"])


__all__ = ["MOST", "Crew", "count", "runner"]
