"""Steps of an optimizer on given gradients, in NumPy: nothing is compiled."""
from __future__ import annotations

import numpy as np

import graphc
from graphc.nn import Variable
from graphc.nn.trace import Trace


def weights(constraint=None) -> list[Variable]:
    """A matrix and a vector."""
    rng = np.random.default_rng(0)
    shapes = {"dense/kernel": (4, 3), "dense/bias": (3,)}
    return [Variable(rng.standard_normal(shape).astype("float32"), name=name, constraint=constraint)
            for name, shape in shapes.items()]


def gradients(steps: int = 5) -> list[list[np.ndarray]]:
    """Gradients for these, for each step."""
    rng = np.random.default_rng(1)
    return [[rng.standard_normal(shape).astype("float32") for shape in ((4, 3), (3,))] for _ in range(steps)]


def run(optimizer, variables: list[Variable], sequence) -> list[np.ndarray]:
    """The variables after these gradients; the optimizer's state changes too."""
    inputs = [graphc.placeholder(v.shape) for v in variables]
    with Trace() as trace:
        optimizer.apply(inputs, variables)
    for arrays in sequence:
        advance(trace.updates, inputs, arrays)
    return [v.numpy() for v in variables]


def advance(updates: dict, inputs, arrays) -> None:
    """One step, by NumPy."""
    values = graphc.interpret(list(inputs), list(updates.values()), arrays)
    for variable, value in zip(updates, values, strict=True):
        variable.assign(value)
