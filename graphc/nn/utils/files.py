"""Files from the network, fetched once."""
from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...datasets import DataError
from ...ir.errors import ArgumentError
from ...runtime.cache import user_folder

TIMEOUT = 30
"""Seconds without a byte after which a download is given up."""


def get_file(fname: str | None = None, origin: str | None = None, untar: bool = False, md5_hash: str | None = None,
             file_hash: str | None = None, cache_subdir: str = "datasets", hash_algorithm: str = "auto",
             extract: bool = False, archive_format="auto", cache_dir: str | os.PathLike | None = None,
             force_download: bool = False) -> str:
    """The path of a file that is downloaded from `origin` where it is not there yet, in `cache_subdir` of `cache_dir` (a
    folder of the user's, if none is given), under the name `fname`, or the one that it has there.

    `file_hash` is its SHA-256 or MD5 sum; a file with another one is fetched anew, and refused. With `extract` (or `untar`),
    it is a tar or zip archive that is unpacked into a folder beside it, nothing of it outside, and the path is that
    folder's. Raises DataError for a file that cannot be had."""
    if origin is None:
        raise ArgumentError("get_file: say where the file comes from, by origin=...")
    name = fname or Path(unquote(urlsplit(origin).path)).name
    if not name or os.path.basename(name) != name:
        raise ArgumentError(f"get_file: fname is the name of a file, not {name!r}; cache_dir says in which folder")
    folder = Path(cache_dir or user_folder() or tempfile.gettempdir()).expanduser() / cache_subdir
    path, wanted = folder / name, file_hash or md5_hash
    if extract or untar:
        dotted = bool(fname) and "." in name
        path, target = folder / (name if dotted else f"{name}_archive"), folder / (
            f"{name.partition('.')[0]}_extracted" if dotted else name)
    if force_download or not path.is_file() or not _fits(path, wanted, hash_algorithm):
        _fetch(origin, path, wanted, hash_algorithm)
    return _unpacked(path, target, "tar" if untar else archive_format) if extract or untar else str(path)


def _fits(path: Path, wanted: str | None, algorithm: str) -> bool:
    if wanted is None:
        return True
    name = ("md5" if len(wanted) == 32 else "sha256") if algorithm == "auto" else algorithm
    with open(path, "rb") as file:
        return hashlib.file_digest(file, name).hexdigest() == wanted.lower()


def _fetch(origin: str, path: Path, wanted: str | None, algorithm: str) -> None:
    """Download; the file appears under its name once it is whole and its sum is right."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / "part"
            with urllib.request.urlopen(origin, timeout=TIMEOUT) as source, open(part, "wb") as target:
                shutil.copyfileobj(source, target)
            if not _fits(part, wanted, algorithm):
                raise DataError(f"{origin} is not the file expected: its sum is not {wanted}")
            os.replace(part, path)
    except DataError:
        raise
    except (OSError, ValueError) as error:
        raise DataError(f"{origin} cannot be downloaded ({error}): put the file under {path}") from error


def _unpacked(path: Path, folder: Path, archive_format) -> str:
    """The folder, with what is in the archive."""
    kinds = [archive_format] if isinstance(archive_format, str) else list(archive_format or ())
    if {"tar", "auto"} & set(kinds) and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    elif {"zip", "auto"} & set(kinds) and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    else:
        raise DataError(f"{path} is no archive; expected {' or '.join(kinds) or None}")
    return str(folder)


__all__ = ["get_file"]
