"""The choice of kernels: by graph and by numbers."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.ir.verify import verify
from graphc.passes.options import Options
from graphc.passes.pipeline import PASSES, run
from graphc.passes.select import select, select_exactly
from graphc.passes.strides import matrices

from .proofs import graph_of, values

LATER = ("select", "results", "fuse", "recompute", "store", "schedule")
LOCAL = [(name, transform) for name, transform in PASSES if name not in LATER]
HEAVY = {"matmul", "conv", "conv_input_gradient", "conv_weight_gradient", "max_pool", "sum_pool", "sum_pool_transpose"}


def heavy(graph: Graph) -> list[str]:
    """The ops with a kernel of their own, in order."""
    return [n.op.name for n in graph.order if n.op.name in HEAVY]


def gradients(function):
    """`function`, and the gradients of its weighted sum."""
    def formula(*xs):
        y = function(*xs)
        return [y, *graphc.grad(graphc.sum(graphc.sin(y)), xs)]
    return formula


def pointwise(x, w):
    return graphc.conv(x, w)


def matrix_product(a, b):
    return graphc.matmul(a, b)


IMAGE, WEIGHTS = (2, 5, 4, 3), (1, 1, 3, 6)
CASES = {  # the products that are left in gradients are those of a row and a matrix

    "pointwise": (pointwise, [IMAGE, WEIGHTS], ["matmul"] * 3),
    "pointwise, one axis": (pointwise, [(2, 5, 3), (1, 3, 6)], ["matmul"] * 3),
    "pointwise, three axes": (pointwise, [(2, 2, 3, 4, 3), (1, 1, 1, 3, 6)], ["matmul"] * 3),
    "pointwise, one pixel": (pointwise, [(4, 1, 1, 3), WEIGHTS], ["matmul"] * 3),
    "pointwise, channels first": (lambda x, w: graphc.conv(x, w, data_format="channels_first"), [(2, 3, 5, 4), WEIGHTS],
                                  ["matmul"] * 3),
    "strides": (lambda x, w: graphc.conv(x, w, 2), [IMAGE, WEIGHTS],
                ["conv", "conv_input_gradient", "conv_weight_gradient"]),
    "padding": (lambda x, w: graphc.conv(x, w, padding=1), [IMAGE, WEIGHTS],
                ["conv", "conv_input_gradient", "conv_weight_gradient"]),
    "groups": (lambda x, w: graphc.conv(x, w, groups=3), [IMAGE, (1, 1, 1, 6)],
               ["conv", "conv_input_gradient", "conv_weight_gradient"]),
    "outer": (matrix_product, [(5, 1), (1, 7)], ["matmul"]),
    "stacks of outer": (matrix_product, [(3, 5, 1), (1, 1, 7)], ["matmul"] * 2),
    "inner": (matrix_product, [(1, 40), (40, 1)], []),
    "stacks of inner": (matrix_product, [(3, 1, 40), (2, 1, 40, 1)], []),
    "matrix and vector": (matrix_product, [(30, 40), (40,)], []),
    "transposed matrix and vector": (lambda a, v: a.T @ v, [(40, 30), (40,)], []),
    "vector and transposed matrix": (lambda v, a: v @ a.T, [(40,), (30, 40)], ["matmul"]),
    "vector and matrix": (matrix_product, [(40,), (40, 30)], ["matmul"]),
    "stacks of matrices and vectors": (matrix_product, [(3, 8, 9), (3, 9, 1)], ["matmul"] * 2),
    "matrices": (matrix_product, [(8, 9), (9, 7)], ["matmul"] * 3),
    "global average": (lambda x: graphc.average_pool(x, (5, 4)), [IMAGE], []),
    "global maximum": (lambda x: graphc.max_pool(x, (5, 4)), [IMAGE], []),
    "average": (lambda x: graphc.average_pool(x, (2, 2)), [IMAGE], ["sum_pool", "sum_pool_transpose"]),
    "subsampled": (lambda x: graphc.max_pool(x, 1, 2), [IMAGE], []),
    "average of one": (lambda x: graphc.average_pool(x, (1, 1), (2, 1)), [IMAGE], ["sum_pool_transpose"]),
}


def drawn(name: str) -> tuple[Graph, list[np.ndarray]]:
    function, shapes, _ = CASES[name]
    xs = tuple(graphc.placeholder(shape) for shape in shapes)
    rng = np.random.default_rng(0)
    return Graph(xs, tuple(gradients(function)(*xs))), [rng.normal(size=s).astype("float32") for s in shapes]


@pytest.mark.parametrize("name", CASES)
def test_graph_and_meaning(name):
    graph, arrays = drawn(name)
    graph = run(graph, Options(), LOCAL)
    after = verify(select(graph))
    assert heavy(after) == CASES[name][2]
    for found, expected in zip(values(after, arrays), values(graph, arrays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_compiled_numbers_with_and_without(name):
    graph, arrays = drawn(name)
    found, expected = (graphc.compile(graph.inputs, graph.outputs, skip=skip)(*arrays) for skip in ([], ["select"]))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16"])
@pytest.mark.parametrize("shapes", [[(1, 9), (9, 1)], [(5, 9), (9, 1)], [(5, 1), (1, 6)]])
def test_other_dtypes(dtype, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 2 if dtype == "bool" else 100, s).astype(dtype) for s in shapes]
    xs = [graphc.placeholder(s, dtype) for s in shapes]
    f = graphc.compile(xs, graphc.matmul(*xs))
    assert "matmul" not in f.dump().split("# as compiled")[1]
    np.testing.assert_array_equal(f(*arrays), graphc.interpret(xs, graphc.matmul(*xs), arrays))


def test_without_rounding_sums_keep_their_order():
    inner = graph_of(lambda a: graphc.matmul(a, a.T), shape=(1, 40))
    assert heavy(select_exactly(inner)) == ["matmul"] and heavy(select(inner)) == []
    outer = graph_of(lambda a: graphc.matmul(a, a.T), shape=(40, 1))
    assert heavy(select_exactly(outer)) == []


def test_pixels_are_the_rows_of_one_product_and_what_follows_is_its_epilogue():
    x, w = graphc.placeholder((None, 8, 8, 16), name="x"), graphc.placeholder((1, 1, 16, 32), name="w")
    graph = run(Graph((x, w), (graphc.relu(graphc.conv(x, w)),)))
    group, = graph.notes["kernels"]
    count, rows, left, right = matrices(group.anchor)
    assert count == 1 and rows == x.dims[0] * 64 and (left.row, left.column) == (16, 1) and right.row == 32
    assert [n.op.name for n in group.index] == ["matmul", "relu"]


def test_nan_is_the_most_of_a_global_pool():
    x = graphc.placeholder((1, 2, 2, 2), name="x")
    value = np.array([[[[1, 2], [np.nan, 3]], [[0, 9], [4, 1]]]], "float32")
    np.testing.assert_array_equal(graphc.compile(x, graphc.max_pool(x, 2))(value).ravel(), [np.nan, 9])
