"""Loops: folds of one long row, shared among threads, to the same bits for any number of them."""
import numpy as np
import pytest

import graphc
from graphc.lower.loops import APART, BLOCK, PART, ROW
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
