"""How a rule is proved: by the graph that it makes, and by equal numbers with and without it."""
from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

import graphc
from graphc.ir.graph import Graph
from graphc.ir.verify import verify

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-30, -1e30, 3e38, 1e-45, np.inf, -np.inf, np.nan]


def graph_of(formula: Callable, shape=(), dtype="float32", booleans="p") -> Graph:
    """The graph of a function over placeholders named as its parameters; those that start with p are bool."""
    xs = [graphc.placeholder(shape, "bool" if name[0] in booleans else dtype, name)
          for name in inspect.signature(formula).parameters]
    found = formula(*xs)
    return Graph(tuple(xs), tuple(found) if isinstance(found, (tuple, list)) else (found,))


def becomes(transform: Callable[[Graph], Graph], formula: Callable, expected: str, **kinds) -> Graph:
    """Assert what the formula becomes, as a person writes it."""
    after = verify(transform(graph_of(formula, **kinds)), after=transform.__name__)
    assert ", ".join(map(repr, after.outputs)) == expected
    return after


def values(graph: Graph, arrays) -> list[np.ndarray]:
    return [np.asarray(v) for v in graphc.interpret(list(graph.inputs), graph.outputs, arrays)]


def same_numbers(transform: Callable[[Graph], Graph], graph: Graph, arrays, rtol: float = 0.0) -> None:
    """Assert equal results before and after; without `rtol` equal to the last bit, the sign of zero aside."""
    for before, after in zip(values(graph, arrays), values(transform(graph), arrays), strict=True):
        assert before.dtype == after.dtype and before.shape == after.shape
        np.testing.assert_allclose(after.astype(np.float64), before.astype(np.float64), rtol=rtol, atol=rtol)


def drawn(graph: Graph, rng: np.random.Generator) -> list[np.ndarray]:
    """Values for the inputs of a graph of vectors: positive, of moderate size."""
    return [rng.random(20) < 0.5 if x.dtype == bool else rng.uniform(0.5, 3, 20).astype(x.dtype) for x in graph.inputs]


def edges(graph: Graph) -> list[np.ndarray]:
    """Every combination of edge cases for the inputs of a graph of vectors."""
    choices = [[True, False] if x.dtype == bool else EDGES for x in graph.inputs]
    return [np.array(column).ravel().astype(x.dtype) for x, column in
            zip(graph.inputs, np.meshgrid(*choices, indexing="ij"), strict=True)]
