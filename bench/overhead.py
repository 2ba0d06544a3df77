"""What it costs to go from one kernel to the next: steps of a hundred kernels on sixteen floats, by the kernel.

Products cannot be fused. The elementwise chain could be: there fusion is switched off, in JAX by barriers that XLA may
not move operations across. Times are of the whole call, the kernels' own work included.
"""
from __future__ import annotations

from functools import partial

import numpy as np

from .measure import Case

KERNELS, SIZE = 100, 16


# ---- products -------------------------------------------------------------------------------------------------------
def vector_and_matrix(quick: bool) -> tuple:
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(SIZE, SIZE)))[0]
    return random.random(SIZE, np.float32), turn.astype(np.float32)


def products(x, w):
    for _ in range(KERNELS):
        x = x @ w
    return x


def numpy_products_out(x, w):
    y = np.empty_like(x), np.empty_like(x)

    def call():
        np.matmul(x, w, out=y[0])
        for k in range(1, KERNELS):
            np.matmul(y[k - 1 & 1], w, out=y[k & 1])
        return y[KERNELS - 1 & 1]
    return call


def torch_products_out(x, w):
    import torch
    x, w = torch.as_tensor(x), torch.as_tensor(w)
    y = torch.empty_like(x), torch.empty_like(x)

    def call():
        torch.matmul(x, w, out=y[0])
        for k in range(1, KERNELS):
            torch.matmul(y[k - 1 & 1], w, out=y[k & 1])
        return y[KERNELS - 1 & 1]
    return call


# ---- elementwise ----------------------------------------------------------------------------------------------------
def two_vectors(quick: bool) -> tuple:
    random = np.random.default_rng(0)
    return random.random(SIZE, np.float32), random.random(SIZE, np.float32)


def chain(x, w, between=lambda x: x):
    """Alternately a product and a sum, so that neither can be combined with its like."""
    for _ in range(KERNELS // 2):
        x = between(between(x * w) + w)
    return x


def jax_chain(x, w):
    import jax
    return jax_call(partial(chain, between=jax.lax.optimization_barrier), x, w)


def chain_out(multiply, add, x, w, y):
    def call():
        multiply(x, w, out=y)
        add(y, w, out=y)
        for _ in range(KERNELS // 2 - 1):
            multiply(y, w, out=y)
            add(y, w, out=y)
        return y
    return call


def numpy_chain_out(x, w):
    return chain_out(np.multiply, np.add, x, w, np.empty_like(x))


def torch_chain_out(x, w):
    import torch
    x, w = torch.as_tensor(x), torch.as_tensor(w)
    return chain_out(torch.mul, torch.add, x, w, torch.empty_like(x))


# ---- both -----------------------------------------------------------------------------------------------------------
def graphc_call(function, skip, x, w):
    import graphc
    a, b = graphc.placeholder(x.shape), graphc.placeholder(w.shape)
    return partial(graphc.compile([a, b], function(a, b), skip=skip), x, w)


def numpy_call(function, x, w):
    return partial(function, x, w)


def torch_call(function, x, w):
    import torch
    return partial(function, torch.as_tensor(x), torch.as_tensor(w))


def jax_call(function, x, w):
    import jax
    compiled, x, w = jax.jit(function), jax.device_put(x), jax.device_put(w)
    return lambda: jax.block_until_ready(compiled(x, w))


def pytensor_call(mode, function, x, w):
    import pytensor
    from pytensor.compile.mode import get_mode
    a, b = (pytensor.tensor.TensorType("float32", v.shape)() for v in (x, w))
    compiled = pytensor.function([a, b], function(a, b), mode=get_mode(mode).excluding("fusion"))
    compiled.trust_input = True
    return partial(compiled, x, w)


def contestants(function, **others) -> dict:
    return {"graphc": partial(graphc_call, function, {"fuse"}), "numpy": partial(numpy_call, function),
            "torch": partial(torch_call, function), "jax": partial(jax_call, function),
            "pytensor C": partial(pytensor_call, "CVM", function),
            "pytensor Numba": partial(pytensor_call, "NUMBA", function)} | others


CASES = [
    Case("a kernel of 100 products, (16,) by (16, 16)", vector_and_matrix, contestants(
        products, **{"numpy out=": numpy_products_out, "torch out=": torch_products_out}),
        rtol=1e-4, per=KERNELS, floor=False),
    Case("a kernel of 100 elementwise, 16 floats", two_vectors, contestants(
        chain, **{"numpy out=": numpy_chain_out, "torch out=": torch_chain_out, "jax": jax_chain}),
        per=KERNELS, floor=False),
]
