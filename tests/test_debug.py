"""GRAPHC_DEBUG: each level tells what the one below tells, and one thing more; and nothing on stdout."""
from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import graphc
from graphc.debug import level
from graphc.ir.errors import ArgumentError, IndexOutOfBounds

PROGRAM = """\
import numpy as np
import graphc

x = graphc.placeholder((None, 3), name="x")
v = graphc.Variable(np.ones(3, "float32"), name="v")
y = x * v + 0
step = graphc.compile(x, graphc.sum(y, axis=1), updates={v: v + 1})
print(step(np.ones((4, 3), "float32")))
s = graphc.placeholder(name="s")
f = graphc.compile(s, 2 * s)
print(f(3.0))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a program tells at each level; all but the first find their kernels in the cache."""
    folder = tmp_path_factory.mktemp("debug")
    (folder / "program.py").write_text(PROGRAM)
    return {k: _run(folder, k) for k in (0, 1, 2, 3, 4, 5, 6)}


def _run(folder, k: int) -> str:
    environment = {**os.environ, "GRAPHC_DEBUG": str(k), "GRAPHC_CACHE": str(folder / "cache")}
    done = subprocess.run([sys.executable, "program.py"], cwd=folder, env=environment, capture_output=True, text=True,
                          check=True)
    assert done.stdout == "[3. 3. 3. 3.]\n6.0\n"
    return done.stderr


def counted(text: str, pattern: str) -> int:
    return len(re.findall(pattern, text, re.MULTILINE))


def test_nothing_by_default(told):
    assert told[0] == ""


def test_1_a_line_for_each_function(told):
    lines = told[1].splitlines()
    assert len(lines) == 2
    form = r"graphc function \d+: (\d+) kernels? \((\d+) compiled\), (\d+) nodes as given, (\d+) as compiled, [\d.]+ s"
    (first, second) = (re.fullmatch(form, line) for line in lines)
    assert first[1] == "2" and int(first[4]) < int(first[3]) and second.groups() == ("1", "0", "3", "3")


def test_compiled_kernels_are_told_from_those_in_the_cache(told, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    assert "2 kernels (2 compiled)" in _run(tmp_path, 1) and "2 kernels (0 compiled)" in _run(tmp_path, 1)


def test_2_kernels_with_the_users_lines(told):
    assert counted(told[1], r"^step +kernel") == 0 and counted(told[2], r"^step +kernel") == 2
    assert re.search(r"^ +\d+ +sum +\? \(3\) +2 +sum:f32\[\?\] +program\.py:6,7$", told[2], re.MULTILINE)


def test_3_graphs_before_and_after(told):
    assert "# as given" not in told[2]
    for title in ("as given", "as compiled"):
        assert counted(told[3], f"^# {title}$") == 2
    assert counted(told[3], r"= add\(%\d+, 0\)") == 1, "gone from the compiled graph"


def test_4_the_graph_after_each_pass_that_changes_it(told):
    assert counted(told[3], "^# after ") == 0
    assert counted(told[4], "^# as given$") == 2 and counted(told[4], "^# after (canonicalize|simplify)$") == 2


def test_5_source(told):
    assert "def " not in told[4]
    assert counted(told[5], r"^def \w+\(args, tid, threads\):$") == 3


def test_6_each_call_kernel_by_kernel(told):
    assert "a call" not in told[5]
    assert counted(told[6], r"^graphc function 1: a call with \? = 4, threads: 1$") == 1
    assert counted(told[6], r"^graphc function 2: a call, threads: 1$") == 1
    assert counted(told[6], r"^ +\d +\w+ +[\d.]+$") == 3


def test_the_level_is_a_number(monkeypatch):
    for off in ("", "0", "false", "No", "off"):
        monkeypatch.setenv("GRAPHC_DEBUG", off)
        assert level() == 0
    for wrong in ("yes", "99", "7", "-1"):
        monkeypatch.setenv("GRAPHC_DEBUG", wrong)
        with pytest.raises(ArgumentError, match=f"GRAPHC_DEBUG is a number from 0 to 6, not '{wrong}'"):
            graphc.compile((), ())


def test_failed_checks_are_raised_at_level_6_too(monkeypatch, capsys):
    monkeypatch.setenv("GRAPHC_DEBUG", "6")
    x, i = graphc.placeholder((3,), name="x"), graphc.placeholder((), "int64", name="i")
    f = graphc.compile([x, i], graphc.take(x, i))
    with pytest.raises(IndexOutOfBounds):
        f([1, 2, 3], 3)
    assert f([1, 2, 3], 2) == 3
    assert capsys.readouterr().err.count("a call") == 2
