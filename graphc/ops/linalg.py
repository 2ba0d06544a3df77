"""Linear algebra: one row, matmul, and the functions that are matrix products with their axes put in place."""
from __future__ import annotations

import numpy as np

from ..ir.errors import ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.leaves import as_operands
from ..ir.op import Case, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, as_axes, as_axis, broadcast, compute_dtype, is_bool, promote
from . import reduce
from .elementwise import multiply
from .rows import in_compute_dtype, same
from .shape import expand_dims, moveaxis, permute_dims, reshape, swapaxes

TILE_SCRATCH = 116288
"""The bytes of scratch that a product on the register tile needs: see ``kernels/cpu/matmul.py``."""


# ---- row ------------------------------------------------------------------------------------------------------------
def _matmul_type(a: Type, b: Type) -> Type:
    if a.rank < 2 or a.rank != b.rank:
        raise ShapeError("takes two stacks of matrices of one rank")
    *batch_a, m, k = a.dims
    *batch_b, length, n = b.dims
    if _conflict(k, length):
        raise ShapeError(f"the rows of the first operand have {k} elements, the columns of the second {length}")
    return a.with_dims((*broadcast(tuple(batch_a), tuple(batch_b)), m, n))


def _conflict(size: Size, other: Size) -> bool:
    return isinstance(size, int) and isinstance(other, int) and size != other


def _matmul_sizes(a: Type, b: Type, y: Type) -> tuple[Size, ...]:
    """Of contiguous operands: batch, m, n, k, then the strides of each operand's batch, rows and columns."""
    (m, k), n = a.dims[-2:], b.dims[-1]
    return (product(y.dims[:-2]), m, n, k,
            0 if product(a.dims[:-2]) == 1 else m * k, k, 1, 0 if product(b.dims[:-2]) == 1 else k * n, n, 1)


def _matmul_cases(rng):
    shapes = [((7, 70), (70, 17)), ((3, 0), (0, 2)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (1, 5, 4, 2))]
    return [Case((rng.standard_normal(a), rng.standard_normal(b))) for a, b in shapes]


stacked_product = Op("matmul", in_compute_dtype(np.matmul), _matmul_type,
                     Kernel("matmul.matmul", _matmul_sizes, lambda *_: TILE_SCRATCH, epilogue=True, strided=True),
                     lambda g, y, a, b: (matmul(g, swapaxes(b, -1, -2)), matmul(swapaxes(a, -1, -2), g)),
                     cast=lambda *dtypes: same(*dtypes)[:-1], cases=_matmul_cases, tolerance=16,
                     doc="The matrix product of the last two axes; the axes before them are batches, and broadcast.")


# ---- products -------------------------------------------------------------------------------------------------------
@public
def matmul(a, b) -> Expr:
    """The matrix product, by NumPy's whole contract: a vector is a row on the left and a column on the right, and that
    axis is dropped again; the axes before the last two are batches, and broadcast.

    Sums of 16-bit floats run in float32; integers wrap, bools are and, or. Raises ShapeError where sizes do not fit,
    and for a 0-d operand: use multiply."""
    a, b = as_common("matmul", a, b)
    if not (a.dims and b.dims):
        raise ShapeError(f"matmul takes no 0-d operand, got {a.type} and {b.type}; use multiply")
    if a.ndim == 1 and b.ndim == 1:
        return vecdot(a, b)
    if a.ndim == 1:
        return reshape(y := matmul(expand_dims(a, 0), b), (*y.dims[:-2], y.dims[-1]))
    if b.ndim == 1:
        return reshape(y := matmul(a, expand_dims(b, 1)), y.dims[:-1])
    if b.ndim == 2 and a.ndim > 2:
        return reshape(stacked_product(reshape(a, (product(a.dims[:-1]), a.dims[-1])), b), (*a.dims[:-1], b.dims[-1]))
    rank = max(a.ndim, b.ndim)
    return stacked_product(_of_rank(a, rank), _of_rank(b, rank))


def as_common(op: str, *operands) -> tuple[Expr, ...]:
    """Operands in their common dtype."""
    operands = as_operands(op, operands)
    dtype = promote(*(x.dtype for x in operands))
    return tuple(x.astype(dtype) for x in operands)


def _of_rank(x: Expr, rank: int) -> Expr:
    return reshape(x, (1,) * (rank - x.ndim) + x.dims)


