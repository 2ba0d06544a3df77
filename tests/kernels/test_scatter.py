"""Scatters against NumPy's unbuffered updates, for repeated rows and any number of threads."""
import numpy as np
import pytest

from graphc.kernels.cpu import scatter

from .calling import call


def put(y, rows, values):
    for row, value in zip(rows, values, strict=True):
        y[row] = value


KERNELS = [(scatter.scatter_set, put), (scatter.scatter_add, np.add.at), (scatter.scatter_multiply, np.multiply.at),
           (scatter.scatter_min, np.minimum.at), (scatter.scatter_max, np.maximum.at)]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8", "int64"])
@pytest.mark.parametrize(("kernel", "numpy"), KERNELS, ids=[k.__name__ for k, _ in KERNELS])
@pytest.mark.parametrize(("n", "inner", "count"), [(5, 3, 9), (1, 1, 4), (4, 2, 0), (3, 0, 2), (0, 2, 0), (50, 1, 20)])
def test_rows_are_updated_in_order(kernel, numpy, n, inner, count, dtype, threads):
    rng = np.random.default_rng(n)
    x, values = (rng.integers(0, 5, (k, inner)).astype(dtype) for k in (n, count))
    rows = rng.integers(0, max(n, 1), count)
    expected = x.copy()
    numpy(expected, rows, values)
    y = call(kernel, [x, rows, values], np.empty_like(x), (n, inner, count), threads=threads)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_result_may_lie_where_the_matrix_lies(threads):
    x, rows, values = np.arange(12, dtype="f4").reshape(6, 2), np.array([1, 5, 1]), np.ones((3, 2), "f4")
    expected = x.copy()
    np.add.at(expected, rows, values)
    call(scatter.scatter_add, [x, rows, values], x, (6, 2, 3), threads=threads)
    np.testing.assert_array_equal(x, expected)


def test_the_last_of_several_values_stays():
    x, rows, values = np.zeros((2, 1), "f4"), np.array([1, 1, 1]), np.array([[3], [5], [4]], "f4")
    assert call(scatter.scatter_set, [x, rows, values], np.empty_like(x), (2, 1, 3)).ravel().tolist() == [0, 4]


@pytest.mark.parametrize(("kernel", "numpy"), KERNELS[3:], ids=["min", "max"])
def test_nan_stays(kernel, numpy):
    x, rows = np.array([[1], [np.nan], [2]], "f4"), np.array([0, 1, 2, 2])
    values = np.array([[np.nan], [1], [3], [0]], "f4")
    expected = x.copy()
    numpy(expected, rows, values)
    np.testing.assert_array_equal(call(kernel, [x, rows, values], np.empty_like(x), (3, 1, 4)), expected)
