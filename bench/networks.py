"""Networks as lists of layers, which each library then writes in its own words; weights are laid out as in Keras."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Dense:
    units: int
    relu: bool = True

    def weights(self, shape: Shape) -> list[Shape]:
        return [(shape[-1], self.units), (self.units,)]

    def output(self, shape: Shape) -> Shape:
        return (self.units,)


@dataclass(frozen=True)
class Conv:
    """A square kernel, stride 1, a rectifier behind; `padding` is "same" or "valid"."""

    filters: int
    size: int
    padding: str = "valid"

    def weights(self, shape: Shape) -> list[Shape]:
        return [(self.size, self.size, shape[-1], self.filters), (self.filters,)]

    def output(self, shape: Shape) -> Shape:
        lost = 0 if self.padding == "same" else self.size - 1
        return shape[0] - lost, shape[1] - lost, self.filters


@dataclass(frozen=True)
class Pool:
    """The largest of each square of four."""

    def weights(self, shape: Shape) -> list[Shape]:
        return []

    def output(self, shape: Shape) -> Shape:
        return shape[0] // 2, shape[1] // 2, shape[2]


@dataclass(frozen=True)
class Flatten:
    def weights(self, shape: Shape) -> list[Shape]:
        return []

    def output(self, shape: Shape) -> Shape:
        return (int(np.prod(shape)),)


@dataclass(frozen=True)
class LSTM:
    """Its last output; the gates in Keras' order: input, forget, cell, output."""

    units: int

    def weights(self, shape: Shape) -> list[Shape]:
        return [(shape[-1], 4 * self.units), (self.units, 4 * self.units), (4 * self.units,)]

    def output(self, shape: Shape) -> Shape:
        return (self.units,)


@dataclass(frozen=True)
class Network:
    """Layers for inputs of one shape, trained by the update of this name."""

    shape: Shape
    layers: Sequence
    update: str


NETWORKS = {
    "MLP 784-512-512-10, RMSprop": Network((784,), (Dense(512), Dense(512), Dense(10, False)), "rmsprop"),
    "LeNet-5 at 28x28, SGD with momentum": Network(
        (28, 28, 1), (Conv(6, 5, "same"), Pool(), Conv(16, 5), Pool(), Flatten(), Dense(120), Dense(84), Dense(10, False)),
        "momentum"),
    "CNN 32c3-64c3-pool-128-10, Adam": Network(
        (28, 28, 1), (Conv(32, 3), Conv(64, 3), Pool(), Flatten(), Dense(128), Dense(10, False)), "adam"),
    "LSTM 64 steps, 64 -> 128, Adam": Network((64, 64), (LSTM(128), Dense(10, False)), "adam"),
}


def weights(network: Network) -> list[list[np.ndarray]]:
    """Initial weights, layer by layer; biases are 0."""
    random, shape, found = np.random.default_rng(0), network.shape, []
    for layer in network.layers:
        found.append([_initial(random, s) for s in layer.weights(shape)])
        shape = layer.output(shape)
    return found


def _initial(random: np.random.Generator, shape: Shape) -> np.ndarray:
    spread = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0
    return random.normal(0, spread, shape).astype(np.float32)


# ---- updates: of a weight, for its gradient, from and to its state ---------------------------------------------------
RATE, BETA, GAMMA, EPSILON = 1e-4, 0.9, 0.999, 1e-8


def momentum(lib, w, g, step, v):
    v = BETA * v + g
    return w - RATE * v, v


def rmsprop(lib, w, g, step, s):
    s = BETA * s + (1 - BETA) * g * g
    return w - RATE * g / (lib.sqrt(s) + EPSILON), s


def adam(lib, w, g, step, m, s):
    """`step` counts from 1."""
    m, s = BETA * m + (1 - BETA) * g, GAMMA * s + (1 - GAMMA) * g * g
    m_hat, s_hat = m / (1 - BETA**step), s / (1 - GAMMA**step)
    return w - RATE * m_hat / (lib.sqrt(s_hat) + EPSILON), m, s


UPDATES = {"momentum": (momentum, 1), "rmsprop": (rmsprop, 1), "adam": (adam, 2)}
"""Each with the number of arrays that are its state for a weight."""
