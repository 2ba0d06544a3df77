"""The algebra of reductions."""
import numpy as np
import pytest

import graphc
from graphc import max, min, sum
from graphc.ir.graph import Graph
from graphc.ops.reduce import highest
from graphc.passes.canonicalize import canonicalize
from graphc.passes.simplify import simplify, simplify_exactly

from .proofs import becomes, graph_of, same_numbers


def simple(graph: Graph) -> Graph:
    return simplify(canonicalize(graph))


def exact(graph: Graph) -> Graph:
    return simplify_exactly(canonicalize(graph))


REAL = {
    "sum of sum": (lambda x: sum(sum(x, axis=1), axis=0), "sum(x, axes=(0, 1))"),
    "inner axis first": (lambda x: sum(sum(x, axis=0), axis=1), "sum(x, axes=(0, 2))"),
    "sum of transpose": (lambda x: sum(graphc.permute_dims(x, (2, 0, 1)), axis=0), "sum(x, axes=(2,))"),
    "sum of reshape": (lambda x: sum(x.reshape((6, 4))), "sum(x, axes=(0, 1, 2))"),
    "sum of multiple": (lambda x: sum(x * 3, axis=0), "sum(x, axes=(0,)) * 3"),
    "sum of stretched": (lambda x: sum(graphc.broadcast_to(x, (5, 2, 3, 4)), axis=0), "x * 5"),
    "sum of stretched and not": (lambda x: sum(graphc.broadcast_to(x, (5, 2, 3, 4)), axis=(0, 2)),
                                 "sum(x, axes=(1,)) * 5"),
    "prod of prod": (lambda x: graphc.prod(graphc.prod(x, axis=1), axis=0), "prod(x, axes=(0, 1))"),
}
EXACT = {
    "sum of negative": (lambda x: sum(-x, axis=1), "-sum(x, axes=(1,))"),
    "max of max": (lambda x: max(max(x, axis=1), axis=1), "max(x, axes=(1, 2))"),
    "min of transpose": (lambda x: min(graphc.permute_dims(x, (2, 0, 1)), axis=1),
                         "permute_dims(min(x, axes=(0,)), axes=(1, 0))"),
    "max of reshape": (lambda x: max(x.reshape((6, 4))), "max(x, axes=(0, 1, 2))"),
    "max of stretched": (lambda x: max(graphc.broadcast_to(x, (5, 2, 3, 4)), axis=0), "x"),
    "any of any": (lambda x: graphc.any(graphc.any(x > 0, axis=2), axis=0), "any(x > 0, axes=(0, 2))"),
}


@pytest.mark.parametrize("name", [*REAL, *EXACT])
def test_a_reduction(name):
    formula, expected = (REAL | EXACT)[name]
    becomes(simple, formula, expected, shape=(2, 3, 4))
    graph = graph_of(formula, (2, 3, 4), "float64")
    same_numbers(simple, graph, [np.random.default_rng(0).normal(size=(2, 3, 4))], 1e-13)


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_reduction(name):
    formula, expected = EXACT[name]
    becomes(exact, formula, expected, shape=(2, 3, 4))


@pytest.mark.parametrize("name", REAL)
def test_a_reduction_of_integers_is_exact(name):
    formula, expected = REAL[name]
    graph = graph_of(formula, (2, 3, 4), "int64")
    assert repr(exact(graph).outputs[0]) == expected
    same_numbers(exact, graph, [np.random.default_rng(0).integers(-2**62, 2**62, (2, 3, 4))])


@pytest.mark.parametrize("name", REAL)
def test_rounding_can_be_left_alone(name):
    formula, expected = REAL[name]
    graph = graph_of(formula, (2, 3, 4))
    assert repr(exact(graph).outputs[0]) != expected


def test_a_sum_over_an_unknown_stretch_is_a_multiple():
    x, b = graphc.placeholder((None, 3), name="x"), graphc.placeholder((3,), name="b")
    graph = Graph((x, b), (sum(graphc.broadcast_to(b, x.dims), axis=0),))
    assert "broadcast_to" not in repr(simple(graph).outputs[0])
    for rows in (0, 1, 5):
        same_numbers(simple, graph, [np.zeros((rows, 3)), [1.0, 2.0, 3.0]])


def test_the_largest_of_nothing_stays_what_it_is():
    x, b = graphc.placeholder((None, 3), name="x"), graphc.placeholder((3,), name="b")
    graph = Graph((x, b), (highest(graphc.broadcast_to(b, x.dims), (0,)),))
    same_numbers(simple, graph, [np.zeros((0, 3)), [1.0, 2.0, 3.0]])


def test_empty_sums():
    x = graphc.placeholder((3, 0), name="x")
    graph = Graph((x,), (sum(sum(x, axis=1), axis=0), sum(graphc.broadcast_to(x, (2, 3, 0)), axis=0)))
    same_numbers(simple, graph, [np.zeros((3, 0))])