@public
def vecdot(a, b, axis=-1) -> Expr:
    """The sum of products along `axis` of both operands, whose other axes broadcast."""
    a, b = as_common("vecdot", a, b)
    if not (a.dims and b.dims):
        raise ShapeError(f"vecdot takes no 0-d operand, got {a.type} and {b.type}")
    a, b = moveaxis(a, axis, -1), moveaxis(b, axis, -1)
    if _conflict(a.dims[-1], b.dims[-1]):
        raise ShapeError(f"vecdot({a.type}, {b.type}): the summed axis has {a.dims[-1]} elements in one, {b.dims[-1]} "
                         f"in the other")
    kind = compute_dtype(a.dtype)
    return total(multiply(a.astype(kind), b.astype(kind)), (-1,)).astype(a.dtype)


def total(x: Expr, axes) -> Expr:
    """The sum over axes in the dtype of `x`: integers wrap, bools are or."""
    if not axes:
        return x
    return reduce.any(x, axis=tuple(axes)) if is_bool(x.dtype) else reduce.sum(x, axis=tuple(axes), dtype=x.dtype)


@public
def dot(a, b) -> Expr:
    """NumPy's dot: multiply for a 0-d operand, the inner product of vectors, the product of matrices; in general the
    sum over the last axis of `a` and the second to last of `b`."""
    a, b = as_common("dot", a, b)
    if not (a.dims and b.dims):
        return multiply(a, b)
    if a.ndim <= 2 and b.ndim <= 2 or b.ndim == 1:
        return matmul(a, b)
    return tensordot(a, b, ((-1,), (-2,)))


@public
def inner(a, b) -> Expr:
    """The sum of products over the last axes; multiply for a 0-d operand."""
    a, b = as_common("inner", a, b)
    return tensordot(a, b, ((-1,), (-1,))) if a.dims and b.dims else multiply(a, b)


@public
def outer(a, b) -> Expr:
    """Every product of an element of `a` and one of `b`, both flattened: shape ``(a.size, b.size)``."""
    a, b = as_common("outer", a, b)
    return multiply(reshape(a, (a.size, 1)), reshape(b, (1, b.size)))


@public
def kron(a, b) -> Expr:
    """The Kronecker product: every element of `a` times the whole of `b`, laid out as blocks."""
    a, b = as_common("kron", a, b)
    rank = max(a.ndim, b.ndim)
    a, b = _of_rank(a, rank), _of_rank(b, rank)
    blocks = multiply(expand_dims(a, tuple(range(1, 2 * rank, 2))), expand_dims(b, tuple(range(0, 2 * rank, 2))))
    return reshape(blocks, tuple(p * q for p, q in zip(a.dims, b.dims, strict=True)))


@public
def tensordot(a, b, axes=2) -> Expr:
    """The sum of products over pairs of axes: the last `axes` of `a` with the first of `b`, or
    ``(axes of a, axes of b)``."""
    a, b = as_common("tensordot", a, b)
    axes_a, axes_b = _paired_axes(a, b, axes)
    for i, j in zip(axes_a, axes_b, strict=True):
        if _conflict(a.dims[i], b.dims[j]):
            raise ShapeError(f"tensordot({a.type}, {b.type}): axis {i} has {a.dims[i]} elements, axis {j} has "
                             f"{b.dims[j]}")
    free_a = [k for k in range(a.ndim) if k not in axes_a]
    free_b = [k for k in range(b.ndim) if k not in axes_b]
    inner_size = product(a.dims[k] for k in axes_a)
    rows, columns = [a.dims[k] for k in free_a], [b.dims[k] for k in free_b]
    left = reshape(permute_dims(a, (*free_a, *axes_a)), (product(rows), inner_size))
    right = reshape(permute_dims(b, (*axes_b, *free_b)), (inner_size, product(columns)))
    return reshape(stacked_product(left, right), (*rows, *columns))


def _paired_axes(a: Expr, b: Expr, axes) -> tuple[list[int], list[int]]:
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot({a.type}, {b.type}): there are no {axes} axes to sum over")
        return list(range(a.ndim - axes, a.ndim)), list(range(axes))
    first, second = ([as_axis(k, x.ndim) for k in (given if isinstance(given, (tuple, list)) else (given,))]
                     for given, x in zip(axes, (a, b), strict=True))
    if len(first) != len(second):
        raise ShapeError(f"tensordot: {len(first)} axes of the first operand, but {len(second)} of the second")
    as_axes(first, a.ndim), as_axes(second, b.ndim)
    return first, second


__all__ = ["dot", "inner", "kron", "matmul", "outer", "tensordot", "vecdot"]
