"""Views: the same elements under another shape, other axes, or stretched. They move nothing and compute nothing."""
from __future__ import annotations

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, product, symbols
from ..ir.leaves import as_expr
from ..ir.op import Case, Index, Op, View
from ..ir.registry import public
from ..ir.types import Type, as_axes, as_axis, as_dims, broadcast, entries, show_dims


# ---- rows -----------------------------------------------------------------------------------------------------------
def _reshape_type(x: Type, *, shape) -> Type:
    if _differ(product(shape), x.size):
        raise ShapeError(f"cannot reshape {x.size} elements into {show_dims(shape)}")
    return x.with_dims(shape)


def _differ(a: Size, b: Size) -> bool:
    """Whether two numbers of elements are made of the same unknowns, and yet differ; all else is left to each call."""
    return a != b and symbols(a) == symbols(b) and _is_settled(a) and _is_settled(b)


def _is_settled(size: Size) -> bool:
    return all(isinstance(atom, Symbol) for atoms in Integer.of(size) for atom in atoms)


def _broadcast_type(x: Type, *, shape) -> Type:
    if len(shape) < x.rank or any(d != 1 and s == 1 for d, s in zip(x.dims[::-1], shape[::-1], strict=False)):
        raise ShapeError(f"cannot broadcast to {show_dims(shape)}")
    broadcast(x.dims, shape)
    return x.with_dims(shape)


def _broadcast_index(body, i, x, *, shape):
    added = len(shape) - x.rank
    return body.read(0, tuple(0 if d == 1 else i[added + k] for k, d in enumerate(x.dims)))


def _expand_type(x: Type, *, axes) -> Type:
    rest = iter(x.dims)
    return x.with_dims(1 if k in axes else next(rest) for k in range(x.rank + len(axes)))


def _expand_index(body, i, x, *, axes):
    return body.read(0, tuple(index for k, index in enumerate(i) if k not in axes))


def _squeeze_type(x: Type, *, axes) -> Type:
    return x.with_dims(d for k, d in enumerate(x.dims) if k not in axes)


def _squeeze_index(body, i, x, *, axes):
    rest = iter(i)
    return body.read(0, tuple(0 if k in axes else next(rest) for k in range(x.rank)))


def _permute_index(body, i, x, *, axes):
    return body.read(0, tuple(i[axes.index(k)] for k in range(x.rank)))


def _draw(*shape_and_attrs):
    """Cases of one operand: pairs of its shape and the attributes."""
    return lambda rng: [Case((rng.standard_normal(shape).astype("float32"),), attrs)
                        for shape, attrs in shape_and_attrs]


_reshape = Op("reshape", lambda x, shape: x.reshape(shape), _reshape_type, View(),
              lambda g, y, x, shape: (reshape(g, x.dims),), doc="The same elements in another shape.",
              cases=_draw(((2, 6), {"shape": (3, 4)}), ((), {"shape": (1, 1)}), ((1,), {"shape": ()}),
                          ((0, 3), {"shape": (5, 0)}), ((2, 3, 4), {"shape": (24,)})))

_broadcast_to = Op("broadcast_to", lambda x, shape: np.broadcast_to(x, shape), _broadcast_type,
                   Index(_broadcast_index, affine=True), lambda g, y, x, shape: (g,),
                   doc="Axes of size 1 stretched, and new ones put in front.",
                   cases=_draw(((1, 3), {"shape": (4, 3)}), ((), {"shape": (2, 2)}), ((3, 1), {"shape": (2, 3, 5)}),
                               ((1,), {"shape": (0,)}), ((1, 2), {"shape": (1, 1, 2)})))

