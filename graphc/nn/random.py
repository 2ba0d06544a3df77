"""The names of keras.random: numbers that are drawn, on graphc's counter-based generator (`graphc.random`).

In a layer's call they are part of the graph, and each step draws anew. Outside, without expressions, they are arrays.
`seed`: None, for the program's sequence; an int, for the same numbers each time; or a `SeedGenerator`."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from ..interpreter import interpret
from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.leaves import as_expr, constant
from ..ir.types import as_axis
from ..ops import random
from ..ops.elementwise import log, stop_gradient
from ..ops.index import take
from ..ops.rearrange import stack
from ..ops.reduce import argmax
from ..ops.shape import expand_dims
from ..ops.sorting import argsort
from . import seeds, tree
from .absent import absent
from .trace import Trace
from .variables import Variable


class SeedGenerator:
    """A sequence of seeds of its own, the same for the same `seed`; None takes one from `set_random_seed`'s numbers."""

    def __init__(self, seed: int | None = None, name: str | None = None):
        self.seed = int(seeds.generator().integers(1 << 31)) if seed is None else _checked(seed)
        state = np.array([self.seed % 2**64, 0], np.uint64)
        self.state = Variable(state, dtype="uint64", trainable=False, name=name or "seed_generator_state")

    def next(self) -> Expr:
        """What to draw from now; the next call gives another. In a trace, each run of the graph goes on."""
        trace = Trace.active()
        now = self.state.numpy() if trace is None else stop_gradient(trace.updates.get(self.state, self.state))
        self.state.assign(now + np.array([0, 1], np.uint64))
        return as_expr(now)

    def get_config(self) -> dict:
        """What `from_config` makes an equal generator of, at its start."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict) -> SeedGenerator:
        """A generator as `get_config` describes it."""
        return cls(**config)


def _checked(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ArgumentError(f"seed is an int, not {seed!r}")
    return int(seed)


def sequence(seed):
    """What to draw from in this step: of an int, a sequence of its own, which goes on with the program's steps."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None or isinstance(seed, Expr):
        return seed
    return stack([constant(np.uint64(_checked(seed) % 2**64)), random.state[1]])


def _source(seed):
    if isinstance(seed, SeedGenerator):
        return seed.next()
    return seed if seed is None or isinstance(seed, Expr) else _checked(seed)


def _drawing(function: Callable) -> Callable:
    """Outside a trace, and without expressions, an array, after which the program's sequence goes on."""
    @wraps(function)
    def called(*args, **kwargs):
        y = function(*args, **kwargs)
        if Trace.active() is not None or any(isinstance(x, Expr) for x in tree.leaves([args, kwargs])):
            return y
        value = interpret([], y, [])
        random.state.assign(random.state.numpy() + np.array([0, 1], np.uint64))
        return value
    return called


@_drawing
def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers."""
    return random.normal(shape, mean, stddev, dtype or "float32", _source(seed))


@_drawing
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers, given that they lie within two standard deviations of the mean."""
    return random.truncated_normal(shape, mean, stddev, dtype or "float32", _source(seed))


@_drawing
def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform numbers on [`minval`, `maxval`); integers, if `dtype` is one of them."""
    if dtype is not None and np.dtype(dtype).kind in "iu":
        return random.randint(shape, int(minval), int(maxval), dtype, _source(seed))
    return random.uniform(shape, minval, maxval, dtype or "float32", _source(seed))


@_drawing
def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Integers on [`minval`, `maxval`)."""
    return random.randint(shape, minval, maxval, dtype, _source(seed))


@_drawing
def categorical(logits, num_samples, dtype="int32", seed=None):
    """Class numbers ``[batch, num_samples]``, as likely as ``softmax(logits)`` says: the largest of the logits, each with
    noise of Gumbel's distribution added."""
    logits = as_expr(logits)
    batch, classes = logits.dims
    unit = random.uniform((batch, num_samples, classes), 2.0**-24, 1.0, seed=_source(seed))
    return argmax(expand_dims(logits, 1) - log(-log(unit)), -1).astype(dtype or "int32")


@_drawing
def dropout(inputs, rate, noise_shape=None, seed=None):
    """`inputs` with each element zeroed with probability `rate`, the others divided by ``1 - rate``."""
    return random.dropout(inputs, rate, noise_shape, _source(seed))


@_drawing
def shuffle(x, axis=0, seed=None):
    """`x` with what lies along `axis` in another order."""
    x = as_expr(x)
    axis = as_axis(axis, x.ndim)
    return take(x, argsort(random.uniform((x.dims[axis],), seed=_source(seed))), axis)


__all__ = ["SeedGenerator", "categorical", "dropout", "normal", "randint", "sequence", "shuffle", "truncated_normal",
           "uniform"]

__getattr__ = absent(__name__, {
    "beta binomial gamma": "graphc draws uniform, normal, Bernoulli and categorical numbers; NumPy draws others",
}, __all__)
