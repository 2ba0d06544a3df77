"""Random graphs: compiled equals interpreted, with every pass on and with each one off, on memory full of nonsense."""
import random
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.ir.graph import Graph
from graphc.ir.types import SHORT
from graphc.lower import cpu
from graphc.passes.pipeline import PASSES, Options, run
from graphc.runtime import plan

from .poison import poison
from .random_graphs import Program, Unfit, Values

LARGE, SMALL = [(seed, 180) for seed in (0, 2, 4, 5, 6, 7)], [(seed, 50) for seed in (100, 101, 102)]
"""Seeds, and how many nodes are asked for. Gradients bring more: about 500 in a large graph, 150 in a small one."""

SAME = {"layout", "results", "store", "schedule"}
"""Passes that lowering cannot do without: to leave one out changes nothing."""

HELPERS = {"fold": ["simplify"], "cse": ["canonicalize"]}
"""Passes that do the work of another where that is left out."""


@cache
def drawn(seed: int, nodes: int) -> Program:
    return Program(random.Random(seed), nodes)


programs = st.builds(lambda seed, nodes: Program(random.Random(seed), nodes), st.integers(0, 2**32), st.integers(1, 25))
large = pytest.mark.parametrize("seed, nodes", LARGE)


@pytest.fixture(autouse=True, scope="module")
def nonsense():
    """Poisoned memory; every step that may be shared among threads is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        poison(monkeypatch)
        monkeypatch.setattr(plan, "PARALLEL", 0)
        yield


def check(program: Program, **options) -> list[bytes]:
    """Assert that a compiled program gives the values that it should, and its Variables theirs; returns all bits."""
    before = [v.numpy() for v in program.variables]
    function = graphc.compile(program.inputs, program.outputs, updates=program.updates, **options)
    results = function(*program.arrays)
    for node, value in zip(program.outputs, results, strict=True):
        program.values.check_result(node, value, f"with {options}")
    after = [v.numpy() for v in program.variables]
    for variable, old, new in zip(program.variables, before, after, strict=True):
        program.values.check_result(program.updates.get(variable, variable), new, f"as update with {options}")
        variable.assign(old)
    return [np.asarray(value).tobytes() for value in (*results, *after)]


@large
def test_large_graphs_to_the_same_bit_with_any_number_of_threads(seed, nodes):
    program = drawn(seed, nodes)
    one, *others = [check(program, threads=threads) for threads in (1, 2, 3)]
    assert all(bits == one for bits in others)


@settings(max_examples=6)
@given(programs, st.sampled_from([1, 2]))
def test_all_passes(program, threads):
    check(program, threads=threads)


def bits(inputs, outputs, arrays, threads):
    return [np.asarray(y).tobytes() for y in graphc.compile(inputs, outputs, threads=threads)(*arrays)]


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_zeros_keep_their_sign_in_vector_lanes_and_beside_them(threads):
    scale, mask = graphc.placeholder((), "float32"), graphc.placeholder((512,), "bool")
    y = scale * mask.astype("float32") + (3 * mask.astype("int64")).astype("float32")
    arrays = np.float32(-0.0), np.zeros(512, bool)
    assert bits([scale, mask], [y], arrays, threads) == [np.zeros(512, "float32").tobytes()]


@pytest.mark.parametrize("name", [name for name, _ in PASSES])
def test_without_one_pass(name):
    for seed, nodes in SMALL:
        check(drawn(seed, nodes), skip=[name])


def kernels(graph: Graph, skip: Iterable[str] = ()) -> list[str]:
    """The source of every kernel, in order."""
    return [step.source.text for step in cpu.lower(run(graph, Options(skip=frozenset(skip)))).steps]


def changed_by(graph: Graph) -> set[str]:
    """The passes that make something else of the graph, or of its kernels, than what they were given."""
    history = run(graph, Options(record=True)).notes["passes"]
    return {name for (_, before), (name, after) in pairwise(history) if state(before) != state(after)}


def state(graph: Graph) -> list[list[int]]:
    noted = [graph.notes.get(key, ()) for key in ("kernels", "recompute", "in_place")]
    return [[id(x) for x in found] for found in (graph.inputs, graph.results, *noted)]


OF_OTHERS = {"rows", "loops", "bodies"}
"""Passes over what is not drawn: tables that learn (test_rows.py) and loops (test_loops.py)."""


def test_every_pass_changes_random_graphs():
    graphs = [drawn(*given).graph for given in (*LARGE, *SMALL)]
    assert set().union(*map(changed_by, graphs)) | OF_OTHERS == {name for name, _ in PASSES}


@pytest.mark.parametrize("name", [name for name, _ in PASSES if name not in OF_OTHERS])
def test_what_is_left_out_is_missed(name):
    """Without a pass other kernels run, save for those that lowering cannot do without."""
    graphs, others = [drawn(*given).graph for given in (*SMALL, *LARGE)], HELPERS.get(name, [])
    missed = any(kernels(graph, [name, *others]) != kernels(graph, others) for graph in graphs)
    assert missed == (name not in SAME)


@pytest.mark.parametrize("seed, nodes", SMALL)
def test_without_rounding(seed, nodes):
    check(drawn(seed, nodes), rounding=False)


def test_the_graphs_are_not_small():
    """What is compiled: thousands of nodes of most ops, in every dtype, with sizes of 0 and 1 and those that a call
    settles."""
    graphs = [drawn(*given).graph for given in LARGE]
    nodes = [n for graph in graphs for n in graph.order]
    assert len(nodes) > 2500
    assert sum(len(drawn(*given).graph.order) for given in SMALL) * len(PASSES) > 5000
    assert len({n.op.name for n in nodes}) > 85
    computed = {n.dtype.name for n in nodes if n.inputs}
    assert computed == {d.name for d in SHORT}
    for size in (0, 1, None):
        assert sum(size in n.shape for n in nodes) > 30
    assert max(n.ndim for n in nodes) > 4


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
