"""Images changed at random in training: ``[batch, height, width, channels]``, or one without the batch axis.

At inference they stay as they are. Called by itself on arrays, such a layer changes them, unless ``training=False``. For
`seed` see `graphc.nn.layers.regularization`."""
from __future__ import annotations

import math

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.integer import Size
from ...ops import random
from ...ops.creation import arange, full, number
from ...ops.elementwise import cos, floor, sin, where
from ...ops.index import take
from ...ops.rearrange import flip
from ..random import sequence
from .arguments import one_of, positive
from .images import ImageLayer, known_size, middle
from .warping import FILL_MODES, INTERPOLATIONS, Outside, affine

Range = tuple[float, float]


class _Augmentation(ImageLayer):
    """A layer that changes images in training."""

    def __init__(self, data_format: str | None = None, seed=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.seed = seed

    def call(self, inputs, training=True):
        return self._of_images(inputs, lambda images: self._changed(images, training))

    def _changed(self, images: Expr, training: bool) -> Expr:
        return self._augmented(images) if training else images

    def _augmented(self, images: Expr) -> Expr:
        raise NotImplementedError

    def _uniform(self, images: Expr, bounds: Range, place: int = 0) -> Expr:
        """A number for each image, from the layer's draw at this place."""
        low, high = bounds
        shape = (images.dims[0], 1, 1)
        return full(shape, low, "float32") if low == high else random.uniform(shape, low, high, seed=self._draw(place))

    def _draw(self, place: int):
        return sequence(self.seed + place * 0x9E3779B97F4A7C15 if isinstance(self.seed, int) else self.seed)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class RandomFlip(_Augmentation):
    """Each image mirrored with probability 1/2: `mode` is "horizontal", "vertical", or "horizontal_and_vertical", each by
    itself."""

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, data_format: str | None = None,
                 **kwargs):
        super().__init__(data_format, seed, **kwargs)
        self.mode = one_of("mode", mode, "horizontal", "vertical", "horizontal_and_vertical")

    def _augmented(self, images):
        for place, (name, axis) in enumerate((("horizontal", 2), ("vertical", 1))):
            if name in self.mode:
                mirrored = random.bernoulli((images.dims[0], 1, 1, 1), 0.5, seed=self._draw(place))
                images = where(mirrored, flip(images, axis), images)
        return images

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}


class _Warping(_Augmentation):
    """Reads images at places that a random affine map gives."""

    limits: Range = (-1.0, 1.0)

    def _read(self, fill_mode: str, interpolation: str, fill_value: float) -> None:
        self.fill_mode = one_of("fill_mode", fill_mode, *FILL_MODES)
        self.interpolation = one_of("interpolation", interpolation, *INTERPOLATIONS)
        self.fill_value = fill_value

    def _augmented(self, images):
        matrix = self._matrix(images, *(_float(n) for n in images.dims[1:3]))
        return affine(images, matrix, self.interpolation, Outside(self.fill_mode, self.fill_value))

    def _matrix(self, images: Expr, height, width) -> tuple:
        raise NotImplementedError

    def _range(self, name: str, value) -> Range:
        """A number for both sides of 0, or a pair."""
        pair = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        low, high = self.limits
        if not 1 <= len(pair) <= 2 or any(isinstance(v, bool) or not isinstance(v, (int, float)) or not low <= v <= high
                                          for v in pair):
            raise ArgumentError(f"{name} is a number from {low} to {high}, or two of them, not {value!r}")
        return (min(pair), max(pair)) if len(pair) == 2 else (-abs(pair[0]), abs(pair[0]))

    def get_config(self):
        return {**super().get_config(), "fill_mode": self.fill_mode, "interpolation": self.interpolation,
                "fill_value": self.fill_value}


def _float(size: Size):
    return float(size) if isinstance(size, int) else number(size).astype("float32")


class _ByHeightAndWidth(_Warping):
    """With a range for the height and one for the width."""

    def _factors(self, height_factor, width_factor) -> None:
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height = self._range("height_factor", height_factor)
        self._width = None if width_factor is None else self._range("width_factor", width_factor)

    def get_config(self):
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomTranslation(_ByHeightAndWidth):
    """Each image moved down and to the right by random shares of its size, drawn from ``(low, high)``, or from ``(-f, f)``.

    `fill_mode` says what comes in at the margins: "reflect", "wrap", "nearest", or "constant", with `fill_value`."""

    def __init__(self, height_factor, width_factor, fill_mode: str = "reflect", interpolation: str = "bilinear",
                 seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs):
        super().__init__(data_format, seed, **kwargs)
        self._read(fill_mode, interpolation, fill_value)
        self._factors(height_factor, width_factor)

    def _matrix(self, images, height, width):
        down, right = self._uniform(images, self._height), self._uniform(images, self._width, 1)
        return 1, 0, -width * right, 0, 1, -height * down


class RandomZoom(_ByHeightAndWidth):
    """Each image shrunk (above 0) or enlarged (below 0) around its centre, by random shares drawn from ``(low, high)``, or
    from ``(-f, f)``; without `width_factor` in proportion. `fill_mode` as for `RandomTranslation`."""

    def __init__(self, height_factor, width_factor=None, fill_mode: str = "reflect", interpolation: str = "bilinear",
                 seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs):
        super().__init__(data_format, seed, **kwargs)
        self._read(fill_mode, interpolation, fill_value)
        self._factors(height_factor, width_factor)

    def _matrix(self, images, height, width):
        down = 1 + self._uniform(images, self._height)
        right = down if self._width is None else 1 + self._uniform(images, self._width, 1)
        return right, 0, (width - 1) * 0.5 * (1 - right), 0, down, (height - 1) * 0.5 * (1 - down)


class RandomRotation(_Warping):
    """Each image turned around its centre by a random share of a full turn, drawn from ``(low, high)``, or from ``(-f, f)``.
    `fill_mode` as for `RandomTranslation`."""

    def __init__(self, factor, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: int | None = None,
                 fill_value: float = 0.0, data_format: str | None = None, **kwargs):
        super().__init__(data_format, seed, **kwargs)
        self._read(fill_mode, interpolation, fill_value)
        self.factor = self._range("factor", factor)

    def _matrix(self, images, height, width):
        angle = 2 * math.pi * self._uniform(images, self.factor)
        c, s, x, y = cos(angle), sin(angle), (width - 1) * 0.5, (height - 1) * 0.5
        return c, -s, x - x * c + y * s, s, c, y - x * s - y * c

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class RandomCrop(_Augmentation):
    """In training, a random part of this size, the same of all images of a batch; else, and of images that are smaller, the
    largest middle part of these proportions, resized."""

    def __init__(self, height: int, width: int, seed: int | None = None, data_format: str | None = None,
                 name: str | None = None, **kwargs):
        super().__init__(data_format, seed, name=name, **kwargs)
        self.height, self.width = positive("height", height), positive("width", width)

    def _changed(self, images, training):
        size, target = known_size(images), (self.height, self.width)
        if not training or size[0] <= target[0] or size[1] <= target[1]:
            return middle(images, target)
        for place, (n, m) in enumerate(zip(size, target, strict=True)):
            start = floor(random.uniform((), 0, n - m + 1, seed=self._draw(place))).astype("int32")
            images = take(images, start + arange(m, dtype="int32"), place + 1)
        return images

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


__all__ = ["RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom"]
