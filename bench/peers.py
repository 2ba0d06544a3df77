"""How each library computes a function and its gradients, as its users would write it for speed.

A function takes the library (`lib.tanh` is everywhere `tanh`) and its arguments; the gradients are those of the sum of
its value with respect to the first `wrt` arguments, which are floats; other arguments are class numbers. Here and in
the families, libraries are imported where they are needed: each contestant's process has its own.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np


def graphc(function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    """The leading size is left open, as it is for batches."""
    import graphc
    inputs = [graphc.placeholder((None, *a.shape[1:]) if a.ndim else (), a.dtype) for a in arrays[:1]]
    inputs += [graphc.placeholder((inputs[0].dims[:1] + a.shape[1:]) if a.ndim else (), a.dtype) for a in arrays[1:]]
    value = function(graphc, *inputs)
    outputs = [value, *graphc.grad(graphc.sum(value), inputs[:wrt])]
    return partial(graphc.compile(inputs, outputs), *arrays)


def torch(function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    import torch
    tensors = torch_arguments(torch, arrays)
    for t in tensors[:wrt]:
        t.requires_grad_()
    one = torch.ones(())

    def call():
        value = function(torch, *tensors)
        return value, *torch.autograd.grad(value, tensors[:wrt], one.expand(value.shape))
    return call


def torch_compile(function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    """One compiled graph of the value and the gradients."""
    import torch
    tensors = torch_arguments(torch, arrays)
    rest = tensors[len(tensors[:wrt]):]

    @torch.compile(fullgraph=True, dynamic=False)
    def both(*wanted):
        value, back = torch.func.vjp(lambda *xs: function(torch, *xs, *rest), *wanted)
        return value, *back(torch.ones_like(value))
    return partial(both, *tensors[:wrt])


def torch_arguments(torch, arrays) -> list:
    """PyTorch takes class numbers as int64 only."""
    return [torch.as_tensor(a if a.dtype.kind == "f" else a.astype(np.int64)) for a in arrays]


def jax(function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    import jax
    import jax.numpy as jnp
    arguments = [jax.device_put(a) for a in arrays]
    wanted = len(arguments[:wrt])

    @jax.jit
    def both(*xs):
        value, back = jax.vjp(lambda *first: function(jnp, *first, *xs[wanted:]), *xs[:wanted])
        return value, *back(jnp.ones_like(value))
    return lambda: jax.block_until_ready(both(*arguments))


def tensorflow(function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    """Compiled by XLA."""
    import tensorflow as tf
    arguments = [tf.constant(a) for a in arrays]

    @tf.function(jit_compile=True)
    def both(*xs):
        with tf.GradientTape() as tape:
            tape.watch(xs[:wrt])
            value = function(tf, *xs)
        return value, *tape.gradient(value, xs[:wrt])
    return partial(both, *arguments)


def pytensor(mode: str, function: Callable, *arrays: np.ndarray, wrt: int | None = None) -> Callable:
    """`mode` is "CVM" (kernels in C) or "NUMBA"."""
    import pytensor
    import pytensor.tensor as pt
    inputs = [pt.TensorType(a.dtype.name, (None,) * a.ndim)() for a in arrays]
    value = function(pt, *inputs)
    outputs = [value, *pytensor.grad(value.sum(), inputs[:wrt], disconnected_inputs="raise")]
    compiled = pytensor.function(inputs, outputs, mode=mode, allow_input_downcast=True)
    compiled.trust_input = True
    return partial(compiled, *arrays)


ALL = {"graphc": graphc, "torch": torch, "torch.compile": torch_compile, "jax": jax, "tensorflow": tensorflow,
       "pytensor C": partial(pytensor, "CVM"), "pytensor Numba": partial(pytensor, "NUMBA")}
"""By the names of contestants."""


def contestants(function: Callable, wrt: int | None = None) -> dict[str, Callable]:
    """All libraries that can compute one function and its gradients."""
    return {name: partial(make, function, wrt=wrt) for name, make in ALL.items()}
