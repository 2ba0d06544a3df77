"""Kernel sources and calls that the tests of the runtime share."""
import ctypes

import numpy as np

from graphc.lower.source import KernelSource

NATIVE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                          ctypes.c_int64)

SCALE = '''from graphc.kernels.cpu.memory import share, size, source, target


def {name}(args, tid, threads):
    x, y = source(args, 0, "f64"), target(args, 1, "f64")
    low, high = share(size(args, 2), tid, threads)
    for i in range(low, high):
        y[i] = x[i] * {factor}
'''


def scale(factor, name="scale"):
    """A kernel ``y = x * factor`` over float64."""
    return KernelSource(name, SCALE.format(name=name, factor=float(factor)))


class Block:
    """The argument block of a kernel over arrays and sizes."""

    def __init__(self, *values):
        self.values = values
        self.words = np.array([v.ctypes.data if isinstance(v, np.ndarray) else v for v in values], np.int64)
        self.address = self.words.ctypes.data


def call(address, block, tid=0, threads=1):
    """Call a kernel as the executor does."""
    result, error = ctypes.c_void_p(), ctypes.c_void_p()
    return NATIVE(address)(ctypes.byref(result), ctypes.byref(error), block.address, tid, threads)


def scaled(address, n=100):
    """What a `scale` kernel at `address` makes of 0, 1, 2, ..."""
    x, y = np.arange(float(n)), np.zeros(n)
    call(address, Block(x, y, n))
    return y
