"""Activations as layers."""
from __future__ import annotations

from ...ir.errors import ArgumentError, ShapeError
from ...ir.types import broadcast
from ...ops.elementwise import where
from .. import activations
from .input_spec import InputSpec
from .layer import Layer
from .weighted import WeightedLayer

MASKED = -1e9
"""What a masked place is set to before a softmax."""


class Activation(Layer):
    """``activation(x)``: a name, or a function of expressions."""

    supports_masking = True

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


@activations.REGISTRY.add
class ReLU(Layer):
    """`x` above `threshold`, ``negative_slope * (x - threshold)`` elsewhere; at most `max_value`."""

    supports_masking = True

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _not_negative("max_value", max_value)
        self.negative_slope = _not_negative("negative_slope", negative_slope)
        self.threshold = _not_negative("threshold", threshold)

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self):
        return {**super().get_config(), "max_value": self.max_value, "negative_slope": self.negative_slope,
                "threshold": self.threshold}


@activations.REGISTRY.add
class LeakyReLU(Layer):
    """`x` where it is positive, ``negative_slope * x`` elsewhere (Maas et al., 2013). `alpha` is an older name of the
    slope."""

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **kwargs):
        slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = _not_negative("negative_slope", slope)

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}


@activations.REGISTRY.add
class PReLU(WeightedLayer):
    """`x` where it is positive, ``alpha * x`` elsewhere, where `alpha` is learned: one for each element of a sample, but
    shared along `shared_axes` (He et al., 2015)."""

    supports_masking = True

    def __init__(self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        self._follow(alpha_initializer=alpha_initializer, alpha_regularizer=alpha_regularizer,
                     alpha_constraint=alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes and list(shared_axes)

    def build(self, input_shape):
        shared = [axis % len(input_shape) for axis in self.shared_axes or ()]
        sizes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        if None in sizes.values():
            raise ArgumentError(f"an axis of unknown size must be among shared_axes; the input has the shape {input_shape}")
        self.alpha = self._add("alpha", tuple(sizes.get(axis, 1) for axis in range(1, len(input_shape))))
        self.input_spec = InputSpec(ndim=len(input_shape), axes=sizes)

    def call(self, inputs):
        return activations.relu(inputs) - self.alpha * activations.relu(-inputs)

    def get_config(self):
        return {**super().get_config(), "shared_axes": self.shared_axes}


@activations.REGISTRY.add
class ELU(Layer):
    """`x` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., 2015)."""

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


@activations.REGISTRY.add
class Softmax(Layer):
    """``exp(x) / sum(exp(x))`` over `axis`, one or several; what `mask`, of a shape that broadcasts, leaves out is 0."""

    supports_masking = True

    def __init__(self, axis: int | tuple[int, ...] = -1, **kwargs):
        super().__init__(**kwargs)
        self.axis = tuple(axis) if isinstance(axis, list) else axis

    def call(self, inputs, mask=None):
        if mask is None:
            return activations.softmax(inputs, self.axis)
        if broadcast(mask.dims, inputs.dims) != inputs.dims:
            raise ShapeError(f"a mask of shape {mask.shape} does not broadcast to {inputs.shape}")
        counts = mask if mask.dtype == bool else mask > 0.5
        return where(counts, activations.softmax(where(counts, inputs, MASKED), self.axis), 0)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _not_negative(name: str, value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ArgumentError(f"{name} is a number from 0 on, not {value!r}")
    return value


__all__ = ["Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"]
