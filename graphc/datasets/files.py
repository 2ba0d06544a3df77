"""Files of data sets: in a folder that the user names, in the cache, or downloaded on first use."""
from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from ..ir.errors import GraphcError
from ..runtime.cache import user_folder

TIMEOUT = 30
"""Seconds without a byte after which a download is given up."""
_CHUNK = 1 << 20


class DataError(GraphcError, OSError):
    """A data set's file is missing, cannot be downloaded, or is not what it should be."""


@dataclass(frozen=True)
class DataSet:
    """Where a data set comes from: the address of its folder, and the MD5 sum of each of its files."""

    name: str
    address: str
    checksums: Mapping[str, str]

    def files(self, folder: str | os.PathLike | None = None) -> dict[str, Path]:
        """The path of each file. They are looked for in `folder` if one is given; else in the folders ``GRAPHC_DATA``
        and ``GRAPHC_DATA/<name>`` if that is set; else in the cache, where missing ones are downloaded to.

        Raises DataError, which says which files to put where, if they cannot be had."""
        named = folder if folder is not None else os.environ.get("GRAPHC_DATA")
        if named:
            return self._found([Path(named), Path(named) / self.name])
        cache = _cache() / self.name
        for file in self.checksums:
            if not (cache / file).is_file():
                self._download(file, cache)
        return {file: cache / file for file in self.checksums}

    def _found(self, folders: list[Path]) -> dict[str, Path]:
        for folder in folders:
            if all((folder / file).is_file() for file in self.checksums):
                return {file: folder / file for file in self.checksums}
        raise DataError(f"{self.name} is not in {folders[0]} or {folders[1]}: put {self._listed()} into one of them")

    def _listed(self) -> str:
        return f"{', '.join(self.checksums)} (from {self.address})"

    def _download(self, file: str, cache: Path) -> None:
        """Fetch a file; it appears under its name once it is complete and its checksum is right."""
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=cache, delete=False) as target:
                try:
                    found = self._copied(file, target)
                except BaseException:
                    os.unlink(target.name)
                    raise
        except (OSError, HTTPException) as error:
            raise DataError(f"{self.name} cannot be downloaded ({error}): put {self._listed()} into {cache}, or into a "
                            "folder that GRAPHC_DATA names") from error
        if found != self.checksums[file]:
            os.unlink(target.name)
            raise DataError(f"{self.address}{file} is not the file expected: its MD5 sum is {found}, not "
                            f"{self.checksums[file]}")
        os.replace(target.name, cache / file)

    def _copied(self, file: str, target) -> str:
        """The MD5 sum of what was fetched."""
        digest, done = hashlib.md5(usedforsecurity=False), 0
        with urllib.request.urlopen(self.address + file, timeout=TIMEOUT) as source:
            length = source.headers.get("Content-Length") or ""
            total = int(length) if length.isdecimal() else 0
            while chunk := source.read(_CHUNK):
                target.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                _show(file, done, total)
        return digest.hexdigest()


def _show(file: str, done: int, total: int) -> None:
    """The progress of a download, where somebody may look on."""
    if sys.stderr.isatty():
        print(f"\r{file}: {done >> 20}{f' of {total >> 20}' if total else ''} MB", end="\n" if done == total else "",
              file=sys.stderr, flush=True)


def _cache() -> Path:
    """Where downloads are kept."""
    return (user_folder() or Path(tempfile.gettempdir())) / "graphc-data"


__all__ = ["DataError", "DataSet"]
