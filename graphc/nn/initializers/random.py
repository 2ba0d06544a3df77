"""Initializers that draw random numbers.

With a `seed`, an initializer gives the same numbers at each call; without, new ones, which
`graphc.nn.set_random_seed` repeats."""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...ir.errors import ArgumentError, ShapeError
from .. import seeds
from .initializer import REGISTRY, Initializer

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
TRUNCATED_DEVIATION = 0.8796256610342398
"""The standard deviation of what is left of a standard normal distribution between -2 and 2."""


class RandomInitializer(Initializer):
    """An initializer with a seed."""

    def __init__(self, seed: int | None = None):
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ArgumentError(f"{type(self).__name__}: seed is None or an int that is not negative, got {seed!r}")
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return self.draw(seeds.generator(self.seed), tuple(shape)).astype(dtype or "float32")

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers for a weight of this shape, in float64."""
        raise NotImplementedError(f"{type(self).__name__} has no draw method")

    def get_config(self):
        return {"seed": self.seed}


@REGISTRY.add("normal")
class RandomNormal(RandomInitializer):
    """Normal distribution."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, random, shape):
        return random.normal(self.mean, self.stddev, shape)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@REGISTRY.add
class TruncatedNormal(RandomNormal):
    """Normal distribution, without what is more than two times `stddev` from the mean: such numbers are drawn again."""

    def draw(self, random, shape):
        return self.mean + self.stddev * _truncated(random, shape)


@REGISTRY.add("uniform")
class RandomUniform(RandomInitializer):
    """Uniform between `minval` and `maxval`."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def draw(self, random, shape):
        return random.uniform(self.minval, self.maxval, shape)

    def get_config(self):
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


@REGISTRY.add
class VarianceScaling(RandomInitializer):
    """Zero mean and a variance of ``scale / n``; n is the number of a unit's inputs ("fan_in"), of its outputs
    ("fan_out"), or their mean ("fan_avg").

    The last two axes of a weight are inputs and outputs, unless `input_axes` and `output_axes` say otherwise; those
    before them, of a convolution's kernel, multiply both."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, input_axes=None,
                 output_axes=None):
        super().__init__(seed)
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        for name, given, known in (("mode", mode, MODES), ("distribution", distribution, DISTRIBUTIONS)):
            if given not in known:
                raise ArgumentError(f"{type(self).__name__}: {name} is one of {', '.join(known)}, got {given!r}")
        if not scale > 0:
            raise ArgumentError(f"{type(self).__name__}: scale must be positive, got {scale!r}")
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def draw(self, random, shape):
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, count))
        if self.distribution == "uniform":
            return math.sqrt(3) * deviation * random.uniform(-1, 1, shape)
        if self.distribution == "untruncated_normal":
            return deviation * random.standard_normal(shape)
        return deviation / TRUNCATED_DEVIATION * _truncated(random, shape)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "mode": self.mode, "distribution": self.distribution,
                "input_axes": self.input_axes, "output_axes": self.output_axes}


class NamedScaling(VarianceScaling):
    """A VarianceScaling that has a name of its own: a scale, a mode and a distribution."""

    scaling: tuple[float, str, str]

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(*self.scaling, seed, input_axes, output_axes)

    def get_config(self):
        return {"seed": self.seed, "input_axes": self.input_axes, "output_axes": self.output_axes}


@REGISTRY.add
class GlorotUniform(NamedScaling):
    """Uniform within ``sqrt(6 / (fan_in + fan_out))`` of 0 (Glorot and Bengio, 2010)."""

    scaling = 1.0, "fan_avg", "uniform"


@REGISTRY.add
class GlorotNormal(NamedScaling):
    """Truncated normal, variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010)."""

    scaling = 1.0, "fan_avg", "truncated_normal"


@REGISTRY.add
class LecunUniform(NamedScaling):
    """Uniform within ``sqrt(3 / fan_in)`` of 0 (LeCun et al., 1998)."""

    scaling = 1.0, "fan_in", "uniform"


@REGISTRY.add
class LecunNormal(NamedScaling):
    """Truncated normal, variance ``1 / fan_in`` (LeCun et al., 1998)."""

    scaling = 1.0, "fan_in", "truncated_normal"


@REGISTRY.add
class HeUniform(NamedScaling):
    """Uniform within ``sqrt(6 / fan_in)`` of 0 (He et al., 2015)."""

    scaling = 2.0, "fan_in", "uniform"


@REGISTRY.add
class HeNormal(NamedScaling):
    """Truncated normal, variance ``2 / fan_in`` (He et al., 2015)."""

    scaling = 2.0, "fan_in", "truncated_normal"


@REGISTRY.add("OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """`gain` times a matrix with orthonormal columns, or rows where these are fewer, evenly distributed among all of
    them (Saxe et al., 2014). All axes but the last are rows."""

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def draw(self, random, shape):
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of two axes or more, got {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diagonal(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


def fans(shape: Sequence[int], input_axes=None, output_axes=None) -> tuple[int, int]:
    """How many inputs and outputs a unit with weights of this shape has.

    >>> fans((3, 3, 16, 32))
    (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[k] for k in input_axes), math.prod(shape[k] for k in output_axes)
    if len(shape) < 2:
        return (shape[0] if shape else 1,) * 2
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _truncated(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers between -2 and 2."""
    numbers = random.standard_normal(math.prod(shape))
    while (outside := np.flatnonzero(np.abs(numbers) > 2)).size:
        numbers[outside] = random.standard_normal(outside.size)
    return numbers.reshape(shape)


__all__ = ["GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Orthogonal",
           "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "fans"]
