"""The work of every pass grows with the graph, not with its square: counted in function calls, of which a graph has always
the same number."""
from __future__ import annotations

import cProfile
import pstats

import numpy as np
import pytest

import graphc
from graphc.ir.graph import Graph
from graphc.passes.pipeline import PASSES


def training_graph(depth: int) -> Graph:
    """A residual network with normalization, moving averages and momentum."""
    x = y = graphc.placeholder((None, 8, 8, 4))
    weights, updates = [], {}
    for _ in range(depth):
        w, scale = graphc.Variable(np.zeros((3, 3, 4, 4), "float32")), graphc.Variable(np.ones(4, "float32"))
        weights += [w, scale]
        mean, variance = graphc.moments(z := graphc.conv(y, w, 1, "same"), (0, 1, 2))
        state = graphc.Variable(np.zeros(4, "float32"), trainable=False)
        updates[state] = 0.9 * state + 0.1 * mean
        y = graphc.relu(graphc.batch_normalization(z, mean, variance, -1, None, scale) + y)
    loss = graphc.mean(y)
    for w, g in zip(weights, graphc.grad(loss, weights), strict=True):
        velocity = graphc.Variable(np.zeros(w.shape, "float32"), trainable=False)
        updates[velocity] = 0.9 * velocity - 0.1 * g
        updates[w] = w + updates[velocity]
    return Graph((x,), (loss,), tuple(updates.items()))


def calls(depth: int) -> dict[str, int]:
    """Function calls of each pass."""
    graph, counted = training_graph(depth), {}
    for name, transform in PASSES:
        profile = cProfile.Profile()
        graph = profile.runcall(transform, graph)
        counted[name] = pstats.Stats(profile).total_calls
    return counted


@pytest.fixture(scope="module")
def growth() -> dict[str, float]:
    calls(1)  # what is made once: the rules, the backends of networkx
    once, twice, again = calls(8), calls(16), calls(32)
    return {name: (again[name] - twice[name]) / (twice[name] - once[name]) for name in once}


@pytest.mark.parametrize("name", [name for name, _ in PASSES if name != "dead"])
def test_twice_as_many_layers_cost_a_pass_twice_the_calls(growth, name):
    assert 1.8 < growth[name] < 2.3
