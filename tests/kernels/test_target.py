"""Kernels are compiled by a Numba that knows numbers, tuples and loops, and nothing else."""
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from graphc.kernels.cpu.jit import jit
from graphc.kernels.cpu.target import Function

ROOT = Path(__file__).resolve().parent.parent.parent

KERNEL = '''
from graphc.kernels.cpu.compiler import lowered
from graphc.runtime.device import device, target_machine

text = """
from numba import float32 as f32
from graphc.kernels.cpu import math
from graphc.kernels.cpu.memory import share, source, target


def kernel(args, tid, threads):
    x, y = source(args, 0, "f32"), target(args, 1, "f32")
    low, high = share(100, tid, threads)
    for i in range(low, high):
        y[i] = min(math.exp(x[i]), f32(7)) + f32(i // 3)
"""
lowered(text, "kernel", "symbol", str).emit(target_machine(device("cpu")))
'''


def test_what_kernels_do_not_use_is_not_imported():
    program = KERNEL + "import sys; print([m for m in sys.modules if m in ('numba.np.linalg', 'numba.np.arraymath')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_numbers_in_calls_make_no_versions():
    @jit
    def twice(x):
        return x + x

    @numba.njit
    def f():
        return twice(1) + twice(2) + twice(3)

    assert f() == 12
    assert [str(kind) for (kind,) in twice.signatures] == ["int64"]


def test_both_targets_live_in_one_process():
    @jit
    def largest(x, y):
        return max(x, y)

    @numba.njit
    def f(x):
        return np.sum(x) + largest(x[0], x[1])

    assert f(np.array([3.0, 4.0])) == 11.0
    assert isinstance(largest, Function)
    assert not isinstance(f, Function)


def test_arrays_have_no_place_in_kernels():
    @jit
    def total(n):
        return np.ones(n).sum()

    with pytest.raises(numba.TypingError):
        total.compile((numba.int64,))
