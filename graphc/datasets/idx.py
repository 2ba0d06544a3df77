"""The format of MNIST's files: a magic number, the sizes, then bytes; compressed by gzip or not."""
from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from .files import DataError, DataSet

Split = tuple[np.ndarray, np.ndarray]
CLASSES = 10
_UNSIGNED_BYTES = 0x08


def read(path: Path) -> np.ndarray:
    """The array in an IDX file of unsigned bytes. Raises DataError for what is none, or not all of one."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(content) < 4 or content[:3] != bytes((0, 0, _UNSIGNED_BYTES)):
        raise DataError(f"{path} is no IDX file of unsigned bytes: it begins with {content[:4].hex(' ')}")
    start = 4 + 4 * content[3]
    sizes = struct.unpack_from(f">{content[3]}I", content, 4) if len(content) >= start else (-1,)
    data = np.frombuffer(content, np.uint8, offset=min(start, len(content)))
    if data.size != np.prod(sizes, dtype=object):
        raise DataError(f"{path} is damaged: {data.size} bytes of data for an array of shape {sizes}")
    try:
        return data.reshape(sizes).copy()
    except ValueError as error:
        raise DataError(f"{path} is damaged: it holds an array of shape {sizes}") from error


def _of_size(path: Path, *size: int) -> np.ndarray:
    """The samples in a file, each of this size."""
    array = read(path)
    if array.ndim == 0 or array.shape[1:] != size or not len(array):
        raise DataError(f"{path} holds an array of shape {array.shape}, not of {('n', *size)}".replace("'", ""))
    return array


def load(data: DataSet, folder=None) -> tuple[Split, Split]:
    """``(x_train, y_train), (x_test, y_test)`` of a data set in MNIST's four files."""
    paths = data.files(folder)
    splits = []
    for part in ("train", "t10k"):
        images = _of_size(paths[f"{part}-images-idx3-ubyte.gz"], 28, 28)
        labels = _of_size(paths[f"{part}-labels-idx1-ubyte.gz"])
        if labels.max() >= CLASSES:
            raise DataError(f"{data.name}: a {part} label is {labels.max()}; they are below {CLASSES}")
        if len(images) != len(labels):
            raise DataError(f"{data.name}: {len(images)} {part} images and {len(labels)} labels")
        splits.append((images, labels))
    return splits[0], splits[1]


__all__ = ["Split", "load", "read"]
