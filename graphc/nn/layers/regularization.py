"""Noise, and costs, that keep a network from learning its training data by heart.

In training, an element of noise is drawn for every element of every batch. Each step draws anew, from what `set_random_seed`
started; with an int as `seed`, the same steps of a program draw the same, whatever else it draws."""
from __future__ import annotations

import math

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.types import is_float
from ...ops import random
from ...ops.elementwise import where
from .. import regularizers
from ..random import sequence
from .arguments import layout
from .input_spec import InputSpec
from .layer import Layer

ALPHA = 1.6732632423543772 * 1.0507009873554805
"""What a selu tends to far below 0, but for its sign."""


class _Noise(Layer):
    """A layer that does something in training, if `amount` is not 0."""

    supports_masking = True
    argument, greatest = "rate", 1.0

    def __init__(self, amount: float, seed=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 <= amount <= 1:
            raise ArgumentError(f"{self.argument} is a number from 0 to 1, not {amount!r}")
        setattr(self, self.argument, amount)
        self.amount, self.seed = amount, seed

    def call(self, inputs, training=False):
        if not training or not self.amount:
            return inputs
        return self._noisy(inputs if is_float(inputs.dtype) else inputs.astype(self.compute_dtype))

    def _noisy(self, x: Expr) -> Expr:
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), self.argument: self.amount, "seed": self.seed}


class Dropout(_Noise):
    """In training, each element is 0 with probability `rate`, the others grow by ``1 / (1 - rate)``; else the input
    itself (Srivastava et al., 2014). Along axes of size 1 in `noise_shape`, all is kept or dropped together."""

    def __init__(self, rate: float, noise_shape=None, seed: int | None = None, **kwargs):
        super().__init__(rate, seed, **kwargs)
        self.noise_shape = None if noise_shape is None else _noise_shape(noise_shape)

    def _noisy(self, x):
        return random.dropout(x, self.rate, self._kept_together(x), sequence(self.seed))

    def _kept_together(self, x: Expr) -> tuple | None:
        return self.noise_shape

    def get_config(self):
        return {**super().get_config(), "noise_shape": self.noise_shape}


def _noise_shape(value) -> tuple:
    sizes = tuple(value) if isinstance(value, (list, tuple)) else ("",)
    if any(n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1) for n in sizes):
        raise ArgumentError(f"noise_shape consists of sizes and None, not {value!r}")
    return sizes


class _SpatialDropout(Dropout):
    """Drops whole channels."""

    rank = 1

    def _spread(self, rate: float, data_format: str | None, seed: int | None, name: str | None, dtype) -> None:
        Dropout.__init__(self, rate, seed=seed, name=name, dtype=dtype)
        self.data_format = layout(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _kept_together(self, x):
        space = (1,) * self.rank
        return (None, *space, None) if self.data_format == "channels_last" else (None, None, *space)

    def get_config(self):
        config = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype_policy.name}
        return config | ({} if self.rank == 1 else {"data_format": self.data_format})


class SpatialDropout1D(_SpatialDropout):
    """`Dropout` of whole features: ``[batch, steps, features]`` (Tompson et al., 2015)."""

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype=None):
        self._spread(rate, None, seed, name, dtype)


class SpatialDropout2D(_SpatialDropout):
    """`Dropout` of whole channels: ``[batch, height, width, channels]`` (Tompson et al., 2015)."""

    rank = 2

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None,
                 dtype=None):
        self._spread(rate, data_format, seed, name, dtype)


class SpatialDropout3D(_SpatialDropout):
    """`Dropout` of whole channels: ``[batch, depth, height, width, channels]`` (Tompson et al., 2015)."""

    rank = 3

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None,
                 dtype=None):
        self._spread(rate, data_format, seed, name, dtype)


def _check_below_1(layer: _Noise) -> None:
    if layer.amount == 1:
        raise ArgumentError(f"the rate of {type(layer).__name__} must be below 1: nothing would be left")


class GaussianNoise(_Noise):
    """In training, ``x + stddev * z`` with normal z."""

    argument = "stddev"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs):
        super().__init__(stddev, seed, **kwargs)

    def _noisy(self, x):
        return x + random.normal(x.dims, 0, self.stddev, x.dtype, sequence(self.seed))


class GaussianDropout(_Noise):
    """In training, ``x * (1 + sqrt(rate / (1 - rate)) * z)`` with normal z (Srivastava et al., 2014)."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(rate, seed, **kwargs)
        _check_below_1(self)

    def _noisy(self, x):
        return x * random.normal(x.dims, 1, math.sqrt(self.rate / (1 - self.rate)), x.dtype, sequence(self.seed))


class AlphaDropout(Dropout):
    """In training, a dropped element is what a selu tends to far below 0, and the result is scaled and shifted so that mean
    0 and variance 1 stay so (Klambauer et al., 2017)."""

    def __init__(self, rate: float, noise_shape=None, seed: int | None = None, **kwargs):
        super().__init__(rate, noise_shape, seed, **kwargs)
        _check_below_1(self)

    def _noisy(self, x):
        rate = self.rate
        shape = x.dims if self.noise_shape is None else tuple(
            size if n is None else n for n, size in zip(self.noise_shape, x.dims, strict=True))
        kept = random.bernoulli(shape, 1 - rate, seed=sequence(self.seed))
        scale = ((1 - rate) * (1 + rate * ALPHA**2)) ** -0.5
        return scale * where(kept, x, -ALPHA) + scale * ALPHA * rate


class ActivityRegularization(Layer):
    """The input itself, at the cost ``l1 * sum(abs(x)) + l2 * sum(x ** 2)`` a sample."""

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs):
        return inputs

    def get_config(self):
        config = super().get_config()
        del config["activity_regularizer"]
        return config | {"l1": self.l1, "l2": self.l2}


__all__ = ["ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D",
           "SpatialDropout2D", "SpatialDropout3D"]
