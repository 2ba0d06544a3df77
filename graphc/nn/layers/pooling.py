"""Pooling: the largest element, or the mean, of each window or of a whole image."""
from __future__ import annotations

from typing import ClassVar

from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from .arguments import layout, one_of, per_axis
from .input_spec import InputSpec
from .layer import Layer


class Pooling(Layer):
    """One number for each window of each channel: ``[n, *spatial, c] -> [n, *fewer, c]``.

    Windows of `pool_size` begin every `strides` elements, side by side if nothing is said. With `padding` "same", what is
    added at the borders counts for nothing."""

    axes: ClassVar[int]
    function: ClassVar[str]

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name: str | None = None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.pool_size = per_axis("pool_size", pool_size, self.axes)
        self.strides = self.pool_size if strides is None else per_axis("strides", strides, self.axes)
        self.padding, self.data_format = one_of("padding", padding, "valid", "same"), layout(data_format)
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def call(self, inputs):
        return ops[self.function](inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "padding": self.padding, "strides": self.strides,
                "data_format": self.data_format}


class MaxPooling(Pooling):
    """`Pooling` to the largest element, of two along each axis if nothing is said."""

    function = "max_pool"

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name: str | None = None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling1D(MaxPooling):
    """The largest element of each window, over time: ``[n, steps, c]``. As `Pooling`."""

    axes = 1


class MaxPooling2D(MaxPooling):
    """The largest element of each window, over images: ``[n, height, width, c]``. As `Pooling`."""

    axes = 2


class MaxPooling3D(MaxPooling):
    """The largest element of each window, over volumes: ``[n, depth, height, width, c]``. As `Pooling`."""

    axes = 3


class AveragePooling1D(Pooling):
    """The mean of each window, over time: ``[n, steps, c]``. As `Pooling`."""

    axes, function = 1, "average_pool"


class AveragePooling2D(Pooling):
    """The mean of each window, over images: ``[n, height, width, c]``. As `Pooling`."""

    axes, function = 2, "average_pool"


class AveragePooling3D(Pooling):
    """The mean of each window, over volumes: ``[n, depth, height, width, c]``. As `Pooling`."""

    axes, function = 3, "average_pool"


class GlobalPooling(Layer):
    """One number for each channel: ``[n, *spatial, c] -> [n, c]``, or with `keepdims` ``[n, 1, ..., c]``."""

    axes: ClassVar[int]
    function: ClassVar[str]

    def __init__(self, data_format=None, keepdims: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.data_format, self.keepdims = layout(data_format), keepdims
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def call(self, inputs):
        return ops[self.function](inputs, self.data_format, keepdims=self.keepdims)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling):
    """The largest element of each channel, over time: ``[n, steps, c]``. As `GlobalPooling`."""

    axes, function = 1, "global_max_pool"


class GlobalMaxPooling2D(GlobalPooling):
    """The largest element of each channel, over images: ``[n, height, width, c]``. As `GlobalPooling`."""

    axes, function = 2, "global_max_pool"


class GlobalMaxPooling3D(GlobalPooling):
    """The largest element of each channel, over volumes: ``[n, depth, height, width, c]``. As `GlobalPooling`."""

    axes, function = 3, "global_max_pool"


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel, over time: ``[n, steps, c]``; with a mask ``[n, steps]``, over the steps that it leaves. As
    `GlobalPooling`."""

    axes, function = 1, "global_average_pool"

    def __init__(self, data_format=None, keepdims: bool = False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        steps, features = (1, 2) if self.data_format == "channels_last" else (2, 1)
        kept = ops["expand_dims"](as_expr(mask).astype("bool"), features)
        total = ops["sum"](ops["where"](kept, inputs, 0), steps, keepdims=self.keepdims)
        return total / ops["sum"](kept.astype(inputs.dtype), steps, keepdims=self.keepdims)

    def compute_mask(self, inputs, previous_mask=None):
        return None


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel, over images: ``[n, height, width, c]``. As `GlobalPooling`."""

    axes, function = 2, "global_average_pool"


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel, over volumes: ``[n, depth, height, width, c]``. As `GlobalPooling`."""

    axes, function = 3, "global_average_pool"


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D

__all__ = ["AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D",
           "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D",
           "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
           "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPool1D", "MaxPool2D", "MaxPool3D",
           "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"]
