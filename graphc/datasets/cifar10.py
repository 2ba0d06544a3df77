"""Photographs of ten kinds of things: 50,000 of 32 x 32 pixels to learn from, 10,000 held out (A. Krizhevsky, "Learning
multiple layers of features from tiny images", 2009), in the binary version, which needs no pickle."""
from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from .files import DataError, DataSet
from .idx import Split

ARCHIVE = "cifar-10-binary.tar.gz"
DATA = DataSet("cifar10", "https://www.cs.toronto.edu/~kriz/", {ARCHIVE: "c32a1d4ab5d03f1284b67883e8d87530"})
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""What the labels stand for."""
_TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
_TEST = ("test_batch.bin",)
_RECORD = 1 + 3 * 32 * 32


def load_data(path=None) -> tuple[Split, Split]:
    """``(x_train, y_train), (x_test, y_test)``: images as uint8 of shape (n, 32, 32, 3), labels as uint8 of shape (n, 1).

    `path` is a folder that holds ``cifar-10-binary.tar.gz``; else it is in a folder that ``GRAPHC_DATA`` names, or
    downloaded into the cache. Raises DataError, which says what to put where, if it cannot be had or is damaged."""
    archive = DATA.files(path)[ARCHIVE]
    try:
        with tarfile.open(archive) as files:
            members = {Path(m.name).name: m for m in files.getmembers() if m.isfile()}
            contents = {name: files.extractfile(members[name]).read() for name in _TRAIN + _TEST}
    except (KeyError, OSError, EOFError, tarfile.TarError) as error:
        raise DataError(f"{archive} cannot be read: {error}") from error
    return _split(archive, contents, _TRAIN), _split(archive, contents, _TEST)


def _split(archive: Path, contents: dict[str, bytes], names: tuple[str, ...]) -> Split:
    """Records of a label and three planes, as images and labels."""
    data = np.frombuffer(b"".join(contents[name] for name in names), np.uint8)
    if data.size % _RECORD:
        raise DataError(f"{archive} is damaged: {names[0]} and its like hold {data.size} bytes, no multiple of {_RECORD}")
    records = data.reshape(-1, _RECORD)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, :1].copy()


__all__ = ["CLASSES", "load_data"]
