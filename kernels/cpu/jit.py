"""How the functions of this package are compiled: lazily, without the GIL, without exceptions, with IEEE arithmetic
except that a product and a sum may contract into one rounding and the sign of a zero may be lost. NaN and infinity
stay what they are."""
from __future__ import annotations

from numba import njit

from .pipeline import Pipeline

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}, "no_cpython_wrapper": True,
           "no_cfunc_wrapper": True}


def jit(function):
    """A device function: other jitted functions call it, Python does not."""
    return njit(pipeline_class=Pipeline, **OPTIONS)(function)


def inlined(function):
    """A device function that is always inlined: one too long for LLVM's taste, in loops that shall vectorize."""
    return njit(pipeline_class=Pipeline, forceinline=True, **OPTIONS)(function)


__all__ = ["OPTIONS", "inlined", "jit"]
