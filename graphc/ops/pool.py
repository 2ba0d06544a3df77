"""Pooling: the largest element, or the mean, of sliding windows.

The rows know one layout, channels last: x[n, *spatial, c], one to three spatial axes. They are closed under
differentiation: `max_pool`'s gradient scatters by the index of each window's winner, whose transpose gathers, whose
transpose scatters; `sum_pool` and its transpose are each other's.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, ceildiv, maximum, product
from ..ir.leaves import as_expr
from ..ir.op import Case, Index, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, compute_dtype, is_bool, is_float, show_dims
from .creation import ones
from .reduce import max, mean
from .rows import in_compute_dtype
from .shape import moveaxis


# ---- geometry: for each spatial axis, an int of `window` and `strides`, a pair of `padding` -------------------------
def _outputs(x: Type, window, strides, padding) -> Type:
    if x.rank != len(window) + 2:
        raise ShapeError(f"pooling over {len(window)} axes takes (batch, {'size, ' * len(window)}channels), not {x}")
    return x.with_dims((x.dims[0], *map(_count, x.dims[1:-1], window, strides, padding), x.dims[-1]))


def _count(size: Size, window: int, stride: int, padding: tuple[Size, Size]) -> Size:
    """How many windows there are along an axis."""
    room = size + padding[0] + padding[1] - window
    if isinstance(room, int) and room < 0 and size != 0:
        raise ShapeError(f"a window of {window} does not fit into an axis of {size}, padded by {padding}")
    if isinstance(room, int) and room >= 0 and size == 0:
        raise ShapeError("an empty axis cannot be padded: its windows would hold nothing")
    return 0 if size == 0 else room // stride + 1


def _sizes(x: Type, y: Type, window, strides, padding) -> tuple:
    """What every kernel of the family takes, for three spatial axes: those in front that are missing have size 1."""
    missing = 3 - len(window)
    front = (1,) * missing
    return (x.dims[0], *front, *x.dims[1:], *front, *y.dims[1:-1], *front, *window, *front, *strides,
            *(0,) * missing, *(low for low, _ in padding))


# ---- NumPy's meaning ------------------------------------------------------------------------------------------------
def _windows(x: np.ndarray, window, strides, padding, fill) -> np.ndarray:
    """The windows of `x`, as one last axis."""
    padded = np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=fill)
    if any(p < k for p, k in zip(padded.shape[1:-1], window, strict=True)):
        return np.zeros((x.shape[0], *(0,) * len(window), x.shape[-1], product(window)), x.dtype)
    axes = tuple(range(1, x.ndim - 1))
    found = np.lib.stride_tricks.sliding_window_view(padded, window, axes)
    found = found[(slice(None), *(slice(None, None, s) for s in strides))]
    return found.reshape(*found.shape[:x.ndim], product(window))


def _max_pool_meaning(x, window, strides, padding):
    fill = -np.inf if is_float(x.dtype) else np.iinfo(x.dtype).min
    return _windows(x, window, strides, padding, fill).max(-1)


def _index_meaning(x, y, window, strides, padding):
    values = _windows(x, window, strides, padding, 0)
    spatial = x.shape[1:-1]
    places = np.arange(product(spatial), dtype=np.int32).reshape(1, *spatial, 1)
    places = np.broadcast_to(_windows(places, window, strides, padding, -1), values.shape)
    first = (((values == y[..., None]) | (values != values)) & (places >= 0)).argmax(-1)
    return np.take_along_axis(places, first[..., None], -1)[..., 0]


def _gather_meaning(v, index, window, strides, padding):
    flat = np.take_along_axis(v.reshape(v.shape[0], product(v.shape[1:-1]), v.shape[-1]),
                              index.reshape(v.shape[0], product(index.shape[1:-1]), v.shape[-1]), 1)
    return flat.reshape(index.shape)


def _scatter_meaning(g, index, spatial, window, strides, padding):
    n, *_, c = g.shape
    x = np.zeros((n, product(spatial), c), g.dtype)
    places = index.reshape(n, product(index.shape[1:-1]), c)
    np.add.at(x, (np.arange(n)[:, None, None], places, np.arange(c)), g.reshape(places.shape))
    return x.reshape(n, *spatial, c)


def _transpose_meaning(g, spatial, window, strides, padding):
    n, *counts, c = g.shape
    padded = np.zeros((n, *(s + low + high for s, (low, high) in zip(spatial, padding, strict=True)), c), g.dtype)
    for corner in np.ndindex(*window):
        places = (slice(k, k + s * count, s) for k, s, count in zip(corner, strides, counts, strict=True))
        padded[(slice(None), *places)] += g
    return padded[(slice(None), *(slice(low, low + s) for s, (low, _) in zip(spatial, padding, strict=True)))]


# ---- rows -----------------------------------------------------------------------------------------------------------
def _comparable(x: Type, *, window, strides, padding) -> Type:
    if is_bool(x.dtype):
        raise DTypeError("takes numbers, not bool")
    return _outputs(x, window, strides, padding)


def _summable(x: Type, *, window, strides, padding) -> Type:
    _check_float(x)
    return _outputs(x, window, strides, padding)


def _check_float(x: Type) -> None:
    if not is_float(x.dtype) or compute_dtype(x.dtype) != x.dtype:
        raise DTypeError(f"adds up float32 or float64, not {x.dtype}; use astype")


def _index_type(x: Type, y: Type, *, window, strides, padding) -> Type:
    places = product(x.dims[1:-1])
    if isinstance(places, int) and places > 2**31:
        raise ShapeError(f"numbers the elements of a channel in int32, and {places} are too many")
    return _outputs(x, window, strides, padding).with_dtype(np.dtype("int32"))


def _gather_type(v: Type, index: Type, *, window, strides, padding) -> Type:
    _check_float(v)
    return index.with_dtype(v.dtype)


def _back_type(g: Type, *_, spatial, window, strides, padding) -> Type:
    _check_float(g)
    return g.with_dims((g.dims[0], *spatial, g.dims[-1]))


def _gather_index(body, i, v, index, *, window, strides, padding):
    place, indices = body.integer(body.read(1, i)), []
    for size in v.dims[-2:0:-1]:
        place, indices = place // size, [place % size, *indices]
    return body.read(0, (i[0], *indices, i[-1]))


def _forward_kernel(function: str) -> Kernel:
    return Kernel(f"pool.{function}", lambda x, *others, **attrs: _sizes(x, others[-1], **attrs))


def _backward_kernel(function: str) -> Kernel:
    return Kernel(f"pool.{function}", lambda g, *others, spatial, **attrs: _sizes(others[-1], g, **attrs))


def _max_gradient(g: Expr, y: Expr, x: Expr, **geometry) -> tuple:
    return _max_pool_scatter(g.astype(compute_dtype(g.dtype)), _max_pool_index(x, y, **geometry), spatial=x.dims[1:-1],
                             **geometry),


_GEOMETRY = (((6, 5), {"window": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}),
             ((5, 4), {"window": (3, 2), "strides": (1, 3), "padding": ((1, 2), (0, 1))}),
             ((7,), {"window": (3,), "strides": (2,), "padding": ((1, 1),)}),
             ((1,), {"window": (1,), "strides": (1,), "padding": ((0, 0),)}),
             ((2, 3, 4), {"window": (2, 2, 3), "strides": (1, 2, 2), "padding": ((0, 1), (1, 0), (1, 1))}))


def _cases(operands: Callable, back: bool = False) -> Callable:
    """Samples of every geometry; `operands` makes them of x, whose elements differ."""
    def cases(rng):
        for spatial, geometry in _GEOMETRY:
            for n, c in ((2, 3), (0, 2)):
                x = rng.permutation(n * product(spatial) * c).reshape(n, *spatial, c) / 8.0
                yield Case(operands(x, **geometry), {**geometry, **({"spatial": spatial} if back else {})})
    return cases


def _with_index(x, **geometry) -> tuple:
    y = _max_pool_meaning(x, **geometry)
    return y, _index_meaning(x, y, **geometry)


_max_pool = Op("max_pool", in_compute_dtype(_max_pool_meaning), _comparable, _forward_kernel("max_pool"), _max_gradient,
               cases=_cases(lambda x, **geometry: (x,)),
               doc="The largest element of each window; NaN where it holds one.")

_max_pool_index = Op("max_pool_index", in_compute_dtype(_index_meaning), _index_type, _forward_kernel("max_pool_index"),
                     cases=_cases(lambda x, **geometry: (x, _max_pool_meaning(x, **geometry))),
                     doc="Where, among a channel's elements, each window's maximum first stands.")

_max_pool_gather = Op("max_pool_gather", _gather_meaning, _gather_type, Index(_gather_index),
                      lambda g, y, v, index, **geometry: (
                          _max_pool_scatter(g, index, spatial=v.dims[1:-1], **geometry), None),
                      cases=_cases(lambda x, **geometry: (x, _with_index(x, **geometry)[1])),
                      doc="The element that each window's index names.")

_max_pool_scatter = Op("max_pool_scatter", _scatter_meaning, _back_type, _backward_kernel("max_pool_scatter"),
                       lambda g, y, v, index, spatial, **geometry: (_max_pool_gather(g, index, **geometry), None),
                       cases=_cases(_with_index, back=True),
                       doc="At each place, the sum of the windows whose index names it.")

_sum_pool = Op("sum_pool", lambda x, **geometry: _windows(x, **geometry, fill=0).sum(-1), _summable,
               _forward_kernel("sum_pool"),
               lambda g, y, x, **geometry: (_sum_pool_transpose(g, spatial=x.dims[1:-1], **geometry),),
               cases=_cases(lambda x, **geometry: (x,)), doc="The sum of each window.")

_sum_pool_transpose = Op("sum_pool_transpose", _transpose_meaning, _back_type, _backward_kernel("sum_pool_transpose"),
                         lambda g, y, x, spatial, **geometry: (_sum_pool(g, **geometry),),
                         cases=_cases(lambda x, **geometry: (_max_pool_meaning(x, **geometry),), back=True),
                         doc="At each place, the sum of the windows that hold it.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def max_pool(x, pool_size, strides=None, padding="valid", data_format="channels_last") -> Expr:
    """The largest element of each window of ``x[batch, *spatial, channels]``, one to three spatial axes; NaN where the
    window holds one. The gradient goes to the first of equal maxima.

    `pool_size` and `strides` (`pool_size` by default) are an int or one int for each spatial axis. `padding` is "valid"
    (none), "same" (one window for each stride that begins on the axis; the padding is divided evenly, the odd one
    behind), an int, or a pair ``(front, behind)`` for each spatial axis, each less than the window. Padding never wins.
    `data_format` "channels_first" takes ``x[batch, channels, *spatial]``. Any numbers but bool.

    Raises ShapeError where the rank does not fit or a window is larger than the padded axis."""
    x, geometry = _prepared("max_pool", x, pool_size, strides, padding, data_format)
    return _restored(_max_pool(x, **geometry), data_format)


@public
def average_pool(x, pool_size, strides=None, padding="valid", data_format="channels_last", *,
                 count_include_pad=False) -> Expr:
    """The mean of each window; arguments as for `max_pool`, of float dtype.

    Padding does not count: at a border, the mean is over the elements that are there (as in Keras and TensorFlow). With
    `count_include_pad` it counts as zeros, and every window divides by its full size (as in PyTorch)."""
    x, geometry = _prepared("average_pool", x, pool_size, strides, padding, data_format)
    if not is_float(x.dtype):
        raise DTypeError(f"average_pool takes floats, not {x.dtype}; use astype")
    wide = x.astype(compute_dtype(x.dtype))
    counts = product(geometry["window"])
    if not count_include_pad and any(p != (0, 0) for p in geometry["padding"]):
        counts = _sum_pool(ones((1, *x.dims[1:-1], 1), wide.dtype), **geometry)
    return _restored((_sum_pool(wide, **geometry) / counts).astype(x.dtype), data_format)


@public
def global_max_pool(x, data_format="channels_last", *, keepdims=False) -> Expr:
    """The largest element over all spatial axes: of shape ``(batch, channels)``, or with `keepdims` of x's rank."""
    x = as_expr(x)
    return max(x, axis=_spatial_axes("global_max_pool", x, data_format), keepdims=keepdims)


