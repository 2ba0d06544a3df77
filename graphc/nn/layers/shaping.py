"""The same numbers in another shape."""
from __future__ import annotations

import math

from ...ir.errors import ArgumentError, ShapeError
from ...ir.integer import product
from ...ops.shape import broadcast_to, expand_dims, permute_dims, reshape
from .arguments import layout, positive
from .input_spec import InputSpec
from .layer import Layer


class Flatten(Layer):
    """Each sample as one axis: ``[batch, ...] -> [batch, numbers]``. With `data_format` "channels_first" channels come
    last, as if they had been last."""

    input_spec = InputSpec(min_ndim=1)

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = layout(data_format)

    def call(self, inputs):
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = permute_dims(inputs, (0, *range(2, inputs.ndim), 1))
        return reshape(inputs, (inputs.dims[0], product(inputs.dims[1:])))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """``[batch, ...] -> [batch, *target_shape]``; one size may be -1: what is left over."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if any(isinstance(n, bool) or not isinstance(n, int) or n < -1 for n in shape) or shape.count(-1) > 1:
            raise ArgumentError(f"target_shape consists of sizes, one of them -1 perhaps, not {target_shape!r}")
        self.target_shape = shape

    def call(self, inputs):
        size = product(inputs.dims[1:])
        known = math.prod(n for n in self.target_shape if n != -1)
        if isinstance(size, int) and (size % known if -1 in self.target_shape and known else size != known):
            raise ShapeError(f"{size} numbers of each sample do not fit target_shape {self.target_shape}")
        left = size // known if known else 0
        return reshape(inputs, (inputs.dims[0], *(left if n == -1 else n for n in self.target_shape)))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """The axes of each sample in another order: axis ``dims[k]`` of the input becomes axis ``k + 1``."""

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(f"dims holds the numbers 1 to n in some order, not {dims!r}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return permute_dims(inputs, (0, *self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Each sample `n` times: ``[batch, features] -> [batch, n, features]``."""

    input_spec = InputSpec(ndim=2)

    def __init__(self, n: int, **kwargs):
        super().__init__(**kwargs)
        self.n = positive("n", n)

    def call(self, inputs):
        batch, features = inputs.dims
        return broadcast_to(expand_dims(inputs, 1), (batch, self.n, features))

    def get_config(self):
        return {**super().get_config(), "n": self.n}


__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape"]
