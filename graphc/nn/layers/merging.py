"""Several inputs become one."""
from __future__ import annotations

import string
from collections.abc import Sequence
from functools import reduce

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.types import as_axis
from ...ops import elementwise
from ...ops.creation import ones_like
from ...ops.einsum import einsum
from ...ops.elementwise import logical_or, where
from ...ops.normalization import normalize
from ...ops.rearrange import concatenate as joined
from ...ops.reduce import any as any_along
from ...ops.shape import broadcast_to, expand_dims
from .layer import Layer

Masks = Sequence[Expr | None]


class _Merge(Layer):
    """A function of a list of inputs; those of lesser rank gain axes behind that of the batch. A step of the result counts
    where it counts in any input that is masked, if all are."""

    supports_masking = True
    least, most = 1, None

    def build(self, input_shape):
        _check_list(self, input_shape, isinstance(input_shape, list))
        known = {shape[0] for shape in input_shape if shape} - {None}
        if len(known) > 1:
            raise ShapeError(f"inputs with different batch sizes cannot be merged: {input_shape}")

    def call(self, inputs, mask=None):
        _check_list(self, inputs, isinstance(inputs, (list, tuple)))
        rank = max(x.ndim for x in inputs)
        even = all(x.ndim == rank for x in inputs)
        inputs = [expand_dims(x, tuple(range(1, 1 + rank - x.ndim))) if x.ndim < rank else x for x in inputs]
        return self._merged(inputs, [None] * len(inputs) if mask is None or not even else mask)

    def _merged(self, inputs: list[Expr], masks: Masks) -> Expr:
        raise NotImplementedError

    def compute_mask(self, inputs, previous_mask=None):
        return reduce(logical_or, previous_mask) if previous_mask and _complete(previous_mask) else None


def _check_list(layer: _Merge, given, is_list: bool) -> None:
    expected = f"exactly {layer.most}" if layer.most else f"at least {layer.least}"
    if not is_list or len(given) < layer.least or len(given) > (layer.most or len(given)):
        raise ArgumentError(f"{type(layer).__name__} takes a list of {expected} inputs, not {given!r}")


class Add(_Merge):
    """The sum of the inputs."""

    def _merged(self, inputs, masks):
        return reduce(elementwise.add, inputs)


class Subtract(_Merge):
    """The first input less the second."""

    least = most = 2

    def _merged(self, inputs, masks):
        return inputs[0] - inputs[1]


class Average(_Merge):
    """The mean of the inputs, element by element."""

    def _merged(self, inputs, masks):
        return reduce(elementwise.add, inputs) * (1 / len(inputs))


class Multiply(_Merge):
    """The product of the inputs; what is masked in one is left out of it."""

    def _merged(self, inputs, masks):
        wide = [_wide(m, x) for m, x in zip(masks, inputs, strict=True)]
        product = reduce(elementwise.multiply, [x if m is None else where(m, x, 1)
                                                for m, x in zip(wide, inputs, strict=True)])
        return where(reduce(logical_or, wide), product, 0) if _complete(wide) else product


class _Extreme(_Merge):
    """Where an input is masked, the others alone decide."""

    def _merged(self, inputs, masks):
        y, counts = inputs[0], _wide(masks[0], inputs[0])
        for x, mask in zip(inputs[1:], masks[1:], strict=True):
            mask = _wide(mask, x)
            x = x if mask is None else where(mask, x, y)
            y = self._larger(y if counts is None else where(counts, y, x), x)
            counts = None if mask is None or counts is None else logical_or(counts, mask)
        return y


class Maximum(_Extreme):
    """The largest of the inputs, element by element."""

    _larger = staticmethod(elementwise.maximum)


class Minimum(_Extreme):
    """The smallest of the inputs, element by element."""

    _larger = staticmethod(elementwise.minimum)


class Concatenate(_Merge):
    """The inputs one after the other along `axis`."""

    def __init__(self, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs, mask=None):
        _check_list(self, inputs, isinstance(inputs, (list, tuple)))
        return joined(inputs, self.axis)

    def compute_mask(self, inputs, previous_mask=None):
        if not previous_mask or all(m is None for m in previous_mask):
            return None
        parts = [ones_like(x, dtype="bool") if m is None else _wide(m, x)
                 for m, x in zip(previous_mask, inputs, strict=True)]
        return any_along(joined(parts, self.axis), -1)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


class Dot(_Merge):
    """For each sample, sums of products over an axis of the first input and one of the second: ``[batch, *a, *b]``, where
    `a` and `b` are their other axes, or ``[batch, 1]``.

    `axes` is that axis in both, or one for each; the batch axis is 0. With `normalize`, what is multiplied has length 1,
    and the sums are cosines."""

    least = most = 2

    def __init__(self, axes, normalize: bool = False, **kwargs):
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else tuple(axes) if isinstance(axes, (list, tuple)) else ()
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair) or 0 in pair:
            raise ArgumentError(f"Dot: axes is an int, or two of them, and not the batch axis 0; got {axes!r}")
        self.axes, self.normalize, self._pair = axes, normalize, pair

    def call(self, inputs, mask=None):
        _check_list(self, inputs, isinstance(inputs, (list, tuple)))
        axes = [as_axis(axis, x.ndim) for axis, x in zip(self._pair, inputs, strict=True)]
        sizes = [x.dims[axis] for axis, x in zip(axes, inputs, strict=True)]
        if 0 in axes or all(isinstance(n, int) for n in sizes) and sizes[0] != sizes[1]:
            raise ShapeError(f"Dot: axes {axes} of {inputs[0].shape} and {inputs[1].shape} have the sizes {sizes}")
        if self.normalize:
            inputs = [normalize(x, axis) for x, axis in zip(inputs, axes, strict=True)]
        return _batch_dot(*inputs, *axes)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _batch_dot(a: Expr, b: Expr, axis: int, other: int) -> Expr:
    letters = string.ascii_lowercase[2:]
    rows, columns = letters[:a.ndim - 2], letters[a.ndim - 2:a.ndim + b.ndim - 4]
    left, right = (f"a{part[:k - 1]}b{part[k - 1:]}" for part, k in ((rows, axis), (columns, other)))
    y = einsum(f"{left},{right}->a{rows}{columns}", a, b)
    return y if y.ndim > 1 else expand_dims(y, 1)


def _wide(mask: Expr | None, x: Expr) -> Expr | None:
    """A mask in the shape of its input."""
    if mask is None:
        return None
    return broadcast_to(expand_dims(mask, tuple(range(mask.ndim, x.ndim))) if mask.ndim < x.ndim else mask, x.dims)


def _complete(masks: Masks) -> bool:
    return all(m is not None for m in masks)


# ---- as functions ---------------------------------------------------------------------------------------------------
def add(inputs, **kwargs) -> Expr:
    """`Add` of a list of inputs."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs) -> Expr:
    """`Subtract` of two inputs."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs) -> Expr:
    """`Multiply` of a list of inputs."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs) -> Expr:
    """`Average` of a list of inputs."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs) -> Expr:
    """`Maximum` of a list of inputs."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs) -> Expr:
    """`Minimum` of a list of inputs."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis: int = -1, **kwargs) -> Expr:
    """`Concatenate` of a list of inputs."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs) -> Expr:
    """`Dot` of two inputs."""
    return Dot(axes, **kwargs)(inputs)


__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "add", "average",
           "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"]
