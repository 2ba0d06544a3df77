"""Photographs of ten kinds of things: 50,000 of 32 x 32 pixels to learn from, 10,000 held out (A. Krizhevsky, "Learning
multiple layers of features from tiny images", 2009), in the binary version, which needs no pickle."""
from __future__ import annotations

import gzip
import tarfile
import zlib
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
        with gzip.open(archive) as stream, tarfile.open(fileobj=stream) as files:
            members = {Path(m.name).name: m for m in files.getmembers() if m.isfile()}
            contents = {name: files.extractfile(members[name]).read() for name in _TRAIN + _TEST if name in members}
            while stream.read(1 << 20):
                pass  # at the end stands the checksum
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{archive} cannot be read: {error}") from error
    for name in _TRAIN + _TEST:
        if name not in contents:
            raise DataError(f"{archive} is damaged: it has no {name}")
        if not contents[name] or len(contents[name]) % _RECORD:
            raise DataError(f"{archive} is damaged: {name} holds {len(contents[name])} bytes, no multiple of {_RECORD}")
        if max(contents[name][::_RECORD]) >= len(CLASSES):
            raise DataError(f"{archive} is damaged: a label in {name} is not below {len(CLASSES)}")
    return _split(contents, _TRAIN), _split(contents, _TEST)


def _split(contents: dict[str, bytes], names: tuple[str, ...]) -> Split:
    """Records of a label and three planes, as images and labels."""
    records = np.frombuffer(b"".join(contents[name] for name in names), np.uint8).reshape(-1, _RECORD)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, :1].copy()


__all__ = ["CLASSES", "load_data"]
