"""Reductions: folds over axes, and what is made of them."""
from __future__ import annotations

import numpy as np

from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.op import Fold, Op
from ..ir.registry import public
from ..ir.types import Type, as_axes, is_bool, is_integer
from .rows import in_compute_dtype
from .shape import broadcast_to, reshape


# ---- rows: keepdims is always False; the public functions reshape ----------------------------------------------------
def _fold_type(x: Type, *, axes) -> Type:
    return x.with_dims(d for k, d in enumerate(x.dims) if k not in axes)


def _stretched(g: Expr, x: Expr, axes) -> Expr:
    """`g` of the reduced shape, over the shape of `x`."""
    return broadcast_to(reshape(g, tuple(1 if k in axes else d for k, d in enumerate(x.dims))), x.dims)


_sum = Op("sum", in_compute_dtype(lambda x, axes: np.sum(x, axis=axes)), _fold_type, Fold("0", "{acc} + {0}"),
          lambda g, y, x, axes: (_stretched(g, x, axes),), doc="The sum over axes.")


# ---- functions ------------------------------------------------------------------------------------------------------
def _kept(y: Expr, x: Expr, axes, keepdims: bool) -> Expr:
    return reshape(y, tuple(1 if k in axes else d for k, d in enumerate(x.dims))) if keepdims else y


@public
def sum(x, axis=None, *, dtype=None, keepdims=False) -> Expr:
    """The sum over `axis` (all, one or several); small integers and bool add up in int64 or uint64, as in NumPy."""
    x = as_expr(x)
    axes = as_axes(axis, x.ndim)
    if dtype is not None or is_integer(x.dtype) or is_bool(x.dtype):
        x = x.astype(dtype or np.sum(np.empty(0, x.dtype)).dtype)
    return _kept(_sum(x, axes=axes) if axes else x, x, axes, keepdims)
