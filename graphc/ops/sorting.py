"""Sorting: stable, NaN as the largest number."""
from __future__ import annotations

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, minimum
from ..ir.leaves import as_expr
from ..ir.op import Case, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, as_axis, compute_dtype
from .cumulative import along
from .gather import take_along
from .rearrange import slice_axis
from .rows import in_compute_dtype
from .shape import flatten

_INT64 = np.dtype("int64")


# ---- rows -----------------------------------------------------------------------------------------------------------
def _order(x, axis, descending):
    """Descending is the order of the reversed array, read backwards: equal elements stay as they stand."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


def _sizes(x: Type, y: Type, *, axis, descending) -> tuple:
    return (*along(x.dims, axis), int(descending))


def _scratch(x: Type, y: Type, *, axis, descending):
    return 2 * x.dims[axis] * compute_dtype(y.dtype).itemsize


def _sort_grad(g, y, x, axis, descending):
    """Each element takes the gradient of the place that it went to."""
    order = _argsort(x, axis=axis, descending=descending)
    return (take_along(g, _argsort(order, axis=axis, descending=False), axis),)


def _cases(rng):
    for shape, axis in (((9,), 0), ((3, 40), 1), ((5, 3), 0), ((2, 4, 3), 1), ((1,), 0), ((0, 2), 0), ((2, 0), 0)):
        x = rng.permutation(int(np.prod(shape))).reshape(shape)
        yield Case(((x / 4 - 3).astype("float32"),), {"axis": axis, "descending": bool(rng.integers(2))})


def _tied_cases(rng):
    yield from _cases(rng)
    for descending in (False, True):
        tied = np.array([2, np.nan, 1, 2, -np.inf, 1, np.nan, 2], "float32")
        yield Case((tied,), {"axis": 0, "descending": descending})


_sort = Op("sort", in_compute_dtype(lambda x, axis, descending:
                                    np.take_along_axis(x, _order(x, axis, descending), axis)),
           lambda x, *, axis, descending: x, Kernel("along.sort", _sizes, _scratch), _sort_grad, cases=_cases,
           doc="Sorted along an axis; NaN is the largest.")

_argsort = Op("argsort", in_compute_dtype(_order), lambda x, *, axis, descending: x.with_dtype(_INT64),
              Kernel("along.argsort", _sizes, _scratch), cases=_tied_cases,
              doc="The indices that sort along an axis; equal elements keep their order.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def sort(x, axis=-1, *, descending=False, stable=True) -> Expr:
    """`x` sorted along `axis` (flattened where it is None). NaN is the largest: last, or first where `descending`."""
    x, axis = _flat(x, axis)
    return _sort(x, axis=axis, descending=bool(descending))


@public
def argsort(x, axis=-1, *, descending=False, stable=True) -> Expr:
    """The int64 indices that sort `x` along `axis`. Always stable: equal elements keep their order."""
    x, axis = _flat(x, axis)
    return _argsort(x, axis=axis, descending=bool(descending))


def _flat(x, axis) -> tuple[Expr, int]:
    x = as_expr(x)
    return (flatten(x), 0) if axis is None else (x, as_axis(axis, x.ndim))


@public
def top_k(x, k, *, axis=-1, sorted=True) -> tuple[Expr, Expr]:
    """The `k` largest elements along `axis`, the largest first, and their int64 indices; of equal ones the first.

    NaN is the largest. An axis whose size only a call knows gives all it has where that is fewer than `k`; one that is
    known to be shorter is a ShapeError. `sorted` asks for nothing: the result always is."""
    x = as_expr(x)
    axis = as_axis(axis, x.ndim)
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
        raise ArgumentError(f"top_k: k is how many elements, not {k!r}")
    n = x.dims[axis]
    if not isinstance(n, Integer) and k > n:
        raise ShapeError(f"top_k {x.type}: axis {axis} has fewer than {k} elements")
    order = slice_axis(_argsort(x, axis=axis, descending=True), axis, 0, minimum(int(k), n))
    return take_along(x, order, axis), order


__all__ = ["argsort", "sort", "top_k"]
