"""Folders of images."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.datasets import DataError, image_dataset_from_directory
from graphc.ir.errors import ArgumentError

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path):
    """Three grey cats of 10, 20 and 30, one dog of 200, and a file that is no image."""
    for name, greys in (("cats", (10, 20, 30)), ("dogs", (200,))):
        (tmp_path / name).mkdir()
        for k, grey in enumerate(greys):
            Image.fromarray(np.full((6, 8), grey, np.uint8)).save(tmp_path / name / f"{k}.png")
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    return tmp_path


def read(folder, **options):
    loader = image_dataset_from_directory(folder, **{"image_size": (4, 5), "shuffle": False, "batch_size": 10} | options)
    (batch,) = loader
    return loader, *batch


def test_folders_name_the_classes(folder):
    loader, x, y = read(folder)
    assert loader.class_names == ["cats", "dogs"]
    assert (x.shape, x.dtype) == ((4, 4, 5, 3), np.float32)
    assert (x[:, 0, 0, 0].tolist(), y.tolist()) == ([10, 20, 30, 200], [0, 0, 0, 1])


@pytest.mark.parametrize("mode, channels", [("rgb", 3), ("rgba", 4), ("grayscale", 1)])
def test_color_modes(folder, mode, channels):
    assert read(folder, color_mode=mode)[1].shape == (4, 4, 5, channels)


@pytest.mark.parametrize("mode, expected", [("int", [0, 0, 0, 1]), ("binary", [[0], [0], [0], [1]]),
                                            ("categorical", [[1, 0], [1, 0], [1, 0], [0, 1]])])
def test_label_modes(folder, mode, expected):
    assert read(folder, label_mode=mode)[2].tolist() == expected


def test_images_alone(folder):
    assert len(read(folder, label_mode=None)) == len(read(folder, labels=None)) == 2


def test_classes_in_another_order(folder):
    assert read(folder, class_names=["dogs", "cats"])[2].tolist() == [0, 1, 1, 1]


def test_labels_of_ones_own(folder):
    assert read(folder, labels=[3, 1, 4, 1])[2].tolist() == [3, 1, 4, 1]
    with pytest.raises(ArgumentError, match="expected 4, one for each image"):
        read(folder, labels=[1, 2])


def test_parts_of_a_split_are_the_whole(folder):
    options = {"validation_split": 0.25, "seed": 3, "shuffle": True}
    parts = [read(folder, subset=subset, **options)[1] for subset in ("training", "validation")]
    assert [len(x) for x in parts] == [3, 1]
    assert sorted(np.concatenate(parts)[:, 0, 0, 0]) == [10, 20, 30, 200]


@pytest.mark.parametrize("options", [{"label_mode": "words"}, {"color_mode": "cmyk"}, {"interpolation": "magic"},
                                     {"subset": "training"}, {"validation_split": 0.2},
                                     {"validation_split": 2, "subset": "training", "seed": 1},
                                     {"validation_split": 0.2, "subset": "training", "shuffle": True},
                                     {"validation_split": 0.2, "subset": "validation", "seed": 1},
                                     {"image_size": 5}, {"image_size": (0, 4)}, {"image_size": (4, 2.5)}, {"seed": -1},
                                     {"class_names": ["cats", "cats"]}, {"labels": list("abcd")},
                                     {"labels": [0, 1, 2, 0], "label_mode": "categorical"},
                                     {"labels": [0, -1, 1, 0], "label_mode": "categorical"}])
def test_arguments_that_make_no_sense(folder, options):
    with pytest.raises(ArgumentError):
        read(folder, **options)


def test_a_damaged_image_is_named(folder):
    (folder / "cats" / "1.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"1\.png cannot be read as an image"):
        read(folder)


def test_an_image_that_would_fill_the_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataError, match=r"0\.png cannot be read as an image: .*bomb"):
        read(folder)


def test_hidden_files_and_folders_are_passed_over(folder):
    expected = read(folder)[1]
    (folder / ".git" / "x").mkdir(parents=True)
    for hidden in (folder / ".git" / "a.png", folder / "cats" / "._0.png", folder / "dogs" / ".old" / "a.png"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_bytes(b"no image")
    loader, x, _ = read(folder)
    assert loader.class_names == ["cats", "dogs"] and (x == expected).all()


def test_images_of_16_bits_and_names_in_any_script(tmp_path):
    (tmp_path / "k\u00e4tze").mkdir()
    Image.fromarray(np.full((4, 5), 200 * 256 + 7, np.uint16)).save(tmp_path / "k\u00e4tze" / "\u732b.png")
    loader, x, _ = read(tmp_path)
    assert loader.class_names == ["k\u00e4tze"] and (x == 200).all()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere"):
        read(tmp_path / "nowhere")


def test_a_folder_without_images(tmp_path):
    with pytest.raises(DataError, match="holds no images .* in folders, one for each class"):
        read(tmp_path)
