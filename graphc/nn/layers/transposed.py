"""Transposed convolutions, which make images larger."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as ops
from .arguments import per_axis, positive
from .convolution import SpatialLayer, undilated_strides


class TransposedConvolution(SpatialLayer):
    """What a convolution's gradient does to its output, as a layer: ``[n, *spatial, c] -> [n, *larger, filters]``, with a
    kernel ``[*kernel_size, filters, c]``.

    Along an axis, "valid" makes ``(size - 1) * stride + max(kernel, stride)`` outputs, "same" ``size * stride``, unless
    `output_padding` says what is added to the least number."""

    def __init__(self, filters: int, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None,
                 dilation_rate=1, activation=None, use_bias: bool = True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         activity_regularizer, kwargs)
        self.filters = positive("filters", filters)
        self.output_padding = None if output_padding is None else per_axis("output_padding", output_padding, self.axes, 0)
        if any(added >= stride for added, stride in zip(self.output_padding or (), self.strides, strict=False)):
            raise ArgumentError(f"output_padding must be less than the strides {self.strides}, not {output_padding!r}")
        undilated_strides(self.strides, self.dilation_rate)
        self._follow(kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                     kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                     kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)

    def build(self, input_shape):
        self.kernel = self._add("kernel", (*self.kernel_size, self.filters, self._channels(input_shape)))
        self._add_bias(self.filters)

    def call(self, inputs):
        y = ops["conv_transpose"](inputs, self.kernel, output_padding=self.output_padding, **self._geometry)
        return self._finished(y)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "output_padding": self.output_padding}


class Conv1DTranspose(TransposedConvolution):
    """Transposed convolution over time: ``[n, steps, c]``. As `TransposedConvolution`."""

    axes = 1


class Conv2DTranspose(TransposedConvolution):
    """Transposed convolution over images: ``[n, height, width, c]``. As `TransposedConvolution`."""

    axes = 2


class Conv3DTranspose(TransposedConvolution):
    """Transposed convolution over volumes: ``[n, depth, height, width, c]``. As `TransposedConvolution`; Keras swaps two of
    its arguments."""

    axes = 3

    def __init__(self, filters: int, kernel_size, strides=1, padding="valid", data_format=None, output_padding=None, *others,
                 **kwargs):
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, *others, **kwargs)


Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = Conv1DTranspose, Conv2DTranspose, Conv3DTranspose

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Convolution1DTranspose", "Convolution2DTranspose",
           "Convolution3DTranspose"]
