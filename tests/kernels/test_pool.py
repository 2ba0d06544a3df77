"""Pooling kernels by address against the ops' NumPy meaning, for any number of threads."""
import ml_dtypes
import numpy as np
import pytest

from graphc.ir.types import Type, compute_dtype
from graphc.kernels.cpu import pool as kernels
from graphc.ops import pool as ops

from .calling import call

GEOMETRIES = {
    "halves": ((2, 6, 8, 17), {"window": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}),
    "overlapping": ((2, 7, 5, 33), {"window": (3, 3), "strides": (2, 1), "padding": ((1, 1), (2, 0))}),
    "gaps": ((1, 9, 8, 1), {"window": (2, 1), "strides": (4, 3), "padding": ((0, 0), (0, 0))}),
    "line": ((3, 10, 4), {"window": (4,), "strides": (3,), "padding": ((3, 3),)}),
    "volume": ((2, 4, 3, 5, 2), {"window": (2, 3, 2), "strides": (1, 2, 2), "padding": ((1, 0), (1, 1), (0, 1))}),
    "one": ((1, 1, 1, 1), {"window": (1, 1), "strides": (1, 1), "padding": ((0, 0), (0, 0))}),
    "no batch": ((0, 4, 4, 3), {"window": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}),
    "no channels": ((2, 4, 4, 0), {"window": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}),
}


def run(kernel, operands, shape, dtype, x_shape, y_shape, geometry):
    """The result, which must be the same for any number of threads."""
    sizes = ops._sizes(Type(np.dtype(dtype), x_shape), Type(np.dtype(dtype), y_shape), **geometry)
    first, *others = (call(kernel, operands, np.full(shape, 77, dtype), sizes, threads=t) for t in (1, 2, 5))
    for other in others:
        np.testing.assert_array_equal(first.view(np.uint8), other.view(np.uint8))
    return first


@pytest.fixture(params=GEOMETRIES)
def example(request):
    shape, geometry = GEOMETRIES[request.param]
    values = np.random.default_rng(1).integers(-9, 9, shape).astype("float64")
    return values, ops._max_pool_meaning(values, **geometry), geometry


@pytest.mark.parametrize("dtype", ("float32", "float64", "float16", ml_dtypes.bfloat16, "int8", "uint8", "int64"))
def test_max(example, dtype):
    x, y, geometry = example
    x = np.abs(x).astype(dtype)
    expected = ops._max_pool_meaning(x.astype(compute_dtype(x.dtype)), **geometry).astype(dtype)
    found = run(kernels.max_pool, [x], y.shape, dtype, x.shape, y.shape, geometry)
    np.testing.assert_array_equal(found.astype("float64"), expected.astype("float64"))


def test_the_first_of_equal_maxima_is_the_index(example):
    x, y, geometry = example
    found = run(kernels.max_pool_index, [x, y], y.shape, "int32", x.shape, y.shape, geometry)
    np.testing.assert_array_equal(found, ops._index_meaning(x, y, **geometry))


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_scatter(example, dtype):
    x, y, geometry = example
    index = ops._index_meaning(x, y, **geometry)
    g = np.random.default_rng(2).normal(size=y.shape).astype(dtype)
    found = run(kernels.max_pool_scatter, [g, index], x.shape, dtype, x.shape, y.shape, geometry)
    np.testing.assert_array_equal(found, ops._scatter_meaning(g, index, x.shape[1:-1], **geometry))


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_sum_and_its_transpose(example, dtype):
    x, y, geometry = example
    x = np.random.default_rng(3).normal(size=x.shape).astype(dtype)
    g = np.random.default_rng(4).normal(size=y.shape).astype(dtype)
    tolerance = 64 * np.finfo(dtype).eps
    found = run(kernels.sum_pool, [x], y.shape, dtype, x.shape, y.shape, geometry)
    np.testing.assert_allclose(found, ops._windows(x, **geometry, fill=0).sum(-1), tolerance, tolerance)
    back = run(kernels.sum_pool_transpose, [g], x.shape, dtype, x.shape, y.shape, geometry)
    np.testing.assert_allclose(back, ops._transpose_meaning(g, x.shape[1:-1], **geometry), tolerance, tolerance)
    forward, backward = np.vdot(found, g), np.vdot(x, back)
    np.testing.assert_allclose(forward, backward, 100 * tolerance, 100 * tolerance)


def test_nan_wins_and_its_first_place_is_the_index():
    x = np.array([1, np.nan, 3, np.nan, 5, 6], "f4").reshape(1, 6, 1)
    geometry = {"window": (4,), "strides": (2,), "padding": ((0, 0),)}
    y = run(kernels.max_pool, [x], (1, 2, 1), "float32", x.shape, (1, 2, 1), geometry)
    assert np.isnan(y).all()
    index = run(kernels.max_pool_index, [x, y], (1, 2, 1), "int32", x.shape, (1, 2, 1), geometry)
    assert index.ravel().tolist() == [1, 3]


def test_minus_infinity_is_a_maximum():
    x = np.full((1, 4, 1), -np.inf, "f4")
    geometry = {"window": (3,), "strides": (1,), "padding": ((1, 1),)}
    y = run(kernels.max_pool, [x], x.shape, "float32", x.shape, x.shape, geometry)
    np.testing.assert_array_equal(y, x)
    index = run(kernels.max_pool_index, [x, y], x.shape, "int32", x.shape, x.shape, geometry)
    assert index.ravel().tolist() == [0, 0, 1, 2]
