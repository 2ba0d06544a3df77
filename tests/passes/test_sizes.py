"""Unknown sizes that must be equal are one."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import CallError
from graphc.ir.graph import Graph
from graphc.ir.verify import verify
from graphc.passes.sizes import sizes

from .proofs import same_numbers


def test_what_meets_elementwise_is_of_one_size():
    x, t = graphc.placeholder((None, 3), name="x"), graphc.placeholder((None, 3), name="t")
    graph = Graph((x, t), (graphc.exp(t), graphc.sum((x - t) ** 2), graphc.reshape(t, (-1,))))
    after = verify(sizes(graph))
    a, b = after.inputs
    assert a is x and b is not t and b.dims == x.dims and b.name == "t" and b.line == t.line
    assert after.outputs[0].dims == x.dims and after.outputs[2].dims == (x.dims[0] * 3,)
    same_numbers(sizes, graph, [np.ones((4, 3)), np.zeros((4, 3))])
    with pytest.raises(CallError):
        graphc.interpret(list(after.inputs), after.outputs, [np.ones((4, 3)), np.zeros((5, 3))])


def test_a_chain_of_equal_sizes_is_one_size():
    xs = [graphc.placeholder((None,), name=f"x{k}") for k in range(5)]
    graph = Graph(tuple(xs), (xs[3] + xs[4], xs[1] + xs[2], xs[2] * xs[3], xs[0] - xs[4]))
    assert len({x.dims for x in sizes(graph).inputs}) == 1


def test_a_size_that_meets_a_number_is_that_number():
    x, w = graphc.placeholder((None, None), name="x"), graphc.Variable(np.ones((3, 2), "float32"), name="w")
    graph = Graph((x,), (graphc.matmul(x, w) + graphc.constant(np.ones((7, 2), "float32")),), ((w, w * 2),))
    after = verify(sizes(graph))
    assert after.inputs[0].dims == (7, 3) and after.updates[0][0] is w


def test_a_size_of_one_says_nothing():
    x, y = graphc.placeholder((None, 1), name="x"), graphc.placeholder((1, None), name="y")
    graph = Graph((x, y), (x * y,))
    assert sizes(graph) is graph


def test_computed_sizes_are_left_to_the_call():
    x, y = graphc.placeholder((None, 2), name="x"), graphc.placeholder((None,), name="y")
    graph = Graph((x, y), (graphc.reshape(x, (-1,)) + y,))
    same_numbers(sizes, graph, [np.ones((3, 2)), np.arange(6)])
