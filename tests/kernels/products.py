"""Kernels with an epilogue, called as a compiled step calls them: into guarded memory, with poisoned scratch."""
from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

from graphc.ir.types import SHORT, compute_dtype
from graphc.kernels.cpu.jit import jit
from graphc.lower.source import KernelSource
from graphc.runtime.objects import load

GUARD = 64
POISON = 0xFF
"""A byte of which every float is NaN."""


class Guarded:
    """An array amid bytes that nobody may write."""

    def __init__(self, shape, dtype):
        dtype = np.dtype(dtype)
        self._bytes = np.full(int(np.prod(shape)) * dtype.itemsize + 2 * GUARD, POISON, np.uint8)
        self.array = self._bytes[GUARD:len(self._bytes) - GUARD].view(dtype).reshape(shape)

    def check(self) -> np.ndarray:
        assert (self._bytes[:GUARD] == POISON).all(), "written before the beginning"
        assert (self._bytes[len(self._bytes) - GUARD:] == POISON).all(), "written behind the end"
        return self.array


@jit
def store(sum, place):
    """The epilogue that only stores."""
    return sum


@jit
def twice_plus_place(sum, place):
    """An epilogue that shows whether it runs once for each element, at its place."""
    return sum + sum + place


def run(kernel, a, b, shape, sizes, scratch_bytes: int, threads: int = 1, epilogue=store) -> np.ndarray:
    """The kernel's result from operands that may be strided views: by each of `threads` threads in turn, with fresh,
    poisoned scratch."""
    out, sums = Guarded(shape, a.dtype), compute_dtype(a.dtype)
    step = _driver(kernel, epilogue, len(sizes), *(SHORT[d] for d in (a.dtype, b.dtype, a.dtype, sums)))
    junk = ctypes.byref(ctypes.c_void_p())
    for tid in range(threads):
        scratch = Guarded((scratch_bytes // sums.itemsize,), sums)
        addresses = [x.ctypes.data for x in (a, b, out.array, scratch.array)]
        words = np.array([*addresses, shape[-1], *map(int, sizes)])
        step(junk, junk, words.ctypes.data, tid, threads)
        scratch.check()
    return out.check()


@cache
def _driver(kernel, epilogue, count: int, a: str, b: str, out: str, sums: str):
    sizes = ", ".join(f"size(args, {5 + k})" for k in range(count))
    text = f"""
from {kernel.__module__} import {kernel.__name__} as kernel
from {epilogue.__module__} import {epilogue.__name__} as finished
from graphc.kernels.cpu.epilogue import finisher
from graphc.kernels.cpu.jit import inlined
from graphc.kernels.cpu.memory import size, source, target, workspace


@inlined
def epilogue(args, sum, row, column):
    place = row * size(args, 4) + column
    target(args, 2, "{out}")[place] = finished(sum, place)


def step(args, tid, threads):
    scratch = workspace(args, 3, "{sums}")
    finish = finisher(epilogue, scratch)
    kernel(source(args, 0, "{a}"), source(args, 1, "{b}"), {sizes}, finish, args, scratch, tid, threads)
"""
    address, = load([KernelSource("step", text)])
    return ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2)(address)
