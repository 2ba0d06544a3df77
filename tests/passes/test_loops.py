"""Loops are joined and cut down: by graph, and by numbers with the pass left out."""
import numpy as np

import graphc
from graphc.ir.graph import Graph
from graphc.ir.loop import family, is_loop
from graphc.ir.text import parse, text
from graphc.ir.verify import verify
from graphc.passes.loops import loops


def network():
    x, h, w = graphc.placeholder((None, 3), name="x"), graphc.placeholder((3,), name="h"), graphc.placeholder((3,), name="w")
    last, ys = graphc.scan(lambda h, x: (graphc.tanh(h * w + x), graphc.exp(h)), h, x)
    return [x, h, w], last, ys


def families(graph):
    return {family(node): node for node in graph.order if is_loop(node)}


def test_a_loop_and_what_its_gradient_wants_of_it_are_one():
    inputs, last, ys = network()
    graph = Graph(tuple(inputs), (last, *graphc.grad(graphc.sum(last) + graphc.sum(ys), inputs)))
    found = loops(graph)
    verify(found)
    assert len(families(graph)) == 3  # forward, forward with what is kept, backward
    assert len(families(found)) == 2
    values = [np.ones((4, 3)), np.ones(3), np.full(3, 0.5)]
    for a, b in zip(graphc.interpret(inputs, list(graph.outputs), values),
                    graphc.interpret(inputs, list(found.outputs), values), strict=True):
        np.testing.assert_array_equal(a, b)


def test_results_carries_and_operands_that_nobody_needs_are_dropped():
    x, w = graphc.placeholder((5, 2), name="x"), graphc.placeholder((2,), name="w")
    (a, b), (ys, zs) = graphc.scan(lambda c, x: ((c[0] + x, c[1] * w), (x * 2, c[1])), (w, w), x)
    node, = loops(Graph((x, w), (ys,))).outputs
    assert node.attrs["carries"] == 0 and node.inputs == (x,) and len(node.attrs["body"].outputs) == 1
    node, = loops(Graph((x, w), (zs,))).outputs
    assert node.attrs["carries"] == 1 and node.attrs["slices"] == 0 and node.inputs[0] is w
    a, = loops(Graph((x, w), (a,))).outputs
    assert a.attrs["body"].inputs == a.attrs["body"].inputs[:2]


def test_a_branch_and_a_while_loop_keep_what_decides():
    x, t = graphc.placeholder((3,), name="x"), graphc.placeholder((), "bool", name="t")
    a, b = graphc.cond(t, lambda: (x + 1, x * 2), lambda: (x, graphc.exp(x)))
    node, = loops(Graph((x, t), (b,))).outputs
    assert node.inputs == (t, x) and len(node.attrs["true"].outputs) == 1
    n, s, unread = graphc.while_loop(lambda s: s[0] < 4, lambda s: (s[0] + 1, s[1] * 2, graphc.exp(s[2])), (0, 1.0, x))
    node, = loops(Graph((x,), (s,))).outputs
    assert len(node.inputs) == 3 and graphc.interpret([x], node, [[1, 2, 3]]) == 16


def test_numbers_are_the_same_without_the_pass():
    inputs, last, ys = network()
    outputs = [last, *graphc.grad(graphc.sum(last * last), inputs)]
    values = [v.astype("f4") for v in (np.linspace(-1, 1, 12).reshape(4, 3), np.ones(3), np.full(3, 0.5))]
    expected = graphc.interpret(inputs, outputs, values)
    for skip in ((), ("loops",), ("bodies",), ("loops", "fuse")):
        for a, b in zip(graphc.compile(inputs, outputs, skip=skip)(*values), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_sub_graphs_are_optimized():
    x = graphc.placeholder((5,), name="x")
    total, _ = graphc.scan(lambda c, x: (x * c + 5 * c + 5 - 0, None), 0.5, x)
    f = graphc.compile(x, total)
    body = next(n for n in f.graph.order if is_loop(n)).attrs["body"]
    assert [n.op.name for n in body.order if n.inputs] == ["add", "multiply", "add"]  # (x + 5)*c + 5
    assert len(body.notes["kernels"]) == 1


def test_loops_are_read_back():
    inputs, last, ys = network()
    graph = Graph(tuple(inputs), (last, *graphc.grad(graphc.sum(last) + graphc.sum(ys), inputs)))
    written = text(graph, lines=False)
    again = parse(written)
    assert text(again, lines=False) == written
    values = [np.ones((4, 3)), np.ones(3), np.full(3, 0.5)]
    for a, b in zip(graphc.interpret(inputs, list(graph.outputs), values),
                    graphc.interpret(list(again.inputs), list(again.outputs), values), strict=True):
        np.testing.assert_array_equal(a, b)
