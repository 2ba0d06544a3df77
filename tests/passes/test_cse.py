"""Common subexpressions that differ in the order of operands."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.cse import cse

from .proofs import same_numbers

X, Y = (graphc.placeholder((4,), name=name) for name in "xy")
ARRAYS = [np.array([1, -2, 3, 0.5], "float32"), np.array([0, 4, -1, 2], "float32")]


@pytest.mark.parametrize("f", [graphc.add, graphc.multiply, graphc.maximum, graphc.minimum, graphc.equal,
                               graphc.not_equal, graphc.logical_and, graphc.logical_or, graphc.logical_xor])
def test_both_orders_are_one(f):
    graph = Graph((X, Y), (f(X, Y), f(Y, X)))
    first, second = cse(graph).outputs
    assert first is second is graph.outputs[0]
    same_numbers(cse, graph, ARRAYS)


@pytest.mark.parametrize("f", [graphc.subtract, graphc.divide, graphc.less, graphc.pow, graphc.atan2])
def test_where_the_order_counts_they_are_two(f):
    graph = Graph((X, Y), (f(X, Y), f(Y, X)))
    assert cse(graph).outputs == graph.outputs
    same_numbers(cse, graph, ARRAYS)


def test_what_follows_from_one_becomes_one():
    graph = Graph((X, Y), (graphc.exp(X + Y) * 2, graphc.exp(Y + X) * 2))
    assert len(set(cse(graph).outputs)) == 1
    same_numbers(cse, graph, ARRAYS)


def test_other_operands_and_other_ops_are_others():
    outputs = X + Y, X + X, Y + Y, X * Y
    assert cse(Graph((X, Y), outputs)).outputs == outputs


def test_one_operand_twice_is_not_another_once():
    outputs = graphc.maximum(X, X), graphc.maximum(X, Y)
    assert cse(Graph((X, Y), outputs)).outputs == outputs


def test_draws_from_two_streams_are_two():
    a, b = graphc.random.uniform((3,)), graphc.random.uniform((3,))
    first, second = cse(Graph((), (a, b))).outputs
    assert first is not second
