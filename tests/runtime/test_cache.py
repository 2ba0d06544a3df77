"""The compile cache: entries come back as they were put, and no state of the folder is an error."""
import os
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from graphc.ir.errors import CacheWarning
from graphc.runtime import cache as module
from graphc.runtime.cache import Cache, default_cache

KEY, OTHER = "ab" * 32, "cd" * 32
OBJECT = bytes(range(256)) * 10


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def entry(cache, key=KEY):
    return cache.folder / key[:2] / f"{key[2:]}.o"


def quietly(call, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call(*args)


def test_what_is_put_comes_back_in_another_cache_of_the_folder(cache):
    assert quietly(cache.get, KEY) is None
    quietly(cache.put, KEY, OBJECT)
    assert quietly(Cache(cache.folder).get, KEY) == OBJECT
    assert cache.get(OTHER) is None


def test_entries_are_the_users_alone(cache):
    cache.put(KEY, OBJECT)
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry(cache).stat().st_mode) == 0o600


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def cut_header(path):
    path.write_bytes(path.read_bytes()[:5])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def change_magic(path):
    path.write_bytes(b"foreign!" + path.read_bytes()[8:])


def change_version(path):
    content = path.read_bytes()
    path.write_bytes(content[:8] + b"\xff" + content[9:])


def write_nothing(path):
    path.write_bytes(b"")


def make_folder(path):
    path.unlink()
    path.mkdir()


def make_link(path):
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def make_dangling_link(path):
    path.unlink()
    path.symlink_to("nowhere")


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


DAMAGES = [truncate, cut_header, flip_a_bit, change_magic, change_version, write_nothing, make_folder]
if os.name == "posix":
    DAMAGES += [make_link, make_dangling_link, make_pipe]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_absent_with_one_warning_and_can_be_replaced(cache, damage):
    cache.put(KEY, OBJECT)
    damage(entry(cache))
    with pytest.warns(CacheWarning, match="made anew") as caught:
        assert cache.get(KEY) is None
        assert cache.get(KEY) is None
    assert len(caught) == 1
    quietly(cache.put, KEY, OBJECT)
    assert quietly(cache.get, KEY) == OBJECT


def test_an_entry_under_the_name_of_another_is_not_taken_for_it(cache):
    cache.put(KEY, OBJECT)
    entry(cache, OTHER).parent.mkdir()
    entry(cache).rename(entry(cache, OTHER))
    with pytest.warns(CacheWarning, match="checksum"):
        assert cache.get(OTHER) is None


def test_a_full_folder_in_place_of_an_entry_warns_and_loses_nothing(cache):
    (entry(cache) / "precious").mkdir(parents=True)
    with pytest.warns(CacheWarning) as caught:
        assert cache.get(KEY) is None
        cache.put(KEY, OBJECT)
        cache.put(KEY, OBJECT)
    assert len(caught) == 2
    assert (entry(cache) / "precious").is_dir()
    assert not list(cache.folder.rglob("*.tmp"))


