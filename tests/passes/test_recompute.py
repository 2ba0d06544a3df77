"""Recomputation: by what is stored, by equal numbers without it, and by bytes that never grow."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import graphc
from graphc.ir.graph import Graph
from graphc.ir.integer import evaluate, symbols
from graphc.lower import cpu
from graphc.passes import recompute as module
from graphc.passes.options import Options
from graphc.passes.pipeline import run

from .test_pipeline import programs


def stored(graph: Graph) -> list[list[str]]:
    """What each kernel stores, as ``op type``."""
    return [[f"{n.op.name} {n.type}" for n in group.stored] for group in graph.notes["kernels"]]


def compiled(graph: Graph, *skip: str) -> Graph:
    return run(graph, Options(skip=frozenset(skip), verify=True))


def traffic(graph: Graph, size: int = 32) -> tuple[int, int]:
    """The bytes that all steps write, and those that they write and read."""
    def nbytes(x) -> int:
        return evaluate(x.type.nbytes, dict.fromkeys(symbols(x.type.nbytes), size))
    steps = cpu.lower(graph).steps
    written = sum(nbytes(x) for step in steps for x in step.writes)
    return written, written + sum(nbytes(x) for step in steps for x in step.reads)


def for_a_sample(graph: Graph) -> tuple[int, ...]:
    """The bytes of `traffic` that one more sample takes."""
    return tuple(more - less for more, less in zip(traffic(graph, 33), traffic(graph, 32), strict=True))


def trained(loss, inputs, weights) -> Graph:
    return Graph(inputs, (loss,), tuple((w, w - 0.1 * g)
                                        for w, g in zip(weights, graphc.grad(loss, weights), strict=True)))


def variables(*shapes) -> list[graphc.Variable]:
    rng = np.random.default_rng(0)
    return [graphc.Variable(rng.normal(0, 0.3, shape).astype("float32")) for shape in shapes]


def perceptron(activation, dropout: float = 0.0) -> Graph:
    x = graphc.placeholder((None, 12), name="x")
    v, b, w = variables((12, 24), (24,), (24, 8))
    h = activation(x @ v + b)
    h = graphc.random.dropout(h, dropout, seed=1) if dropout else h
    return trained(graphc.mean(graphc.square(h @ w)), (x,), [v, b, w])


def normalized() -> Graph:
    x = graphc.placeholder((None, 12), name="x")
    v, scale, offset, w = variables((12, 24), (24,), (24,), (24, 8))
    h = graphc.gelu(graphc.layer_normalization(x @ v, scale, offset))
    return trained(graphc.mean(graphc.square(h @ w)), (x,), [v, scale, offset, w])


def residual() -> Graph:
    x = graphc.placeholder((None, 6, 6, 4), name="x")
    v, scale, offset, w = variables((3, 3, 4, 4), (4,), (4,), (3, 3, 4, 4))
    y = graphc.conv(x, v, padding="same")
    mean, variance = graphc.moments(y, (0, 1, 2))
    y = graphc.relu(graphc.batch_normalization(y, mean, variance, -1, offset, scale))
    y = graphc.relu(graphc.conv(y, w, padding="same") + x)
    return trained(graphc.mean(graphc.square(y)), (x,), [v, scale, offset, w])


NETWORKS = {"relu": lambda: perceptron(graphc.relu), "gelu": lambda: perceptron(graphc.gelu),
            "dropout": lambda: perceptron(graphc.gelu, 0.25), "layer norm": normalized, "residual": residual}


def test_a_chain_of_cheap_ops_is_stored_once():
    """Of gelu, its derivative and their parts, what is kept is the sum before it, and the tanh."""
    graph = perceptron(graphc.gelu)
    forward, *_ = stored(compiled(graph, "gather"))
    before, *_ = stored(compiled(graph, "gather", "recompute"))
    assert sorted(forward) == ["add f32[?,24]", "multiply f32[?,24]", "tanh f32[?,24]"]
    assert len(before) > len(forward)


def test_a_mask_stays_where_it_is_smaller_than_what_it_is_made_of():
    forward, *_ = stored(compiled(perceptron(graphc.relu)))
    assert sorted(forward) == ["greater bool[?,24]", "relu f32[?,24]"]


def products(formula) -> Graph:
    """`formula` of a product, read by another product and again after it."""
    x, w = graphc.placeholder((None, 16), name="x"), variables((16, 16))[0]
    y = formula(x @ w)
    return Graph((x,), (y @ w, graphc.sum(y @ w + y)))


def test_operands_of_products_stay():
    """They are in memory anyway."""
    graph = compiled(products(lambda a: a + 1))
    assert not graph.notes["recompute"] and "add f32[?,16]" in sum(stored(graph), [])


def chain(step) -> Graph:
    """`step` of an input, needed by kernels over rows and over columns."""
    x = graphc.placeholder((64, 64), name="x")
    y = step(x)
    return Graph((x,), (graphc.sum(y, axis=0), graphc.sum(y * y, axis=1)))


def test_cheap_ops_are_computed_again_and_dear_ones_are_not():
    cheap, dear = compiled(chain(lambda x: x * 2 + 1)), compiled(chain(lambda x: graphc.tanh(graphc.sin(x))))
    assert {n.op.name for n in cheap.notes["recompute"]} >= {"multiply", "add"}
    assert not any("f32[64,64]" in x for x in sum(stored(cheap), []))
    assert not dear.notes["recompute"] and any("f32[64,64]" in x for x in sum(stored(dear), []))


def test_rows_are_not_computed_again_for_every_column():
    x, b = graphc.placeholder((32, 512), name="x"), graphc.placeholder((512,), name="b")
    scale = b * 2 + 1
    graph = compiled(Graph((x, b), (graphc.sum(x * scale, axis=1), graphc.sum(graphc.exp(scale)))))
    assert not graph.notes["recompute"]


def test_what_is_tested_for_equality_is_stored():
    """Its greatest element must be found again, bit by bit."""
    x, y = graphc.placeholder((40, 50), name="x"), graphc.placeholder((40, 50), name="y")
    z = x * y + x
    gradient = graphc.grad(graphc.sum(graphc.max(z, axis=0)), x)
    graph = Graph((x, y), (gradient, graphc.sum(z, axis=1)))
    assert not any(n.op.name == "add" and n.dims == (40, 50) for n in compiled(graph).notes["recompute"])


@pytest.mark.parametrize("name", NETWORKS)
def test_traffic_only_falls(name):
    before, after = (traffic(compiled(NETWORKS[name](), "gather", *skip)) for skip in (["recompute"], []))
    assert after[0] <= before[0] and after[1] <= before[1]
    assert name in ("relu", "residual") or after < before


@pytest.mark.parametrize("name", NETWORKS)
def test_polynomials_gathered_leave_less_to_store(name):
    """For each sample, that is: what is the same for all may be computed once, and stored, to be a factor of each."""
    before, after = (for_a_sample(compiled(NETWORKS[name](), *skip)) for skip in (["gather"], []))
    assert after[0] <= before[0] and after[1] <= before[1]
    assert name in ("relu", "residual") or after < before


@settings(max_examples=40)
@given(programs())
def test_traffic_never_grows(program):
    before, after = (traffic(compiled(program[0], *skip)) for skip in (["recompute"], []))
    assert after[0] <= before[0] and after[1] <= before[1]


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_numbers_without_it(name):
    x = np.random.default_rng(1).normal(size=(5, *NETWORKS[name]().inputs[0].shape[1:])).astype("float32")
    found = []
    for skip in ([], ["recompute"]):
        graphc.random.set_seed(3)
        graph = NETWORKS[name]()
        step = graphc.compile(graph.inputs, graph.outputs, updates=dict(graph.updates), skip=skip)
        losses = [float(step(x)[0]) for _ in range(4)]
        found.append([losses, *(v.numpy() for v, _ in graph.updates)])
    for with_it, without in zip(*found, strict=True):
        np.testing.assert_allclose(with_it, without, rtol=1e-4, atol=1e-5)


def test_a_variable_is_read_again_before_it_is_overwritten():
    """The offset's next value waits for the kernel that computes its sum with the offset again."""
    x, (offset, w) = graphc.placeholder((6, 8), name="x"), variables((8,), (8, 8))
    y = (x + offset) * 2
    z = graphc.sum(graphc.tanh(graphc.matmul(x, w)) * y)
    rows = graphc.sum(graphc.square(y), axis=1)
    graph = Graph((x,), (z, rows), ((offset, offset + graphc.sum(y, axis=0)),))
    old, value = offset.numpy(), np.random.default_rng(2).normal(size=(6, 8)).astype("float32")
    expected = graphc.interpret(graph.inputs, [*graph.outputs, graph.updates[0][1]], [value])
    assert compiled(graph).notes["recompute"]
    f = graphc.compile(graph.inputs, graph.outputs, updates=dict(graph.updates))
    found = [*f(value), offset.numpy()]
    assert not np.array_equal(old, offset.numpy())
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_large_variable_that_is_updated_is_not_read_again():
    w = variables((64, 64))[0]
    y = w * 2
    graph = compiled(Graph((), (graphc.sum(y, axis=0), graphc.sum(y * y, axis=1)), ((w, w + y),)))
    assert not graph.notes["recompute"]


def test_cuts_do_not_grow_with_depth(monkeypatch):
    sizes = []
    original = module._Cut.__init__
    monkeypatch.setattr(module._Cut, "__init__", lambda self, values, part: (sizes.append(len(part)),
                                                                             original(self, values, part))[1])

    def largest(depth: int) -> int:
        x = h = graphc.placeholder((None, 16), name="x")
        weights = variables(*[(16, 16)] * depth)
        for w in weights:
            h = graphc.gelu(h @ w)
        sizes.clear()
        compiled(trained(graphc.mean(h), (x,), weights))
        return max(sizes)
    assert largest(12) <= largest(4)
