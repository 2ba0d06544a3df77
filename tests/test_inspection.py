"""What a compiled function shows: of a training step with a size open, of updates alone, of nothing at all."""
from __future__ import annotations

import ast
import inspect
import pydoc
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import graphc
from graphc.ir.errors import CallError
from graphc.ir.text import parse


def network(threads: int = 2):
    x, t = graphc.placeholder((None, 12), name="x"), graphc.placeholder((None,), "int64", name="t")
    rng = np.random.default_rng(0)
    w, v = (graphc.Variable(rng.normal(0, 0.3, shape).astype("float32"), name=name)
            for name, shape in (("w", (12, 16)), ("v", (16, 4))))
    scores = graphc.relu(x @ w) @ v
    loss = graphc.mean(graphc.sparse_categorical_crossentropy(t, scores, from_logits=True))
    updates = {p: p - 0.1 * g for p, g in zip((w, v), graphc.grad(loss, (w, v)), strict=True)}
    return graphc.compile([x, t], loss, updates=updates, threads=threads), (w, v)


def double():
    w = graphc.Variable(np.ones((3, 4), "float32"), name="w")
    return graphc.compile([], [], updates={w: w * 2}), w


ARGS = np.random.default_rng(1).normal(size=(8, 12)).astype("float32"), np.arange(8) % 4


@pytest.fixture(scope="module")
def step():
    return network()


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, by the columns that its rule marks."""
    lines = table.splitlines()
    rule = next(k for k, line in enumerate(lines) if re.fullmatch("[- ]+", line))
    spans = [m.span() for m in re.finditer("-+", lines[rule])]
    width = max(map(len, lines))
    return [[line.ljust(width)[a:b].strip() for a, b in spans] for line in lines[rule + 1:]]


def test_dump_shows_the_graph_as_given_and_as_text_that_reads_back_what_runs(step):
    given, compiled = re.fullmatch(r"# as given\n(.*)\n# as compiled\n(.*)", step[0].dump(), re.DOTALL).groups()
    assert given.count(" = ") > compiled.count(" = ")
    assert len(parse(compiled).order) == len(step[0].graph.order) and "update w = " in compiled


def test_dump_of_passes_shows_each_that_changed_the_graph(step):
    titles = re.findall(r"^# (.*)$", step[0].dump(passes=True), re.MULTILINE)
    assert titles[0] == "as given" and len(titles) > 3 and len(set(titles)) == len(titles)
    assert set(titles[1:]) <= {f"after {name}" for name, _ in step[0].history}


def test_source_is_python_a_section_a_kernel(step):
    source = step[0].source()
    functions = [n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    kernels = [name for name in functions if name != "epilogue"]
    headlines = re.findall(r"^# ---- steps? ([\d, ]+)-+$", source, re.MULTILINE)
    numbers = [int(n) for line in headlines for n in line.split(",")]
    assert sorted(numbers) == list(range(len(rows(step[0].profile(*ARGS, repeat=1))) - 1))
    assert len(kernels) == len(headlines)


def test_profile(step):
    f, variables = step
    before = [v.numpy() for v in variables]
    table = f.profile(*ARGS, repeat=2)
    *kernels, total = rows(table)
    assert table.splitlines()[0].split() == ["step", "kernel", "us", "%", "GFLOP/s", "GB/s", "lines"]
    assert [int(r[0]) for r in kernels] == list(range(len(kernels))) and total[1] == "total"
    assert sum(float(r[2]) for r in kernels) == pytest.approx(float(total[2]), rel=0.05, abs=0.05)
    assert all(re.fullmatch(r"test_inspection\.py:\d+(,\d+)*", r[-1]) for r in kernels)
    for v, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)


def test_memory(step):
    f, _ = step
    *buffers, summary = f.memory(*ARGS).splitlines()
    found = rows("\n".join(buffers))
    assert any(r[1] == "f32[?,16]" and r[3] == "512" for r in found), "8 rows of 16 floats"
    arena, apart = (int(n.replace(",", "")) for n in re.match(r"arena: ([\d,]+) bytes \(([\d,]+) without", summary).groups())
    assert max(int(r[2].replace(",", "")) + int(r[3].replace(",", "")) for r in found) <= arena <= apart
    for offset, size, lives in ((int(r[2].replace(",", "")), int(r[3].replace(",", "")), r[4]) for r in found):
        first, last = map(int, lives.split(".."))
        assert offset % 64 == 0 and size and first <= last


def test_memory_without_inputs():
    x = graphc.placeholder((5, 7), name="x")
    f = graphc.compile(x, graphc.sum(graphc.exp(x @ x.T), axis=0) @ x)
    assert f.memory() == f.memory(np.zeros((5, 7), "float32"))


def test_memory_without_inputs_is_that_of_the_last_call():
    f, _ = network()
    with pytest.raises(CallError, match=r"the size of x:f32\[\?,12\] is known only at call time.* give example inputs, as "
                                        r'in f.memory\(np.zeros\(\(1, 12\), "float32"\), np.zeros\(\(1,\), "int64"\)\)$'):
        f.memory()
    x, t = ARGS
    tables = [f.memory(x[:n], t[:n]) for n in (1, 2, 8)]
    for n, table in ((2, tables[1]), (8, tables[2]), (1, tables[0])):
        f(x[:n], t[:n])
        assert f.memory() == table
    assert len(set(tables)) == 3


def test_wrong_inputs_are_named(step):
    for show in (step[0].profile, step[0].memory):
        with pytest.raises(CallError, match="2 inputs are expected"):
            show(ARGS[0])


def test_updates_alone():
    f, w = double()
    assert "update w = %1" in f.dump()
    ast.parse(f.source())
    assert [r[1] for r in rows(f.profile(repeat=1))] == ["multiply", "total"]
    assert f.memory().endswith("steps: 1, threads: 1")
    np.testing.assert_array_equal(w.numpy(), np.ones((3, 4)))
    assert f() == ()
    np.testing.assert_array_equal(w.numpy(), np.full((3, 4), 2))


def test_nothing_at_all():
    x = graphc.placeholder((None, 3), name="x")
    f = graphc.compile(x, [])
    assert f(np.zeros((2, 3), "float32")) == () and f.source() == ""
    assert rows(f.profile(np.zeros((2, 3), "float32")))[0][1] == "total"
    assert "return" in f.dump() and f.memory(np.zeros((2, 3), "float32"))


@pytest.mark.parametrize("made", [network, double])
def test_drawing(made, tmp_path):
    graphc.draw(made()[0], tmp_path / "x.svg")
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert root.tag.endswith("svg") and "w" in "".join(root.itertext())


def test_one_thread_and_two_show_the_same_program():
    one, two = network(1)[0], network(2)[0]
    assert one.source() == two.source()


def test_a_repl_shows_text_as_it_reads():
    x = graphc.placeholder((3,), name="x")
    f = graphc.compile([x], x + 1)
    for shown in (f.dump(), f.source(), f.memory(), f.profile(np.ones(3, "float32"), repeat=1)):
        assert repr(shown) == str(shown) and "\n" in repr(shown)


@pytest.mark.parametrize("name, expected", [("exp", "(x, /)"), ("add", "(x, y, /)"), ("where", "(condition, x, y, /)")])
def test_help_of_an_elementwise_op_names_its_operands(name, expected):
    op = getattr(graphc, name)
    assert str(inspect.signature(op)) == expected
    page = pydoc.plaintext.document(op)
    assert f"{name}{expected}" in page and op.doc in page
