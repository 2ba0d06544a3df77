"""Layout: copies where a product cannot read its operands as they lie, and only there."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.layout import layout
from graphc.passes.strides import matrices

from .proofs import same_numbers

RNG = np.random.default_rng(0)
A, B = (RNG.uniform(-1, 1, shape).astype("float32") for shape in ((2, 3, 4, 5), (2, 3, 5, 6)))


def operands(a, b, left=lambda a: a, right=lambda b: b):
    x, y = graphc.placeholder(a.shape, name="a"), graphc.placeholder(b.shape, name="b")
    return Graph((x, y), (graphc.matmul(left(x), right(y)),))


def ops(graph: Graph) -> list[list[str]]:
    """The ops above each operand of the product, from the outside in."""
    found = []
    for x in graph.outputs[0].inputs:
        found.append([])
        while x.inputs:
            found[-1].append(x.op.name)
            x, = x.inputs
    return found


@pytest.mark.parametrize("left", [lambda a: a, lambda a: a[..., ::2, :], lambda a: a[:, :, 1:3],
                                  lambda a: graphc.matrix_transpose(graphc.matrix_transpose(a)), lambda a: a[::-1, ::-1]])
def test_what_has_one_stride_is_read_as_it_lies(left):
    graph = operands(A, B, left)
    assert matrices(graph.outputs[0]) is not None
    assert layout(graph).outputs[0] is graph.outputs[0]


def test_batches_in_another_order_are_copied():
    def swap(x):
        return graphc.permute_dims(x, (1, 0, 2, 3))
    graph = operands(A, B, swap, swap)
    assert matrices(graph.outputs[0]) is None
    after = layout(graph)
    assert ops(after) == [["copy", "permute_dims"]] * 2
    assert matrices(after.outputs[0]) is not None
    same_numbers(layout, graph, [A, B])


def test_operands_that_are_stretched_along_one_of_two_batch_axes_are_written_out():
    graph = operands(A, B[:, :1])
    assert matrices(graph.outputs[0]) is None
    after = layout(graph)
    assert ops(after) == [["copy"], ["copy", "broadcast_to"]]
    assert [x.dims[:2] for x in after.outputs[0].inputs] == [(2, 3)] * 2
    assert {x.attrs["use"] for x in after.outputs[0].inputs} == {"matmul (2, 3)"}
    same_numbers(layout, graph, [A, B[:, :1]])


@pytest.mark.parametrize("rows, columns", [((2, 3), (2, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 3)), ((2, 3), ()),
                                           ((2, 1), (1, 3)), ((3,), (2, 3))])
@pytest.mark.parametrize("turned", [False, True])
def test_numbers(rows, columns, turned):
    a, b = RNG.uniform(-1, 1, (*rows, 4, 5)).astype("float32"), RNG.uniform(-1, 1, (*columns, 5, 6)).astype("float32")
    x, y = graphc.placeholder(a.T.shape if turned else a.shape), graphc.placeholder(b.shape)
    f = graphc.compile([x, y], graphc.matmul(x.T if turned else x, y))
    np.testing.assert_allclose(f(a.T if turned else a, b), a @ b, rtol=1e-5, atol=1e-6)
