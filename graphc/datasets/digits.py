"""Handwritten digits: 1,797 images of 8 x 8 pixels, 0 (paper) to 16 (ink), and the digit that each of them shows.

The test set of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine Learning Repository,
1998, https://doi.org/10.24432/C50P49, under CC BY 4.0 (see digits.md beside this file).
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

Split = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Split, Split]:
    """``(x_train, y_train), (x_test, y_test)``: 1,440 images to learn from and 357 held out.

    Images are uint8 of shape (n, 8, 8), labels int64 of shape (n,). Every fifth run of ten in the original order is
    held out, so that both parts hold every digit and every writer (who wrote 0 to 9 in turn); the split never changes.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
    ((1440, 8, 8), (1440,), (357, 8, 8), (357,))
    """
    with np.load(Path(__file__).with_suffix(".npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    held_out = np.arange(len(labels)) // 10 % 5 == 4
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])
