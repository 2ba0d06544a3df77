"""Data as networks like it: scaled, standardized, encoded. These layers are part of the graph as all others are."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...interpreter import interpret
from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import constant
from ...ops.elementwise import maximum, sqrt
from ...ops.index import one_hot
from ...ops.reduce import max, sum
from ...ops.shape import expand_dims, reshape, squeeze
from .. import config
from ..data import batches_of, unpacked
from ..seeds import generator
from ..trace import Trace
from .arguments import one_of, positive
from .layer import Layer


class Rescaling(Layer):
    """``x * scale + offset``: numbers, or an array with one for each channel."""

    supports_masking = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs):
        scale, offset = (constant(np.asarray(v), self.compute_dtype) for v in (self.scale, self.offset))
        return inputs.astype(self.compute_dtype) * scale + offset

    def get_config(self):
        return {**super().get_config(), "scale": _plain(self.scale), "offset": _plain(self.offset)}


class Normalization(Layer):
    """``(x - mean) / sqrt(variance)``, with one mean and variance for each place on `axis` (None: one for all), found by
    `adapt` or given. With `invert`, ``x * sqrt(variance) + mean``."""

    supports_masking = True

    def __init__(self, axis=-1, mean=None, variance=None, invert: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ArgumentError("Normalization takes a mean and a variance of the same shape, or neither")
        self.input_mean, self.input_variance, self.invert = mean, variance, invert

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ArgumentError(f"axis {self.axis} is out of range for an input of the shape {input_shape}")
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        sizes = tuple(input_shape[axis] for axis in self._kept)
        if None in sizes:
            raise ArgumentError(f"axes {self._kept} must have known sizes; the input has the shape {input_shape}")
        self._spread = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int64", trainable=False, name="count")
        else:
            self.adapt_mean, self.adapt_variance = (
                constant(np.broadcast_to(np.asarray(v, self.dtype), sizes)) for v in (self.input_mean, self.input_variance))

    @property
    def mean(self):
        """The mean, in the inputs' rank; outside of calls its present value."""
        return _present(reshape(self.adapt_mean, self._spread))

    @property
    def variance(self):
        """The variance, in the inputs' rank; outside of calls its present value."""
        return _present(reshape(self.adapt_variance, self._spread))

    def adapt(self, data) -> None:
        """Find mean and variance of an array, or of batches such as `fit` takes, of which the inputs count."""
        if self.input_mean is not None:
            raise ArgumentError(f"{self.name} was given its mean and variance: there is nothing to adapt")
        count, mean, square = 0, 0.0, 0.0
        for batch in _batches(data):
            if not self.built:
                self.build((None, *batch.shape[1:]) if 0 not in {a % batch.ndim for a in self.axis} else batch.shape)
            others = tuple(k for k in range(batch.ndim) if k not in self._kept)
            number = int(np.prod([batch.shape[k] for k in others]))
            shift = batch.mean(others) - mean
            square = square + batch.var(others) * number + shift ** 2 * count * number / (count + number)
            mean, count = mean + shift * number / (count + number), count + number
        if not count:
            raise ArgumentError(f"{self.name}: there is no data to adapt to")
        for variable, value in ((self.adapt_mean, mean), (self.adapt_variance, square / count), (self.count, count)):
            variable.assign(np.asarray(value, variable.dtype))

    def call(self, inputs):
        deviation = maximum(sqrt(self.variance), config.epsilon())
        x = inputs.astype(self.compute_dtype)
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "invert": self.invert, "mean": _plain(self.input_mean),
                "variance": _plain(self.input_variance)}


class CategoryEncoding(Layer):
    """Class numbers below `num_tokens` as numbers of that size: "one_hot", for each, ``[..., 1]`` or ``[...]`` becomes
    ``[..., num_tokens]``; "multi_hot", 1 for each class that is among the last axis, or "count", how often it is, times
    `count_weights`: ``[batch, numbers] -> [batch, num_tokens]``."""

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs):
        super().__init__(**kwargs)
        if sparse:
            raise ArgumentError("CategoryEncoding: graphc has no sparse tensors")
        self.num_tokens = positive("num_tokens", num_tokens)
        mode = one_of("output_mode", output_mode, "multi_hot", "one_hot", "count", "binary")
        self.output_mode = "multi_hot" if mode == "binary" else mode

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(f"count_weights mean nothing where output_mode is {self.output_mode!r}")
        x = (expand_dims(inputs, 0) if inputs.ndim == 0 else inputs).astype("int64")
        if self.output_mode == "one_hot":
            return one_hot(squeeze(x, -1) if x.ndim > 1 and x.shape[-1] == 1 else x, self.num_tokens, dtype=self.dtype)
        hot = one_hot(x, self.num_tokens, dtype=self.dtype)
        if self.output_mode == "multi_hot":
            return max(hot, -2)
        return sum(hot if count_weights is None else hot * expand_dims(count_weights, -1), -2)

    def get_config(self):
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


def _batches(data) -> Iterator[np.ndarray]:
    single = hasattr(data, "__array__") or isinstance(data, (list, tuple, int, float))
    for batch in [data] if single else batches_of(data).epoch(generator()):
        array = np.asarray(batch if single else unpacked(batch)[0], np.float64)
        if array.ndim and array.size:
            yield array


def _present(x: Expr) -> Expr | np.ndarray:
    return x if Trace.active() is not None else interpret([], x, [])


def _plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


__all__ = ["CategoryEncoding", "Normalization", "Rescaling"]
