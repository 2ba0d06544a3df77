"""Convolutions over one, two or three axes."""
from __future__ import annotations

from typing import ClassVar

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from .. import activations, regularizers
from .arguments import channels, layout, one_of, per_axis, positive
from .input_spec import InputSpec
from .weighted import WeightedLayer


class SpatialLayer(WeightedLayer):
    """What convolutions of all kinds share: a kernel that slides over `axes` axes, then a bias and an activation."""

    axes: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    def __init__(self, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: bool,
                 activity_regularizer, kwargs: dict):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = per_axis("kernel_size", kernel_size, self.axes)
        self.strides = per_axis("strides", strides, self.axes)
        self.padding = one_of("padding", padding, *self.paddings)
        self.data_format = layout(data_format)
        self.dilation_rate = per_axis("dilation_rate", dilation_rate, self.axes)
        self.activation, self.use_bias = activations.get(activation), use_bias

    def _channels(self, input_shape) -> int:
        """The number of channels of an input of this shape; from now on, inputs must have as many."""
        number = channels(input_shape, self.data_format, type(self).__name__, self.axes)
        place = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(ndim=self.axes + 2, axes={place: number})
        return number

    def _add_bias(self, filters: int) -> None:
        self.bias = self._add("bias", (filters,)) if self.use_bias else None

    def _finished(self, y: Expr) -> Expr:
        """With bias and activation."""
        if self.bias is not None:
            last = self.data_format == "channels_last"
            y = y + (self.bias if last else ops["reshape"](self.bias, (-1, *(1,) * self.axes)))
        return self.activation(y)

    @property
    def _geometry(self) -> dict:
        return {"strides": self.strides, "padding": self.padding, "data_format": self.data_format,
                "dilation_rate": self.dilation_rate}

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size, **self._geometry,
                "activation": activations.serialize(self.activation), "use_bias": self.use_bias,
                "activity_regularizer": regularizers.serialize(self.activity_regularizer)}


def undilated_strides(strides: tuple[int, ...], dilation_rate: tuple[int, ...]) -> None:
    """Refuse what no layer of Keras does: strides together with dilation."""
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ArgumentError(f"strides above 1 do not go with a dilation_rate above 1: strides={strides}, "
                            f"dilation_rate={dilation_rate}")


class Convolution(SpatialLayer):
    """``activation(kernel * x + bias)``, * the convolution: ``[n, *spatial, c] -> [n, *new spatial, filters]``.

    The kernel is ``[*kernel_size, c / groups, filters]``; each group of filters sees its share of the channels. With
    `padding` "same", there are ``ceil(size / stride)`` outputs along an axis."""

    def __init__(self, filters: int, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 groups: int = 1, activation=None, use_bias: bool = True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         activity_regularizer, kwargs)
        self.filters, self.groups = positive("filters", filters), positive("groups", groups)
        if filters % groups:
            raise ArgumentError(f"{groups} groups do not divide {filters} filters")
        undilated_strides(self.strides, self.dilation_rate)
        self._follow(kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                     kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                     kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)

    def build(self, input_shape):
        inputs = self._channels(input_shape)
        if inputs % self.groups:
            raise ArgumentError(f"{self.groups} groups do not divide the {inputs} channels of {tuple(input_shape)}")
        self.kernel = self._add("kernel", (*self.kernel_size, inputs // self.groups, self.filters))
        self._add_bias(self.filters)

    def call(self, inputs):
        return self._finished(ops["conv"](inputs, self.kernel, groups=self.groups, **self._geometry))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}


class Conv1D(Convolution):
    """Convolution over time: ``[n, steps, c] -> [n, new steps, filters]``. With `padding` "causal", an output sees nothing
    that comes after it. Otherwise as `Convolution`."""

    axes, paddings = 1, ("valid", "same", "causal")


class Conv2D(Convolution):
    """Convolution over images: ``[n, height, width, c] -> [n, new height, new width, filters]``. As `Convolution`."""

    axes = 2


class Conv3D(Convolution):
    """Convolution over volumes: ``[n, depth, height, width, c] -> [n, ..., filters]``. As `Convolution`."""

    axes = 3


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D

__all__ = ["Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D", "SpatialLayer",
           "undilated_strides"]
