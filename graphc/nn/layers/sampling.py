"""Larger images: every element several times, or what lies between."""
from __future__ import annotations

from ...ir.errors import ShapeError
from ...ops.extend import repeat
from ...ops.resize import resize
from .arguments import layout, one_of, per_axis, positive
from .input_spec import InputSpec
from .layer import Layer

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling1D(Layer):
    """Each step `size` times: ``[batch, steps, features] -> [batch, steps * size, features]``."""

    input_spec = InputSpec(ndim=3)

    def __init__(self, size: int = 2, **kwargs):
        super().__init__(**kwargs)
        self.size = positive("size", size)

    def call(self, inputs):
        return repeat(inputs, self.size, 1)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


class UpSampling2D(Layer):
    """Images ``size`` times as high and as wide: ``[batch, height, width, channels]``.

    `interpolation`: "nearest" repeats rows and columns; "bilinear", "bicubic", "lanczos3" and "lanczos5" need images of a
    known height and width."""

    input_spec = InputSpec(ndim=4)

    def __init__(self, size=(2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs):
        super().__init__(**kwargs)
        self.size, self.data_format = per_axis("size", size, 2), layout(data_format)
        self.interpolation = one_of("interpolation", interpolation, *INTERPOLATIONS)

    def call(self, inputs):
        first = 2 if self.data_format == "channels_first" else 1
        if self.interpolation == "nearest":
            return repeat(repeat(inputs, self.size[0], first), self.size[1], first + 1)
        sizes = inputs.shape[first:first + 2]
        if None in sizes:
            raise ShapeError(f"{self.interpolation} interpolation needs images of a known size, not of shape {inputs.shape}")
        return resize(inputs, tuple(n * k for n, k in zip(sizes, self.size, strict=True)), self.interpolation,
                      data_format=self.data_format)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "data_format": self.data_format,
                "interpolation": self.interpolation}


class UpSampling3D(Layer):
    """Each element several times along each axis of space: ``[batch, depth, height, width, channels]``."""

    input_spec = InputSpec(ndim=5)

    def __init__(self, size=(2, 2, 2), data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.size, self.data_format = per_axis("size", size, 3), layout(data_format)

    def call(self, inputs):
        first = 2 if self.data_format == "channels_first" else 1
        for k, times in enumerate(self.size):
            inputs = repeat(inputs, times, first + k)
        return inputs

    def get_config(self):
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


__all__ = ["UpSampling1D", "UpSampling2D", "UpSampling3D"]
