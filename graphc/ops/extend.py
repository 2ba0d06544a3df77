"""Axes made longer: repetition and padding."""
from __future__ import annotations

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, maximum
from ..ir.leaves import as_expr
from ..ir.op import Case, Index, Op
from ..ir.registry import public
from ..ir.types import Type, as_axis
from .creation import full, indices, number
from .elementwise import maximum as larger
from .elementwise import minimum as smaller
from .elementwise import remainder, where
from .gather import gather
from .rearrange import placed
from .shape import broadcast_to, expand_dims, flatten, reshape, with_sizes


# ---- repetition -----------------------------------------------------------------------------------------------------
@public
def repeat(x, repeats, axis=None) -> Expr:
    """Each element `repeats` times, one after another, along `axis` (of the flattened array where it is None).

    `repeats` is an int, or one int for each element along the axis: an axis of unknown size must have as many when the
    graph runs."""
    x = as_expr(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = as_axis(axis, x.ndim)
    if isinstance(repeats, Expr):
        raise ArgumentError("repeat: the result's shape depends on the repeats: give integers, not an expression")
    counts = np.asarray(repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts < 0).any():
        raise ArgumentError(f"repeat: repeats are integers, none negative, not {repeats!r}")
    if counts.size == 1:
        return _repeated(x, int(counts.reshape(())), axis)
    if isinstance(x.dims[axis], int) and counts.size != x.dims[axis]:
        raise ShapeError(f"repeat {x.type}: {counts.size} repeats for axis {axis}")
    x = with_sizes(x, axis, (counts.size,))
    return gather(x, [as_expr(np.repeat(np.arange(counts.size), counts))], (axis,), axis)


def _repeated(x: Expr, count: int, axis: int) -> Expr:
    wide = (*x.dims[:axis + 1], count, *x.dims[axis + 1:])
    longer = (*x.dims[:axis], x.dims[axis] * count, *x.dims[axis + 1:])
    return reshape(broadcast_to(expand_dims(x, axis + 1), wide), longer)


@public
def tile(x, repetitions) -> Expr:
    """`x` laid side by side so many times along each of its last axes, or of new ones in front."""
    x = as_expr(x)
    counts = tuple(repetitions) if isinstance(repetitions, (tuple, list, np.ndarray)) else (repetitions,)
    if any(isinstance(r, (bool, float)) or (not isinstance(r, Integer) and r < 0) for r in counts):
        raise ArgumentError(f"tile: repetitions are integers, none negative, not {repetitions!r}")
    rank = max(x.ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + tuple(r if isinstance(r, Integer) else int(r) for r in counts)
    dims = (1,) * (rank - x.ndim) + x.dims
    x = reshape(x, [d for size in dims for d in (1, size)])
    x = broadcast_to(x, [d for pair in zip(counts, dims, strict=True) for d in pair])
    return reshape(x, [r * d for r, d in zip(counts, dims, strict=True)])


# ---- padding --------------------------------------------------------------------------------------------------------
_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


@public
def pad(x, pad_width, mode="constant", constant_values=0) -> Expr:
    """`x` with elements put before and after each axis.

    `pad_width` is ``((before, after), ...)`` for each axis, one such pair for all, or one int for all ends. `mode` is
    "constant" (`constant_values`: a number or scalar expression, or pairs of numbers as in `pad_width`), "edge" (the
    last element), "reflect" (mirrored at the last element, which does not come twice), "symmetric" (it does) or "wrap"
    (from the other end).
    A pad may be longer than the axis.

    >>> import graphc
    >>> x = graphc.placeholder((3,), "int64")
    >>> [graphc.interpret([x], graphc.pad(x, 2, mode=m), [[1, 2, 3]]).tolist() for m in ("constant", "reflect")]
    [[0, 0, 1, 2, 3, 0, 0], [3, 2, 1, 2, 3, 2, 1]]
    """
    x = as_expr(x)
    if mode not in _MODES:
        raise ArgumentError(f"pad: mode is one of {_MODES}, not {mode!r}")
    widths = _pairs("pad_width", pad_width, x.ndim)
    if any(isinstance(w, (bool, float)) or (not isinstance(w, Integer) and w < 0) for pair in widths for w in pair):
        raise ArgumentError(f"pad: pad_width holds integers, none negative, not {pad_width!r}")
    if mode == "constant":
        return _constant(x, widths, constant_values)
    for axis, (before, after) in enumerate(widths):
        x = _extended(x, axis, before, after, mode) if (before, after) != (0, 0) else x
    return x


def _pairs(name: str, value, rank: int) -> list[tuple]:
    """NumPy's rule: a pair for each axis, from all pairs, one pair or one number."""
    try:
        return [tuple(pair) for pair in np.broadcast_to(np.asarray(value, object), (rank, 2)).tolist()]
    except ValueError:
        raise ArgumentError(f"pad: {name} is a number, a pair, or a pair for each of {rank} axes, "
                            f"not {value!r}") from None


def _constant(x: Expr, widths, value) -> Expr:
    if isinstance(value, Expr):
        return _around(x, widths, value)
    pairs = _pairs("constant_values", value, x.ndim)
    fills = {v for pair in pairs for v in pair}
    if len(fills) <= 1:
        return _filled(x, widths, *(fills or {0}))
    for axis, ((before, after), (low, high)) in enumerate(zip(widths, pairs, strict=True)):
        none = [(0, 0)] * x.ndim
        x = _filled(x, [*none[:axis], (before, 0), *none[axis + 1:]], low)
        x = _filled(x, [*none[:axis], (0, after), *none[axis + 1:]], high)
    return x


def _filled(x: Expr, widths, fill) -> Expr:
    if not any(w != 0 for pair in widths for w in pair):
        return x
    starts, number = [before for before, _ in widths], x.dtype.type(fill).item()
    return placed(x, starts, (1,) * x.ndim, _padded_dims(x, widths), number)


def _around(x: Expr, widths, value: Expr) -> Expr:
    if value.ndim:
        raise ShapeError(f"pad: constant_values is a scalar expression, not {value.type}")
    dims, starts = _padded_dims(x, widths), [before for before, _ in widths]
    inside = placed(full(x.dims, True), starts, (1,) * x.ndim, dims, False)
    return where(inside, placed(x, starts, (1,) * x.ndim, dims), value.astype(x.dtype))


def _padded_dims(x: Expr, widths) -> list:
    return [before + d + after for d, (before, after) in zip(x.dims, widths, strict=True)]


def _extended(x: Expr, axis: int, before, after, mode: str) -> Expr:
    n = x.dims[axis]
    places = _mirrored(_pad_index(indices(before + n + after, -before), size=n), n, mode)
    return gather(x, [places], (axis,), axis)


def _pad_type(k: Type, *, size: Size) -> Type:
    if size == 0:
        raise ShapeError("pad: an empty axis holds nothing to pad with: only constant padding can extend it")
    return k


_pad_index = Op("pad_index", lambda k, size: k, _pad_type, Index(lambda body, i, k, *, size: body.read(0, i), affine=True),
                cases=lambda rng: [Case((np.arange(-2, 5),), {"size": 3}), Case((np.zeros(0, np.int64),), {"size": 1})],
                doc="Positions beside and in an axis of `size` elements, which must not be empty.")


def _mirrored(k: Expr, n, mode: str) -> Expr:
    """Where position `k` of the endless array that continues `n` elements in both directions comes from."""
    if mode == "edge":
        return smaller(larger(k, 0), number(n) - 1)
    if mode == "wrap":
        return remainder(k, number(n))
    period = 2 * n if mode == "symmetric" else maximum(2 * n - 2, 1)
    k = remainder(k, number(period))
    return smaller(k, number(2 * n - 1 if mode == "symmetric" else 2 * n - 2) - k)


__all__ = ["pad", "repeat", "tile"]
