"""How the functions of this package are compiled: lazily, without the GIL, without exceptions, with IEEE arithmetic
except that a product and a sum may contract into one rounding. NaN and infinity stay what they are, and so does the sign
of a zero: LLVM would lose it in vector lanes and not in the few iterations left over, and which those are depends on the
number of threads."""
from __future__ import annotations

from numba.core.target_extension import jit_registry

from .pipeline import Pipeline, SeparatePipeline
from .target import KIND, Function, Separate

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "no_cpython_wrapper": True,
           "no_cfunc_wrapper": True}


def jit(function):
    """A device function: other jitted functions call it, Python does not."""
    return _function(function)


def inlined(function):
    """A device function that is always inlined: one too long for LLVM's taste, in loops that shall vectorize."""
    return _function(function, forceinline=True)


def separate(function):
    """A device function in an object of its own: one so large that no kernel should optimize it again. To it, all pointers
    are to private memory, so that it is compiled once for all roles."""
    return _function(function, SeparatePipeline, Separate)


def _function(function, pipeline=Pipeline, kind=Function, **options):
    options = {"nopython": True, "boundscheck": None, **OPTIONS, **options}
    return kind(function, targetoptions=options, pipeline_class=pipeline)


def _decorator(**_):
    """How Numba asks for a decorator, for those of its own functions that are written in Python."""
    return jit


jit_registry[KIND] = _decorator

__all__ = ["OPTIONS", "inlined", "jit", "separate"]
