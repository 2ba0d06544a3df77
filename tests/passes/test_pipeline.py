"""All passes together: random graphs keep their numbers, with every pass on and with each one off."""
import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.ir.errors import ArgumentError, VerifyError
from graphc.ir.graph import Graph
from graphc.ir.text import text
from graphc.ir.types import Type
from graphc.passes.canonicalize import canonicalize
from graphc.passes.cse import cse
from graphc.passes.dead import dead
from graphc.passes.fold import fold
from graphc.passes.options import Options
from graphc.passes.pipeline import run
from graphc.passes.simplify import simplify
from graphc.passes.sizes import sizes
from graphc.passes.stabilize import stabilize

from .proofs import values

LOCAL = [("sizes", sizes), ("canonicalize", canonicalize), ("fold", fold), ("stabilize", stabilize),
         ("simplify", simplify), ("cse", cse), ("dead", dead)]
UNARY = (lambda a: -a, graphc.exp, graphc.abs, graphc.square, graphc.sigmoid, graphc.relu, graphc.stop_gradient,
         lambda a: a + 1, lambda a: 2 * a, lambda a: a - 0.5, lambda a: a / 3, lambda a: a ** 2, lambda a: a.T.T,
         lambda a: graphc.log(1 + graphc.exp(a)), lambda a: graphc.log(graphc.sigmoid(a)),
         lambda a: graphc.sqrt(graphc.square(a)))
BINARY = (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, graphc.maximum, lambda a, b: a + b * 0.5,
          lambda a, b: graphc.where(a > b, a, b), lambda a, b: a * b + a * 3)
REDUCE = (lambda a: graphc.sum(a, axis=0), lambda a: graphc.mean(a, axis=-1, keepdims=True), lambda a: graphc.max(a),
          lambda a: graphc.expand_dims(a, 0), lambda a: graphc.reshape(a, (-1,)), lambda a: graphc.logsumexp(a, -1))


@st.composite
def programs(draw):
    """A graph of float64 nodes, bounded by tanh so that rounding stays small, and values for its inputs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = graphc.placeholder((None, 3), "float64", name="x")
    xs = [n, graphc.placeholder(n.dims, "float64", name="y"), graphc.placeholder((3,), "float64", name="b")]
    nodes = list(xs)
    for _ in range(draw(st.integers(3, 14))):
        kind = rng.integers(0, 10)
        a, b = (nodes[int(k)] for k in rng.integers(0, len(nodes), 2))
        if kind < 5:
            new = UNARY[int(rng.integers(len(UNARY)))](a)
        elif kind < 9 or not a.dims:
            a, b = (a, b) if a.dims == b.dims or () in (a.dims, b.dims) else (a, a * 2)
            new = BINARY[int(rng.integers(len(BINARY)))](a, b)
        else:
            new = REDUCE[int(rng.integers(len(REDUCE)))](a)
        nodes.append(graphc.tanh(new) if kind % 3 == 0 else new)
    outputs = [graphc.tanh(x) for x in nodes[-3:]]
    gradients = graphc.grad(graphc.sum(outputs[-1]), xs, unconnected="zeros")
    rows = draw(st.integers(1, 4))
    arrays = [rng.normal(size=(rows, 3)), rng.normal(size=(rows, 3)), rng.normal(size=3)]
    return Graph(tuple(xs), (*outputs, *gradients)), arrays


def same(graph, after, arrays):
    for x, y in zip(values(graph, arrays), values(after, arrays), strict=True):
        if np.isfinite(x).all():
            np.testing.assert_allclose(y, x, rtol=1e-7, atol=1e-7)


@settings(max_examples=60)
@given(programs())
def test_all_passes(program):
    graph, arrays = program
    same(graph, run(graph, Options(verify=True), LOCAL), arrays)


@pytest.mark.parametrize("name", [name for name, _ in LOCAL])
@settings(max_examples=12)
@given(program=programs())
def test_without_one_pass(name, program):
    graph, arrays = program
    same(graph, run(graph, Options(skip=frozenset([name]), verify=True), LOCAL), arrays)


@settings(max_examples=30)
@given(programs())
def test_without_rounding_values_are_the_same_to_the_last_bit(program):
    graph, arrays = program
    for x, y in zip(values(graph, arrays), values(run(graph, Options(rounding=False, verify=True), LOCAL), arrays),
                    strict=True):
        np.testing.assert_array_equal(x, y)


def example() -> Graph:
    x, y = graphc.placeholder(name="x"), graphc.placeholder(name="y")
    z = x * y + 5 * y + 5
    return Graph((x, y), (z, *graphc.grad(z, [x, y])))


def test_the_example():
    assert text(run(example(), Options(), LOCAL), lines=False) == """\