_permute_dims = Op("permute_dims", lambda x, axes: np.transpose(x, axes),
                   lambda x, *, axes: x.with_dims(x.dims[a] for a in axes), Index(_permute_index, affine=True),
                   lambda g, y, x, axes: (permute_dims(g, tuple(axes.index(k) for k in range(len(axes)))),),
                   doc="Axes in another order.",
                   cases=_draw(((2, 3), {"axes": (1, 0)}), ((2, 3, 4), {"axes": (2, 0, 1)}), ((0, 2), {"axes": (1, 0)}),
                               ((2, 1, 3, 2), {"axes": (3, 1, 0, 2)})))

_expand_dims = Op("expand_dims", lambda x, axes: np.expand_dims(x, axes), _expand_type,
                  Index(_expand_index, affine=True), lambda g, y, x, axes: (squeeze(g, axes),),
                  doc="New axes of size 1.",
                  cases=_draw(((2, 3), {"axes": (1,)}), ((), {"axes": (0, 1)}), ((2, 3), {"axes": (0, 3)}),
                              ((0,), {"axes": (1,)})))

_squeeze = Op("squeeze", lambda x, axes: np.squeeze(x, axes), _squeeze_type, Index(_squeeze_index, affine=True),
              lambda g, y, x, axes: (expand_dims(g, axes),), doc="Axes of size 1 dropped.",
              cases=_draw(((2, 1, 3), {"axes": (1,)}), ((1, 1), {"axes": (0, 1)}), ((1, 0), {"axes": (0,)})))


# ---- shapes ---------------------------------------------------------------------------------------------------------
def known_dims(name: str, shape) -> tuple[Size, ...]:
    """A shape to make: ints, and sizes taken from another expression's ``dims``. None means nothing here."""
    shape = entries(shape)
    if None in shape:
        raise ShapeError(f"{name}: the shape {shape} holds None, which only a placeholder can have; to take over a size "
                         "that is known at call time, use x.dims")
    return as_dims(shape)


@public
def reshape(x, shape, *more) -> Expr:
    """`x` in another shape of as many elements; one size may be -1.

    >>> import graphc
    >>> graphc.reshape(graphc.placeholder((None, 4, 3)), (-1, 12)).shape
    (None, 12)
    """
    x = as_expr(x)
    shape = (shape, *more) if more else entries(shape)
    if -1 in shape:
        shape = _inferred(x, shape)
    shape = known_dims("reshape", shape)
    return x if shape == x.dims else _reshape(x, shape=shape)


