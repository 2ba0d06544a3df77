"""Normalizations: to mean 0 and variance 1, or to length 1. 16-bit floats are computed in float32."""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.registry import public
from ..ir.types import as_axes, as_axis, compute_dtype, show_dims
from .custom import with_gradient
from .elementwise import abs, maximum, pow, rsqrt, square
from .reduce import highest, mean, sum
from .shape import reshape
from .softmax import float_operand


@public
def moments(x, axes, keepdims=False) -> tuple[Expr, Expr]:
    """The mean of `x` over `axes` and its variance: the mean squared distance from the mean, taken in a second pass."""
    x = float_operand("moments", x)
    axes = as_axes(axes, x.ndim)
    wide = _wide(x)
    center = mean(wide, axes, keepdims=True)
    spread = mean(square(wide - center), axes, keepdims=True)
    dims = tuple(d for k, d in enumerate(x.dims) if k not in axes)
    return tuple((m if keepdims else reshape(m, dims)).astype(x.dtype) for m in (center, spread))


@public
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3) -> Expr:
    """``(x - mean) / sqrt(variance + epsilon) * scale + offset``. The four have the shape ``(x.shape[axis],)``, or one
    that broadcasts with `x`. Raises ShapeError where they do not fit."""
    x = float_operand("batch_normalization", x)
    axes = as_axes(axis, x.ndim)
    center, spread, scale, offset = (
        None if p is None else _along("batch_normalization", p, x, axes) for p in (mean, variance, scale, offset))
    factor = rsqrt(spread + epsilon)
    return _affine(_wide(x) - center, factor if scale is None else factor * scale, offset).astype(x.dtype)


@public
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=1e-7) -> Expr:
    """`x` to mean 0 and variance 1 over `axis` (one or several), times `gamma`, plus `beta` (of these axes' shape)."""
    x = float_operand("layer_normalization", x)
    axes = as_axes(axis, x.ndim)
    gamma, beta = _scale_and_shift("layer_normalization", gamma, beta, x, axes)
    return _affine(standardized(_wide(x), axes, float(epsilon)), gamma, beta).astype(x.dtype)


