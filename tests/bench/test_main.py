"""The command `python -m bench`, with tiny sizes."""
import json
import subprocess
import sys

import pytest

from bench.__main__ import main
from bench.measure import Disagreement

ONE_OF_EACH = [("elementwise", "Python floats"), ("elementwise", "vectors"), ("elementwise", "GELU"),
               ("reduce", "cross-entropy"), ("reduce", "sum over axis 0"), ("overhead", "elementwise"),
               ("steps", "MLP")]


@pytest.mark.parametrize("family, match", ONE_OF_EACH)
def test_a_family_runs_and_writes_its_results(family, match, tmp_path):
    file = tmp_path / "results" / "r.json"
    done = subprocess.run([sys.executable, "-m", "bench", family, "--match", match, "--quick", "--threads", "1",
                           "--only", "graphc", "numpy", "--json", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(file.read_text())
    assert result["quick"] and result["absent"] == [] and result["versions"].keys() >= {"graphc", "numpy", "numba"}
    contestants = [r["contestant"] for r in result["results"]]
    assert contestants[0] == "graphc" and set(contestants) <= {"graphc", "numpy", "numpy out="} and len(contestants) > 1
    for r in result["results"]:
        assert r["family"] == family and match in r["case"] and r["seconds"] > 0 and r["ratio"] > 0
        assert ("share" in r) == ("floats" not in match and family not in ("overhead", "steps"))
        assert r["contestant"] in done.stdout


def test_absent_libraries_are_said(capsys, monkeypatch):
    monkeypatch.setattr("bench.__main__.interpreters", lambda paths, libraries: {})
    assert main(["overhead", "--quick", "--threads", "1", "--match", "nothing has this name"]) == 0
    monkeypatch.setattr("bench.__main__.every", lambda *_: [])
    main(["overhead", "--threads", "1"])
    assert "not installed, so not compared: graphc, numpy, torch, jax, pytensor" in capsys.readouterr().out


def test_disagreement_is_an_error(capsys, monkeypatch, tmp_path):
    def disagree(*_):
        raise Disagreement("output 0 of graphc and numpy differ by up to 1")

    monkeypatch.setattr("bench.__main__.measured", disagree)
    monkeypatch.setattr("bench.__main__.interpreters", lambda paths, libraries: {})
    assert main(["overhead", "--threads", "1", "--json", str(tmp_path / "r.json")]) == 1
    assert "differ by up to 1" in capsys.readouterr().out
    assert all("disagree" in r["failed"] for r in json.loads((tmp_path / "r.json").read_text())["results"])


@pytest.mark.parametrize("arguments", [["no-such-family"], ["--threads", "0"], ["--threads", "100000"]])
def test_wrong_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
