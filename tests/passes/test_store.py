"""Memory: who gets some, and who does not."""
import numpy as np

import graphc

from .kernels import matrix, program


def stored(inputs, outputs, **options):
    return [[n.op.name for n in step.writes] for step in program(inputs, outputs, **options).steps]


def test_only_what_others_read_and_results_are_stored():
    x = matrix()
    assert stored([x], graphc.tanh(graphc.exp(x) + 1)) == [["tanh"]]
    y = graphc.exp(x)
    assert stored([x], [y, graphc.tanh(y)]) == [["exp", "tanh"]]


def test_renamed_indices_take_no_memory():
    x = matrix(rows=4)
    assert stored([x], graphc.tanh(x.T[::-1, 1:])) == [["tanh"]]
    assert stored([x], graphc.arange(4) + graphc.argmax(x, 1)) == [["argmax"], ["add"]]


def test_a_renamed_result_is_copied_out():
    x = matrix(rows=4)
    assert stored([x], x.T) == [["copy"]]
    assert stored([x], graphc.reshape(x, (-1,))) == [["copy"]]


def test_a_view_of_a_result_is_memory_of_its_own():
    x = matrix(rows=4)
    y = graphc.exp(x)
    for step in program([x], [y, graphc.reshape(y, (-1,))]).steps:
        assert {n.op.name for n in step.writes} <= {"exp", "copy"}
    assert sum(len(s.writes) for s in program([x], [y, graphc.reshape(y, (-1,))]).steps) == 2


def test_hand_written_kernels_get_their_operands_as_they_are():
    x, w = graphc.placeholder((3, 2, 8)), graphc.Variable(np.zeros((3, 3, 4), "float32"))
    steps = program([x], graphc.conv(graphc.moveaxis(x, 0, 2), w, padding="same")).steps
    assert len(steps) == 2 and steps[1].nodes[0].op.name == "conv"
    a, b = matrix("a", 5, 6), matrix("b", 7, 6)
    assert [len(s.nodes) for s in program([a, b], a @ b.T).steps] == [1], "a product reads through strides"


def test_every_kernel_stores_something():
    x, w = matrix(), graphc.Variable(np.zeros((10, 10), "float32"))
    y = graphc.softmax(x @ w)
    for step in program([x], y, {w: w - graphc.grad(graphc.sum(y * y), w)}).steps:
        assert step.writes
