"""Files that are fetched once: from files here, as no test asks the network."""
from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path

import pytest

import graphc
from graphc.datasets import DataError
from graphc.nn.utils import get_file


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "there" / "text.txt"
    path.parent.mkdir()
    path.write_text("hello")
    return path


def test_a_file_is_fetched_once(source, tmp_path):
    fetched = [get_file(None, source.as_uri(), cache_dir=tmp_path / "cache")]
    source.write_text("changed")
    fetched.append(get_file("text.txt", source.as_uri(), cache_dir=tmp_path / "cache"))
    assert fetched == [str(tmp_path / "cache" / "datasets" / "text.txt")] * 2
    assert Path(fetched[0]).read_text() == "hello"
    again = get_file("text.txt", source.as_uri(), cache_dir=tmp_path / "cache", force_download=True)
    assert Path(again).read_text() == "changed" and len(list(Path(again).parent.iterdir())) == 1


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_sums_are_checked(source, tmp_path, kind):
    right = hashlib.new(kind, b"hello").hexdigest()
    path = Path(get_file("a", source.as_uri(), file_hash=right, cache_dir=tmp_path))
    path.write_text("damaged")
    assert Path(get_file("a", source.as_uri(), file_hash=right, cache_dir=tmp_path)).read_text() == "hello"
    with pytest.raises(DataError, match="not the file expected"):
        get_file("b", source.as_uri(), file_hash=right[:-1] + "x", cache_dir=tmp_path)
    assert not (tmp_path / "datasets" / "b").exists()


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_archives_are_unpacked(source, tmp_path, kind):
    archive = tmp_path / f"things.{kind}"
    if kind == "tar":
        with tarfile.open(archive, "w:gz") as file:
            file.add(source, "inner/text.txt")
    else:
        with zipfile.ZipFile(archive, "w") as file:
            file.write(source, "inner/text.txt")
    named = get_file(archive.name, archive.as_uri(), cache_dir=tmp_path, cache_subdir="x", extract=True)
    plain = get_file(origin=archive.as_uri(), cache_dir=tmp_path, cache_subdir="y", extract=True)
    assert (named, plain) == (str(tmp_path / "x" / "things_extracted"), str(tmp_path / "y" / archive.name))
    assert [Path(folder, "inner", "text.txt").read_text() for folder in (named, plain)] == ["hello", "hello"]


def test_an_archive_stays_within_its_folder(source, tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as file:
        file.add(source, "../../outside.txt")
    with pytest.raises(tarfile.OutsideDestinationError):
        get_file("evil.tar", (tmp_path / "evil.tar").as_uri(), cache_dir=tmp_path / "a" / "b", untar=True)
    assert not list(tmp_path.rglob("outside.txt"))


def test_what_cannot_be_fetched(source, tmp_path):
    with pytest.raises(DataError, match="put the file under .*none.txt"):
        get_file("none.txt", (tmp_path / "none.txt").as_uri(), cache_dir=tmp_path)
    with pytest.raises(DataError, match="is no archive"):
        get_file("text.txt", source.as_uri(), cache_dir=tmp_path, extract=True)
    with pytest.raises(graphc.ArgumentError, match="the name of a file, not '../x'"):
        get_file("../x", source.as_uri(), cache_dir=tmp_path)
    with pytest.raises(graphc.ArgumentError, match="origin="):
        get_file("x")
