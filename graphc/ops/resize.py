"""Images in another size: every element of the result is a weighted sum of a few elements along each axis.

Pixels are squares with their centres at half integers, as in Keras, TensorFlow 2 and PyTorch's ``align_corners=False``.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr, constant
from ..ir.op import Case, Index, Op
from ..ir.registry import public
from ..ir.types import Type, compute_dtype, entries, is_float
from .rows import in_compute_dtype
from .shape import broadcast_to, expand_dims, reshape


# ---- weights --------------------------------------------------------------------------------------------------------
def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - x, 0)


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys, "Cubic convolution interpolation for digital image processing", 1981: the one that reproduces parabolas."""
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(radius: int, x: np.ndarray) -> np.ndarray:
    return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


_KERNELS: dict[str, Callable] = {"bilinear": _triangle, "bicubic": _cubic, "lanczos3": partial(_lanczos, 3),
                                 "lanczos5": partial(_lanczos, 5)}


def _matrix(source: int, target: int, interpolation: str, antialias: bool) -> np.ndarray:
    """The weight of each source element (column) in each target element (row); rows add up to 1."""
    if interpolation == "nearest":
        return np.eye(source)[(2 * np.arange(target) + 1) * source // (2 * target)]
    ratio = source / target
    distance = np.abs(((np.arange(target) + 0.5) * ratio - 0.5)[:, None] - np.arange(source))
    weights = _KERNELS[interpolation](distance / (np.maximum(ratio, 1) if antialias else 1))
    return weights / weights.sum(1, keepdims=True)


@cache
def _taps(source: int, target: int, interpolation: str, antialias: bool, transposed: bool) -> tuple:
    """The places and the weights, row by row, of the matrix (or of its transpose) without its zeros. Rows that have
    fewer than the longest are filled up with weights of 0."""
    matrix = _matrix(source, target, interpolation, antialias)
    matrix = matrix.T if transposed else matrix
    present = np.abs(matrix) > 1e-12
    order = np.argsort(~present, axis=1, kind="stable")[:, :np.max(present.sum(1), initial=1)]
    return order.astype(np.int32), np.take_along_axis(np.where(present, matrix, 0), order, 1)


# ---- the row --------------------------------------------------------------------------------------------------------
def _resampled(x, places, weights, axis, by):
    x = np.moveaxis(x, axis, -1)
    parts = x[..., places] * np.where(weights == 0, 0, weights)
    return np.moveaxis(np.where(weights == 0, 0, parts).sum(-1, dtype=x.dtype), -1, axis)


def _resample_type(x: Type, places: Type, weights: Type, *, axis, by) -> Type:
    if not isinstance(places.dims[1], int) or places.dims != weights.dims:
        raise ShapeError(f"takes as many places as weights, of a known number, not {places} and {weights}")
    return x.with_dims((*x.dims[:axis], places.dims[0], *x.dims[axis + 1:]))


def _resample_index(body, i, x, places, weights, *, axis, by):
    total = body.constant(0, x.dtype)
    for k in range(places.dims[1]):
        place = body.integer(body.read(1, (i[axis], k)))
        element, weight = body.read(0, (*i[:axis], place, *i[axis + 1:])), body.read(2, (i[axis], k))
        total = body.scalar("{0} + ({1} * {2} if {1} != 0 else 0)", total, weight, element, dtype=x.dtype)
    return total


def _resample_cases(rng):
    """Of integers: the weights are operands, but constants to every derivative."""
    examples = ((2, 5, 3), 1, 5, 8, False), ((8, 2), 0, 5, 8, True), ((0, 3), 1, 3, 2, False)
    for shape, axis, *sizes, transposed in examples:
        by = (*sizes, "nearest", False, transposed)
        places, weights = _taps(*by)
        yield Case((rng.integers(-9, 9, shape, "int32"), places, weights.astype("int32")), {"axis": axis, "by": by})


_resample = Op("resample", in_compute_dtype(_resampled), _resample_type, Index(_resample_index),
               lambda g, y, x, places, weights, axis, by: (_along(g, axis, (*by[:4], not by[4])), None, None),
               cases=_resample_cases, tolerance=2,
               doc="Weighted sums of elements at `places` along an axis; `by` tells how both are made.")


def _along(x: Expr, axis: int, by: tuple) -> Expr:
    places, weights = _taps(*by)
    return _resample(x, constant(places), constant(weights, compute_dtype(x.dtype)), axis=axis, by=by)


# ---- the function ---------------------------------------------------------------------------------------------------
@public
def resize(images, size, interpolation="bilinear", antialias=False, data_format="channels_last") -> Expr:
    """`images` with their spatial axes, one to three, resampled to `size`.

    `images` is ``[batch, *spatial, channels]``, or without the batch; with `data_format` "channels_first"
    ``[batch, channels, *spatial]``. `interpolation` is "nearest" (any dtype), "bilinear", "bicubic", "lanczos3" or
    "lanczos5" (floats; integers become float32). With `antialias` the kernel widens where an axis shrinks.

    Raises ShapeError where the rank does not fit or a spatial size is empty or known only at call time."""
    x = as_expr(images)
    if interpolation != "nearest" and interpolation not in _KERNELS:
        raise ArgumentError(f"resize: interpolation is one of {('nearest', *_KERNELS)}, not {interpolation!r}")
    size, axes = _targets(x, size, data_format)
    exact = x.dtype if is_float(x.dtype) or interpolation == "nearest" else np.dtype("float32")
    y = x.astype(compute_dtype(exact))
    for axis, target in zip(axes, size, strict=True):
        y = _resized(y, axis, target, interpolation, bool(antialias))
    return y.astype(exact)


def _targets(x: Expr, size, data_format: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The size to reach along each axis."""
    size = entries(size)
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in size):
        raise ArgumentError(f"resize: size holds positive ints, not {size}")
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(f'resize: data_format is "channels_last" or "channels_first", not {data_format!r}')
    if not 1 <= len(size) <= 3 or x.ndim - len(size) not in (1, 2):
        raise ShapeError(f"resize: {x.type} has no {len(size)} spatial axes to bring to the size {size}")
    first = x.ndim - len(size) - (data_format == "channels_last")
    axes = tuple(range(first, first + len(size)))
    if not all(isinstance(x.dims[axis], int) and x.dims[axis] > 0 for axis in axes):
        raise ShapeError(f"resize: the spatial sizes of {x.type} must be known while the graph is built, and not 0")
    return size, axes


def _resized(x: Expr, axis: int, target: int, interpolation: str, antialias: bool) -> Expr:
    source = x.dims[axis]
    if source == target:
        return x
    if interpolation == "nearest" and target % source == 0:
        return _repeated(x, axis, target // source)
    return _along(x, axis, (source, target, interpolation, antialias, False))


def _repeated(x: Expr, axis: int, times: int) -> Expr:
    wide = broadcast_to(expand_dims(x, axis + 1), (*x.dims[:axis + 1], times, *x.dims[axis + 1:]))
    return reshape(wide, (*x.dims[:axis], x.dims[axis] * times, *x.dims[axis + 1:]))


__all__ = ["resize"]