def _inferred(x: Expr, shape: tuple) -> tuple:
    known = product(d for d in shape if d != -1)
    if shape.count(-1) > 1 or known == 0:
        raise ShapeError(f"reshape: to {show_dims(shape)}: one size, and only one, can be inferred")
    return tuple(x.size // known if d == -1 else d for d in shape)


@public
def flatten(x) -> Expr:
    """`x` as one axis, in row-major order."""
    return reshape(x, (-1,)) if as_expr(x).size != 0 else reshape(x, (0,))


@public
def ravel(x) -> Expr:
    """As `flatten`."""
    return flatten(x)


@public
def expand_dims(x, axis=0) -> Expr:
    """New axes of size 1, at these places of the result: an int or several."""
    x = as_expr(x)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = as_axes(axis, x.ndim + count)
    return _expand_dims(x, axes=axes) if axes else x


@public
def squeeze(x, axis=None) -> Expr:
    """`x` without these axes, each of size 1; without every axis of size 1 where `axis` is None. Whether a size that only a
    call knows is 1, each call finds out."""
    x = as_expr(x)
    axes = tuple(k for k, d in enumerate(x.dims) if d == 1) if axis is None else as_axes(axis, x.ndim)
    if any(isinstance(x.dims[a], int) and x.dims[a] != 1 for a in axes):
        raise ShapeError(f"squeeze {x.type}: only axes of size 1 can be dropped, not {axes}")
    if any(isinstance(x.dims[a], Integer) for a in axes):
        return reshape(x, [d for k, d in enumerate(x.dims) if k not in axes])
    return _squeeze(x, axes=axes) if axes else x


@public
def broadcast_to(x, shape) -> Expr:
    """`x` stretched to `shape` by NumPy's rule."""
    x, shape = as_expr(x), known_dims("broadcast_to", shape)
    return x if shape == x.dims else _broadcast_to(x, shape=shape)


def with_sizes(x: Expr, axis: int, sizes: tuple[int, ...]) -> Expr:
    """`x`, whose axes from `axis` on have these sizes: those that are unknown must have them in every call."""
    before, own, after = x.dims[:axis], x.dims[axis:axis + len(sizes)], x.dims[axis + len(sizes):]
    known = tuple(d if n == 1 else n for d, n in zip(own, sizes, strict=True))
    return reshape(broadcast_to(x, (*before, *known, *after)), (*before, *sizes, *after))


@public
def broadcast_arrays(*arrays) -> list[Expr]:
    """All of them in their common shape."""
    arrays = [as_expr(x) for x in arrays]
    try:
        shape = broadcast(*(x.dims for x in arrays))
    except ShapeError as error:
        raise ShapeError(f"broadcast_arrays: {error}") from None
    return [broadcast_to(x, shape) for x in arrays]


# ---- axes -----------------------------------------------------------------------------------------------------------
@public
def permute_dims(x, axes=None) -> Expr:
    """`x` with its axes in another order; reversed where `axes` is None."""
    x = as_expr(x)
    axes = tuple(range(x.ndim))[::-1] if axes is None else tuple(as_axis(a, x.ndim) for a in axes)
    if sorted(axes) != list(range(x.ndim)):
        raise ShapeError(f"permute_dims {x.type}: {axes} does not name each axis once")
    return x if axes == tuple(range(x.ndim)) else _permute_dims(x, axes=axes)


@public
def transpose(x, *axes) -> Expr:
    """`permute_dims` in NumPy's spelling: ``x.transpose()``, ``x.transpose(1, 0)`` or ``transpose(x, (1, 0))``."""
    given = axes[0] if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))) else axes or None
    return permute_dims(x, given)


@public
def matrix_transpose_all(x) -> Expr:
    """All axes reversed: ``x.T``."""
    return permute_dims(x)


@public
def matrix_transpose(x) -> Expr:
    """The last two axes swapped: ``x.mT``."""
    x = as_expr(x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose {x.type}: needs at least 2 dimensions")
    return swapaxes(x, -2, -1)


@public
def swapaxes(x, axis1, axis2) -> Expr:
    """Two axes swapped."""
    x = as_expr(x)
    axes = list(range(x.ndim))
    a, b = as_axis(axis1, x.ndim), as_axis(axis2, x.ndim)
    axes[a], axes[b] = b, a
    return permute_dims(x, axes)


@public
def moveaxis(x, source, destination) -> Expr:
    """The axes `source` (an int or several) moved to `destination`; the others keep their order."""
    x = as_expr(x)
    sources, destinations = (_several(a, x.ndim) for a in (source, destination))
    if len(sources) != len(destinations) or len(set(sources)) < len(sources) or len(set(destinations)) < len(sources):
        raise ArgumentError(f"moveaxis: {source!r} to {destination!r} does not name as many different axes "
                            "on both sides")
    order = [k for k in range(x.ndim) if k not in sources]
    for to, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(to, axis)
    return permute_dims(x, order)


def _several(axes, rank: int) -> list[int]:
    return [as_axis(a, rank) for a in (axes if isinstance(axes, (tuple, list)) else (axes,))]


@public
def shape(x) -> tuple[Size, ...]:
    """The sizes of `x`, those known only at call time as integers that reshape, broadcast_to and zeros take."""
    return as_expr(x).dims


__all__ = ["broadcast_arrays", "broadcast_to", "expand_dims", "flatten", "matrix_transpose",
           "moveaxis", "permute_dims", "ravel", "reshape", "shape", "squeeze", "swapaxes", "transpose", "with_sizes"]
