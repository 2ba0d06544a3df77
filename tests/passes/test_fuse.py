"""Fusion: what becomes one kernel, and what must not."""
import networkx as nx
import numpy as np
import pytest

import graphc
from graphc.passes import fuse as fusion
from graphc.passes.kernels import memory

from .kernels import compiled, kernels, matrix

F32 = np.float32


def weights(rows=64, columns=10, name="w"):
    return graphc.Variable(np.zeros((rows, columns), F32), name=name)


# ---- one kernel -----------------------------------------------------------------------------------------------------
def test_the_example_with_its_gradients_is_one_kernel():
    x, y = graphc.placeholder(name="x"), graphc.placeholder(name="y")
    z = x * y + 5 * y + 5
    assert kernels([x, y], [z, *graphc.grad(z, [x, y])]) == [["add", "multiply", "add", "copy"]]


@pytest.mark.parametrize("chain", [
    lambda x: graphc.softmax(x), lambda x: graphc.log_softmax(x), lambda x: graphc.softmax(x, (0, 1)),
    lambda x: (x - graphc.mean(x, 1, keepdims=True)) / graphc.std(x, 1, keepdims=True),
    lambda x: graphc.gelu(x) * 2 + graphc.tanh(x), lambda x: graphc.sum(graphc.exp(x) * x, 0), lambda x: graphc.sum(x.T, 0),
    lambda x: graphc.logsumexp(x, 1) * 2, lambda x: [graphc.sum(x, 1), graphc.max(x, 1) * 2],
    lambda x: [graphc.sum(x, 0), graphc.max(x * 2, 0)], lambda x: graphc.rms_normalization(x, graphc.ones(10)),
    lambda x: graphc.exp(graphc.pad(x, ((0, 0), (1, 2))) + 1), lambda x: graphc.flip(x, 0) * x.T.T], ids=range(13))
def test_chains_that_are_one_kernel(chain):
    x = matrix(rows=7)
    outputs = chain(x)
    assert len(kernels([x], outputs)) == 1


@pytest.mark.parametrize("dims", [(3, 3, 1, 32), (1, 32), (7, 1), (1, 1), (None, 1)])
def test_an_axis_of_size_one_is_no_border(dims):
    x, y, z = (graphc.placeholder(dims) for _ in range(3))
    assert len(kernels([x, y, z], graphc.sqrt(graphc.exp(x) + y) * graphc.tanh(z))) == 1


def test_cross_entropy_and_its_gradient_is_one_kernel_over_rows_and_the_mean():
    x, t = matrix("x", 32), matrix("t", 32)
    cost = graphc.mean(graphc.categorical_crossentropy(t, x, from_logits=True))
    rows, *rest = kernels([x, t], [cost, graphc.grad(cost, x)])
    assert rows.count("exp") == 1 and rows.count("max") == 1 and len(rest) == 1
    assert rest[0][0] == "sum"


def test_bias_and_activation_are_the_epilogue_of_a_product():
    x, w, b = matrix(columns=64), weights(), graphc.Variable(np.zeros(10, F32))
    assert kernels([x], graphc.relu(x @ w + b)) == [["matmul", "add", "relu"]]
    image, filters = graphc.placeholder((None, 8, 3)), graphc.placeholder((3, 3, 4))
    assert kernels([image, filters], graphc.tanh(graphc.conv(image, filters)) * 2)[-1][0] == "conv"


def test_the_update_of_weights_is_the_epilogue_of_their_gradient_and_in_place():
    x, w = matrix(columns=64), weights()
    g = matrix("g")
    cost = graphc.sum((x @ w) * g)
    graph = compiled([x, g], (), {w: w - 0.1 * graphc.grad(cost, w)})
    assert [[n.op.name for n in k.nodes] for k in graph.notes["kernels"]] == [["matmul", "multiply", "subtract"]]
    assert list(graph.notes["in_place"].values()) == [w] and graph.updates[0][1].op.name == "subtract", "no copy"


def test_siblings_that_read_the_same_memory_are_joined():
    x = matrix(rows=8)
    assert len(kernels([x], [x + 1, graphc.exp(x), graphc.maximum(x, 0)])) == 1


# ---- several kernels ------------------------------------------------------------------------------------------------
def test_a_diamond_around_a_product_is_cut():
    x, w = matrix(), weights(10)
    y = graphc.tanh(x)
    assert kernels([x], y + y @ w) == [["tanh"], ["matmul", "add"]]


def test_a_fold_over_other_axes_and_a_long_row_are_apart():
    x = matrix(rows=8)
    assert len(kernels([x], graphc.sum(graphc.exp(x), 0) + graphc.sum(graphc.exp(x) * 2, 1)[:1])) > 1
    long = graphc.placeholder((2, fusion.ROW + 1))
    assert len(kernels([long], graphc.softmax(long))) > 1
    assert len(kernels([matrix(rows=8)], ())) == 0


def test_a_node_read_both_as_it_is_and_as_another_view_of_its_memory_is_apart():
    x = graphc.placeholder((7, 7))
    y = graphc.where(x > 0, x, 0)
    assert len(kernels([x], y + graphc.reshape(y, (-1,))[::8])) == 2


def test_nothing_is_fused_with_the_pass_off():
    x = matrix(rows=7)
    assert all(len(k) == 1 for k in kernels([x], graphc.tanh(graphc.exp(x) + x) * 2, skip=frozenset(["fuse"])))


def test_a_kernel_does_not_grow_without_bound():
    x = y = matrix(rows=7)
    for k in range(fusion.LARGEST * 3):
        y = graphc.sin(y) + k % 3
    sizes = list(map(len, kernels([x], y)))
    assert max(sizes) <= fusion.LARGEST and sum(sizes) >= fusion.LARGEST * 5


@pytest.mark.parametrize("seed", range(30))
def test_kernels_never_wait_for_each_other(seed):
    """Every node of a random graph is in one kernel, and the graph of kernels has no cycle."""
    rng = np.random.default_rng(seed)
    x, w = matrix(rows=10), weights(10)
    pool = [x, w]
    for _ in range(40):
        a, b = (pool[k] for k in rng.integers(max(len(pool) - 8, 0), len(pool), 2))
        pool.append([lambda a=a, b=b: a + b, lambda a=a: graphc.exp(a), lambda a=a, b=b: a @ b, lambda a=a: a.T,
                     lambda a=a: graphc.softmax(a), lambda a=a, b=b: a - graphc.sum(b, 0),
                     lambda a=a, b=b: graphc.where(a > b, a, 0)][rng.integers(7)]())
    graph = compiled([x], pool[-4:])
    home = {}
    for group in graph.notes["kernels"]:
        for node in group.nodes:
            assert home.setdefault(node, group) is group
    dag = nx.DiGraph((home[memory(i)], group) for group in graph.notes["kernels"] for n in group.nodes for i in n.inputs
                     if memory(i) in home and home[memory(i)] is not group)
    assert nx.is_directed_acyclic_graph(dag)
