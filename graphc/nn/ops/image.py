"""The names of keras.ops.image: functions of images ``[batch, height, width, channels]``, or of one image."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as g
from ..absent import absent
from .evaluated import at_once

LUMA = (0.2989, 0.587, 0.114)
"""How bright red, green and blue are (ITU-R BT.601)."""


@at_once
def resize(images, size: tuple[int, int], interpolation="bilinear", antialias=False, crop_to_aspect_ratio=False,
           pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None) -> Expr:
    """Images of another height and width: see `layers.Resizing`."""
    return g["resize"](images, size, interpolation, antialias, data_format or "channels_last")


@at_once
def rgb_to_grayscale(images, data_format=None) -> Expr:
    """How bright each pixel is, as the one channel."""
    axis = _axis(data_format, -1)
    parts = g["split"](as_expr(images), 3, axis)
    return sum(share * part for share, part in zip(LUMA, parts, strict=True))


@at_once
def pad_images(images, top_padding=None, left_padding=None, bottom_padding=None, right_padding=None, target_height=None,
               target_width=None, data_format=None) -> Expr:
    """Images with zeros around. Of top, bottom and the height to reach two are given, and likewise of left, right and the
    width."""
    x = as_expr(images)
    widths = [(0, 0)] * x.ndim
    for axis, first, last, target in ((-3, top_padding, bottom_padding, target_height),
                                      (-2, left_padding, right_padding, target_width)):
        axis = _axis(data_format, axis) % x.ndim
        widths[axis] = _ends("pad_images", first, last, None if target is None else target - x.shape[axis])
    return g["pad"](x, widths)


@at_once
def crop_images(images, top_cropping=None, left_cropping=None, bottom_cropping=None, right_cropping=None, target_height=None,
                target_width=None, data_format=None) -> Expr:
    """Images without their edges. Of top, bottom and the height that stays two are given, and likewise of left, right and
    the width."""
    x = as_expr(images)
    for axis, first, last, target in ((-3, top_cropping, bottom_cropping, target_height),
                                      (-2, left_cropping, right_cropping, target_width)):
        axis = _axis(data_format, axis) % x.ndim
        before, after = _ends("crop_images", first, last, None if target is None else x.shape[axis] - target)
        x = x[(slice(None),) * axis + (slice(before, x.shape[axis] - after),)]
    return x


def _ends(name: str, first, last, total) -> tuple[int, int]:
    """How much in front and behind, of which two, or one and the total, are said."""
    if sum(n is None for n in (first, last, total)) != 1:
        raise ArgumentError(f"{name}: of both sides and the size to reach two are given along each axis")
    first = total - last if first is None else first
    last = total - first if last is None else last
    if first < 0 or last < 0:
        raise ArgumentError(f"{name}: {first} and {last} pixels at the sides make no sense")
    return first, last


def _axis(data_format: str | None, axis: int) -> int:
    """Where the axis -3 (height), -2 (width) or -1 (channels) is."""
    return {-3: -2, -2: -1, -1: -3}[axis] if data_format == "channels_first" else axis


__all__ = ["crop_images", "pad_images", "resize", "rgb_to_grayscale"]

__getattr__ = absent(__name__, {
    "affine_transform elastic_transform map_coordinates perspective_transform scale_and_translate": "images are warped by "
    "RandomRotation, RandomTranslation and RandomZoom, and resized by resize",
    "extract_patches extract_patches_3d": "Conv2D with strides as large as its kernel sees patches",
    "gaussian_blur sobel_edges": "ops.depthwise_conv with the kernel of your choice filters images",
    "hsv_to_rgb rgb_to_hsv ssim": "graphc has nothing of that kind",
}, __all__)
