"""Machine code on disk.

An entry is the file ``ab/cdef....o`` of the key ``abcdef...``: a header, then the object. Its checksum covers the
key, so that a file that is torn, altered or under a wrong name is found out, costs one warning and is made anew.
Entries are written to a temporary file and renamed: any number of processes may share a folder. Code runs with the
user's rights, so a folder or an entry that belongs to another user is refused.

``GRAPHC_CACHE`` names the folder (empty or ``off``: none), ``GRAPHC_CACHE_LIMIT`` its size in bytes (500M, 2G;
default 1G).
"""
from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import stat
import struct
import sys
import tempfile
import time
import warnings
from pathlib import Path

from ..ir import locks
from ..ir.errors import CacheWarning
from ..ir.locks import Rank

_MAGIC, _VERSION = b"graphc.o", 2
_HEADER = struct.Struct("<8sIQ32s")
_DEFAULT_LIMIT = 1 << 30
_HOUR = 3600
_lock = locks.lock(Rank.CACHE)


class Cache:
    """Objects by key in `folder` (None: nowhere), at most `limit` bytes of them: the least recently used go first.

    Nothing in here raises: what cannot be read is absent, what cannot be written is not kept, and each kind of trouble
    warns once with `CacheWarning`.
    """

    def __init__(self, folder: str | os.PathLike | None, limit: int = _DEFAULT_LIMIT):
        self.folder = None if folder is None else Path(folder)
        self.limit = limit
        self.hits = self.misses = 0
        self._size = None
        self._warned = set()
        self._usable = None if self.folder else False

    def get(self, key: str) -> bytes | None:
        """The object of `key`, a hexadecimal digest; None if there is none, or none that can be trusted."""
        payload = self._get(key) if self._is_usable() else None
        self.hits, self.misses = self.hits + (payload is not None), self.misses + (payload is None)
        return payload

    def _get(self, key):
        path = self._path(key)
        try:
            return _read(path, key)
        except FileNotFoundError:
            return None
        except (OSError, _Damaged) as problem:
            self._warn("damaged", f"the entry {path} of the compile cache cannot be used and is made anew: {problem}")
            with contextlib.suppress(OSError):
                os.rmdir(path) if path.is_dir() and not path.is_symlink() else os.unlink(path)

    def put(self, key: str, payload: bytes) -> None:
        """Keep `payload` under `key`, for this process and others."""
        if not self._is_usable():
            return
        try:
            written = _write(self._path(key), key, payload)
        except OSError as problem:
            self._warn("unwritable", f"the compile cache {self.folder} cannot be written: compiled code lives in "
                                     f"memory only ({problem})")
            return
        with _lock:
            self._size = self._measured() if self._size is None else self._size + written
            if self._size > self.limit:
                self._evict()

    def stats(self) -> dict:
        """Folder, number of entries, their bytes, the limit, and this process's hits and misses."""
        sizes = [size for _, size, _ in self._entries()]
        return {"folder": self.folder, "entries": len(sizes), "bytes": sum(sizes), "limit": self.limit,
                "hits": self.hits, "misses": self.misses}

    def clear(self) -> None:
        """Remove all entries."""
        for path, _, _ in self._entries():
            with contextlib.suppress(OSError):
                path.unlink()
        self._size = None

    def _path(self, key):
        return self.folder / key[:2] / f"{key[2:]}.o"

    def _is_usable(self):
        if self._usable is None:
            self._usable = self._opened()
        return self._usable

    def _opened(self):
        """Whether the folder is there, or can be made, and is the user's own."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = os.stat(self.folder).st_uid
        except OSError as problem:
            self._warn("unwritable", f"no compile cache at {self.folder}, code lives in memory only: {problem}")
            return False
        if _is_foreign(owner):
            self._warn("foreign", f"the compile cache {self.folder} belongs to another user and is not used")
            return False
        return True

    def _entries(self):
        """Rows ``(path, size, time of last use)``."""
        for path in self.folder.glob("??/*.o") if self._is_usable() else ():
            with contextlib.suppress(OSError):
                status = path.lstat()
                yield path, status.st_size, status.st_mtime

    def _measured(self):
        self._remove_leftovers()
        return sum(size for _, size, _ in self._entries())

    def _remove_leftovers(self):
        """Temporary files of processes that died while writing."""
        for path in self.folder.glob("??/*.tmp"):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < time.time() - _HOUR:
                    path.unlink()

    def _evict(self):
        """Down to four fifths of the limit, so that the next writes need not look again."""
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        self._size = sum(size for _, size, _ in entries)
        for path, size, _ in entries:
            if self._size <= self.limit * 4 // 5:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                self._size -= size

    def _warn(self, kind, message):
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(message, CacheWarning, stacklevel=2)


class _Damaged(Exception):
    """Why an entry's bytes are not what was written."""


def _read(path, key):
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _Damaged("it is no regular file")
        if _is_foreign(status.st_uid):
            raise _Damaged("it belongs to another user")
        payload = _checked(file.read(), key)
    if status.st_mtime < time.time() - _HOUR:
        with contextlib.suppress(OSError):
            os.utime(path)
    return payload


def _checked(content, key):
    if len(content) < _HEADER.size:
        raise _Damaged("it is truncated")
    magic, version, length, digest = _HEADER.unpack_from(content)
    if (magic, version) != (_MAGIC, _VERSION):
        raise _Damaged("it is no entry of this cache")
    payload = content[_HEADER.size:]
    if length != len(payload):
        raise _Damaged("it is truncated")
    if digest != _digest(key, payload):
        raise _Damaged("its checksum is wrong")
    return payload


def _write(path, key, payload):
    """Write an entry as a whole or not at all; its size in bytes."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(_HEADER.pack(_MAGIC, _VERSION, len(payload), _digest(key, payload)))
            file.write(payload)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return _HEADER.size + len(payload)


def _digest(key, payload):
    return hashlib.sha256(key.encode() + payload).digest()


def _is_foreign(owner):
    return hasattr(os, "geteuid") and owner != os.geteuid()


def default_cache() -> Cache:
    """The cache that the environment asks for; one object per setting."""
    return _cache(_folder(), os.environ.get("GRAPHC_CACHE_LIMIT", ""))


@functools.lru_cache(maxsize=None)
def _cache(folder, limit):
    return Cache(folder, _bytes(limit))


def _folder():
    named = os.environ.get("GRAPHC_CACHE")
    if named is not None:
        return None if named.strip().lower() in ("", "off") else os.path.abspath(os.path.expanduser(named))
    return str(user_folder() / "graphc") if user_folder() else _temporary_folder()


def user_folder() -> Path | None:
    """Where this platform keeps a user's caches, if the user has a home."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return Path(named)
    home = os.environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    if not home:
        return None
    return Path(home) / {"darwin": "Library/Caches", "win32": "AppData/Local"}.get(sys.platform, ".cache")


def _temporary_folder():
    user = os.geteuid() if hasattr(os, "geteuid") else os.environ.get("USERNAME", "user")
    return os.path.join(tempfile.gettempdir(), f"graphc-{user}")


def _bytes(text):
    """``"500M"`` as a number of bytes."""
    if not text.strip():
        return _DEFAULT_LIMIT
    match = re.fullmatch(r"(\d+)\s*([KMG]?)B?", text.strip().upper())
    if match is None:
        warnings.warn(f"GRAPHC_CACHE_LIMIT={text!r} is no number of bytes (as 500M or 2G); 1G is used", CacheWarning,
                      stacklevel=2)
        return _DEFAULT_LIMIT
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]


__all__ = ["Cache", "default_cache", "user_folder"]
