"""Handwritten digits: 60,000 images of 28 x 28 pixels to learn from, 10,000 held out (Y. LeCun, C. Cortes, C. Burges,
"The MNIST database of handwritten digits", 1998)."""
from __future__ import annotations

from . import idx
from .files import DataSet

DATA = DataSet("mnist", "https://ossci-datasets.s3.amazonaws.com/mnist/", {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
})


def load_data(path=None) -> tuple[idx.Split, idx.Split]:
    """``(x_train, y_train), (x_test, y_test)``: images as uint8 of shape (n, 28, 28), labels as uint8 of shape (n,).

    `path` is a folder that holds the four files; else they are in a folder that ``GRAPHC_DATA`` names, or downloaded
    into the cache. Raises DataError, which says what to put where, if they cannot be had or are damaged."""
    return idx.load(DATA, path)


__all__ = ["load_data"]
