"""Convolutions: three rows, each of which has the two others as its gradient, and the functions of Keras over them.

The rows work channels last: x ``[n, *spatial, c]``, weights ``[*kernel, c / groups, o]``, y ``[n, *spatial, o]``, over
one to three spatial axes. Their attributes hold an entry for each axis: `strides`, `padding` (before, after) and
`dilation`.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product as every

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, ceildiv, maximum
from ..ir.leaves import as_expr
from ..ir.op import Case, Kernel, Op
from ..ir.registry import public
from ..ir.types import Type, compute_dtype
from .rows import numeric, widen
from .shape import moveaxis, reshape

ROWS, SPARE, TILE_BYTES = 96, 3, 256
LINES, PIXELS, BAND = 64, 1024, 1 << 16
CHANNELS = 256
"""What the kernels divide their work into: see `conv`, `window` and `channelwise` in ``kernels/cpu``."""


# ---- types ----------------------------------------------------------------------------------------------------------
def output_sizes(sizes, kernel, strides, padding, dilation) -> tuple[Size, ...]:
    """The output's spatial sizes; raises ShapeError where the kernel does not fit into the padded input."""
    return tuple(map(_output_size, sizes, kernel, strides, padding, dilation))


def _output_size(size: Size, kernel: int, stride: int, padding: tuple[Size, Size], dilation: int) -> Size:
    span, padded = (kernel - 1) * dilation + 1, size + padding[0] + padding[1]
    if size == 0:
        return 0
    if isinstance(padded, int) and padded < span:
        raise ShapeError(f"the kernel spans {span} elements, the padded input has {padded}")
    return (padded - span) // stride + 1


def _conv_type(x: Type, w: Type, *, strides, padding, dilation, groups) -> Type:
    if x.rank != w.rank or not 3 <= x.rank <= 5:
        raise ShapeError("takes x [n, *spatial, c] and weights [*kernel, c / groups, o] with 1 to 3 spatial axes")
    *kernel, channels, filters = w.dims
    _check_groups(x.dims[-1], channels, filters, groups)
    return x.with_dims((x.dims[0], *output_sizes(x.dims[1:-1], kernel, strides, padding, dilation), filters))


def _check_groups(c: Size, channels: Size, filters: Size, groups: int) -> None:
    if isinstance(c, int) and c != channels * groups:
        raise ShapeError(f"the input has {c} channels, the weights take {channels} in each of {groups} groups")
    if filters % groups != 0:
        raise ShapeError(f"{filters} filters cannot be shared out among {groups} groups")


def _input_gradient_type(g: Type, w: Type, *, sizes, strides, padding, dilation, groups) -> Type:
    *kernel, channels, filters = w.dims
    _check_spatial(g, output_sizes(sizes, kernel, strides, padding, dilation))
    if isinstance(g.dims[-1], int) and g.dims[-1] != filters:
        raise ShapeError(f"the first operand has {g.dims[-1]} channels, the weights make {filters}")
    return g.with_dims((g.dims[0], *sizes, channels * groups))


