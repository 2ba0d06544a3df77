"""Ops that move elements and compute nothing."""
from __future__ import annotations

import numpy as np

from ..ir.errors import ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, product
from ..ir.leaves import as_expr, constant
from ..ir.op import Index, Op, View
from ..ir.registry import public
from ..ir.types import Type, as_axis, as_dims, as_dtype, broadcast, show_dims


# ---- rows -----------------------------------------------------------------------------------------------------------
def _reshape_type(x: Type, *, shape) -> Type:
    if product(shape) != x.size:
        raise ShapeError(f"cannot reshape {x.size} elements into {show_dims(shape)}")
    return x.with_dims(shape)


_reshape = Op("reshape", lambda x, shape: x.reshape(shape), _reshape_type, View(),
              lambda g, y, x, shape: (reshape(g, x.dims),), doc="The same elements in another shape.")


def _broadcast_type(x: Type, *, shape) -> Type:
    if broadcast(x.dims, shape) != tuple(shape) or len(shape) < x.rank:
        raise ShapeError(f"cannot broadcast to {show_dims(shape)}")
    return x.with_dims(shape)


def _broadcast_index(body, i, x, *, shape):
    added = len(shape) - x.rank
    return body.read(0, tuple(0 if d == 1 else i[added + k] for k, d in enumerate(x.dims)))


_broadcast_to = Op("broadcast_to", lambda x, shape: np.broadcast_to(x, shape), _broadcast_type,
                   Index(_broadcast_index, affine=True), lambda g, y, x, shape: (g,),
                   doc="Axes of size 1 stretched, and new ones put in front.")

_permute_dims = Op("permute_dims", lambda x, axes: np.transpose(x, axes),
                   lambda x, *, axes: x.with_dims(x.dims[a] for a in axes),
                   Index(lambda body, i, x, *, axes: body.read(0, tuple(i[axes.index(k)] for k in range(x.rank))),
                         affine=True),
                   lambda g, y, x, axes: (permute_dims(g, tuple(np.argsort(axes))),),
                   doc="Axes in another order.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def reshape(x, shape, *more) -> Expr:
    """`x` in another shape of as many elements; one size may be -1."""
    x = as_expr(x)
    shape = (shape, *more) if more or isinstance(shape, (int, np.integer, Integer)) else tuple(shape)
    if -1 in shape:
        shape = _inferred(x, shape)
    shape = as_dims(shape)
    return x if shape == x.dims else _reshape(x, shape=shape)


def _inferred(x: Expr, shape: tuple) -> tuple:
    known = product(d for d in shape if d != -1)
    if shape.count(-1) > 1 or known == 0:
        raise ShapeError(f"reshape {x.type} to {show_dims(shape)}: one size, and only one, can be inferred")
    return tuple(x.size // known if d == -1 else d for d in shape)


@public
def broadcast_to(x, shape) -> Expr:
    """`x` stretched to `shape` by NumPy's rule."""
    x, shape = as_expr(x), as_dims(shape)
    return x if shape == x.dims else _broadcast_to(x, shape=shape)


@public
def permute_dims(x, axes=None) -> Expr:
    """`x` with its axes in another order; reversed where `axes` is None."""
    x = as_expr(x)
    axes = tuple(range(x.ndim))[::-1] if axes is None else tuple(as_axis(a, x.ndim) for a in axes)
    if sorted(axes) != list(range(x.ndim)):
        raise ShapeError(f"permute_dims {x.type}: {axes} does not name each axis once")
    return x if axes == tuple(range(x.ndim)) else _permute_dims(x, axes=axes)


@public
def full(shape, value, dtype=None) -> Expr:
    """`value` everywhere."""
    return broadcast_to(constant(value, dtype), shape)


@public
def zeros_like(x, dtype=None) -> Expr:
    """Zeros in the shape of `x`."""
    x = as_expr(x)
    return full(x.dims, 0, as_dtype(dtype or x.dtype))


@public
def stack(arrays, axis=0) -> Expr:
    raise NotImplementedError
