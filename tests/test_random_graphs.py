"""Random graphs: compiled equals interpreted, with every pass on and with each one off, on memory full of nonsense."""
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.ir.graph import Graph
from graphc.passes.pipeline import PASSES
from graphc.runtime import plan

from .poison import poison
from .random_graphs import Program, Unfit, Values

WITHOUT = [{"skip": [name]} for name, _ in PASSES]
programs = st.builds(lambda seed, nodes: Program(random.Random(seed), nodes), st.integers(0, 2**32), st.integers(1, 40))


@pytest.fixture(autouse=True, scope="module")
def nonsense():
    """Poisoned memory; every step that may be shared among threads is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        poison(monkeypatch)
        monkeypatch.setattr(plan, "PARALLEL", 0)
        yield


def check(program: Program, **options) -> None:
    """Assert that a compiled program gives the values that it should, and its Variables theirs."""
    before = [v.numpy() for v in program.variables]
    function = graphc.compile(program.inputs, program.outputs, updates=program.updates, **options)
    results = function(*program.arrays)
    for node, value in zip(program.outputs, results, strict=True):
        program.values.check_result(node, value, f"with {options}")
    for variable, value in zip(program.variables, before, strict=True):
        program.values.check_result(program.updates.get(variable, variable), variable.numpy(), f"as update with {options}")
        variable.assign(value)


@settings(max_examples=12)
@given(programs, st.sampled_from([1, 2]))
def test_all_passes(program, threads):
    check(program, threads=threads)


def bits(inputs, outputs, arrays, threads):
    return [np.asarray(y).tobytes() for y in graphc.compile(inputs, outputs, threads=threads)(*arrays)]


@settings(max_examples=5)
@given(programs)
def test_the_number_of_threads_changes_no_bit(program):
    given = program.inputs, program.outputs, program.arrays
    assert bits(*given, threads=1) == bits(*given, threads=3)


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_zeros_keep_their_sign_in_vector_lanes_and_beside_them(threads):
    scale, mask = graphc.placeholder((), "float32"), graphc.placeholder((512,), "bool")
    y = scale * mask.astype("float32") + (3 * mask.astype("int64")).astype("float32")
    arrays = np.float32(-0.0), np.zeros(512, bool)
    assert bits([scale, mask], [y], arrays, threads) == [np.zeros(512, "float32").tobytes()]


@settings(max_examples=3)
@given(programs)
def test_without_one_pass(program):
    for options in WITHOUT:
        check(program, **options)


@settings(max_examples=5)
@given(programs)
def test_without_rounding(program):
    check(program, rounding=False)


def test_the_graphs_are_not_small():
    """What is drawn: enough nodes of enough ops, of every dtype."""
    drawn = [Program(random.Random(seed), 40) for seed in range(40)]
    nodes = [n for p in drawn for n in Graph(tuple(p.inputs), tuple(p.pool)).order]
    assert len(nodes) > 3000
    assert len({n.op.name for n in nodes}) > 90
    assert {n.dtype.name for n in nodes} >= {"bool", "int8", "uint64", "float16", "bfloat16", "float32", "float64"}
    assert any(None in n.shape for n in nodes) and any(0 in n.shape for n in nodes)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("decide", [lambda x: (1 - graphc.tanh(x) ** 2).astype("bool"), lambda x: graphc.tanh(x) == 1])
def test_what_rounding_decides_is_not_drawn(decide, dtype):
    """tanh(12) is 1 once rounded, and less in float64: no answer is the right one."""
    x = graphc.placeholder((8,), dtype)
    values = Values(0)
    values.give(x, np.full(8, 12.0))
    with pytest.raises(Unfit):
        values.check(decide(x))
    values.check((x > 0).astype("int32"))
