"""Convolutions that see one channel at a time."""
from __future__ import annotations

from ...ops import PUBLIC_NAMES as ops
from .arguments import positive
from .convolution import SpatialLayer


class DepthwiseLayer(SpatialLayer):
    """Each channel convolved by itself, with `depth_multiplier` filters of its own: ``[n, *spatial, c] -> [n, *new spatial,
    c * depth_multiplier]``. The kernel is ``[*kernel_size, c, depth_multiplier]``."""

    def __init__(self, kernel_size, strides=1, padding="valid", depth_multiplier: int = 1, data_format=None,
                 dilation_rate=1, activation=None, use_bias: bool = True, depthwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         activity_regularizer, kwargs)
        self.depth_multiplier = positive("depth_multiplier", depth_multiplier)
        self._follow(depthwise_initializer=depthwise_initializer, bias_initializer=bias_initializer,
                     depthwise_regularizer=depthwise_regularizer, bias_regularizer=bias_regularizer,
                     depthwise_constraint=depthwise_constraint, bias_constraint=bias_constraint)

    def build(self, input_shape):
        inputs = self._channels(input_shape)
        self.kernel = self._add("depthwise", (*self.kernel_size, inputs, self.depth_multiplier), "kernel")
        self._add_bias(inputs * self.depth_multiplier)

    def call(self, inputs):
        return self._finished(ops["depthwise_conv"](inputs, self.kernel, **self._geometry))

    def get_config(self):
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}


class DepthwiseConv1D(DepthwiseLayer):
    """Each channel convolved over time: ``[n, steps, c]``. As `DepthwiseLayer`."""

    axes = 1


class DepthwiseConv2D(DepthwiseLayer):
    """Each channel convolved over an image: ``[n, height, width, c]``. As `DepthwiseLayer`."""

    axes = 2


class SeparableLayer(SpatialLayer):
    """A depthwise convolution, then one of size 1 that mixes the channels: ``[n, *spatial, c] -> [n, *new spatial,
    filters]``, with fewer weights than a convolution (Chollet, "Xception", 2016)."""

    def __init__(self, filters: int, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 depth_multiplier: int = 1, activation=None, use_bias: bool = True,
                 depthwise_initializer="glorot_uniform", pointwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, pointwise_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None, pointwise_constraint=None,
                 bias_constraint=None, **kwargs):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         activity_regularizer, kwargs)
        self.filters = positive("filters", filters)
        self.depth_multiplier = positive("depth_multiplier", depth_multiplier)
        self._follow(depthwise_initializer=depthwise_initializer, pointwise_initializer=pointwise_initializer,
                     bias_initializer=bias_initializer, depthwise_regularizer=depthwise_regularizer,
                     pointwise_regularizer=pointwise_regularizer, bias_regularizer=bias_regularizer,
                     depthwise_constraint=depthwise_constraint, pointwise_constraint=pointwise_constraint,
                     bias_constraint=bias_constraint)

    def build(self, input_shape):
        inputs, each = self._channels(input_shape), self.depth_multiplier
        self.depthwise_kernel = self._add("depthwise", (*self.kernel_size, inputs, each), "depthwise_kernel")
        self.pointwise_kernel = self._add("pointwise", (*(1,) * self.axes, inputs * each, self.filters),
                                          "pointwise_kernel")
        self._add_bias(self.filters)

    def call(self, inputs):
        return self._finished(ops["separable_conv"](inputs, self.depthwise_kernel, self.pointwise_kernel,
                                                    **self._geometry))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "depth_multiplier": self.depth_multiplier}


class SeparableConv1D(SeparableLayer):
    """Separable convolution over time: ``[n, steps, c]``. As `SeparableLayer`."""

    axes = 1


class SeparableConv2D(SeparableLayer):
    """Separable convolution over images: ``[n, height, width, c]``. As `SeparableLayer`."""

    axes = 2


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D",
           "SeparableConvolution2D"]
