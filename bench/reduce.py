"""Reductions over matrices: softmax cross-entropy with its gradient; sums, maxima and means over each axis."""
from __future__ import annotations

from functools import partial

import numpy as np

from . import peers
from .measure import Case


# ---- softmax cross-entropy ------------------------------------------------------------------------------------------
def logits_and_labels(quick: bool) -> tuple:
    rows, classes = (32, 10) if quick else (4096, 1000)
    random = np.random.default_rng(0)
    return random.normal(0, 3, (rows, classes)).astype(np.float32), random.integers(0, classes, rows, np.int32)


def graphc_loss(graphc, logits, labels):
    return graphc.mean(graphc.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def torch_loss(torch, logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels)


def jax_loss(jnp, logits, labels):
    import jax
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def tensorflow_loss(tf, logits, labels):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def pytensor_loss(pt, logits, labels):
    return -pt.special.log_softmax(logits, axis=1)[pt.arange(labels.shape[0]), labels].mean()


LOSSES = {"graphc": graphc_loss, "torch": torch_loss, "torch.compile": torch_loss, "jax": jax_loss,
          "tensorflow": tensorflow_loss, "pytensor C": pytensor_loss, "pytensor Numba": pytensor_loss}


def numpy_cross_entropy(logits, labels):
    rows = np.arange(len(labels))

    def call():
        shifted = logits - logits.max(1, keepdims=True)
        gradient = np.exp(shifted)
        total = gradient.sum(1, keepdims=True)
        loss = np.mean(np.log(total[:, 0]) - shifted[rows, labels])
        gradient /= total
        gradient[rows, labels] -= 1
        gradient /= len(rows)
        return loss, gradient
    return call


def numpy_cross_entropy_out(logits, labels):
    rows, gradient = np.arange(len(labels)), np.empty_like(logits)

    def call():
        highest = logits.max(1, keepdims=True)
        np.subtract(logits, highest, out=gradient)
        chosen = gradient[rows, labels]
        np.exp(gradient, out=gradient)
        total = gradient.sum(1, keepdims=True)
        loss = np.mean(np.log(total[:, 0]) - chosen)
        np.multiply(gradient, 1 / (total * np.float32(len(rows))), out=gradient)
        gradient[rows, labels] -= np.float32(1 / len(rows))
        return loss, gradient
    return call


# ---- one reduction --------------------------------------------------------------------------------------------------
def matrix(quick: bool) -> tuple:
    size = 32 if quick else 4096
    return (np.random.default_rng(0).random((size, size), np.float32),)


def graphc_reduction(name, axis, x):
    import graphc
    a = graphc.placeholder((None, x.shape[1]))
    return partial(graphc.compile(a, getattr(graphc, name)(a, axis=axis)), x)


def numpy_reduction(name, axis, x):
    return partial(getattr(np, name), x, axis)


def numpy_reduction_out(name, axis, x):
    return partial(getattr(np, name), x, axis, out=np.empty(x.shape[1 - axis], x.dtype))


def torch_reduction(name, axis, x):
    import torch
    return partial(getattr(torch, {"max": "amax"}.get(name, name)), torch.as_tensor(x), axis)


def torch_compile_reduction(name, axis, x):
    import torch
    reduce = getattr(torch, {"max": "amax"}.get(name, name))
    return partial(torch.compile(lambda a: reduce(a, axis), fullgraph=True, dynamic=False), torch.as_tensor(x))


def jax_reduction(name, axis, x):
    import jax
    reduce, a = jax.jit(partial(getattr(jax.numpy, name), axis=axis)), jax.device_put(x)
    return lambda: jax.block_until_ready(reduce(a))


def tensorflow_reduction(name, axis, x):
    import tensorflow as tf
    reduce = getattr(tf, f"reduce_{name}")
    return partial(tf.function(lambda a: reduce(a, axis), jit_compile=True), tf.constant(x))


def pytensor_reduction(mode, name, axis, x):
    import pytensor
    a = pytensor.tensor.fmatrix()
    reduce = pytensor.function([a], getattr(pytensor.tensor, name)(a, axis=axis), mode=mode)
    reduce.trust_input = True
    return partial(reduce, x)


REDUCTIONS = {"graphc": graphc_reduction, "numpy": numpy_reduction, "numpy out=": numpy_reduction_out,
              "torch": torch_reduction, "torch.compile": torch_compile_reduction, "jax": jax_reduction,
              "tensorflow": tensorflow_reduction, "pytensor C": partial(pytensor_reduction, "CVM"),
              "pytensor Numba": partial(pytensor_reduction, "NUMBA")}


def reduction(name: str, axis: int) -> Case:
    """Sums of 4096 numbers, in whatever order, differ by some of their roundings."""
    return Case(f"{name} over axis {axis} of (4096, 4096)", matrix,
                {library: partial(make, name, axis) for library, make in REDUCTIONS.items()}, rtol=1e-4)


CASES = [
    Case("softmax cross-entropy and its gradient, (4096, 1000)", logits_and_labels, {
        name: partial(peers.ALL[name], loss, wrt=1) for name, loss in LOSSES.items()} | {
        "numpy": numpy_cross_entropy, "numpy out=": numpy_cross_entropy_out}),
    *(reduction(name, axis) for name in ("sum", "max", "mean") for axis in (0, 1)),
]
