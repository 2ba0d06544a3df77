"""Handwritten digits: 1,797 images of 8 x 8 pixels, 0 (paper) to 16 (ink), and the digit that each of them shows.

The test set of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine Learning Repository,
1998, https://doi.org/10.24432/C50P49, under CC BY 4.0 (see digits.md beside this file).
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

HELD_OUT = 360
Split = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Split, Split]:
    """``(x_train, y_train), (x_test, y_test)``: 1,437 images to learn from and 360 held out.

    Images are uint8 of shape (n, 8, 8), labels int64 of shape (n,). The file holds the images in an order that was
    drawn once at random; the last 360 of it are held out, so the split never changes.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
    ((1437, 8, 8), (1437,), (360, 8, 8), (360,))
    """
    with np.load(Path(__file__).with_suffix(".npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])
