"""Normalizations that see one sample at a time."""
from __future__ import annotations

import warnings

from ...ir.errors import ArgumentError
from ...ir.types import as_axes
from ...ops import PUBLIC_NAMES as ops
from .arguments import positive
from .input_spec import InputSpec
from .layer import Layer
from .weighted import WeightedLayer


class AffineLayer(WeightedLayer):
    """What normalizations with a scale gamma and a shift beta share."""

    def __init__(self, epsilon: float, center: bool, scale: bool, rules: dict, kwargs: dict):
        super().__init__(**kwargs)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self._follow(**rules)
        self.supports_masking = True

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "center": self.center, "scale": self.scale}


class LayerNormalization(AffineLayer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, mean and variance over `axis`, one or several, of each
    sample (Ba, Kiros and Hinton, 2016).

    `rms_scaling`, deprecated, divides by the deviation and neither centers nor shifts; `RMSNormalization` is what it was
    meant to be."""

    def __init__(self, axis=-1, epsilon: float = 1e-3, center: bool = True, scale: bool = True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):
        self.rms_scaling = kwargs.pop("rms_scaling", False)
        if self.rms_scaling:
            warnings.warn("rms_scaling=True divides by the deviation, not by the root mean square: use RMSNormalization",
                          stacklevel=2)
        super().__init__(epsilon, center, scale, {
            "beta_initializer": beta_initializer, "gamma_initializer": gamma_initializer,
            "beta_regularizer": beta_regularizer, "gamma_regularizer": gamma_regularizer,
            "beta_constraint": beta_constraint, "gamma_constraint": gamma_constraint}, kwargs)
        self.axis = _axis(axis)

    def build(self, input_shape):
        shape = _sizes(input_shape, self.axis)
        self.gamma = self._add("gamma", shape) if self.scale or self.rms_scaling else None
        self.beta = self._add("beta", shape) if self.center and not self.rms_scaling else None

    def call(self, inputs):
        if not self.rms_scaling:
            return ops["layer_normalization"](inputs, self.gamma, self.beta, self.axis, self.epsilon)
        variance = ops["var"](inputs, self.axis, keepdims=True)
        axes = as_axes(self.axis, inputs.ndim)
        gamma = ops["reshape"](self.gamma, tuple(d if k in axes else 1 for k, d in enumerate(inputs.dims)))
        return inputs * ops["rsqrt"](variance + self.epsilon) * gamma

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "rms_scaling": self.rms_scaling}


class GroupNormalization(AffineLayer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, mean and variance over each of `groups` equal parts of a
    sample's channels, which are on `axis` (Wu and He, 2018). -1 groups: a group for each channel."""

    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer="zeros", gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None,
                 beta_constraint=None, gamma_constraint=None, **kwargs):
        super().__init__(epsilon, center, scale, {
            "beta_initializer": beta_initializer, "gamma_initializer": gamma_initializer,
            "beta_regularizer": beta_regularizer, "gamma_regularizer": gamma_regularizer,
            "beta_constraint": beta_constraint, "gamma_constraint": gamma_constraint}, kwargs)
        self.groups, self.axis = groups if groups == -1 else positive("groups", groups), axis

    def build(self, input_shape):
        shape = _sizes(input_shape, self.axis)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})
        self._groups = shape[0] if self.groups == -1 else self.groups
        if shape[0] % self._groups:
            raise ArgumentError(f"{self.groups} groups do not divide the {shape[0]} channels of {tuple(input_shape)}")
        self.gamma = self._add("gamma", shape) if self.scale else None
        self.beta = self._add("beta", shape) if self.center else None

    def call(self, inputs):
        return ops["group_normalization"](inputs, self._groups, self.gamma, self.beta, self.axis, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


class RMSNormalization(Layer):
    """``scale * x / sqrt(mean(x^2) + epsilon)``, the mean over `axis`, one or several (Zhang and Sennrich, 2019)."""

    def __init__(self, axis=-1, epsilon: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = _axis(axis), epsilon

    def build(self, input_shape):
        self.scale = self.add_weight(_sizes(input_shape, self.axis), "ones", name="scale")

    def call(self, inputs):
        return ops["rms_normalization"](inputs, self.scale, self.axis, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(Layer):
    """``x / |x|``, the length taken over `axis`, one or several; what is all 0 stays so."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = _axis(axis)
        self.supports_masking = True

    def call(self, inputs):
        return ops["normalize"](inputs, self.axis, epsilon=1e-12)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _axis(axis) -> int | list[int]:
    """An axis, or several."""
    if isinstance(axis, (list, tuple)):
        return [_axis(a) for a in axis]
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ArgumentError(f"axis is an int or a list of them, not {axis!r}")
    return axis


def _sizes(input_shape, axis) -> tuple[int, ...]:
    """The sizes of these axes, in the order in which they lie."""
    sizes = tuple(input_shape[k] for k in as_axes(axis, len(input_shape)))
    if None in sizes:
        raise ArgumentError(f"axis {axis} of {tuple(input_shape)} must be known to make the weights")
    return sizes


__all__ = ["GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"]
