"""The command ``graphc``."""
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
