"""Images and arrays: float32 of shape (height, width, channels). Files are read and written by Pillow: extra "images"."""
from __future__ import annotations

import os

import numpy as np

from ...datasets import DataError
from ...datasets.images import MODES
from ...ir.errors import ArgumentError
from ..layers.images import Resizing

try:
    from PIL import Image
except ImportError:
    Image = None


def load_img(path: str | os.PathLike, color_mode: str = "rgb", target_size: tuple[int, int] | None = None,
             interpolation: str = "nearest", keep_aspect_ratio: bool = False):
    """The image in a file, as Pillow has it; brought to the height and width `target_size`, if given. With
    `keep_aspect_ratio`, it is cut at its longer sides first, so that it is not distorted."""
    _need_pillow()
    if color_mode not in MODES:
        raise ArgumentError(f"load_img: color_mode is one of {tuple(MODES)}, not {color_mode!r}")
    with Image.open(path) as file:
        image = file.convert(MODES[color_mode])
    if target_size is None:
        return image
    height, width = target_size
    if keep_aspect_ratio:
        image = image.crop(_middle(*image.size, width, height))
    return image.resize((width, height), _method(interpolation))


def _middle(width: int, height: int, to_width: int, to_height: int) -> tuple[int, int, int, int]:
    """The largest box of that form, in the middle."""
    inner_width, inner_height = min(width, height * to_width // to_height), min(height, width * to_height // to_width)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return left, top, left + inner_width, top + inner_height


def _method(interpolation: str):
    known = {method.name.lower(): method for method in Image.Resampling}
    if interpolation not in known:
        raise ArgumentError(f"interpolation is one of {sorted(known)}, not {interpolation!r}")
    return known[interpolation]


def img_to_array(img, data_format: str | None = None, dtype=None) -> np.ndarray:
    """An image as an array of shape (height, width, channels), or with the channels first."""
    array = np.asarray(img, dtype or "float32")
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise ArgumentError(f"img_to_array: an image has 2 or 3 axes, not the shape {array.shape}")
    return array.transpose(2, 0, 1) if data_format == "channels_first" else array


def array_to_img(x, data_format: str | None = None, scale: bool = True, dtype=None):
    """An array as an image of Pillow's; `scale` brings its least number to 0 and its greatest to 255."""
    _need_pillow()
    x = np.asarray(x, dtype or "float32")
    x = x.transpose(1, 2, 0) if data_format == "channels_first" else x
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ArgumentError(f"array_to_img: an image has the shape (height, width, 1, 3 or 4), not {x.shape}")
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    return Image.fromarray((x[..., 0] if x.shape[2] == 1 else x).clip(0, 255).astype("uint8"))


def save_img(path, x, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs) -> None:
    """Write an array as an image file; the name says in which format, if `file_format` does not."""
    image = array_to_img(x, data_format, scale)
    known = str(file_format or path).lower()
    image.convert("RGB" if image.mode == "RGBA" and known.endswith(("jpg", "jpeg")) else image.mode).save(
        path, format=file_format, **kwargs)


def smart_resize(x, size: tuple[int, int], interpolation: str = "bilinear",
                 data_format: str = "channels_last") -> np.ndarray:
    """An image, or a batch of them, cut at its longer sides and brought to the height and width `size`, undistorted."""
    resized = Resizing(*size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return resized(np.asarray(x, "float32"))


def _need_pillow() -> None:
    if Image is None:
        raise DataError('images are read and written by Pillow: python -m pip install "graphc[images]"')


__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]
