"""Images in files and in arrays, beside Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import utils
from graphc.nn.preprocessing.image import smart_resize

pytest.importorskip("PIL")
IMAGE = np.random.default_rng(0).integers(0, 255, (10, 14, 3)).astype("uint8")


@pytest.fixture
def file(tmp_path):
    utils.save_img(tmp_path / "image.png", IMAGE, scale=False)
    return tmp_path / "image.png"


@pytest.mark.parametrize("options", [
    {}, {"target_size": (6, 5)}, {"color_mode": "grayscale", "target_size": (4, 4), "interpolation": "bilinear"},
    {"target_size": (4, 9), "keep_aspect_ratio": True}, {"target_size": (9, 4), "keep_aspect_ratio": True,
                                                         "color_mode": "rgba"}], ids=repr)
def test_reading_is_that_of_keras(file, options):
    keras = pytest.importorskip("keras")
    theirs = keras.utils.img_to_array(keras.utils.load_img(str(file), **options))
    mine = utils.img_to_array(utils.load_img(file, **options))
    np.testing.assert_array_equal(mine, theirs)
    assert mine.dtype == np.float32


def test_what_was_written_is_read(file, tmp_path):
    np.testing.assert_array_equal(utils.img_to_array(utils.load_img(file)), IMAGE)
    gray = utils.img_to_array(np.arange(6.0).reshape(2, 3))
    assert gray.shape == (2, 3, 1) and utils.img_to_array(IMAGE, "channels_first").shape == (3, 10, 14)
    scaled = utils.img_to_array(utils.array_to_img(gray))
    np.testing.assert_array_equal(scaled[..., 0], [[0, 51, 102], [153, 204, 255]])
    utils.save_img(tmp_path / "other.jpg", np.dstack([IMAGE, IMAGE[..., :1]]))
    assert utils.load_img(tmp_path / "other.jpg").size == (14, 10)


@pytest.mark.parametrize(("size", "layout"), [((5, 5), "channels_last"), ((4, 9), "channels_last"),
                                              ((9, 4), "channels_first")])
def test_resizing_is_that_of_keras(size, layout):
    keras = pytest.importorskip("keras")
    x = IMAGE.astype("float32") if layout == "channels_last" else IMAGE.astype("float32").transpose(2, 0, 1)
    for given in (x, x[None]):
        theirs = keras.preprocessing.image.smart_resize(given, size, data_format=layout)
        np.testing.assert_allclose(smart_resize(given, size, data_format=layout), theirs, 1e-4, 1e-3)


@pytest.mark.parametrize(("act", "message"), [
    (lambda f: utils.load_img(f, "cmyk"), "color_mode is one of"),
    (lambda f: utils.load_img(f, target_size=(3, 3), interpolation="best"), "interpolation is one of"),
    (lambda f: utils.array_to_img(np.zeros((3, 4, 2))), "not \\(3, 4, 2\\)"),
    (lambda f: utils.img_to_array(np.zeros(3)), "2 or 3 axes")])
def test_what_is_no_image(file, act, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        act(file)