@public
def global_average_pool(x, data_format="channels_last", *, keepdims=False) -> Expr:
    """The mean over all spatial axes: of shape ``(batch, channels)``, or with `keepdims` of x's rank."""
    x = as_expr(x)
    return mean(x, axis=_spatial_axes("global_average_pool", x, data_format), keepdims=keepdims)


# ---- their arguments ------------------------------------------------------------------------------------------------
def _spatial_axes(name: str, x: Expr, data_format: str) -> tuple[int, ...]:
    if not 3 <= x.ndim <= 5:
        raise ShapeError(f"{name} takes (batch, one to three spatial axes, channels), not {x.type}")
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(f'{name}: data_format is "channels_last" or "channels_first", not {data_format!r}')
    first = 1 if data_format == "channels_last" else 2
    return tuple(range(first, first + x.ndim - 2))


def _prepared(name: str, x, pool_size, strides, padding, data_format) -> tuple[Expr, dict]:
    """`x` with its channels last, and the geometry as attributes."""
    x = as_expr(x)
    rank = len(_spatial_axes(name, x, data_format))
    x = moveaxis(x, 1, -1) if data_format == "channels_first" else x
    window = _positive(name, "pool_size", pool_size, rank)
    strides = window if strides is None else _positive(name, "strides", strides, rank)
    return x, {"window": window, "strides": strides, "padding": _padding(name, padding, x.dims[1:-1], window, strides)}