graph(x:f32[], y:f32[]) {
  %1:f32[] = add(x, 5)
  %2:f32[] = multiply(%1, y)
  %3:f32[] = add(%2, 5)
  return %3, y, %1
}"""


def test_the_record_holds_every_step():
    after = run(example(), Options(record=True, skip=frozenset(["simplify"])), LOCAL)
    names = [name for name, _ in after.notes["passes"]]
    assert names == ["graph", "sizes", "canonicalize", "fold", "stabilize", "cse", "dead"]
    assert after.notes["passes"][-1][1].outputs == after.outputs


def test_an_unknown_pass_cannot_be_skipped():
    with pytest.raises(ArgumentError, match="no pass is named 'simplfy'; did you mean 'simplify'"):
        run(example(), Options(skip=frozenset(["simplfy"])))


def test_verification_names_the_pass():
    def broken(graph: Graph) -> Graph:
        return Graph(graph.inputs[:1], graph.outputs)
    with pytest.raises(VerifyError, match="after broken: the placeholder y:f32"):
        run(example(), Options(verify=True), [("broken", broken)])


def test_the_environment_asks_for_verification(monkeypatch):
    for value, verifies in {"1": True, "True": True, "": False, "0": False, "false": False, "OFF": False}.items():
        monkeypatch.setenv("GRAPHC_VERIFY", value)
        assert Options().verify is verifies
    monkeypatch.setenv("GRAPHC_VERIFY", "abc")
    with pytest.raises(ArgumentError, match="GRAPHC_VERIFY is 1 or 0, not 'abc'"):
        Options()


def test_updates_that_change_nothing_are_dropped():
    w, v = (graphc.Variable(np.ones(3, "float32"), name=name) for name in "wv")
    x = graphc.placeholder((3,), name="x")
    after = run(Graph((x,), (w + 1,), ((w, w + 0), (v, v * 2))), Options(), LOCAL)
    assert [u for u, _ in after.updates] == [v] and after.inputs == (x,), "an unused input stays"


def test_equal_draws_are_one_and_others_are_not():
    a, b = graphc.random.uniform((3,)), graphc.random.uniform((3,))
    after = run(Graph((), (a + b, b + a, a - b)), Options(), LOCAL)
    p, q, r = after.outputs
    assert p is q and r.inputs[0] is not r.inputs[1]


def test_a_pass_costs_time_in_proportion_to_the_graph(monkeypatch):
    """Counted in nodes made, not in seconds."""
    made = []
    original = Type.__init__
    monkeypatch.setattr(Type, "__init__", lambda self, *a: (made.append(0), original(self, *a))[1])

    def cost(depth: int) -> int:
        x = h = graphc.placeholder((8, 8), name="x")
        for k in range(depth):
            h = graphc.relu(graphc.matmul(h, x) * 2 + h.T / (3 + k)).T
        graph = Graph((x,), (graphc.grad(graphc.sum(h), x),))
        made.clear()
        run(graph, Options(), LOCAL)
        return len(made)
    assert cost(80) < 2.2 * cost(40)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_pauses_while_passes_run_and_is_left_as_it_was(enabled):
    seen = []

    def look(graph):
        seen.append(gc.isenabled())
        if len(seen) == 2:
            raise ValueError
        return graph

    x = graphc.placeholder((3,))
    (gc.enable if enabled else gc.disable)()
    try:
        run(Graph((x,), (x + 1,)), passes=[("look", look)])
        with pytest.raises(ValueError):
            run(Graph((x,), (x + 1,)), passes=[("look", look)])
        assert (seen, gc.isenabled()) == ([False, False], enabled)
    finally:
        gc.enable()
