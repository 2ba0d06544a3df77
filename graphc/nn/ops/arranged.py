"""Functions of keras.ops that put elements elsewhere, count them, or make them: composed of what graphc has."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr, constant
from ...ops import PUBLIC_NAMES as g


# ---- in parts, and of parts -----------------------------------------------------------------------------------------
def array_split(x, indices_or_sections, axis=0) -> list[Expr]:
    """Parts along `axis`: as many as said, of sizes that differ by 1 at most; or cut at these places."""
    if not isinstance(indices_or_sections, int):
        return g["split"](x, indices_or_sections, axis)
    size = as_expr(x).shape[axis]
    least, more = divmod(size, indices_or_sections)
    sizes = [least + (k < more) for k in range(indices_or_sections)]
    return g["split"](x, [int(n) for n in np.cumsum(sizes)[:-1]], axis)


def vsplit(x, indices_or_sections) -> list[Expr]:
    """Parts along the first axis."""
    return g["split"](x, indices_or_sections, 0)


def hsplit(x, indices_or_sections) -> list[Expr]:
    """Parts along the second axis, or the only one."""
    return g["split"](x, indices_or_sections, min(1, as_expr(x).ndim - 1))


def dsplit(x, indices_or_sections) -> list[Expr]:
    """Parts along the third axis."""
    return g["split"](x, indices_or_sections, 2)


def dstack(xs) -> Expr:
    """Beside one another along the third axis; vectors are rows, matrices have one layer."""
    def deep(x: Expr) -> Expr:
        x = g["expand_dims"](x, 0) if x.ndim == 1 else x
        return g["expand_dims"](x, 2) if x.ndim == 2 else x
    return g["concatenate"]([deep(as_expr(x)) for x in xs], 2)


def diagflat(x, k=0) -> Expr:
    """The matrix with all elements of `x` on diagonal `k`."""
    return g["diag"](g["ravel"](x), k)


def vander(x, N=None, increasing=False) -> Expr:  # noqa: N803 (Keras' name)
    """The powers of each element, N columns, the highest first or last."""
    x = as_expr(x)
    count = x.shape[0] if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return g["pow"](g["expand_dims"](x, -1), constant(powers.astype(str(x.dtype))))


def depth_to_space(x, block_size: int, data_format="channels_last") -> Expr:
    """Images with squares of `block_size` pixels in place of as many channels (Shi et al., 2016)."""
    x = g["permute_dims"](x, (0, 2, 3, 1)) if data_format == "channels_first" else as_expr(x)
    n, height, width, channels = x.dims
    y = g["reshape"](x, (n, height, width, block_size, block_size, channels // block_size ** 2))
    y = g["reshape"](g["permute_dims"](y, (0, 1, 3, 2, 4, 5)),
                     (n, height * block_size, width * block_size, channels // block_size ** 2))
    return g["permute_dims"](y, (0, 3, 1, 2)) if data_format == "channels_first" else y


def space_to_depth(x, block_size: int, data_format="channels_last") -> Expr:
    """Images with channels in place of squares of `block_size` pixels: `depth_to_space` back again."""
    x = g["permute_dims"](x, (0, 2, 3, 1)) if data_format == "channels_first" else as_expr(x)
    n, height, width, channels = x.dims
    y = g["reshape"](x, (n, height // block_size, block_size, width // block_size, block_size, channels))
    y = g["reshape"](g["permute_dims"](y, (0, 1, 3, 2, 4, 5)),
                     (n, height // block_size, width // block_size, channels * block_size ** 2))
    return g["permute_dims"](y, (0, 3, 1, 2)) if data_format == "channels_first" else y


def extract_sequences(x, sequence_length: int, sequence_stride: int) -> Expr:
    """Windows along the last axis: ``[..., n] -> [..., windows, sequence_length]``."""
    x = as_expr(x)
    begins = np.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return g["take"](x, begins[:, None] + np.arange(sequence_length), x.ndim - 1)


# ---- counted and found ----------------------------------------------------------------------------------------------
def bincount(x, weights=None, minlength=0, sparse=False) -> Expr:
    """How often each number from 0 on is in a row of `x`, up to `minlength`, which must say how many there are."""
    x = as_expr(x)
    if not minlength:
        raise ArgumentError("bincount: give minlength, one more than the greatest number in x: a graph must know its shapes")
    hot = g["one_hot"](x, minlength, dtype="int32" if weights is None else as_expr(weights).dtype)
    return g["sum"](hot if weights is None else hot * g["expand_dims"](weights, -1), x.ndim - 1).astype(hot.dtype)


def nanargmax(x, axis=None, keepdims=False) -> Expr:
    """Where the greatest is of what is not NaN."""
    return g["argmax"](g["where"](g["isnan"](x), -np.inf, x), axis, keepdims=keepdims)


def nanargmin(x, axis=None, keepdims=False) -> Expr:
    """Where the least is of what is not NaN."""
    return g["argmin"](g["where"](g["isnan"](x), np.inf, x), axis, keepdims=keepdims)


def nancumsum(x, axis=None, dtype=None) -> Expr:
    """The sums so far of what is not NaN."""
    return _cumulated("cumsum", g["where"](g["isnan"](x), 0, x), axis, dtype)


def nancumprod(x, axis=None, dtype=None) -> Expr:
    """The products so far of what is not NaN."""
    return _cumulated("cumprod", g["where"](g["isnan"](x), 1, x), axis, dtype)


def _cumulated(name: str, x: Expr, axis, dtype) -> Expr:
    y = g[name](g["ravel"](x) if axis is None else x, 0 if axis is None else axis)
    return y if dtype is None else y.astype(dtype)


def unravel_index(indices, shape) -> tuple[Expr, ...]:
    """The indices, one for each axis, of places in a flattened array of this shape."""
    found, rest = [], as_expr(indices)
    for size in reversed(shape):
        found.append(rest % size)
        rest = rest // size
    return tuple(reversed(found))


def _folded(name: str, start: float, data, segment_ids, num_segments) -> Expr:
    data = as_expr(data)
    if num_segments is None:
        raise ArgumentError(f"segment_{name}: give num_segments: a graph must know its shapes")
    return getattr(g["full"]((num_segments, *data.dims[1:]), start, data.dtype).at[segment_ids], name)(data)


def segment_max(data, segment_ids, num_segments=None, sorted=False) -> Expr:
    """The greatest of the rows of each segment; -inf of none."""
    return _folded("max", -np.inf, data, segment_ids, num_segments)


def segment_min(data, segment_ids, num_segments=None, sorted=False) -> Expr:
    """The least of the rows of each segment; inf of none."""
    return _folded("min", np.inf, data, segment_ids, num_segments)


# ---- made of numbers ------------------------------------------------------------------------------------------------
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0) -> Expr:
    """Numbers from `start` to `stop`, each the same multiple of the one before."""
    y = g["exp"](g["linspace"](g["log"](start), g["log"](stop), num, endpoint=endpoint, axis=axis))
    return y if dtype is None else y.astype(dtype)


def _window(function):
    def window(x):
        return constant(np.asarray(function(x), "float32"))
    window.__doc__ = f"The {function.__name__} window of `x` points, a number."
    return window


bartlett, blackman, hamming, hanning = map(_window, (np.bartlett, np.blackman, np.hamming, np.hanning))


def kaiser(x, beta) -> Expr:
    """The Kaiser window of `x` points, a number."""
    return constant(np.asarray(np.kaiser(x, beta), "float32"))


def corrcoef(x) -> Expr:
    """The correlations of the rows."""
    x = as_expr(x)
    centered = x - g["mean"](x, -1, keepdims=True)
    unit = centered / g["sqrt"](g["sum"](g["square"](centered), -1, keepdims=True))
    return g["matmul"](unit, g["matrix_transpose"](unit))


def cdist(x, y) -> Expr:
    """The distances of each row of `x` from each row of `y`."""
    apart = g["expand_dims"](x, -2) - g["expand_dims"](y, -3)
    return g["sqrt"](g["sum"](g["square"](apart), -1))


def angle(x) -> Expr:
    """0, and pi for what is negative."""
    x = as_expr(x)
    return g["where"](x < 0, as_expr(np.pi).astype(x.dtype), 0)


FUNCTIONS = {name: value for name, value in list(globals().items())
             if getattr(value, "__module__", None) == __name__ and not name.startswith("_")}
"""All of them, by name."""

__all__ = ["FUNCTIONS"]