@public
def group_normalization(x, groups=32, gamma=None, beta=None, axis=-1, epsilon=1e-3) -> Expr:
    """`x` to mean 0 and variance 1, for each sample (axis 0), over each of `groups` equal parts of the channels on
    `axis` and all other axes, times `gamma`, plus `beta` (one number a channel). With as many groups as channels:
    instance normalization.

    Raises ShapeError where the groups do not divide the channels."""
    x = float_operand("group_normalization", x)
    axis = as_axis(axis, x.ndim)
    channels = x.dims[axis]
    if axis == 0 or not isinstance(groups, int) or groups < 1 or (isinstance(channels, int) and channels % groups):
        raise ShapeError(f"group_normalization: {groups} groups do not divide the channels of {x.type} on axis {axis}")
    split = reshape(_wide(x), (*x.dims[:axis], groups, channels // groups, *x.dims[axis + 1:]))
    over = tuple(k for k in range(1, split.ndim) if k != axis)
    gamma, beta = _scale_and_shift("group_normalization", gamma, beta, x, (axis,))
    return _affine(reshape(standardized(split, over, float(epsilon)), x.dims), gamma, beta).astype(x.dtype)


@public
def rms_normalization(x, scale=None, axis=-1, epsilon=1e-7) -> Expr:
    """`x` divided by its root mean square over `axis` (one or several), times `scale` (of these axes' shape): Zhang and
    Sennrich, "Root mean square layer normalization", 2019."""
    x = float_operand("rms_normalization", x)
    axes = as_axes(axis, x.ndim)
    scale, _ = _scale_and_shift("rms_normalization", scale, None, x, axes)
    wide = _wide(x)
    y = with_gradient(wide * _inverse_root(wide, axes, float(epsilon)), (wide,), _rms_rule(axes, float(epsilon)))
    return _affine(y, scale, None).astype(x.dtype)


@public
def normalize(x, axis=-1, order=2, epsilon=1e-7) -> Expr:
    """`x` divided by its norm of that order over `axis`, or by `epsilon` where the norm is less. `order` is a number
    from 1 on, or infinity (the largest magnitude)."""
    x = float_operand("normalize", x)
    if isinstance(order, bool) or not isinstance(order, (int, float)) or not order >= 1:
        raise ArgumentError(f"normalize: order is a number from 1 on, or infinity, not {order!r}")
    axes, wide = as_axes(axis, x.ndim), _wide(x)
    if order == 2:
        y = wide * rsqrt(maximum(sum(square(wide), axes, keepdims=True), epsilon**2))
    elif order == math.inf:
        y = wide / maximum(highest(abs(wide), axes), epsilon)
    else:
        y = wide / pow(maximum(sum(pow(abs(wide), order), axes, keepdims=True), epsilon**order), 1 / order)
    return y.astype(x.dtype)


# ---- parts ----------------------------------------------------------------------------------------------------------
def standardized(x: Expr, axes: tuple[int, ...], epsilon: float) -> Expr:
    """float32 or float64 to mean 0 and variance 1 over `axes`."""
    z = x - mean(x, axes, keepdims=True)
    return with_gradient(z * _inverse_root(z, axes, epsilon), (x,), _standardized_rule(axes, epsilon))


@cache
def _standardized_rule(axes: tuple[int, ...], epsilon: float) -> Callable:
    def standardized_gradient(g: Expr, y: Expr, x: Expr) -> tuple:
        z = x - mean(x, axes, keepdims=True)
        along = g - mean(g, axes, keepdims=True) - y * mean(g * y, axes, keepdims=True)
        return along * _inverse_root(z, axes, epsilon),
    return standardized_gradient


def batch_standardized(x: Expr, gamma: Expr | None, beta: Expr | None, axis: int, epsilon: float) -> Expr:
    """float32 or float64 to mean 0 and variance 1 over all axes but `axis`, times `gamma`, plus `beta`, of the shape
    ``(x.shape[axis],)``. Its gradient takes two sums, which are those of the parameters."""
    axes = tuple(k for k in range(x.ndim) if k != axis)
    gamma, beta = _scale_and_shift("batch_standardized", gamma, beta, x, (axis,))
    parameters = tuple(p for p in (gamma, beta) if p is not None)
    rule = _batch_rule(axes, epsilon, gamma is not None, beta is not None)
    return with_gradient(_affine(standardized(x, axes, epsilon), gamma, beta), (x, *parameters), rule)


@cache
def _batch_rule(axes: tuple[int, ...], epsilon: float, scaled: bool, shifted: bool) -> Callable:
    def batch_gradient(g: Expr, y: Expr, x: Expr, *parameters: Expr) -> tuple:
        factor = _inverse_root(x - mean(x, axes, keepdims=True), axes, epsilon)
        z = standardized(x, axes, epsilon)
        along = g - mean(g, axes, keepdims=True) - z * mean(g * z, axes, keepdims=True)
        dx = along * (factor * parameters[0] if scaled else factor)
        return dx, *([sum(g * z, axes, keepdims=True)] * scaled), *([sum(g, axes, keepdims=True)] * shifted)
    return batch_gradient


@cache
def _rms_rule(axes: tuple[int, ...], epsilon: float) -> Callable:
    def rms_gradient(g: Expr, y: Expr, x: Expr) -> tuple:
        return (g - y * mean(g * y, axes, keepdims=True)) * _inverse_root(x, axes, epsilon),
    return rms_gradient


def _inverse_root(x: Expr, axes: tuple[int, ...], epsilon: float) -> Expr:
    return rsqrt(mean(square(x), axes, keepdims=True) + epsilon)


def _wide(x: Expr) -> Expr:
    return x.astype(compute_dtype(x.dtype))


def _affine(x: Expr, factor: Expr | None, shift: Expr | None) -> Expr:
    y = x if factor is None else x * factor
    return y if shift is None else y + shift


def _scale_and_shift(name: str, scale, shift, x: Expr, axes: tuple[int, ...]) -> tuple:
    return tuple(None if p is None else _along(name, p, x, axes) for p in (scale, shift))


def _along(name: str, parameter, x: Expr, axes: tuple[int, ...]) -> Expr:
    """A parameter of the shape of `axes`, in the rank of `x`; one of that rank already stays as it is."""
    p = as_expr(parameter).astype(compute_dtype(x.dtype))
    if p.ndim == len(axes):
        p = reshape(p, tuple(p.dims[axes.index(k)] if k in axes else 1 for k in range(x.ndim)))
    if p.ndim != x.ndim or any(a not in (1, b) for a, b in zip(p.dims, x.dims, strict=True)
                               if isinstance(a, int) and isinstance(b, int)):
        raise ShapeError(f"{name}: a parameter of shape {show_dims(as_expr(parameter).dims)} does not fit axes {axes} "
                         f"of {x.type}")
    return p


__all__ = ["batch_normalization", "group_normalization", "layer_normalization", "moments", "normalize",
           "rms_normalization"]
