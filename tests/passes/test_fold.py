"""Constant folding."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.fold import LARGEST, fold
from graphc.passes.pipeline import Options, run

from .proofs import becomes, same_numbers


def outputs_of(*ys, inputs=()):
    return fold(Graph(tuple(inputs), ys)).outputs


def value(x):
    assert x.op.name == "constant"
    return x.attrs["value"].value


def test_what_depends_on_constants_alone_is_a_constant():
    a, b = graphc.constant([[1.0, 2.0], [3.0, 4.0]]), graphc.constant([1.0, -1.0])
    y, = outputs_of(graphc.exp(graphc.sum(graphc.matmul(a, b)) * 2))
    assert value(y) == np.float32(np.exp(np.float32(-4.0))) and y.dtype == "float32"


def test_the_dtype_and_each_rounding_stay():
    half = graphc.constant(np.array([1.0], "float16"))
    y, = outputs_of((half + 2.0**-11) + 2.0**-11)
    assert value(y) == 1.0 and y.dtype == "float16"


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "bfloat16", "float64"])
def test_dtypes(dtype):
    becomes(fold, lambda x: x + (graphc.constant(3, dtype) + graphc.constant(4, dtype)), "x + 7", dtype=dtype)


def test_a_zero_division_folds_to_what_it_gives():
    y, = outputs_of(graphc.constant([1.0, 0.0]) / graphc.constant([0.0, 0.0]))
    np.testing.assert_array_equal(value(y), [np.inf, np.nan])


def test_a_stretched_scalar_stays_unwritten():
    y = graphc.broadcast_to(graphc.constant(1.0), (3,))
    assert outputs_of(y)[0] is y


def test_results_larger_than_their_operands_and_the_limit_stay():
    column, row = np.arange(200, dtype="float32")[:, None], np.arange(200, dtype="float32")
    assert 200 * 200 * 4 > LARGEST
    y = graphc.constant(column) * graphc.constant(row)
    assert outputs_of(y)[0] is y
    large = graphc.constant(np.arange(40000, dtype="float32"))
    assert outputs_of(large + 1)[0].op.name == "constant", "not larger than its operand"


def test_unknown_sizes_are_no_constants():
    x = graphc.placeholder((None,), name="x")
    y = graphc.reshape(graphc.broadcast_to(graphc.constant(1.0), x.dims), (-1, 1))
    graph = Graph((x,), (y, graphc.mean(x)))
    same_numbers(fold, graph, [np.arange(5)])


def test_random_numbers_are_drawn_at_every_call():
    y = graphc.random.uniform((3,), seed=7) if hasattr(graphc, "random") else pytest.skip("no random numbers")
    after = run(Graph((), (y,)), Options())
    assert any("stream" in x.attrs for x in after.order)
