"""Kernels along one axis against NumPy, for runs of every length and any number of threads."""
import ml_dtypes
import numpy as np
import pytest

from graphc.ir.types import compute_dtype
from graphc.kernels.cpu import along

from .calling import call

SHAPES = [(1, 1, 1), (2, 7, 1), (1, 5, 6), (3, 40, 2), (2, 100, 1), (4, 0, 2), (0, 3, 1)]
DTYPES = ["float32", "float64", "int8", "uint64", ml_dtypes.bfloat16]
threads = pytest.mark.parametrize("threads", [1, 3])
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
dtypes = pytest.mark.parametrize("dtype", [np.dtype(d) for d in DTYPES], ids=str)


def drawn(shape, dtype, seed=0):
    return np.random.default_rng(seed).integers(0, 5, shape).astype(dtype)


def with_nan(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, shape).astype(dtype)
    if dtype.kind in "fV":
        x[rng.random(shape) < 0.1] = np.nan
        x[rng.random(shape) < 0.1] = -np.inf
    return x


def wide(x):
    return x.astype(compute_dtype(x.dtype))


def equal(actual, expected):
    np.testing.assert_array_equal(wide(actual), wide(expected.astype(actual.dtype)))


@threads
@shapes
@dtypes
@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums_and_products(dtype, shape, reverse, threads):
    x = drawn(shape, dtype)
    there = np.flip(x, 1) if reverse else x
    for kernel, numpy in ((along.cumulative_sum, np.cumsum), (along.cumulative_prod, np.cumprod)):
        with np.errstate(over="ignore"):
            expected = numpy(wide(there), axis=1, dtype=compute_dtype(dtype))
        y = call(kernel, [x], np.empty_like(x), (*shape, reverse), threads=threads)
        equal(np.flip(y, 1) if reverse else y, expected)


@threads
@shapes
@pytest.mark.parametrize("reverse", [False, True])
def test_recurrence(shape, reverse, threads):
    b, a = drawn(shape, np.dtype("float64"), 1), drawn(shape, np.dtype("float64"), 2) / 4
    y = call(along.linear_recurrence, [b, a], np.empty_like(b), (*shape, reverse), threads=threads)
    y, b, a = (np.flip(v, 1) if reverse else v for v in (y, b, a))
    previous = np.concatenate([np.zeros_like(y[:, :1]), y[:, :-1]], axis=1)[:, :shape[1]]
    np.testing.assert_allclose(y, b + a * previous, 1e-15)


@threads
@pytest.mark.parametrize("shape", [s for s in SHAPES if s[1]], ids=str)
@dtypes
def test_place_of_an_extreme_is_the_first_and_nan_wins(dtype, shape, threads):
    x = with_nan(shape, dtype)
    for kernel, numpy in ((along.argmax, np.argmax), (along.argmin, np.argmin)):
        y = call(kernel, [x], np.full((shape[0], shape[2]), -1), shape, threads=threads)
        np.testing.assert_array_equal(y, numpy(wide(x), axis=1))


@threads
@shapes
@dtypes
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_is_stable_and_nan_is_largest(dtype, shape, descending, threads):
    x = with_nan(shape, dtype)
    room = 2 * max(shape[1], 1)
    order = call(along.argsort, [x], np.full(shape, -1), (*shape, descending), np.empty(room, np.int64), threads)
    y = call(along.sort, [x], np.empty_like(x), (*shape, descending), np.empty(room, compute_dtype(dtype)), threads)
    keys = wide(x)
    expected = np.argsort(keys, 1, kind="stable")
    if descending:
        expected = np.flip(shape[1] - 1 - np.argsort(np.flip(keys, 1), 1, kind="stable"), 1)
    np.testing.assert_array_equal(order, expected)
    equal(y, np.take_along_axis(keys, expected, 1))


def test_booleans_are_sorted_and_searched():
    x = np.array([[[True], [False], [True], [False]]])
    assert call(along.argmin, [x], np.zeros((1, 1), np.int64), x.shape)[0, 0] == 1
    y = call(along.sort, [x], np.empty_like(x), (*x.shape, 0), np.empty(8, bool))
    assert y.ravel().tolist() == [False, False, True, True]
