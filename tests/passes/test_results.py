"""Results in memory of their own."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.kernels import is_leaf, memory
from graphc.passes.results import results

from .proofs import same_numbers


def variable():
    return graphc.Variable(np.arange(6, dtype="float32").reshape(2, 3), name="w")


def copied(inputs, outputs, updates=()) -> list[str | None]:
    """What each result is a copy for; None where it has memory of its own already."""
    graph = results(Graph(tuple(inputs), tuple(outputs), tuple(updates)))
    assert len({memory(x) for x in graph.results}) == len(graph.results)
    assert not any(is_leaf(memory(x)) for x in graph.results)
    return [x.attrs["use"] if x.op.name == "copy" else None for x in graph.results]


def test_what_is_computed_is_not_copied():
    x = graphc.placeholder((2, 3))
    assert copied([x], [x + 1, graphc.exp(x), graphc.sum(x)]) == [None] * 3


@pytest.mark.parametrize("leaf", [lambda x: x, lambda x: variable(), lambda x: graphc.constant(np.ones((2, 3)))])
@pytest.mark.parametrize("view", [lambda x: x, lambda x: graphc.reshape(x, (6,)), lambda x: x.T, lambda x: x[::-1, 1:],
                                  lambda x: graphc.broadcast_to(x, (4, 2, 3))])
def test_a_leaf_and_every_view_of_one_is_copied(leaf, view):
    x = graphc.placeholder((2, 3))
    assert copied([x], [view(leaf(x))]) == ["output 0"]


def test_the_first_of_those_that_share_memory_keeps_it():
    x = graphc.placeholder((2, 3))
    y = graphc.exp(x)
    assert copied([x], [y, y, graphc.reshape(y, (6,)), y.T]) == [None, "output 1", "output 2", "output 3"]


def test_next_values_are_results():
    w, v = variable(), variable()
    y = graphc.exp(w)
    assert copied([], [y], [(w, y), (v, w)]) == [None, "update 0", "update 1"]


def test_numbers_stay():
    x, w = graphc.placeholder((2, 3)), variable()
    y = x * 2
    graph = Graph((x,), (x, y, y, y.T, w), ((w, y),))
    same_numbers(results, graph, [np.arange(6.0).reshape(2, 3)])
    assert results(graph).inputs == graph.inputs and results(graph).updates[0][0] is w


def test_outputs_do_not_change_when_what_they_came_from_does():
    x, w = graphc.placeholder((2, 3)), variable()
    given, before = np.ones((2, 3), "float32"), w.numpy()
    same, twice, old = graphc.compile(x, [x, x, w], updates={w: w + x})(given)
    given[:], twice[:] = 7, 8
    np.testing.assert_array_equal(same, np.ones((2, 3)))
    np.testing.assert_array_equal(old, before)
    np.testing.assert_array_equal(w.numpy(), before + 1)
