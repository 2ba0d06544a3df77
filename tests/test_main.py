"""The command ``graphc``."""
import os
import shlex
import subprocess
import sys

import numpy as np
import pytest

from graphc.__main__ import main
from graphc.commands.info import info


def test_info_names_versions_cache_and_cores(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPHC_CACHE", str(tmp_path / "compiled"))
    said = info()
    assert said["numpy"] == np.__version__ and said["python"] == ".".join(map(str, sys.version_info[:3]))
    assert said["cache"] == str(tmp_path / "compiled") and int(said["cores"]) >= 1


def test_info_says_that_the_cache_is_off(monkeypatch):
    monkeypatch.setenv("GRAPHC_CACHE", "off")
    assert info()["cache"] == "off"


def test_info_prints_a_line_for_each(capsys):
    main(["info"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(info())


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "graphc", "info"], capture_output=True, text=True)
    assert done.returncode == 0 and "numba" in done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_wrong_arguments_show_the_usage(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: graphc" in capsys.readouterr().err


def test_it_knows_its_version(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0 and capsys.readouterr().out == f"graphc {info()['graphc']}\n"


def test_bench_says_where_it_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="graphc bench: the benchmark stands in the folder bench/ of graphc's repository"):
        main(["bench"])


def ended(shell, folder="."):
    """What a line of the shell ends with, where $graphc is the command, and what it says."""
    command = f"{shlex.quote(sys.executable)} -m graphc"
    done = subprocess.run(["sh", "-c", shell], env={**os.environ, "graphc": command, "PYTHONIOENCODING": "ascii",
                                                    "folder": os.fspath(folder)}, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_reader_that_leaves_ends_it_without_a_word():
    code, said, errors = ended('{ $graphc train --model linear --epochs 1; echo $? >&2; } | read line')
    assert (said, errors) == ("", "141\n"), errors


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_it_may_have_no_output():
    assert ended("$graphc train --model linear --epochs 1 >&-") == (0, "", "")


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_names_that_the_output_cannot_show_are_escaped(tmp_path):
    code, said, errors = ended('$graphc train --model linear --epochs 1 --save "$folder/\u20ac.keras"', tmp_path)
    assert code == 0 and r"\u20ac.keras" in said and (tmp_path / "\u20ac.keras").exists(), errors
    assert "\r" not in said and "\x1b" not in said
