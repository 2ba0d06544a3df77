"""Resizing and cropping of images, against Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import GraphcError
from graphc.nn import layers

from .oracle import Pair, arrays, check_signature

CASES = [
    ("Resizing", (2, 6, 8, 3), {"height": 3, "width": 5}),
    ("Resizing", (2, 6, 8, 3), {"height": 12, "width": 4, "interpolation": "nearest"}),
    ("Resizing", (2, 6, 9, 3), {"height": 4, "width": 4, "crop_to_aspect_ratio": True}),
    ("Resizing", (2, 3, 6, 8), {"height": 3, "width": 4, "data_format": "channels_first"}),
    ("CenterCrop", (2, 6, 9, 3), {"height": 3, "width": 4}), ("CenterCrop", (2, 6, 9, 3), {"height": 8, "width": 4}),
]


@pytest.mark.parametrize("name, shape, kwargs", CASES)
def test_as_in_keras(name, shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, name, arrays(shape), **kwargs).check()
    check_signature(getattr(layers, name), getattr(keras.layers, name))


def test_the_middle_of_one_image():
    image, (x,) = graphc.placeholder((5, 6, 1)), arrays((5, 6, 1))
    np.testing.assert_array_equal(graphc.interpret([image], layers.CenterCrop(3, 2)(image), [x]), x[1:4, 2:4])


def test_an_image_by_itself_may_be_an_array():
    (x,) = arrays((5, 6, 1))
    np.testing.assert_array_equal(layers.CenterCrop(3, 2)(x), x[1:4, 2:4])


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Resizing(0, 2), "height is an int of at least 1"),
    (lambda: layers.Resizing(2, 2, "cubic"), "interpolation is one of"),
    (lambda: layers.Resizing(2, 2, pad_to_aspect_ratio=True), "does not pad"),
    (lambda: layers.CenterCrop(2, 2)(nn.Input((None, 3, 1))), "height and width must be known"),
    (lambda: layers.CenterCrop(2, 2)(nn.Input((3,))), "takes images"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make()