def _weight_gradient_type(x: Type, g: Type, *, kernel, strides, padding, dilation, groups) -> Type:
    _check_spatial(g, output_sizes(x.dims[1:-1], kernel, strides, padding, dilation))
    return x.with_dims((*kernel, x.dims[-1] // groups, g.dims[-1]))


def _check_spatial(g: Type, sizes: tuple[Size, ...]) -> None:
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(g.dims[1:-1], sizes, strict=True)):
        raise ShapeError(f"a convolution of these sizes makes {sizes}, not {g.dims[1:-1]}")


# ---- meanings: a loop over taps, each a strided slice ---------------------------------------------------------------
def _taps(kernel, sizes, strides, dilation):
    """Each tap of the kernel, with the slices of the padded input that it meets."""
    for tap in every(*map(range, kernel)):
        yield tap, (slice(None), *(slice(t * d, t * d + (n - 1) * s + 1 if n else 0, s)
                                   for t, d, n, s in zip(tap, dilation, sizes, strides, strict=True)))


def _by_group(x: np.ndarray, groups: int) -> np.ndarray:
    """Rows of all axes but the last, which is split."""
    return x.reshape(math.prod(x.shape[:-1]), groups, x.shape[-1] // groups)


def _padded(x: np.ndarray, padding) -> np.ndarray:
    return np.pad(x, ((0, 0), *((low, max(high, 0)) for low, high in padding), (0, 0)))


def _conv_meaning(x, w, strides, padding, dilation, groups):
    x, w = widen(x), widen(w)
    sizes = output_sizes(x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
    y = np.zeros((x.shape[0], *sizes, w.shape[-1]), x.dtype)
    for tap, met in _taps(w.shape[:-2], sizes, strides, dilation):
        terms = np.einsum("pgc,cgo->pgo", _by_group(_padded(x, padding)[met], groups), _by_group(w[tap], groups))
        y += terms.reshape(y.shape)
    return y


def _input_gradient_meaning(g, w, sizes, strides, padding, dilation, groups):
    g, w = widen(g), widen(w)
    x = _padded(np.zeros((g.shape[0], *sizes, w.shape[-2] * groups), g.dtype), padding)
    for tap, met in _taps(w.shape[:-2], g.shape[1:-1], strides, dilation):
        terms = np.einsum("pgo,cgo->pgc", _by_group(g, groups), _by_group(w[tap], groups))
        x[met] += terms.reshape(x[met].shape)
    return x[(slice(None), *(slice(low, low + n) for (low, _), n in zip(padding, sizes, strict=True)))]


def _weight_gradient_meaning(x, g, kernel, strides, padding, dilation, groups):
    x, g = widen(x), widen(g)
    w = np.zeros((*kernel, x.shape[-1] // groups, g.shape[-1]), x.dtype)
    for tap, met in _taps(kernel, g.shape[1:-1], strides, dilation):
        terms = np.einsum("pgc,pgo->cgo", _by_group(_padded(x, padding)[met], groups), _by_group(g, groups))
        w[tap] = terms.reshape(w[tap].shape)
    return w


# ---- kernels --------------------------------------------------------------------------------------------------------
def _sizes(x: Type, w: Type, y: Type, strides, padding, dilation, groups) -> tuple[Size, ...]:
    """The sizes that the kernels take, with axes of size 1 in front where there are fewer than three."""
    def three(sizes, fill=1):
        return (fill,) * (3 - len(sizes)) + tuple(sizes)
    return (x.dims[0], *three(x.dims[1:-1]), x.dims[-1], *three(w.dims[:-2]), *three(y.dims[1:-1]), y.dims[-1],
            *three(strides), *three([low for low, _ in padding], 0), *three(dilation), groups)


def _kernel(function: str, roles: Callable) -> Kernel:
    """`roles` names x, weights and y among the operands and the result, and the attributes that all convolutions have."""
    def sizes(*types, **attrs):
        (x, w, y), attrs = roles(*types, **attrs)
        return _sizes(x, w, y, **attrs)

    def scratch(*types, **attrs):
        (x, w, y), attrs = roles(*types, **attrs)
        if _is_channelwise(w, attrs["groups"]):
            return 64 + CHANNELS * compute_dtype(x.dtype).itemsize
        return _scratch(function, x, w, y, attrs["dilation"], attrs["groups"])

    def chosen(*types, **attrs):
        (_, w, _), attrs = roles(*types, **attrs)
        return f"{'channelwise' if _is_channelwise(w, attrs['groups']) else 'conv'}.{function}"
    return Kernel(chosen, sizes, scratch, epilogue=True)


def _is_channelwise(w: Type, groups: int) -> bool:
    """Whether every channel is a group of its own."""
    return w.dims[-2:] == (1, groups)


def _scratch(function: str, x: Type, w: Type, y: Type, dilation, groups: int) -> Size:
    """Bytes of tables, of a block of sums, of a panel of the right operand and of what a band of results sees."""
    *kernel, channels, filters = w.dims
    taps, filters = math.prod(kernel), filters // groups
    rows, panel, seen = {"forward": (ROWS, taps * channels, channels),
                         "input_gradient": (ROWS, taps * filters, filters),
                         "weight_gradient": (taps * channels, PIXELS, channels)}[function]
    spans = [(k - 1) * d + 1 for k, d in zip(kernel[-2:], dilation[-2:], strict=True)]
    planes = kernel[0] if len(kernel) == 3 else 1
    tables = (ROWS + SPARE + max(taps, LINES) + 7) // 8 * 64
    band = maximum(BAND, seen * math.prod(spans) * planes)
    return tables + (rows + SPARE + panel) * TILE_BYTES + band * compute_dtype(x.dtype).itemsize


# ---- rows -----------------------------------------------------------------------------------------------------------
def _geometries():
    """Sizes of x, weights, and the attributes that go with them."""
    yield (5, 8, 7, 4), (3, 2, 2, 6), {"strides": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 2}
    yield (5, 7, 3), (3, 1, 3), {"strides": (2,), "padding": ((1, 0),), "dilation": (1,), "groups": 3}


def _conv_cases(rng):
    return [Case((rng.standard_normal(x), rng.standard_normal(w)), attrs) for x, w, attrs in _geometries()]


def _output_shape(x, w, attrs):
    return x[0], *output_sizes(x[1:-1], w[:-2], attrs["strides"], attrs["padding"], attrs["dilation"]), w[-1]


def _input_gradient_cases(rng):
    return [Case((rng.standard_normal(_output_shape(x, w, attrs)), rng.standard_normal(w)), {"sizes": x[1:-1], **attrs})
            for x, w, attrs in _geometries()]


def _weight_gradient_cases(rng):
    return [Case((rng.standard_normal(x), rng.standard_normal(_output_shape(x, w, attrs))), {"kernel": w[:-2], **attrs})
            for x, w, attrs in _geometries()]


_conv = Op("conv", _conv_meaning, _conv_type,
           _kernel("forward", lambda x, w, y, **attrs: ((x, w, y), attrs)),
           lambda g, y, x, w, **attrs: (_input_gradient(g, w, sizes=x.dims[1:-1], **attrs),
                                        _weight_gradient(x, g, kernel=w.dims[:-2], **attrs)),
           cast=lambda *dtypes: numeric(*dtypes)[:-1], cases=_conv_cases, tolerance=64,
           doc="Convolution, channels last (a correlation, as in every network library).")

_input_gradient = Op("conv_input_gradient", _input_gradient_meaning, _input_gradient_type,
                     _kernel("input_gradient", lambda g, w, y, sizes, **attrs: ((y, w, g), attrs)),
                     lambda h, y, g, w, sizes, **attrs: (_conv(h, w, **attrs),
                                                         _weight_gradient(h, g, kernel=w.dims[:-2], **attrs)),
                     cast=lambda *dtypes: numeric(*dtypes)[:-1], cases=_input_gradient_cases, tolerance=64,
                     doc="What a convolution's input gets from the gradient of its output: the transposed convolution.")

_weight_gradient = Op("conv_weight_gradient", _weight_gradient_meaning, _weight_gradient_type,
                      _kernel("weight_gradient", lambda x, g, y, kernel, **attrs: ((x, y, g), attrs)),
                      lambda h, y, x, g, kernel, **attrs: (_input_gradient(g, h, sizes=x.dims[1:-1], **attrs),
                                                           _conv(x, h, **attrs)),
                      cast=lambda *dtypes: numeric(*dtypes)[:-1], cases=_weight_gradient_cases, tolerance=64,
                      doc="What a convolution's weights get from the gradient of its output.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def conv(x, w, strides=1, padding="valid", data_format="channels_last", dilation_rate=1, groups=1) -> Expr:
    """Convolution over one to three axes.

    `x` is ``[n, *spatial, c]``, or ``[n, c, *spatial]`` with ``data_format="channels_first"``; `w` is
    ``[*kernel, c / groups, filters]`` in both. `padding`: "valid"; "same" (``ceil(size / stride)`` outputs, the odd
    element of padding behind); "causal" (one axis; an output sees nothing behind it); an int; or for each axis an int
    or a pair (before, after). `strides` and `dilation_rate` are ints, or one for each axis."""
    x, w = as_expr(x), as_expr(w)
    axes = _spatial_axes("conv", x, w)
    x = _channels_last("conv", x, data_format)
    attrs = _attributes("conv", x, w.dims[:-2], strides, padding, dilation_rate, axes)
    return _restored(_conv(x, w, groups=_positive("conv", "groups", groups), **attrs), data_format)


@public
def depthwise_conv(x, w, strides=1, padding="valid", data_format="channels_last", dilation_rate=1) -> Expr:
    """Convolution of each channel by itself: `w` is ``[*kernel, c, multiplier]``, the result has c * multiplier
    channels, those of one input channel side by side. The other arguments are those of `conv`."""
    x, w = as_expr(x), as_expr(w)
    _spatial_axes("depthwise_conv", x, w)
    *kernel, channels, multiplier = w.dims
    flat = reshape(w, (*kernel, 1, channels * multiplier))
    return conv(x, flat, strides, padding, data_format, dilation_rate, groups=channels)


@public
def separable_conv(x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format="channels_last",
                   dilation_rate=1) -> Expr:
    """A depthwise convolution, then one with a kernel of size 1, ``[1, ..., c * multiplier, filters]``."""
    y = depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, data_format=data_format)


@public
def conv_transpose(x, w, strides=1, padding="valid", output_padding=None, data_format="channels_last",
                   dilation_rate=1) -> Expr:
    """Transposed convolution: a convolution's gradient with respect to its input, as a layer that upsamples.

    `w` is ``[*kernel, filters, c]``. Without `output_padding`, "valid" makes ``(size - 1) * stride + max(span,
    stride)`` outputs and "same" ``size * stride``, where `span` is that of the dilated kernel; `output_padding` (an
    int, or one for each axis, less than its stride) sets what is added to ``(size - 1) * stride + span``, or for "same"
    to ``(size - 1) * stride + span % 2``."""
    x, w = as_expr(x), as_expr(w)
    axes = _spatial_axes("conv_transpose", x, w)
    x = _channels_last("conv_transpose", x, data_format)
    strides = _per_axis("conv_transpose", "strides", strides, axes)
    dilation = _per_axis("conv_transpose", "dilation_rate", dilation_rate, axes)
    added = (None,) * axes
    if output_padding is not None:
        added = _per_axis("conv_transpose", "output_padding", output_padding, axes, 0)
        if any(a >= s for a, s in zip(added, strides, strict=True)):
            raise ArgumentError(f"conv_transpose: output_padding must be less than the strides {strides}, "
                                f"not {output_padding!r}")
    spans = [(k - 1) * d + 1 for k, d in zip(w.dims[:-2], dilation, strict=True)]
    edges = [_transposed_padding(*each, padding) for each in zip(spans, strides, added, strict=True)]
    sizes = tuple((n - 1) * s + low + high - span + 2
                  for n, s, span, (low, high) in zip(x.dims[1:-1], strides, spans, edges, strict=True))
    kept = tuple((span - 1 - low, span - 1 - high) for span, (low, high) in zip(spans, edges, strict=True))
    y = _input_gradient(x, w, sizes=sizes, strides=strides, padding=kept, dilation=dilation, groups=1)
    return _restored(y, data_format)


def _transposed_padding(span: int, stride: int, added: int | None, padding: str) -> tuple[int, int]:
    """The zeros before and after the input, stretched by the stride, over which the kernel then runs."""
    if padding == "valid":
        return span - 1, span - 1 + (max(span, stride) - span if added is None else added)
    if padding == "same":
        total = stride + span - 2 if added is None else span + span % 2 - 2 + added
        before = min(total - total // 2, span - 1)
        return before, total - before
    raise ArgumentError(f'conv_transpose: padding is "valid" or "same", not {padding!r}')


# ---- arguments ------------------------------------------------------------------------------------------------------
def _spatial_axes(name: str, x: Expr, w: Expr) -> int:
    if x.ndim != w.ndim or not 3 <= x.ndim <= 5:
        raise ShapeError(f"{name} takes x with a batch, 1 to 3 spatial axes and channels, and weights of that rank; "
                         f"got {x.type} and {w.type}")
    if None in w.shape:
        raise ShapeError(f"{name}: the sizes of the weights must be known while the graph is built, not {w.type}")
    return x.ndim - 2


def _channels_last(name: str, x: Expr, data_format: str) -> Expr:
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(f'{name}: data_format is "channels_last" or "channels_first", not {data_format!r}')
    return moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _restored(y: Expr, data_format: str) -> Expr:
    return moveaxis(y, -1, 1) if data_format == "channels_first" else y


def _attributes(name: str, x: Expr, kernel, strides, padding, dilation, axes: int) -> dict:
    strides = _per_axis(name, "strides", strides, axes)
    dilation = _per_axis(name, "dilation_rate", dilation, axes)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    return {"strides": strides, "padding": _padding(name, padding, x.dims[1:-1], spans, strides), "dilation": dilation}


def _per_axis(name: str, argument: str, value, axes: int, least: int = 1) -> tuple[int, ...]:
    entries = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    if len(entries) != axes:
        raise ArgumentError(f"{name}: {argument}={value!r} for {axes} spatial axes")
    return tuple(_positive(name, argument, entry, least) for entry in entries)


def _positive(name: str, argument: str, value, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{name}: {argument} is an int of at least {least}, not {value!r}")
    return int(value)


def _padding(name: str, padding, sizes, spans, strides) -> tuple[tuple[Size, Size], ...]:
    if padding == "valid":
        return ((0, 0),) * len(spans)
    if padding == "same":
        return tuple(map(same_padding, sizes, spans, strides))
    if padding == "causal" and len(spans) == 1:
        return ((spans[0] - 1, 0),)
    if isinstance(padding, str):
        raise ArgumentError(f'{name}: padding is "valid", "same", "causal" (over one axis), an int, or an int or a '
                            f"pair for each axis, not {padding!r}")
    entries = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * len(spans)
    pairs = [tuple(entry) if isinstance(entry, (tuple, list)) else (entry, entry) for entry in entries]
    if len(pairs) != len(spans) or any(len(pair) != 2 for pair in pairs):
        raise ArgumentError(f"{name}: padding={padding!r} for {len(spans)} spatial axes")
    return tuple((_positive(name, "padding", low, 0), _positive(name, "padding", high, 0)) for low, high in pairs)


def same_padding(size: Size, span: int, stride: int) -> tuple[Size, Size]:
    """The zeros before and after that make ``ceil(size / stride)`` outputs; the odd one goes behind."""
    total = maximum((ceildiv(size, stride) - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


__all__ = ["conv", "conv_transpose", "depthwise_conv", "separable_conv"]
