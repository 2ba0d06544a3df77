"""Canonical form: one graph for what can be written in several ways, and no number changes."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.ir.text import text
from graphc.ir.verify import verify
from graphc.passes.canonicalize import canonicalize
from graphc.passes.cse import cse

from .proofs import edges, graph_of, same_numbers

SCALAR = {
    "5 * x": (lambda x: 5 * x, "x * 5"),
    "constants right": (lambda x, y: (5 + x) * (y * 2), "(x + 5) * (y * 2)"),
    "computed first": (lambda x, y: y * (x + 5), "(x + 5) * y"),
    "x - 5": (lambda x: x - 5, "x + -5"),
    "x * x": (lambda x: x * x, "square(x)"),
    "wide and back": (lambda x: x.astype("float64").astype("float32"), "x"),
    "stop_gradient": (lambda x: graphc.stop_gradient(x), "x"),
}


@pytest.mark.parametrize("name", SCALAR)
def test_scalars(name):
    formula, expected = SCALAR[name]
    assert repr(verify(canonicalize(graph_of(formula))).outputs[0]) == expected
    graph = graph_of(formula, (None,))
    same_numbers(canonicalize, graph, edges(graph))


def test_casts_that_lose_something_stay():
    x = graphc.placeholder((3,), "float64", name="x")
    graph = Graph((x,), (x.astype("float32").astype("float64"),))
    assert canonicalize(graph).outputs[0] is graph.outputs[0]
    n = graphc.placeholder((3,), "int64", name="n")
    graph = Graph((n,), (n.astype("float64").astype("int32"),))
    assert canonicalize(graph).outputs[0] is graph.outputs[0]


def test_one_order_of_operands():
    x, y = graphc.placeholder((3,), name="x"), graphc.placeholder((3,), name="y")
    products, extremes = (graphc.exp(x * y) + 1, graphc.exp(y * x) + 1), (graphc.maximum(x, y), graphc.maximum(y, x))
    after = cse(Graph((x, y), products + extremes))
    a, b, c, d = after.outputs
    assert a is b and c is d


def test_operands_that_do_not_commute_stay():
    x, y = graphc.placeholder((3,), name="x"), graphc.placeholder((3,), name="y")
    after = canonicalize(Graph((x, y), (y - x, y / x, graphc.less(y, x), x - y)))
    assert [repr(z) for z in after.outputs] == ["y - x", "y / x", "y < x", "x - y"]


MOVES = {
    "reshape of reshape": (lambda x: x.reshape((3, 2)).reshape((6,)), "reshape(x, shape=(6,))"),
    "reshape back": (lambda x: x.reshape((6,)).reshape((2, 3)), "x"),
    "expand_dims": (lambda x: graphc.squeeze(graphc.expand_dims(x, 1), 1), "x"),
    "transposed twice": (lambda x: x.T.T, "x"),
    "permuted twice": (lambda x: graphc.permute_dims(graphc.expand_dims(x, 0), (2, 0, 1)),
                       "permute_dims(reshape(x, shape=(1, 2, 3)), axes=(2, 0, 1))"),
    "broadcast twice": (lambda x: graphc.broadcast_to(graphc.broadcast_to(x, (4, 2, 3)), (5, 4, 2, 3)),
                        "broadcast_to(x, shape=(5, 4, 2, 3))"),
    "exp of reshape": (lambda x: graphc.exp(x.reshape((6,))).reshape((2, 3)), "exp(x)"),
    "exp of transpose": (lambda x: graphc.exp(x.T).T, "exp(x)"),
    "sum of reshapes": (lambda x: (x.reshape((6,)) + graphc.sin(x).reshape((6,)) * 2).reshape((2, 3)),
                        "sin(x) * 2 + x"),
    "sum of transposes": (lambda x: (x.T - graphc.sin(x).T).T, "x - sin(x)"),
    "exp of broadcast": (lambda x: graphc.exp(graphc.broadcast_to(x, (4, 2, 3))),
                         "broadcast_to(exp(x), shape=(4, 2, 3))"),
    "broadcast beside": (lambda x: graphc.broadcast_to(x[0], (2, 3)) * x, None),
    "leading ones": (lambda x: graphc.expand_dims(x[0], 0) * x, None),
    "sum over one": (lambda x: graphc.sum(graphc.expand_dims(x, 0), axis=0), "x"),
    "max over one": (lambda x: graphc.max(graphc.expand_dims(x, 1), axis=(0, 1)), "max(x, axes=(0,))"),
    "slice of slice": (lambda x: x[:, 1:][1:, ::2], None),
    "slice of all": (lambda x: x[0:2, :], "x"),
    "concat of concat": (lambda x: graphc.concat([x, graphc.concat([x, x])]), "concat(x, x, x, axis=0)"),
    "uniform array": (lambda x: x * np.full((2, 3), 7, "float32"), "x * 7"),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves(name):
    formula, expected = MOVES[name]
    graph = graph_of(formula, (2, 3))
    after = verify(canonicalize(graph))
    if expected is not None:
        assert repr(after.outputs[0]) == expected
    same_numbers(canonicalize, graph, [np.arange(6, dtype="float32").reshape(2, 3)])


def test_what_broadcasts_by_itself_is_not_stretched():
    x, b = graphc.placeholder((2, 3), name="x"), graphc.placeholder((3,), name="b")
    stretched = graphc.broadcast_to(b, (2, 3)) * x, graphc.expand_dims(b, 0) * x
    assert [repr(y) for y in canonicalize(Graph((x, b), stretched)).outputs] == ["b * x", "b * x"]


def test_slices_of_slices_are_one():
    x = graphc.placeholder((20,), name="x")
    graph = Graph((x,), (x[2:18:2][::-1][1:4],))
    after = canonicalize(graph)
    assert len(after.order) == 2
    same_numbers(canonicalize, graph, [np.arange(20)])


def test_unknown_sizes():
    x = graphc.placeholder((None, 3), name="x")
    graph = Graph((x,), (graphc.exp(x.reshape((-1,))).reshape(x.dims),))
    assert repr(canonicalize(graph).outputs[0]) == "exp(x)"


def test_canonical_form_is_canonical():
    rng = np.random.default_rng(0)
    for _ in range(20):
        xs = [graphc.placeholder((3,), name=f"x{k}") for k in range(3)]
        nodes = list(xs)
        for _ in range(15):
            a, b = (nodes[int(k)] for k in rng.integers(0, len(nodes), 2))
            nodes.append([a + b, a * b, a - 2, graphc.maximum(a, b), graphc.exp(-a)][int(rng.integers(5))])
        once = canonicalize(Graph(tuple(xs), (nodes[-1],)))
        assert len(canonicalize(once).order) == len(once.order)
        assert text(canonicalize(Graph(tuple(xs), (nodes[-1],)))) == text(once)
