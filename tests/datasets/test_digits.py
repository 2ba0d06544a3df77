"""The built-in data set: complete, typed, and split the same way every time."""
import numpy as np

from graphc.datasets import digits


def test_every_image_is_in_one_part():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert y_train.shape == (1437,) and y_test.shape == (360,)
    assert x_train.dtype == x_test.dtype == np.uint8 and y_train.dtype == y_test.dtype == np.int64
    seen = {image.tobytes() for image in np.concatenate([x_train, x_test])}
    assert len(seen) == 1797


def test_values_are_those_of_the_original():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert y_train[:4].tolist() == [6, 6, 6, 2] and y_test[:4].tolist() == [0, 8, 8, 9]
    assert x_train[0, 1].tolist() == [0, 0, 7, 14, 2, 0, 0, 0]
    assert x_train.max() == x_test.max() == 16
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_each_part_holds_every_digit():
    for _, labels in digits.load_data():
        assert np.bincount(labels).min() > 25


def test_a_caller_may_write_into_its_copy():
    (x, _), _ = digits.load_data()
    x[:] = 0
    assert digits.load_data()[0][0].max() == 16
