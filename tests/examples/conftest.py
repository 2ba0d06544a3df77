"""What tests of examples share: a run in an empty folder, its picture, and a small MNIST."""
import gzip
import os
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graphc.datasets import digits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Run an example in an empty folder, without a screen; its output."""
    def runner(name, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120",
                       "MPLBACKEND": "agg"}
        done = subprocess.run([sys.executable, ROOT / "examples" / name, *map(str, arguments)], cwd=tmp_path,
                              env=environment, capture_output=True, encoding="utf-8", timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return runner


@pytest.fixture
def is_drawn(tmp_path):
    """Whether an example drew a PNG file with something on it, and more paper than ink. Skips where none is drawn."""
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed")

    def looker(name):
        with Image.open(tmp_path / name) as image:
            assert image.format == "PNG"
            gray = np.asarray(image.convert("L")) / 255
        return min(gray.shape) > 300 and gray.min() < 0.3 and np.median(gray) > 0.95
    return looker


@pytest.fixture
def mnist_folder(tmp_path):
    """A folder with MNIST's four files: the digits that come with graphc, 1,437 and 360, enlarged to 28 x 28 pixels."""
    return _write(tmp_path / "mnist", lambda images: np.pad(np.kron(images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))))


@pytest.fixture
def scattered_folder(tmp_path):
    """The same digits, each somewhere on 28 x 28 pixels, around pixel 14, those to learn from at three places."""
    def change(images):
        return np.pad(_scattered(np.kron(images, np.ones((2, 2))), 25, 10), ((0, 0), (2, 1), (2, 1)))
    return _write(tmp_path / "mnist", change, (3, 1))


def _scattered(images: np.ndarray, size: int, places: int) -> np.ndarray:
    """Each image at one of so many places on a larger page."""
    rng, pages, (height, width) = np.random.default_rng(0), np.zeros((len(images), size, size)), images.shape[1:]
    for image, page, (row, column) in zip(images, pages, rng.integers(0, places, (len(images), 2)), strict=True):
        page[row:row + height, column:column + width] = image
    return pages


def _write(folder: Path, change, times=(1, 1)) -> Path:
    """Put the digits that come with graphc, each so many times, into files such as MNIST's, the images changed."""
    folder.mkdir()
    for part, count, (images, labels) in zip(("train", "t10k"), times, digits.load_data(), strict=True):
        images, labels = np.tile(images, (count, 1, 1)), np.tile(labels, count)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(_packed(change(images * 15)))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(_packed(labels))
    return folder


def _packed(array: np.ndarray) -> bytes:
    """A file of unsigned bytes in MNIST's format."""
    head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes(), compresslevel=1)
