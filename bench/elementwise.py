"""Elementwise computations with their gradients: from Python's floats, and on vectors that no cache holds."""
from __future__ import annotations

from functools import partial

import numpy as np

from . import peers
from .measure import Case

SLOPE, CUBE = float(np.sqrt(2 / np.pi)), 0.044715


# ---- x*y + 5*y + 5, from floats -------------------------------------------------------------------------------------
def expression(lib, x, y):
    return x * y + 5 * y + 5


def two_floats(quick: bool) -> tuple:
    return 2.0, 3.0


def graphc_floats(x, y):
    import graphc
    a, b = graphc.placeholder(()), graphc.placeholder(())
    z = expression(graphc, a, b)
    return partial(graphc.compile([a, b], [z, *graphc.grad(z, [a, b])]), x, y)


def numpy_floats(x, y):
    def call(x, y):
        x, y = np.float32(x), np.float32(y)
        return expression(np, x, y), y, x + 5
    return partial(call, x, y)


def torch_floats(x, y):
    import torch

    def call(x, y):
        inputs = torch.tensor(x, requires_grad=True), torch.tensor(y, requires_grad=True)
        z = expression(torch, *inputs)
        return z, *torch.autograd.grad(z, inputs)
    return partial(call, x, y)


def torch_compile_floats(x, y):
    import torch

    @torch.compile(fullgraph=True, dynamic=False)
    def both(a, b):
        z, back = torch.func.vjp(partial(expression, torch), a, b)
        return z, *back(torch.ones_like(z))
    return lambda: both(torch.tensor(x), torch.tensor(y))


def jax_floats(x, y):
    import jax

    @jax.jit
    def both(x, y):
        z, gradients = jax.value_and_grad(partial(expression, jax.numpy), (0, 1))(x, y)
        return z, *gradients
    return lambda: jax.block_until_ready(both(x, y))


def tensorflow_floats(x, y):
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def both(x, y):
        with tf.GradientTape() as tape:
            tape.watch((x, y))
            z = expression(tf, x, y)
        return z, *tape.gradient(z, (x, y))
    return lambda: both(tf.constant(x), tf.constant(y))


def pytensor_floats(mode, x, y):
    import pytensor
    inputs = pytensor.tensor.fscalar(), pytensor.tensor.fscalar()
    z = expression(pytensor, *inputs)
    both = pytensor.function(inputs, [z, *pytensor.grad(z, inputs)], mode=mode, allow_input_downcast=True)
    return partial(both, x, y)


FLOATS = {"graphc": graphc_floats, "numpy": numpy_floats, "torch": torch_floats, "torch.compile": torch_compile_floats,
          "jax": jax_floats, "tensorflow": tensorflow_floats, "pytensor C": partial(pytensor_floats, "CVM"),
          "pytensor Numba": partial(pytensor_floats, "NUMBA")}


# ---- the same, on vectors -------------------------------------------------------------------------------------------
def two_vectors(quick: bool) -> tuple:
    random = np.random.default_rng(0)
    return tuple(random.random(1000 if quick else 10_000_000, np.float32) for _ in range(2))


def numpy_expression(x, y):
    return lambda: (x * y + 5 * y + 5, y.copy(), x + 5)


def numpy_expression_out(x, y):
    z, dx, dy = (np.empty_like(x) for _ in range(3))

    def call():
        np.copyto(dx, y)
        np.add(x, 5, out=dy)
        np.multiply(dy, y, out=z)
        np.add(z, 5, out=z)
        return z, dx, dy
    return call


def numba_expression_out(x, y):
    from numba import njit, prange

    @njit(parallel=True)
    def both(x, y, z, dx, dy):
        five = np.float32(5)
        for i in prange(len(x)):
            dx[i] = y[i]
            dy[i] = x[i] + five
            z[i] = dy[i] * y[i] + five
    return written_to(both, x, y, copies=3)


# ---- GELU by tanh, as a chain of elementary operations --------------------------------------------------------------
def gelu(lib, x):
    """Hendrycks, Gimpel: "Gaussian error linear units", 2016."""
    return 0.5 * x * (1 + lib.tanh(SLOPE * (x + CUBE * x * x * x)))


def one_vector(quick: bool) -> tuple:
    return (np.random.default_rng(0).normal(0, 2, 1000 if quick else 10_000_000).astype(np.float32),)


def numpy_gelu(x):
    def call():
        t = np.tanh(SLOPE * (x + CUBE * x * x * x))
        return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * SLOPE * x * (1 - t * t) * (1 + 3 * CUBE * x * x)
    return call


def numpy_gelu_out(x):
    t, s, y, dy = (np.empty_like(x) for _ in range(4))

    def call():
        np.multiply(x, x, out=s)
        np.multiply(s, CUBE, out=t)
        np.add(t, 1, out=t)
        np.multiply(t, x, out=t)
        np.multiply(t, SLOPE, out=t)
        np.tanh(t, out=t)
        np.multiply(s, 3 * CUBE, out=s)
        np.add(s, 1, out=s)
        np.multiply(s, x, out=s)
        np.multiply(s, SLOPE, out=s)
        np.multiply(t, t, out=dy)
        np.subtract(1, dy, out=dy)
        np.multiply(dy, s, out=dy)
        np.add(t, 1, out=t)
        np.multiply(t, x, out=y)
        np.multiply(y, 0.5, out=y)
        np.add(dy, t, out=dy)
        np.multiply(dy, 0.5, out=dy)
        return y, dy
    return call


def numba_gelu_out(x):
    from math import tanh

    from numba import njit, prange

    @njit(parallel=True, fastmath={"contract"})
    def both(x, y, dy):
        half, one, slope, cube, slope3 = map_constants
        for i in prange(len(x)):
            s = x[i] * x[i]
            t = np.float32(tanh(slope * x[i] * (one + cube * s)))
            y[i] = half * x[i] * (one + t)
            dy[i] = half * (one + t + x[i] * (one - t * t) * (slope + slope3 * s))
    map_constants = tuple(np.float32(c) for c in (0.5, 1, SLOPE, CUBE, 3 * CUBE * SLOPE))
    return written_to(both, x, copies=2)


def written_to(kernel, *arrays, copies: int):
    """A call of a kernel that fills arrays which were allocated before."""
    results = tuple(np.empty_like(arrays[0]) for _ in range(copies))

    def call():
        kernel(*arrays, *results)
        return results
    return call


CASES = [
    Case("x*y + 5*y + 5 and both gradients, from Python floats", two_floats, FLOATS, floor=False),
    Case("x*y + 5*y + 5 and both gradients, vectors of 10M", two_vectors, peers.contestants(expression) | {
        "numpy": numpy_expression, "numpy out=": numpy_expression_out, "numba out=": numba_expression_out}),
    Case("GELU (tanh) as a chain of operations, and its gradient, 10M", one_vector, peers.contestants(gelu) | {
        "numpy": numpy_gelu, "numpy out=": numpy_gelu_out, "numba out=": numba_gelu_out}),
]
