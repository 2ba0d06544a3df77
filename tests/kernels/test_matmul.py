"""The matrix product by address: every dtype, edge shapes, strides, threads, guard zones."""
import os
import platform
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from graphc.ir.types import compute_dtype
from graphc.kernels.cpu import matmul, tile
from graphc.kernels.cpu.simd import VECTOR_BYTES
from graphc.ops.linalg import TILE_SCRATCH

from .products import run, twice_plus_place

RNG = np.random.default_rng(3)
DTYPES = [np.dtype(d) for d in ("float32", "float64", "float16", ml_dtypes.bfloat16, "int8", "int64", "uint16", "bool")]
WIDTH = tile.VECTORS * VECTOR_BYTES // 4
SIZES = [(1, 1, 1), (6, WIDTH, 8), (7, WIDTH + 1, 3), (5, WIDTH - 1, 17), (13, 2 * WIDTH + 17, 256), (97, 10, 257),
         (96, 31, 1), (11, 47, 513), (200, 3, 7), (1, 130, 64), (101, 1, 40), (0, 5, 3), (5, 0, 3), (5, 7, 0)]


def draw(shape, dtype):
    if dtype.kind in "iub":
        return RNG.integers(0, 2 if dtype.kind == "b" else 7, shape).astype(dtype)
    return RNG.standard_normal(shape).astype(dtype)


def product(a, b, threads=1, **options):
    """``a @ b`` for stacks of matrices with any strides; a stack of one is broadcast."""
    (batch_a, m, k), (batch_b, _, n) = a.shape, b.shape
    batch = max(batch_a, batch_b) if batch_a and batch_b else 0
    strides = [s // x.itemsize * (x.shape[i] > 1 or i > 0) for x in (a, b) for i, s in enumerate(x.strides)]
    return run(matmul.matmul, a, b, (batch, m, n), (batch, m, n, k, *strides), TILE_SCRATCH, threads, **options)


def expected(a, b):
    return np.matmul(a.astype(compute_dtype(a.dtype)), b.astype(compute_dtype(b.dtype)))


def assert_product(actual, a, b):
    if a.dtype.kind in "iub":
        np.testing.assert_array_equal(actual, expected(a, b))
    else:
        wide = a.astype("float64"), b.astype("float64")
        error = np.abs(actual.astype("float64") - wide[0] @ wide[1])
        scale = np.abs(wide[0]) @ np.abs(wide[1])
        last, each = (float(ml_dtypes.finfo(d).eps) for d in (a.dtype, compute_dtype(a.dtype)))
        assert (error <= (last + 2 * np.sqrt(a.shape[-1]) * each) * scale).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_edge_shapes(dtype):
    for m, n, k in SIZES:
        a, b = draw((1, m, k), dtype), draw((1, k, n), dtype)
        assert_product(product(a, b), a, b)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_any_strides(dtype):
    m, n, k = 19, WIDTH + 9, 37
    for views in ((1, 1), (2, 1), (1, 2), (2, 2), (-1, 1), (1, -1), (-1, -2)):
        a, b = (_strided(draw((2, *shape), dtype), view) for shape, view in zip(((m, k), (k, n)), views, strict=True))
        assert_product(product(a, b), a, b)


def _strided(x, view):
    """The same numbers: 1 in place, 2 stored transposed, -1 every second of a row, -2 the same of a column, back."""
    if view == 1:
        return x
    if view == 2:
        return x.swapaxes(1, 2).copy().swapaxes(1, 2)
    if view == -1:
        return np.repeat(x, 2, axis=2)[:, :, ::2]
    return np.repeat(x[:, ::-1].swapaxes(1, 2), 2, axis=2)[:, :, ::-2].swapaxes(1, 2)


@pytest.mark.parametrize("dtype", [DTYPES[0], DTYPES[2], DTYPES[5]], ids=lambda d: d.name)
def test_batches_and_broadcast_operands(dtype):
    for batch_a, batch_b in ((3, 3), (1, 4), (4, 1), (0, 1)):
        a, b = draw((batch_a, 7, 20), dtype), draw((batch_b, 20, 18), dtype)
        assert_product(product(a, b), a, b)


@pytest.mark.parametrize("dtype", [DTYPES[0], DTYPES[1], DTYPES[3], DTYPES[4]], ids=lambda d: d.name)
def test_bit_identical_for_any_number_of_threads(dtype):
    for m, n, k in ((1, 1, 5), (100, WIDTH + 5, 300), (7, 4 * WIDTH, 33), (290, 11, 40)):
        a, b = draw((2, m, k), dtype), draw((2, k, n), dtype)
        once = product(a, b)
        for threads in (2, 3, 7):
            np.testing.assert_array_equal(product(a, b, threads).view(np.uint8), once.view(np.uint8))


def test_the_epilogue_runs_once_for_each_element_at_its_place():
    a, b = draw((2, 101, 300), DTYPES[5]), draw((2, 300, WIDTH + 3), DTYPES[5])
    place = np.arange(2 * 101 * (WIDTH + 3)).reshape(2, 101, WIDTH + 3)
    np.testing.assert_array_equal(product(a, b, 3, epilogue=twice_plus_place), 2 * (a @ b) + place)


def test_nan_and_infinity_pass_through_and_touch_no_neighbour():
    a, b = np.ones((1, 7, 5), "float32"), np.ones((1, 5, 19), "float32")
    a[0, 2, 1], b[0, 3, 18] = np.nan, np.inf
    actual = product(a, b)
    np.testing.assert_array_equal(actual, expected(a, b))


def test_the_scratch_that_the_row_asks_for_is_enough():
    assert matmul.SCRATCH_BYTES <= TILE_SCRATCH


@pytest.mark.parametrize("features", ["+avx,+avx2,+fma,+f16c", ""], ids=["avx2", "baseline"])
def test_narrower_vectors(features):
    """The same tests where the CPU offers less, in a process of their own: importing kernels fixes the width."""
    if platform.machine() not in ("x86_64", "AMD64") or "NUMBA_CPU_FEATURES" in os.environ:
        pytest.skip("needs an x86-64 CPU, and a choice of features that nobody made")
    chosen = os.environ | {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features}
    names = "(edge_shapes or any_strides) and (float32 or bool)"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", names]
    done = subprocess.run(command, env=chosen, capture_output=True, text=True)
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr
