"""Where data sets are found, and how they are fetched: from addresses of files, never from a network."""
from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import re
import struct
import tarfile

import numpy as np
import pytest

from graphc.datasets import DataError, cifar10, fashion_mnist, idx, mnist
from graphc.datasets.files import DataSet

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)


def packed(array) -> bytes:
    return gzip.compress(struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with four files in MNIST's format; the cache is elsewhere, and empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GRAPHC_DATA", raising=False)
    here = tmp_path / "data"
    here.mkdir()
    for part in ("train", "t10k"):
        (here / f"{part}-images-idx3-ubyte.gz").write_bytes(packed(IMAGES))
        (here / f"{part}-labels-idx1-ubyte.gz").write_bytes(packed(np.array([7, 2], np.uint8)))
    return here


def source(folder, **wrong) -> DataSet:
    sums = {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    return DataSet("shapes", folder.as_uri() + "/", sums | wrong)


@pytest.mark.parametrize("data", [mnist, fashion_mnist])
def test_a_folder_of_files_is_read(folder, data):
    (x, y), (x_test, y_test) = data.load_data(folder)
    np.testing.assert_array_equal(x, IMAGES)
    assert (y.tolist(), y.dtype, x.flags.writeable) == ([7, 2], np.uint8, True)


@pytest.mark.parametrize("below", ["", "mnist"])
def test_the_environment_names_a_folder(folder, below, monkeypatch):
    place = folder / below
    if below:
        place.mkdir()
        for file in [f for f in folder.iterdir() if f.is_file()]:
            file.rename(place / file.name)
    monkeypatch.setenv("GRAPHC_DATA", str(folder))
    assert mnist.load_data()[0][1].tolist() == [7, 2]


def test_what_is_missing_is_named(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"mnist is not in .*data or .*mnist: put .*t10k-labels-idx1-ubyte.gz.*into one"):
        mnist.load_data(folder)


def test_the_first_use_downloads_and_the_second_does_not(folder, tmp_path):
    data = source(folder)
    found = idx.load(data)
    assert found[0][1].tolist() == [7, 2]
    for file in folder.iterdir():
        file.unlink()
    assert idx.load(data)[1][1].tolist() == [7, 2]
    assert {f.name for f in (tmp_path / "cache" / "graphc-data" / "shapes").iterdir()} == set(data.checksums)


def test_a_wrong_checksum_leaves_nothing_behind(folder, tmp_path):
    name = "train-images-idx3-ubyte.gz"
    with pytest.raises(DataError, match="not the file expected: its MD5 sum"):
        source(folder, **{name: "0" * 32}).files()
    assert not [f for f in (tmp_path / "cache" / "graphc-data" / "shapes").iterdir() if f.name.startswith(("tmp", name))]


def test_without_a_network_the_error_says_what_to_put_where(folder, tmp_path):
    data = DataSet("shapes", (tmp_path / "nowhere").as_uri() + "/", {"one.gz": "", "two.gz": ""})
    with pytest.raises(DataError, match=r"shapes cannot be downloaded .*: put one.gz, two.gz .*into .*shapes, or .*_DATA"):
        data.files()


@pytest.mark.parametrize("damage, message", [
    (lambda b: b[:-9], "cannot be read"),
    (lambda b: gzip.compress(gzip.decompress(b)[:-1]), r"damaged: 1567 bytes of data for an array of shape \(2, 28, 28\)"),
    (lambda b: gzip.compress(gzip.decompress(b)[:6]), "damaged"),
    (lambda b: b"", "no IDX file"),
    (lambda b: gzip.compress(b"\0\0\x0d\x03" + gzip.decompress(b)[4:]), "no IDX file of unsigned bytes"),
])
def test_a_damaged_file_is_named(folder, damage, message):
    file = folder / "train-images-idx3-ubyte.gz"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataError, match=rf"train-images-idx3-ubyte.gz .*{message}"):
        mnist.load_data(folder)


def test_images_and_labels_must_be_as_many(folder):
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(packed(np.zeros(3, np.uint8)))
    with pytest.raises(DataError, match="2 train images and 3 labels"):
        mnist.load_data(folder)


@pytest.mark.parametrize("name, array", [
    ("train-labels-idx1", np.zeros((2, 2), np.uint8)), ("train-labels-idx1", IMAGES), ("t10k-images-idx3", IMAGES[:, :20]),
    ("train-images-idx3", IMAGES[0]), ("train-images-idx3", IMAGES[:0]), ("train-labels-idx1", np.array(3, np.uint8))])
def test_arrays_of_other_shapes_are_refused(folder, name, array):
    (folder / f"{name}-ubyte.gz").write_bytes(packed(array))
    with pytest.raises(DataError, match=f"{name}-ubyte.gz holds an array of shape {re.escape(str(array.shape))}, not of .n"):
        mnist.load_data(folder)


def test_a_label_of_no_class_is_refused(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(packed(np.array([3, 10], np.uint8)))
    with pytest.raises(DataError, match="mnist: a t10k label is 10; they are below 10"):
        mnist.load_data(folder)


@pytest.mark.parametrize("sizes", [[0, 2**32 - 1, 2**32 - 1, 2**32 - 1], [1] * 255])
def test_shapes_that_no_array_has_are_refused(tmp_path, sizes):
    (tmp_path / "a").write_bytes(bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + b"x" * min(sizes))
    with pytest.raises(DataError, match="a is damaged: it holds an array of shape"):
        idx.read(tmp_path / "a")


class Broken(io.BytesIO):
    """What a server sends that breaks off."""

    headers = {"Content-Length": "much"}

    def read(self, size=-1):
        raise http.client.IncompleteRead(b"")


def test_a_download_that_breaks_off_says_what_to_put_where(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Broken())
    with pytest.raises(DataError, match="mnist cannot be downloaded .*IncompleteRead.*: put train-images"):
        mnist.load_data()
    assert not list((tmp_path / "cache" / "graphc-data" / "mnist").iterdir())


def archive(folder, cut=0):
    image = np.arange(3 * 32 * 32).reshape(3, 32, 32).astype(np.uint8)
    with tarfile.open(folder / cifar10.ARCHIVE, "w:gz") as files:
        for k, name in enumerate(cifar10._TRAIN + cifar10._TEST):
            content = bytes([k]) + image.tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content) - cut
            files.addfile(member, io.BytesIO(content[:len(content) - cut]))
    return image


def test_cifar10_is_read_from_its_archive(tmp_path):
    image = archive(tmp_path)
    (x, y), (x_test, y_test) = cifar10.load_data(tmp_path)
    assert (x.shape, y[:, 0].tolist(), y_test.tolist()) == ((5, 32, 32, 3), [0, 1, 2, 3, 4], [[5]])
    np.testing.assert_array_equal(x[3], image.transpose(1, 2, 0))


def test_a_damaged_archive_is_named(tmp_path):
    archive(tmp_path, cut=1)
    with pytest.raises(DataError, match="gz is damaged: data_batch_1.bin holds 3072 bytes, no multiple of 3073"):
        cifar10.load_data(tmp_path)
    for content in b"no archive", gzip.compress(b"no archive"), b"":
        (tmp_path / cifar10.ARCHIVE).write_bytes(content)
        with pytest.raises(DataError, match="cifar-10-binary.tar.gz cannot be read"):
            cifar10.load_data(tmp_path)


def test_every_damage_to_an_archive_is_found(tmp_path):
    archive(tmp_path)
    file = tmp_path / cifar10.ARCHIVE
    content, expected = file.read_bytes(), cifar10.load_data(tmp_path)
    for place in (*range(64, len(content), 97), *range(len(content) - 8, len(content))):
        for damaged in content[:place], content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1:]:
            file.write_bytes(damaged)
            with pytest.raises(DataError, match="cifar-10-binary.tar.gz (cannot be read|is damaged)"):
                cifar10.load_data(tmp_path)
    file.write_bytes(content)
    np.testing.assert_array_equal(cifar10.load_data(tmp_path)[0][0], expected[0][0])


@pytest.mark.parametrize("names, message", [(cifar10._TEST + ("x",), "it has no test_batch.bin"), ((), "label")])
def test_what_an_archive_lacks_is_named(tmp_path, monkeypatch, names, message):
    if names:
        monkeypatch.setattr(cifar10, "_TEST", ())
    else:
        monkeypatch.setattr(cifar10, "_TRAIN", tuple(f"{k}" for k in range(11)))
    archive(tmp_path)
    monkeypatch.setattr(cifar10, "_TEST", cifar10._TEST or ("test_batch.bin",))
    with pytest.raises(DataError, match=message):
        cifar10.load_data(tmp_path)
