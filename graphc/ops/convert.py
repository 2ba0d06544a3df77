"""Conversion to another dtype."""
from __future__ import annotations

import numpy as np

from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.op import Case, Op, Scalar
from ..ir.registry import public
from ..ir.types import SHORT, as_dtype, is_float, is_integer


# ---- what it means --------------------------------------------------------------------------------------------------
def converted(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """As NumPy, but that floats outside an integer's range, for which C leaves the result open, go to its nearest end,
    and that 16-bit floats are rounded to once from any dtype, where ml_dtypes goes by way of float32."""
    x = np.asarray(x)
    with np.errstate(all="ignore"):
        if is_float(x.dtype) and is_integer(dtype):
            return _saturated(x, dtype)
        if is_float(dtype) and dtype.itemsize == 2 and x.dtype.itemsize > 2:
            return _odd_float32(x).astype(dtype)
        return x.astype(dtype)


def _saturated(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`x` cut to whole numbers of an integer dtype: its lowest or its highest where that is nearest, 0 for NaN."""
    info = np.iinfo(dtype)
    whole = np.trunc(x.astype(np.float64))
    low, high = whole < float(info.min), whole >= float(info.max + 1)
    inside = np.where(low | high | np.isnan(whole), 0, whole).astype(dtype)
    return np.where(low, info.min, np.where(high, info.max, inside)).astype(dtype)


def _odd_float32(x: np.ndarray) -> np.ndarray:
    """float32 numbers that round to 16 bits as `x` does: those that `x` lies between are told by an odd last bit."""
    if x.dtype == np.float32:
        return x
    wide = x.astype(np.float64) if x.dtype.itemsize < 8 or is_float(x.dtype) else _odd_float64(x)
    near = wide.astype(np.float32)
    away = np.abs(near.astype(np.float64)) > np.abs(wide)
    odd = ((near.view(np.int32) - away) | 1).astype(np.int32).view(np.float32)
    return np.where((near == wide) | np.isnan(wide), near, odd)


def _odd_float64(x: np.ndarray) -> np.ndarray:
    """64-bit integers as float64, the last bit of those that are too long odd."""
    long = (x >> 53 != 0) & (x >> 53 != -1)
    shorter = x >> 12 | (x & 4095 != 0)
    return np.where(long, shorter.astype(np.float64) * 4096, x.astype(np.float64))


# ---- the row --------------------------------------------------------------------------------------------------------
def _astype_cases(rng: np.random.Generator):
    for source in map(np.dtype, ("float32", "int8", "uint16", "int64", "bool")):
        for dtype in SHORT:
            if dtype != source:
                yield Case((rng.integers(0, 3, (2, 3)).astype(source),), {"dtype": dtype})


_astype = Op("astype", converted, lambda x, *, dtype: x.with_dtype(dtype), Scalar("{0}"),
             lambda g, y, x, dtype: (astype(g, x.dtype),), cases=_astype_cases,
             doc="The same numbers in another dtype.")


@public
def astype(x, dtype) -> Expr:
    """`x` in another dtype, as in NumPy; to bool, whether it is not zero.

    A float becomes the whole number next to it towards 0, and where an integer dtype does not reach so far, its lowest or
    highest number; NaN becomes 0. (NumPy's result for these depends on the machine.) Integers wrap around. To 16-bit
    floats every number is rounded once, to the nearest one, ties to even.

    >>> import graphc
    >>> x = graphc.placeholder((4,))
    >>> graphc.interpret([x], graphc.astype(x, "uint8"), [[2.7, -1, 300, float("nan")]])
    array([  2,   0, 255,   0], dtype=uint8)
    """
    x, dtype = as_expr(x), as_dtype(dtype)
    return x if dtype == x.dtype else _astype(x, dtype=dtype)


__all__ = ["astype"]
