"""Dead code: what only makes a Variable what it is."""
import numpy as np

import graphc
from graphc.ir.graph import Graph
from graphc.passes.dead import dead
from graphc.passes.pipeline import run


def test_an_update_to_itself_goes():
    w, v = (graphc.Variable(np.ones(3, "float32"), name=name) for name in "wv")
    graph = dead(Graph((), (), ((w, w), (v, v + 1))))
    assert [x for x, _ in graph.updates] == [v]


def test_a_graph_without_one_is_the_same():
    x, w = graphc.placeholder((3,)), graphc.Variable(np.ones(3, "float32"))
    graph = Graph((x,), (w * 2,), ((w, w + 1),))
    assert dead(graph) is graph


def test_the_values_of_two_that_are_exchanged_stay():
    w, v = (graphc.Variable(np.ones(3, "float32"), name=name) for name in "wv")
    assert len(dead(Graph((), (), ((w, v), (v, w)))).updates) == 2


def test_inputs_and_outputs_stay():
    x, y, w = graphc.placeholder((3,)), graphc.placeholder((3,)), graphc.Variable(np.ones(3, "float32"))
    graph = dead(Graph((x, y), (x + 1,), ((w, w),)))
    assert graph.inputs == (x, y) and len(graph.outputs) == 1


def test_what_simplifies_to_itself_takes_no_kernel():
    w = graphc.Variable(np.arange(3, dtype="float32"))
    assert run(Graph((), (), ((w, w * 1),))).notes["kernels"] == ()
    graphc.compile([], (), updates={w: w * 1})()
    np.testing.assert_array_equal(w.numpy(), [0, 1, 2])
