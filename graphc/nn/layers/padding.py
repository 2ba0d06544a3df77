"""Margins around what lies in space: added, or cut off."""
from __future__ import annotations

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ops.extend import pad
from ...ops.rearrange import slice_axis
from .arguments import layout
from .input_spec import InputSpec
from .layer import Layer

Margins = tuple[tuple[int, int], ...]


class _Margins(Layer):
    """A layer with an argument of margins, two for each of `rank` axes of space."""

    rank, argument, has_format = 1, "", True

    def _margins(self, value, data_format: str | None, kwargs: dict) -> None:
        Layer.__init__(self, **kwargs)
        self.margins = _pairs(self.argument, value, self.rank)
        self.data_format = layout(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _on_axes(self) -> list[tuple[int, int, int]]:
        """The axes of space, with what is before and after."""
        first = 2 if self.data_format == "channels_first" else 1
        return [(first + k, *pair) for k, pair in enumerate(self.margins)]

    def get_config(self):
        margins = self.margins[0] if self.rank == 1 else self.margins
        formats = {"data_format": self.data_format} if self.has_format else {}
        return {**super().get_config(), self.argument: margins, **formats}


class _ZeroPadding(_Margins):
    argument = "padding"

    @property
    def padding(self):
        """The margins, a pair for each axis."""
        return self.margins[0] if self.rank == 1 else self.margins

    def call(self, inputs):
        widths = [(0, 0)] * inputs.ndim
        for axis, before, after in self._on_axes():
            widths[axis] = (before, after)
        return pad(inputs, widths)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after: ``[batch, steps, features] -> [batch, before + steps + after, features]``.

    `padding` is a number of them, or a pair."""

    def __init__(self, padding=1, data_format: str | None = None, **kwargs):
        self._margins(padding, data_format, kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images: ``[batch, height, width, channels]``. `padding` is a number of them, or one for each axis, or a
    pair (before, after) for each."""

    rank = 2

    def __init__(self, padding=(1, 1), data_format: str | None = None, **kwargs):
        self._margins(padding, data_format, kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes: ``[batch, depth, height, width, channels]``; `padding` as for `ZeroPadding2D`."""

    rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs):
        self._margins(padding, data_format, kwargs)


class _Cropping(_Margins):
    argument = "cropping"

    @property
    def cropping(self):
        """The margins, a pair for each axis."""
        return self.margins[0] if self.rank == 1 else self.margins

    def call(self, inputs):
        for axis, before, after in self._on_axes():
            inputs = _cut(inputs, axis, before, after)
        return inputs


class Cropping1D(_Cropping):
    """Steps cut off before and after: ``[batch, steps, features]``; `cropping` is a number of them, or a pair."""

    has_format = False

    def __init__(self, cropping=(1, 1), **kwargs):
        self._margins(cropping, None, kwargs)


class Cropping2D(_Cropping):
    """The margins of images cut off: ``[batch, height, width, channels]``. `cropping` is a number, or one for each axis, or
    a pair (before, after) for each."""

    rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format: str | None = None, **kwargs):
        self._margins(cropping, data_format, kwargs)


class Cropping3D(_Cropping):
    """The margins of volumes cut off: ``[batch, depth, height, width, channels]``; `cropping` as for `Cropping2D`."""

    rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs):
        self._margins(cropping, data_format, kwargs)


def _cut(x: Expr, axis: int, before: int, after: int) -> Expr:
    size = x.dims[axis]
    if isinstance(size, int) and before + after >= size:
        raise ShapeError(f"cropping of {before} and {after} leaves nothing of the size {size} on axis {axis}")
    return slice_axis(x, axis, before, size - before - after) if before or after else x


def _pairs(name: str, value, rank: int) -> Margins:
    """A number, one for each axis, or a pair for each: as pairs. For one axis a pair is before and after."""
    entries = (value,) * rank if isinstance(value, int) else value
    entries = (entries,) if rank == 1 and _is_pair(entries) else entries
    if isinstance(entries, (list, tuple)) and len(entries) == rank:
        pairs = tuple((e, e) if isinstance(e, int) else tuple(e) if _is_pair(e) else () for e in entries)
        if all(len(pair) == 2 and min(pair) >= 0 for pair in pairs):
            return pairs
    raise ArgumentError(f"{name} is an int from 0 on, or {rank} of them or of pairs, not {value!r}")


def _is_pair(value) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(n, int) for n in value)


__all__ = ["Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"]
