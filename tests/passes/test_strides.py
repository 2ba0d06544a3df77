"""Operands of a product with strides, and the copies where there are none."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph, topological
from graphc.passes.kernels import root
from graphc.passes.layout import layout
from graphc.passes.strides import matrices


def product_of(y):
    return next(n for n in topological([y]) if n.op.name == "matmul")


def x(*dims):
    return graphc.placeholder(dims, name="x")


def w(*dims):
    return graphc.placeholder(dims, name="w")


READABLE = {
    "plain": lambda: x(4, 6) @ w(6, 5),
    "transposed": lambda: x(6, 4).T @ w(5, 6).T,
    "slices": lambda: x(9, 12)[1::2, ::-2] @ w(12, 8)[::2, 3:],
    "batches": lambda: x(2, 3, 4, 6) @ w(2, 3, 6, 5),
    "batches against one": lambda: x(2, 3, 4, 6) @ w(6, 5),
    "one against batches": lambda: x(4, 6) @ w(2, 3, 6, 5),
    "transposed batches": lambda: graphc.matrix_transpose(x(3, 6, 4)) @ w(3, 6, 5),
    "reversed batches": lambda: x(3, 4, 6)[::-1] @ w(3, 6, 5),
    "heads": lambda: graphc.permute_dims(x(1, 4, 2, 6), (0, 2, 1, 3)) @ w(1, 2, 6, 5),
    "rows": lambda: x(7) @ w(7, 3),
    "columns": lambda: x(2, 3, 7) @ w(7),
    "stretched": lambda: graphc.broadcast_to(x(1, 6), (4, 6)) @ w(6, 5),
}
UNREADABLE = {
    "half of the batch axes": lambda: x(2, 3, 4, 6) @ w(3, 6, 5),
    "other batches": lambda: x(2, 1, 4, 6) @ w(1, 3, 6, 5),
    "batches in another order": lambda: graphc.permute_dims(x(3, 2, 4, 6), (1, 0, 2, 3)) @ w(2, 3, 6, 5),
}


def values(graph, rng):
    return [rng.integers(-4, 5, n.shape).astype("float32") for n in graph.inputs]


def element(part, count, row, column, memory):
    return memory[part.offset + count * part.batch + row * part.row + column * part.column]


@pytest.mark.parametrize("name", READABLE)
def test_strides_find_the_elements(name):
    """The product computed from nothing but offsets and strides into the operands' memory."""
    y = READABLE[name]()
    node = product_of(y)
    graph = Graph(tuple(n for n in topological([y]) if n.op.name == "placeholder"), (node,))
    arrays = values(graph, np.random.default_rng(0))
    count, rows, a, b = matrices(node)
    memory = {n: v.ravel() for n, v in zip(graph.inputs, arrays, strict=True)}
    inner, columns = node.inputs[0].dims[-1], node.dims[-1]
    left, right = memory[root(a.node)], memory[root(b.node)]

    def entry(t, i, j):
        return sum(element(a, t, i, k, left) * element(b, t, k, j, right) for k in range(inner))
    found = [entry(t, i, j) for t in range(count) for i in range(rows) for j in range(columns)]
    np.testing.assert_array_equal(np.reshape(found, node.dims), graphc.interpret(list(graph.inputs), node, arrays))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_has_no_strides_is_copied(name):
    y = UNREADABLE[name]()
    node = product_of(y)
    assert matrices(node) is None
    graph = Graph(tuple(n for n in topological([y]) if n.op.name == "placeholder"), (y,))
    after = layout(graph)
    assert matrices(product_of(after.outputs[0])) is not None
    assert any(n.op.name == "copy" for n in after.order)
    arrays = values(graph, np.random.default_rng(1))
    np.testing.assert_array_equal(graphc.interpret(list(graph.inputs), after.outputs[0], arrays),
                                  graphc.interpret(list(graph.inputs), y, arrays))


@pytest.mark.parametrize("name", READABLE)
def test_what_has_strides_is_left_alone(name):
    y = READABLE[name]()
    graph = Graph(tuple(n for n in topological([y]) if n.op.name == "placeholder"), (y,))
    assert layout(graph).outputs == graph.outputs


def test_products_with_one_right_operand_are_one_product_of_more_rows():
    count, rows, left, right = matrices(product_of(x(8, 3, 4, 6) @ w(6, 5)))
    assert (count, rows, left.row, right.batch) == (1, 96, 6, 0)
