"""Images in folders: a folder for each class, as a Loader of batches. Reading them needs the extra "images"."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..ir.errors import ArgumentError
from .files import DataError
from .loader import Loader, whole

try:
    from PIL import Image
except ImportError:
    Image = None

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
LABELS = ("int", "categorical", "binary", None)


@dataclass(frozen=True)
class ImageFiles:
    """Files as a sequence of images: float32 of shape (height, width, channels), 0 to 255."""

    paths: Sequence[Path]
    size: tuple[int, int]
    mode: str
    interpolation: str = "bilinear"

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, k: int) -> np.ndarray:
        path, (height, width) = self.paths[k], self.size
        try:
            with Image.open(path) as file:
                method = Image.Resampling[self.interpolation.upper()]
                array = np.asarray(_of_bytes(file).convert(MODES[self.mode]).resize((width, height), method), np.float32)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise DataError(f"{path} cannot be read as an image: {error}") from error
        return array if array.ndim == 3 else array[..., None]


def _of_bytes(file):
    """An image of 16 bits a pixel as one of 8, others as they are."""
    return Image.fromarray((np.asarray(file) >> 8).astype(np.uint8)) if file.mode.startswith("I") else file


class ImageLoader(Loader):
    """Batches of images, and of labels if there are any; `class_names` says what the labels stand for."""

    class_names: list[str]


def image_dataset_from_directory(directory, labels="inferred", label_mode: str | None = "int", class_names=None,
                                 color_mode: str = "rgb", batch_size: int = 32, image_size=(256, 256), shuffle: bool = True,
                                 seed: int | None = None, validation_split: float | None = None, subset: str | None = None,
                                 interpolation: str = "bilinear", follow_links: bool = False) -> ImageLoader:
    """The images below `directory`, whose folders name their classes, as batches of float32 images of one size. Files and
    folders whose names begin with a dot are none of them.

    `labels` may be a list of ints, one for each file in the order of their names, or None. `label_mode`: "int",
    "categorical" (one-hot), "binary" (float 0 or 1) or None. With `validation_split`, a share of the files is held out;
    `subset` says which part is wanted, "training" or "validation", and `seed` draws the same split for both.

    Raises DataError for a folder without images, ArgumentError for arguments that make no sense."""
    if Image is None:
        raise DataError('images in folders are read by Pillow: python -m pip install "graphc[images]"')
    _check(label_mode, color_mode, interpolation, validation_split, subset, seed, shuffle)
    height, width = _size(image_size)
    root = Path(directory)
    names = _folders(root) if class_names is None else list(class_names)
    if len(set(names)) < len(names):
        raise ArgumentError(f"class_names: one stands there twice: {names}")
    inferred = labels == "inferred"
    paths = [p for name in (names if inferred else [""]) for p in _images(root / name, follow_links)]
    if not paths:
        raise DataError(f"{root} holds no images ({', '.join(SUFFIXES)})" + (" in folders, one for each class" * inferred))
    numbers = np.array([names.index(p.relative_to(root).parts[0]) for p in paths]) if inferred else _given(labels, paths)
    chosen = _chosen(len(paths), validation_split, subset, seed, shuffle)
    files = ImageFiles([paths[k] for k in chosen], (height, width), color_mode, interpolation)
    parts = [] if label_mode is None or numbers is None else [_encoded(numbers[chosen], label_mode, len(names))]
    loader = ImageLoader(files, *parts, batch_size=batch_size, shuffle=shuffle, seed=seed)
    loader.class_names = names
    return loader


def _check(label_mode, color_mode, interpolation, split, subset, seed, shuffle) -> None:
    for name, value, known in (("label_mode", label_mode, LABELS), ("color_mode", color_mode, tuple(MODES)),
                               ("interpolation", interpolation, tuple(r.name.lower() for r in Image.Resampling)),
                               ("subset", subset, ("training", "validation", None))):
        if value not in known:
            raise ArgumentError(f"{name}: expected one of {known}, got {value!r}")
    if seed is not None:
        whole("seed", seed, 0)
    if (split is None) != (subset is None) or split is not None and not 0 < split < 1:
        raise ArgumentError(f"validation_split, between 0 and 1, and subset come together; got {split} and {subset}")
    if split is not None and shuffle and seed is None:
        raise ArgumentError("a validation_split of shuffled files needs a seed, or its parts would overlap")


def _size(size) -> tuple[int, int]:
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise ArgumentError(f"image_size is (height, width), not {size!r}")
    return whole("the height in image_size", size[0]), whole("the width in image_size", size[1])


def _folders(root: Path) -> list[str]:
    if not root.is_dir():
        raise DataError(f"there is no folder {root}")
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def _images(folder: Path, follow_links: bool) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    shown = [p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    return [p for p in shown if follow_links or not p.is_symlink()]


def _given(labels, paths: list[Path]) -> np.ndarray | None:
    if labels is None:
        return None
    numbers = np.asarray(labels)
    if numbers.shape != (len(paths),):
        raise ArgumentError(f"labels: expected {len(paths)}, one for each image, got an array of shape {numbers.shape}")
    if numbers.dtype.kind not in "iu":
        raise ArgumentError(f"labels: expected whole numbers, got {numbers.dtype}")
    return numbers


def _chosen(count: int, split: float | None, subset: str | None, seed: int | None, shuffle: bool) -> np.ndarray:
    """The files of a subset."""
    order = np.arange(count)
    if split is None:
        return order
    if shuffle:
        np.random.default_rng(seed).shuffle(order)
    held_out = int(count * split)
    if not 0 < held_out < count:
        raise ArgumentError(f"validation_split={split} of {count} images leaves none for {subset}")
    return order[:count - held_out] if subset == "training" else order[count - held_out:]


def _encoded(numbers: np.ndarray, mode: str, classes: int) -> np.ndarray:
    if mode == "categorical":
        if not 0 <= numbers.min() <= numbers.max() < classes:
            raise ArgumentError(f"labels: of {classes} classes, got {numbers.min()} to {numbers.max()}")
        return np.eye(classes, dtype=np.float32)[numbers]
    if mode == "binary":
        if classes != 2:
            raise ArgumentError(f'label_mode="binary" is for two classes, not {classes}')
        return numbers.astype(np.float32)[:, None]
    return numbers.astype(np.int64)


__all__ = ["ImageFiles", "ImageLoader", "image_dataset_from_directory"]
