"""Random kernels by address: the generator's published vectors, and NumPy's meaning of every distribution."""
import numpy as np
import pytest

from graphc.kernels.cpu import random as kernels
from graphc.kernels.cpu.jit import jit
from graphc.kernels.cpu.memory import share
from graphc.ops import random as ops

from .calling import call

STATE = np.array([0x0123456789ABCDEF, (5 << 32) + 7], np.uint64)
VECTORS = [  # from Random123's kat_vectors: counter, key, result
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]
CASES = [("uniform_f32", "_uniform", "float32", 0), ("uniform_f64", "_uniform", "float64", 0),
         ("uniform_f16", "_uniform", "float16", 0), ("normal_f32", "_normal", "float32", 8),
         ("normal_f64", "_normal", "float64", 8), ("truncated_normal_f32", "_truncated_normal", "float32", 16),
         ("truncated_normal_f64", "_truncated_normal", "float64", 64)]


@jit
def philox(x, y, n, tid, threads):
    y[0], y[1], y[2], y[3] = kernels.philox(x[0], x[1], x[2], x[3], x[4], x[5])


@jit
def integers(state, bounds, y, n, first, stream, tid, threads):
    for i in range(n):
        y[i] = kernels.integer(state[0], state[1], stream, first + i, bounds[0], bounds[1])


def filled(function, dtype, n, first=0, stream=3, threads=1, state=STATE):
    @jit
    def fill(state, y, n, first, stream, tid, threads):
        low, high = share(n, tid, threads)
        for i in range(low, high):
            y[i] = function(state[0], state[1], stream, first + i)
    return call(fill, [state], np.zeros(n, dtype), (n, first, stream), threads=threads)


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_published_vectors(counter, key, expected):
    found = call(philox, [np.array([*counter, *key], np.uint64)], np.zeros(4, np.uint64), (4,))
    assert found.tolist() == list(expected)


@pytest.mark.parametrize(("kernel", "meaning", "dtype", "ulps"), CASES, ids=[c[0] for c in CASES])
def test_distributions(kernel, meaning, dtype, ulps):
    found = filled(getattr(kernels, kernel), dtype, 4001, threads=3)
    expected = getattr(ops, meaning)(STATE, shape=(4001,), dtype=np.dtype(dtype), stream=3)
    np.testing.assert_allclose(found, expected, ulps * np.finfo(dtype).eps)


def test_positions_beyond_32_bits():
    first = (1 << 33) - 2
    i = np.arange(first, first + 4, dtype=np.uint64)
    counter = i & 0xFFFFFFFF, (i >> 32) + (5 << 16), 7, 3
    words = ops.philox(counter, (int(STATE[0]) & 0xFFFFFFFF, int(STATE[0]) >> 32))
    np.testing.assert_array_equal(filled(kernels.uniform_f32, "float32", 4, first), (words[0] >> 8) * 2.0**-24)


@pytest.mark.parametrize(("low", "size"), [(0, 1), (5, 100), (-7 % 2**64, 2**32 + 1), (0, 2**64 - 1), (3, 2**63)])
def test_integers(low, size):
    found = call(integers, [STATE, np.array([size, low], np.uint64)], np.zeros(500, np.uint64), (500, 0, 9))
    bits = ops._wide(STATE, (500,), 9).astype(object)
    assert found.tolist() == [(low + (b * size >> 64)) % 2**64 for b in bits]


def test_tails_are_met():
    """The quantile at the smallest probabilities that occur, against SciPy's."""
    special = pytest.importorskip("scipy.special")

    @jit
    def quantiles(p, y, n, tid, threads):
        for i in range(n):
            y[i] = kernels._quantile_f64(p[i], 0.5 - p[i])
    p = np.append(2.0 ** -np.arange(2, 54), np.linspace(0.01, 0.49, 97))
    found = call(quantiles, [p], np.zeros_like(p), (len(p),))
    np.testing.assert_allclose(found, -special.ndtri(p), 1e-13)