def test_a_file_in_place_of_the_folder_warns_once(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.warns(CacheWarning, match="memory only") as caught:
            cache = Cache(folder)
            cache.put(KEY, OBJECT)
            assert cache.get(KEY) is None
            assert cache.stats()["entries"] == 0
        assert len(caught) == 1


def test_a_file_in_place_of_a_subfolder_warns(cache):
    cache.put(OTHER, OBJECT)
    (cache.folder / KEY[:2]).write_text("")
    with pytest.warns(CacheWarning) as caught:
        assert cache.get(KEY) is None
        cache.put(KEY, OBJECT)
    assert {"anew" in str(w.message) for w in caught} == {True, False}
    assert quietly(cache.get, OTHER) == OBJECT


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_warns_once(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.warns(CacheWarning, match="memory only") as caught:
            Cache(tmp_path / "cache").put(KEY, OBJECT)
        cache = Cache(tmp_path)
        with pytest.warns(CacheWarning, match="memory only") as caught:
            cache.put(KEY, OBJECT)
            cache.put(OTHER, OBJECT)
        assert len(caught) == 1
    finally:
        tmp_path.chmod(0o700)


def test_a_write_that_fails_warns_once_and_leaves_nothing_behind(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(CacheWarning, match="No space left") as caught:
        cache.put(KEY, OBJECT)
        cache.put(OTHER, OBJECT)
    assert len(caught) == 1
    assert not [path for path in cache.folder.rglob("*") if path.is_file()]


def test_an_interrupted_write_leaves_a_usable_cache(cache, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", interrupt)
        cache.put(KEY, OBJECT)
    assert quietly(cache.get, KEY) is None
    quietly(cache.put, KEY, OBJECT)
    assert cache.get(KEY) == OBJECT
    assert not list(cache.folder.rglob("*.tmp"))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner here")
def test_what_another_user_owns_is_refused(cache, monkeypatch):
    cache.put(KEY, OBJECT)
    monkeypatch.setattr(os, "geteuid", lambda: 12345678)
    with pytest.warns(CacheWarning, match="another user"):
        assert cache.get(KEY) is None
    with pytest.warns(CacheWarning, match="another user"):
        assert Cache(cache.folder).get(KEY) is None


def keys(n):
    return [f"{k:064x}"[::-1] for k in range(n)]


def test_over_the_limit_the_least_recently_used_go(tmp_path):
    cache = Cache(tmp_path, limit=20_000)
    for age, key in enumerate(keys(7)):
        cache.put(key, OBJECT)
        os.utime(entry(cache, key), (time.time() - 90_000 + age,) * 2)
    assert cache.get(keys(7)[0]) == OBJECT
    for key in keys(9)[7:]:
        cache.put(key, OBJECT)
    kept = [key for key in keys(9) if entry(cache, key).exists()]
    assert keys(1)[0] in kept and keys(9)[8] in kept
    assert keys(9)[1] not in kept and keys(9)[2] not in kept
    assert cache.stats()["bytes"] <= cache.limit


def test_leftovers_of_dead_processes_are_removed(tmp_path):
    cache = Cache(tmp_path)
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / "old.tmp", tmp_path / "ab" / "new.tmp"
    old.write_text("")
    new.write_text("")
    os.utime(old, (time.time() - 90_000,) * 2)
    cache.put(KEY, OBJECT)
    assert new.exists() and not old.exists()


def test_stats_and_clear(cache):
    cache.put(KEY, OBJECT)
    cache.put(OTHER, OBJECT)
    cache.get(KEY)
    cache.get("00" * 32)
    stats = cache.stats()
    assert (stats["entries"], stats["hits"], stats["misses"]) == (2, 1, 1)
    assert stats["bytes"] > 2 * len(OBJECT)
    cache.clear()
    assert cache.stats()["entries"] == 0 and cache.get(KEY) is None


@pytest.mark.parametrize("text", ["", "off", " OFF "])
def test_it_can_be_switched_off(monkeypatch, text):
    monkeypatch.setenv("GRAPHC_CACHE", text)
    cache = default_cache()
    quietly(cache.put, KEY, OBJECT)
    assert cache.folder is None and quietly(cache.get, KEY) is None
    assert cache.stats()["entries"] == 0
    cache.clear()


def test_the_environment_names_the_folder_and_the_limit(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPHC_CACHE", str(tmp_path / "here"))
    monkeypatch.setenv("GRAPHC_CACHE_LIMIT", "500M")
    assert default_cache().folder == tmp_path / "here"
    assert default_cache().limit == 500 << 20
    assert default_cache() is default_cache()
    monkeypatch.setenv("GRAPHC_CACHE_LIMIT", "much")
    with pytest.warns(CacheWarning, match="GRAPHC_CACHE_LIMIT='much'"):
        assert default_cache().limit == 1 << 30


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps caches")
def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("GRAPHC_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert module._folder() == str(tmp_path / "graphc")
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        monkeypatch.setenv("HOME", "/home/somebody")
        assert module._folder() == "/home/somebody/.cache/graphc"
    monkeypatch.delenv("HOME")
    assert Path(module._folder()).name == f"graphc-{os.geteuid()}"


STAMPEDE = """
import sys
from graphc.runtime.cache import Cache
cache = Cache(sys.argv[1], limit=60_000)
for turn in range(40):
    for k in range(8):
        key, payload = f"{k:02x}" * 32, bytes([k]) * 3000
        found = cache.get(key)
        assert found is None or found == payload
        if found is None or turn % 5 == 0:
            cache.put(key, payload)
"""


def test_ten_processes_at_once(tmp_path):
    command = [sys.executable, "-W", "error", "-c", STAMPEDE, str(tmp_path / "cache")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(10)]
    assert [process.communicate(timeout=300)[1] for process in processes] == [b""] * 10
    cache = Cache(tmp_path / "cache")
    assert all(cache.get(f"{k:02x}" * 32) == bytes([k]) * 3000 for k in range(8))
