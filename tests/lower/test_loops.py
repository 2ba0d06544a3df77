"""Loops: folds of one long row and down few columns, shared among threads, to the same bits for any number of them."""
import numpy as np
import pytest

import graphc
from graphc.lower.loops import APART, BLOCK, NARROW, PART, ROW
from graphc.runtime import plan as plans

FOLDS = {
    "sum": lambda x: graphc.sum(x),
    "a sum below arithmetic": lambda x: graphc.sqrt(graphc.sum(graphc.exp(x) * x) + 5),
    "several": lambda x: [graphc.max(x), graphc.mean(x, keepdims=True), graphc.prod(1 + x / 1e6)],
    "what is folded is stored": lambda x: [graphc.sum(x * x), x * x],
    "any": lambda x: [graphc.any(x > 3), graphc.all(x < 3)],
    "integers": lambda x: graphc.sum(graphc.astype(x * 100, "int32")),
    "half precision": lambda x: graphc.sum(graphc.astype(x, "float16")),
    "over a softmax": lambda x: graphc.softmax(x),
}


def results(function, value) -> list[np.ndarray]:
    found = function(value)
    return [np.array(y) for y in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("known", [True, False])
def test_a_long_row_is_the_same_for_any_number_of_threads(name, known, monkeypatch):
    monkeypatch.setattr(plans, "PARALLEL", 0)
    sizes = [5 * PART + 7] if known else [1, PART - 1, PART, PART + 1, 5 * PART + 7]
    x = graphc.placeholder((sizes[0] if known else None,), name="x")
    outputs = FOLDS[name](x)
    functions = [graphc.compile([x], outputs, threads=n) for n in (1, 2, 3, 7)]
    for n in sizes:
        value = np.random.default_rng(n).standard_normal(n, np.float32)
        expected = graphc.interpret([x], outputs, [value])
        expected = expected if isinstance(expected, (tuple, list)) else [expected]
        first, *others = [results(f, value) for f in functions for _ in range(2)]
        for a, b in zip(first, expected, strict=True):
            np.testing.assert_allclose(a.astype(np.float64), b.astype(np.float64), rtol=2e-5, atol=2e-3)
        for other in others:
            for a, b in zip(first, other, strict=True):
                np.testing.assert_array_equal(a, b)


def test_nothing_to_fold():
    x = graphc.placeholder((None,), name="x")
    for threads in (1, 3):
        f = graphc.compile([x], [graphc.sum(x), graphc.all(x > 0)], threads=threads)
        assert [y.item() for y in f(np.empty(0, np.float32))] == [0, True]


def test_short_rows_are_left_to_one_thread():
    x = graphc.placeholder((PART,), name="x")
    assert "is_last" not in graphc.compile([x], graphc.sum(x)).source()
    x = graphc.placeholder((PART + 1,), name="x")
    assert "is_last" in graphc.compile([x], graphc.sum(x)).source()


COLUMNS = {
    "sum": lambda x, b: graphc.sum(x, 0),
    "statistics": lambda x, b: [graphc.mean(x, 0), graphc.var(x, 0)],
    "several, of several dtypes": lambda x, b: [graphc.sum(x * b, 0), graphc.max(x, 0, keepdims=True), graphc.any(x > 3, 0)],
    "what is folded is stored": lambda x, b: [graphc.maximum(x, b), graphc.sum(graphc.maximum(x, b), 0) * b],
    "over an operand": lambda x, b: graphc.flip((y := graphc.flip(x * b, 1)) - graphc.sum(abs(y), 0), 0),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("columns", [1, 3, 64, NARROW, NARROW + 1])
def test_few_columns_are_the_same_for_any_number_of_threads(name, columns, monkeypatch):
    monkeypatch.setattr(plans, "PARALLEL", 0)
    x, b = graphc.placeholder((None, columns), name="x"), graphc.placeholder((columns,), name="b")
    outputs = COLUMNS[name](x, b)
    functions = [graphc.compile([x, b], outputs, threads=n) for n in (1, 2, 3)]
    rows = PART // columns
    for n in (1, rows, rows + 1, 5 * rows + 7):
        rng = np.random.default_rng(n)
        values = [(rng.integers(-8, 9, shape) / 8).astype("float32") for shape in ((n, columns), columns)]
        expected = graphc.interpret([x, b], outputs, values)
        first, *others = [f(*values) for f in functions for _ in range(2)]
        for other in others:
            np.testing.assert_equal(first, other)
        for a, e in zip(*((y if isinstance(y, (tuple, list)) else [y]) for y in (first, expected)), strict=True):
            np.testing.assert_allclose(a.astype("float64"), e.astype("float64"), rtol=1e-4, atol=2e-3)


def test_nothing_to_fold_down_columns():
    for columns in (0, 3):
        x = graphc.placeholder((None, columns), name="x")
        f = graphc.compile([x], [graphc.sum(x, 0), graphc.all(x > 0, 0)], threads=3)
        assert [y.tolist() for y in f(np.empty((0, columns), np.float32))] == [[0] * columns, [True] * columns]


@pytest.mark.parametrize("shape, shared", [((PART // 64, 64), False), ((PART // 64 + 1, 64), True), ((None, NARROW), True),
                                           ((None, NARROW + 1), False), ((None, None), False), ((3, None, 64), False)])
def test_threads_share_the_rows_where_columns_are_few_and_rows_are_many(shape, shared):
    x = graphc.placeholder(shape, name="x")
    assert ("is_last" in graphc.compile([x], graphc.sum(x, -2)).source()) == shared


@pytest.mark.parametrize("fold, mere", [
    (lambda x: graphc.sum(x, 1), True), (lambda x: graphc.mean(x * x, 1), True), (lambda x: graphc.sum(x), True),
    (lambda x: graphc.sum(graphc.exp(x), 1), False), (lambda x: graphc.softmax(x), False),
    (lambda x: graphc.max(x, 1), False), (lambda x: graphc.sum(x, 0), False),
    (lambda x: [graphc.relu(x), graphc.sum(graphc.relu(x), 1)], False)])
def test_mere_sums_of_rows_run_in_half_vectors(fold, mere):
    x = graphc.placeholder((None, 100), name="x")
    f = graphc.compile([x], fold(x), threads=1)
    assert ("half_vectors()" in f.source()) == mere
    if mere:
        value = (np.arange(300).reshape(3, 100) % 7).astype("float32")
        np.testing.assert_array_equal(f(value), graphc.interpret([x], fold(x), [value]))


@pytest.mark.parametrize("size", [1, ROW, ROW + 1, 3 * ROW])
def test_very_long_rows_take_no_more_scratch(size):
    """The exponentials of a row are kept where they lie in the cache, and computed again where they do not."""
    x = graphc.placeholder((None, None), name="x")
    f = graphc.compile([x], graphc.softmax(x), threads=1)
    value = np.random.default_rng(size).standard_normal((2, size), np.float32)
    np.testing.assert_allclose(f(value), graphc.interpret([x], graphc.softmax(x), [value]), rtol=1e-5)
    assert f.plan(value).arena_bytes == max(64, 4 * min(size, ROW))


def test_rows_of_known_size_are_written_once():
    x = graphc.placeholder((None, 100), name="x")
    assert graphc.compile([x], graphc.softmax(x)).source().count("math.exp") == 1


def test_accumulators_of_columns_do_not_meet_in_their_place_in_a_page():
    x = graphc.placeholder((None, 64), name="x")
    f = graphc.compile([x], [graphc.sum(x, 0), graphc.sum(x * x, 0), graphc.max(x, 0)])
    assert BLOCK <= APART and APART * 4 % 64 == 0
    assert all(f"+ {k * APART}" in f.source() and 64 * 4 <= k * APART * 4 % 4096 <= 4096 - 64 * 4 for k in (1, 2))
    value = np.random.default_rng(0).standard_normal((100, 64), np.float32)
    for actual, expected in zip(f(value), [value.sum(0), (value * value).sum(0), value.max(0)], strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("columns", [2, 5, 17, 33, 40, 64, 100])
def test_short_rows_are_the_same_for_any_number_of_threads(columns, monkeypatch):
    """Their loops are unrolled; taken several at a time, rows would be added in an order that depends on their place."""
    monkeypatch.setattr(plans, "PARALLEL", 0)
    x = graphc.placeholder((None, columns))
    values = np.random.default_rng(0).standard_normal((67, columns)).astype("float32")
    one, *others = (graphc.compile([x], [graphc.sum(x, axis=1), graphc.prod(x, axis=1), graphc.mean(x * x, axis=1)],
                                   threads=threads)(values) for threads in (1, 2, 3))
    for other in others:
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