def _restored(y: Expr, data_format: str) -> Expr:
    return moveaxis(y, -1, 1) if data_format == "channels_first" else y


def _positive(name: str, what: str, value, rank: int) -> tuple[int, ...]:
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != rank or not all(isinstance(v, (int, np.integer)) and v > 0 for v in values):
        raise ArgumentError(f"{name}: {what} is a positive int, or {rank} of them, not {value!r}")
    return tuple(map(int, values))


def _padding(name: str, padding, sizes, window, strides) -> tuple[tuple[Size, Size], ...]:
    if padding == "valid":
        return ((0, 0),) * len(window)
    if padding == "same":
        return tuple(map(_same, sizes, window, strides))
    pairs = [(padding, padding)] * len(window) if isinstance(padding, (int, np.integer)) else list(padding)
    pairs = [(p, p) if isinstance(p, (int, np.integer)) else tuple(p) for p in pairs]
    if len(pairs) != len(window) or not all(_fits(pair, k) for pair, k in zip(pairs, window, strict=True)):
        raise ArgumentError(f'{name}: padding is "valid", "same", an int, or {len(window)} pairs, each from 0 to '
                            f"less than the window {show_dims(window)}, not {padding!r}")
    return tuple((int(low), int(high)) for low, high in pairs)


def _fits(pair: tuple, window: int) -> bool:
    return len(pair) == 2 and all(isinstance(p, (int, np.integer)) and 0 <= p < window for p in pair)


def _same(size: Size, window: int, stride: int) -> tuple[Size, Size]:
    total = maximum((ceildiv(size, stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


__all__ = ["average_pool", "global_average_pool", "global_max_pool", "max_pool"]
