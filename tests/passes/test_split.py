"""Split: which folds become two, and that the numbers stay."""
import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.split import split, split_exactly


def folds(y, transform=split) -> list[tuple]:
    """The axes of each fold, operands first, after the pass."""
    return [n.attrs["axes"] for n in transform(Graph((), (y,))).order if "axes" in n.attrs]


def test_a_large_fold_over_everything_becomes_rows_and_their_fold():
    x = graphc.placeholder((None, 50, 8), name="x")
    assert folds(x.sum()) == [(1, 2), (0,)]
    assert folds(graphc.placeholder((512, 512)).max()) == [(1,), (0,)]
    assert folds(graphc.placeholder((50, 8, 512)).max()) == [(2,), (0, 1)], "no more axes than make a row of some length"


@pytest.mark.parametrize("shape", [(), (100,), (1 << 20,), (10, 10), (1, 1 << 20)])
def test_what_one_row_holds_stays(shape):
    assert folds(graphc.placeholder(shape).max()) in ([tuple(range(len(shape)))], [])


def test_partial_folds_stay():
    assert folds(graphc.placeholder((512, 512)).sum(axis=0)) == [(0,)]


def test_exact_results_keep_their_order():
    x = graphc.placeholder((512, 512))
    assert folds(x.sum(), split_exactly) == [(0, 1)]
    assert folds(x.max(), split_exactly) == [(1,), (0,)]
    assert folds(graphc.placeholder((512, 512), "int32").sum(), split_exactly) == [(1,), (0,)]


@pytest.mark.parametrize("name", ["sum", "max", "min", "mean"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 300, 40), (300, 0, 5), (100000, 1, 2)])
def test_numbers_with_the_pass_and_without(name, shape):
    x = graphc.placeholder((None, None, shape[-1]), name="x")
    y = getattr(graphc, name)(x)
    if 0 in shape and name in ("max", "min", "mean"):
        pytest.skip("NumPy has no answer")
    value = np.random.default_rng(0).standard_normal(shape, np.float32) + np.float32(0.5)
    expected = getattr(np, name)(value.astype(np.float64))
    for skip in ((), ("split",)):
        actual = graphc.compile([x], y, skip=skip)(value)
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-4)
