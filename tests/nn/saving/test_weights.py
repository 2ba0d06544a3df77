"""Weights in files: round trips, other models, damage, hostility, interruption."""
from __future__ import annotations

import json
import os
import pickle
import stat
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import graphc.nn as keras
from graphc.nn import layers
from graphc.nn.saving import SavingError, load_weights, save_weights, weights


def model(units=4, extra=()):
    return keras.Sequential([keras.Input((3,)), layers.Dense(units), layers.Dense(2), *extra])


def test_a_round_trip_is_exact_whatever_the_layers_are_called(tmp_path):
    one, other = model(), model()
    assert [v.path for v in one.weights] != [v.path for v in other.weights]
    save_weights(one, tmp_path / "w.safetensors")
    load_weights(other, tmp_path / "w.safetensors")
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_say_where_a_weight_is():
    nested = keras.Sequential([keras.Input((3,)), layers.Dense(3), model()])
    assert list(weights.named_variables(nested)) == [
        "dense/kernel", "dense/bias", "sequential/dense/kernel", "sequential/dense/bias", "sequential/dense_1/kernel",
        "sequential/dense_1/bias"]


@pytest.mark.parametrize("other, message", [
    (lambda: model(5), r"its dense/kernel is float32\[3, 4\], the model's \S+/kernel is float32\[3, 5\] \(and 2 more\)"),
    (lambda: model(extra=[layers.Dense(1)]), "it has no dense_2/kernel"),
    (lambda: keras.Sequential([keras.Input((3,)), layers.Dense(4)]), "it holds dense_1/.*, which the model has not"),
])
def test_weights_of_another_model_change_nothing(tmp_path, other, message):
    save_weights(model(), tmp_path / "w")
    target = other()
    before = target.get_weights()
    with pytest.raises(SavingError, match=f"w belongs to another model: {message}"):
        load_weights(target, tmp_path / "w")
    for a, b in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_fits_can_be_had_from_another_model(tmp_path):
    one, other = model(), model(5)
    save_weights(one, tmp_path / "w")
    load_weights(other, tmp_path / "w", skip_mismatch=True)
    np.testing.assert_array_equal(one.get_weights()[3], other.get_weights()[3])
    assert other.get_weights()[0].shape == (3, 5)


def hostile(header: dict, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("content", [
    b"", b"\0" * 7, b"\xff" * 100, pickle.dumps({"a": 1}), struct.pack("<Q", 1 << 62) + b"{}",
    hostile({"dense/kernel": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 1 << 40]}}),
    hostile({"dense/kernel": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 16]}}, b"\0" * 16),
    hostile({"dense/kernel": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"\0" * 4),
    hostile({"dense/kernel": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}}, b"\0" * 8),
    hostile({"dense/kernel": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, b"\0" * 4),
])
def test_a_damaged_or_hostile_file_is_an_error(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(SavingError, match="w is no safetensors file, or a damaged one"):
        load_weights(model(), tmp_path / "w")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.99])
def test_a_truncated_file_is_an_error(tmp_path, keep):
    save_weights(model(), tmp_path / "w")
    content = (tmp_path / "w").read_bytes()
    (tmp_path / "w").write_bytes(content[:int(len(content) * keep)])
    with pytest.raises(SavingError, match="damaged"):
        load_weights(model(), tmp_path / "w")


def test_a_file_that_is_not_there_is_that(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_weights(model(), tmp_path / "nothing")


def test_a_file_is_replaced_only_if_asked(tmp_path):
    save_weights(model(), tmp_path / "w")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_weights(model(), tmp_path / "w", overwrite=False)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "w").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        weights.write_whole(tmp_path / "w", b"new")
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("w", b"old")]


def test_the_old_file_stands_until_the_new_one_is_on_disk(tmp_path, monkeypatch):
    seen, flush, replace = [], os.fsync, os.replace

    def flushed(handle):
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        flush(handle)

    def replaced(source, target):
        seen.append((Path(source).read_bytes(), Path(target).read_bytes()))
        replace(source, target)

    (tmp_path / "w").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", replaced)
    weights.write_whole(tmp_path / "w", b"new")
    assert seen == ["file", (b"new", b"old"), *["folder"] * (os.name == "posix")]
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("w", b"new")]


def test_weights_of_another_dtype_are_refused(tmp_path):
    reader = model()
    arrays = {name: v.numpy() for name, v in weights.named_variables(reader).items()}
    arrays["dense/bias"] = arrays["dense/bias"].astype("float16")
    (tmp_path / "w").write_bytes(weights.packed(arrays))
    with pytest.raises(SavingError, match=r"its dense/bias is float16\[4\], the model's \S*/bias is float32\[4\]"):
        load_weights(reader, tmp_path / "w")


def test_what_layers_share_has_the_name_of_its_first_place():
    shared = layers.Dense(3)
    first, second = (keras.Sequential([keras.Input((3,)), shared]) for _ in range(2))
    names = weights.named_variables(keras.Sequential([keras.Input((3,)), first, second, layers.Dense(3)]))
    assert list(names) == ["sequential/dense/kernel", "sequential/dense/bias", "dense/kernel", "dense/bias"]


@pytest.mark.skipif(os.name != "posix", reason="rights and links of POSIX")
def test_a_file_has_the_rights_of_others_and_links_stay(tmp_path):
    (tmp_path / "new").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "w")
    weights.write_whole(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "w").read_bytes() == b"x"
    assert (tmp_path / "w").stat().st_mode == (tmp_path / "new").stat().st_mode


@pytest.mark.parametrize("dtype", ["object", "float32", "nonsense", 7])
def test_a_dtype_in_the_metadata_is_not_believed(dtype):
    content = weights.packed({"a": np.zeros(2, np.uint16)}, {"dtype:a": str(dtype)})
    with pytest.raises(SavingError, match="w is no safetensors file, or a damaged one"):
        weights.read(content, "w")


def test_whatever_a_file_holds_all_weights_are_set_or_none(tmp_path):
    """Bytes of a file are changed at random, most of them in its header."""
    save_weights(model(), tmp_path / "w")
    content, random = (tmp_path / "w").read_bytes(), np.random.default_rng(0)
    reader = model()
    before = [np.full_like(w, 7) for w in reader.get_weights()]
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in random.integers(0, random.choice([9, 300, len(content)]), random.integers(1, 5)):
            damaged[place] = random.integers(256)
        (tmp_path / "w").write_bytes(damaged)
        reader.set_weights(before)
        try:
            load_weights(reader, tmp_path / "w")
        except SavingError:
            refused += 1
            assert all((a == b).all() for a, b in zip(reader.get_weights(), before, strict=True))
        else:
            assert not any((a == b).all() for a, b in zip(reader.get_weights(), before, strict=True))
    assert refused > 100


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16, np.int8, np.uint64, np.bool_])
def test_every_dtype_comes_back(tmp_path, dtype):
    array = np.array([[0, 1], [1, 0]]).astype(dtype)
    (tmp_path / "w").write_bytes(weights.packed({"a": array, "scalar": array[0, 1]}, {"note": "x"}))
    arrays, metadata = weights.read((tmp_path / "w").read_bytes(), "w")
    assert (arrays["a"].dtype, arrays["scalar"].shape, metadata["note"]) == (np.dtype(dtype), (), "x")
    np.testing.assert_array_equal(arrays["a"], array)


def test_a_layer_without_weights_has_a_file_too(tmp_path):
    save_weights(layers.Dropout(0.5), tmp_path / "w")
    load_weights(layers.Dropout(0.5), tmp_path / "w")
