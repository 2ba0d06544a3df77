"""Random changes of images: where the draw is certain as in Keras, else the same pixels in other places."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import GraphcError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import arrays, check_config, check_signature

NAMES = ("RandomFlip", "RandomTranslation", "RandomRotation", "RandomZoom", "RandomCrop")
CERTAIN = [
    ("RandomTranslation", {"height_factor": (0.23, 0.23), "width_factor": (-0.4, -0.4)}),
    ("RandomTranslation", {"height_factor": (0.5, 0.5), "width_factor": (0.3, 0.3), "fill_mode": "wrap"}),
    ("RandomZoom", {"height_factor": (0.3, 0.3), "fill_mode": "constant", "fill_value": 0.5}),
    ("RandomZoom", {"height_factor": (-0.2, -0.2), "width_factor": (0.4, 0.4), "fill_mode": "nearest"}),
    ("RandomRotation", {"factor": (0.1, 0.1)}),
    ("RandomRotation", {"factor": (-0.3, -0.3), "fill_mode": "constant", "interpolation": "nearest"}),
    ("RandomRotation", {"factor": (0.2, 0.2), "data_format": "channels_first"}),
]


def in_training(layer, x, training=True):
    """The layer's result for an array."""
    nn.set_random_seed(3)
    inputs = graphc.placeholder((None, *x.shape[1:]) if x.ndim == 4 else x.shape, x.dtype)
    with Trace(training) as trace:
        y = layer(inputs)
    assert not trace.updates
    return graphc.interpret([inputs], y, [x])


def test_certain_changes_as_in_keras():
    keras = pytest.importorskip("keras")
    for name, kwargs in CERTAIN:
        x, = arrays((2, 7, 6, 3) if "data_format" not in kwargs else (2, 3, 7, 6))
        expected = getattr(keras.layers, name)(**kwargs)(x, training=True).numpy()
        np.testing.assert_allclose(in_training(getattr(layers, name)(**kwargs), x), expected, 1e-4, 1e-5, err_msg=name)


def test_signatures_and_configurations_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        check_signature(getattr(layers, name), getattr(keras.layers, name))
    for name, kwargs in [*CERTAIN, ("RandomCrop", {"height": 4, "width": 6}), ("RandomFlip", {})]:
        kwargs = {"seed": 1, **kwargs}
        check_config(getattr(layers, name)(**kwargs), getattr(keras.layers, name)(**kwargs))


def test_flips_mirror_half_of_the_images():
    x, = arrays((200, 2, 3, 1))
    both = in_training(layers.RandomFlip(seed=1), x)
    seen = [np.array_equal(b, v) for a, b in zip(x, both, strict=True) for v in (a, a[:, ::-1], a[::-1], a[::-1, ::-1])]
    shares = np.reshape(seen, (200, 4)).mean(0)
    assert shares.sum() == 1 and np.all(abs(shares - 0.25) < 0.1)
    for mode, mirrored in (("horizontal", x[:, :, ::-1]), ("vertical", x[:, ::-1])):
        y = in_training(layers.RandomFlip(mode), x)
        flipped = np.all(y == mirrored, (1, 2, 3))
        np.testing.assert_array_equal(y[~flipped], x[~flipped])
        assert flipped.mean() == pytest.approx(0.5, abs=0.12)


def test_a_quarter_turn_and_a_whole_step():
    x, = arrays((1, 4, 4, 2))
    np.testing.assert_allclose(in_training(layers.RandomRotation((0.25, 0.25)), x), np.rot90(x, 1, (1, 2)), 1e-4, 1e-5)
    moved = in_training(layers.RandomTranslation((0.5, 0.5), (0, 0), "wrap"), x)
    np.testing.assert_allclose(moved, np.roll(x, 2, 1), 1e-5, 1e-6)


def test_every_image_is_changed_by_itself():
    x = np.broadcast_to(arrays((6, 6, 1))[0], (20, 6, 6, 1))
    for layer in (layers.RandomTranslation(0.3, 0.3), layers.RandomZoom(0.3), layers.RandomRotation(0.2)):
        y = in_training(layer, x)
        assert len(np.unique(y[:, 2, 3, 0])) == 20
        np.testing.assert_array_equal(in_training(layer, x, training=False), x)


def test_a_crop_is_a_part():
    x, = arrays((3, 8, 9, 2))
    y = in_training(layers.RandomCrop(4, 5), x)
    windows = np.lib.stride_tricks.sliding_window_view(x, (4, 5), (1, 2)).transpose(1, 2, 0, 4, 5, 3).reshape(-1, *y.shape)
    assert sum(np.array_equal(w, y) for w in windows) == 1
    middle = in_training(layers.RandomCrop(4, 4), x, training=False)
    resized = graphc.interpret([], graphc.resize(graphc.constant(x[:, :, :8]), (4, 4)), [])
    np.testing.assert_allclose(middle, resized, 1e-5, 1e-6)


def test_on_arrays_images_are_changed_unless_told_otherwise():
    x, layer = np.arange(24, dtype="uint8").reshape(1, 4, 6, 1), layers.RandomTranslation((0.5, 0.5), (0, 0), "wrap")
    np.testing.assert_allclose(layer(x), np.roll(x, 2, 1))
    np.testing.assert_array_equal(layer(x, training=False), x)
    np.testing.assert_allclose(graphc.compile([i := nn.Input((4, 6, 1))], layer(i))(x.astype("float32")), x)
    np.testing.assert_allclose(layer(x[0]), np.roll(x[0], 2, 0))


@pytest.mark.parametrize("make, message", [
    (lambda: layers.RandomFlip("diagonal"), "mode is one of"),
    (lambda: layers.RandomZoom(2), "height_factor is a number from -1.0 to 1.0"),
    (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), "factor is a number from -1.0 to 1.0, or two of them"),
    (lambda: layers.RandomTranslation(0.1, 0.1, "mirror"), "fill_mode is one of"),
    (lambda: layers.RandomCrop(2, 2)(nn.Input((None, 3, 1)), training=True), "height and width must be known"),
    (lambda: layers.RandomFlip()(nn.Input((3,))), "takes images"),
    (lambda: layers.RandomFlip(seed=0.5)(nn.Input((3, 3, 1)), training=True), "seed is an int, not 0.5"),
])
def test_nonsense_is_refused(make, message):
    with pytest.raises(GraphcError, match=message):
        make()
