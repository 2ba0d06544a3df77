"""Rows added to a matrix: what becomes of the updates of a table, and that the numbers stay."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.ir.verify import verify
from graphc.passes.rows import rows

from .kernels import kernels


def table():
    return graphc.Variable(np.random.default_rng(0).standard_normal((9, 4)).astype("float32"), name="w")


def gradient(w, i):
    """Of a loss that reads rows of `w`; one row may be read twice."""
    return graphc.grad(graphc.sum(graphc.tanh(graphc.take(w, i, axis=0))), w)


UPDATES = {
    "descent": lambda w, g: w - 0.1 * g,
    "ascent": lambda w, g: w + g,
    "the sum turned round": lambda w, g: g * 0.5 + w,
    "a difference": lambda w, g: w - g,
    "decay": lambda w, g: w * 0.9 - 0.1 * (-g),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_touches_its_rows_alone(name):
    w, i = table(), graphc.placeholder((5,), "int64", name="i")
    new = UPDATES[name](w, gradient(w, i))
    after = verify(rows(Graph((i,), (), ((w, new),))), after="rows")
    assert [n.op.name for n in after.order].count("broadcast_to") == 0 or name == "decay"
    assert after.updates[0][1].op.name == "scatter_add"
    value = np.array([3, 0, 3, 8, 1])
    expected = graphc.interpret([i], new, [value])
    graphc.compile([i], (), updates={w: new})(value)
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6)


def test_the_table_is_changed_where_it_lies():
    w, i = table(), graphc.placeholder((5,), "int64", name="i")
    order = kernels([i], (), {w: w - 0.1 * gradient(w, i)})
    assert order[-1] == ["scatter_add"] and ["copy"] not in order


@pytest.mark.parametrize("update", [
    lambda w, g: w - g * graphc.sum(g), lambda w, g: w - np.inf * g, lambda w, g: g - w, lambda w, g: w * g,
    lambda w, g: w - graphc.square(g)])
def test_what_needs_the_whole_gradient_stays(update):
    w, i = table(), graphc.placeholder((5,), "int64", name="i")
    new = update(w, gradient(w, i))
    assert rows(Graph((i,), (), ((w, new),))).updates[0][1] is new


def test_exact_results_keep_their_order():
    w, i = table(), graphc.placeholder((5,), "int64", name="i")
    f = graphc.compile([i], w - 0.1 * gradient(w, i), rounding=False)
    g = graphc.compile([i], w - 0.1 * gradient(w, i), skip=["rows"])
    value = np.array([3, 3, 3, 8, 1])
    assert f.dump().split("# as compiled")[1].count("subtract") == g.dump().split("# as compiled")[1].count("subtract")
    np.testing.assert_allclose(f(value), g(value), rtol=1e-6)
