"""Clothes: 60,000 images of 28 x 28 pixels to learn from, 10,000 held out (H. Xiao, K. Rasul, R. Vollgraf,
"Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017; MIT licence)."""
from __future__ import annotations

from . import idx
from .files import DataSet

DATA = DataSet("fashion_mnist", "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/", {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
})
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
"""What the labels stand for."""


def load_data(path=None) -> tuple[idx.Split, idx.Split]:
    """``(x_train, y_train), (x_test, y_test)``: images as uint8 of shape (n, 28, 28), labels as uint8 of shape (n,).

    `path` is a folder that holds the four files; else they are in a folder that ``GRAPHC_DATA`` names, or downloaded
    into the cache. Raises DataError, which says what to put where, if they cannot be had or are damaged."""
    return idx.load(DATA, path)


__all__ = ["CLASSES", "load_data"]
