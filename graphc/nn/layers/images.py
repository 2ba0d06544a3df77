"""Layers of images ``[batch, height, width, channels]``, or of one without the batch axis."""
from __future__ import annotations

from collections.abc import Callable

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ops.rearrange import slice_axis
from ...ops.resize import resize
from ...ops.shape import expand_dims, permute_dims, squeeze
from .arguments import layout, one_of, positive
from .layer import Layer
from .sampling import INTERPOLATIONS


class ImageLayer(Layer):
    """A function of images, whichever way they are laid out."""

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = layout(data_format)

    def _of_images(self, inputs: Expr, function: Callable[[Expr], Expr]) -> Expr:
        """``function(images)`` of floats ``[batch, height, width, channels]``, in the inputs' layout."""
        images = inputs.astype(self.compute_dtype)
        if inputs.ndim not in (3, 4):
            raise ShapeError(f"takes images (batch, height, width, channels), or one, not of shape {inputs.shape}")
        batched = images if inputs.ndim == 4 else expand_dims(images, 0)
        first = self.data_format == "channels_first"
        changed = function(permute_dims(batched, (0, 2, 3, 1)) if first else batched)
        changed = permute_dims(changed, (0, 3, 1, 2)) if first else changed
        return changed if inputs.ndim == 4 else squeeze(changed, 0)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


class Resizing(ImageLayer):
    """Images brought to this height and width; with `crop_to_aspect_ratio`, the largest middle part of its proportions.

    `interpolation` is "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5"; with `antialias`, what is made smaller is
    averaged."""

    def __init__(self, height: int, width: int, interpolation: str = "bilinear", crop_to_aspect_ratio: bool = False,
                 pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0,
                 antialias: bool = False, data_format: str | None = None, **kwargs):
        super().__init__(data_format, **kwargs)
        if pad_to_aspect_ratio or fill_mode != "constant":
            raise ArgumentError("Resizing: graphc does not pad to the aspect ratio; use ZeroPadding2D before it")
        self.height, self.width = positive("height", height), positive("width", width)
        self.interpolation = one_of("interpolation", interpolation, *INTERPOLATIONS)
        self.crop_to_aspect_ratio, self.antialias, self.fill_value = crop_to_aspect_ratio, antialias, fill_value

    def call(self, inputs):
        size = (self.height, self.width)
        return self._of_images(inputs, lambda images: resize(
            _part(images, size) if self.crop_to_aspect_ratio else images, size, self.interpolation, self.antialias))

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width, "interpolation": self.interpolation,
                "crop_to_aspect_ratio": self.crop_to_aspect_ratio, "pad_to_aspect_ratio": False, "fill_mode": "constant",
                "fill_value": self.fill_value, "antialias": self.antialias}


class CenterCrop(ImageLayer):
    """The middle of images, of this height and width; of images that are smaller, the largest middle part of these
    proportions, resized."""

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.height, self.width = positive("height", height), positive("width", width)

    def call(self, inputs):
        return self._of_images(inputs, self._cropped)

    def _cropped(self, images: Expr) -> Expr:
        size, target = known_size(images), (self.height, self.width)
        enough = size[0] >= target[0] and size[1] >= target[1]
        return _cut(images, target) if enough else middle(images, target)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


def known_size(images: Expr) -> tuple[int, int]:
    """The height and width of images; raises ShapeError where only a call knows them."""
    if not all(isinstance(n, int) for n in images.dims[1:3]):
        raise ShapeError(f"height and width must be known; the images have the shape {images.shape}")
    return images.dims[1:3]


def middle(images: Expr, target: tuple[int, int]) -> Expr:
    """The largest middle part of the target's proportions, resized to it."""
    part = _part(images, target)
    return part if part.dims[1:3] == target else resize(part, target)


def _part(images: Expr, target: tuple[int, int]) -> Expr:
    height, width = known_size(images)
    return _cut(images, (max(1, min(height, width * target[0] // target[1])),
                         max(1, min(width, height * target[1] // target[0]))))


def _cut(images: Expr, size: tuple[int, int]) -> Expr:
    for axis, n in enumerate(size, 1):
        images = slice_axis(images, axis, (images.dims[axis] - n) // 2, n)
    return images


__all__ = ["CenterCrop", "ImageLayer", "Resizing", "known_size", "middle"]
