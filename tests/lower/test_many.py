"""Hundreds of operands: kernels whose text does not grow with them."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ops.rearrange import WIDEST

MANY = 3 * WIDEST + 5


def arrays(dtype="float32", shape=(2, 3), count=MANY):
    values = [(np.arange(6) + 10 * k).reshape(2, 3).astype(dtype) for k in range(count)]
    return [graphc.placeholder(shape, dtype, name=f"x{k}") for k in range(count)], values


def same(inputs, output, values) -> graphc.compiler.Function:
    f = graphc.compile(inputs, output)
    np.testing.assert_array_equal(f(*values), graphc.interpret(inputs, output, values))
    return f


@pytest.mark.parametrize("dtype", ["float32", "float16", "bool", "int8", "uint64"])
@pytest.mark.parametrize("join", [lambda xs: graphc.concat(xs), lambda xs: graphc.concat(xs, 1), graphc.stack,
                                  lambda xs: graphc.stack(xs, -1)])
def test_many_arrays_are_joined_by_one_short_kernel(join, dtype):
    xs, values = arrays(dtype)
    f = same(xs, join(xs), values)
    assert f.source().count("def ") == 1 and len(f.source().splitlines()) < 20


def test_the_text_is_the_same_for_twice_as_many():
    texts = []
    for count in (MANY, 2 * MANY):
        xs, values = arrays(count=count)
        texts.append(len(same(xs, graphc.concat(xs), values).source()))
    assert texts[1] - texts[0] < 10


def test_sizes_that_only_a_call_knows():
    xs, _ = arrays()
    n = graphc.placeholder((None, 3))
    xs = [n * k for k in range(MANY)]
    y = graphc.concat(xs)
    f = graphc.compile([n], y)
    for rows in (1, 4, 0):
        value = np.random.default_rng(0).random((rows, 3), np.float32)
        np.testing.assert_array_equal(f(value), np.concatenate([value * np.float32(k) for k in range(MANY)]))


def test_what_is_not_in_memory_of_its_own_is_copied_there():
    x = graphc.placeholder((MANY + 1, 3))
    kinds = [lambda k: x[k:k + 1], lambda k: x[k:k + 1, ::-1], lambda k: graphc.reshape(x[k], (1, 3)),
             lambda k: graphc.full((1, 3), k), lambda k: graphc.sin(x[k:k + 1]), lambda k: x[:1],
             lambda k: graphc.reshape(graphc.arange(3, dtype="float32"), (1, 3)) + k]
    parts = [kinds[k % len(kinds)](k) for k in range(MANY)]
    value = np.random.default_rng(0).random((MANY + 1, 3), np.float32)
    f = graphc.compile([x], graphc.concat(parts))
    np.testing.assert_allclose(f(value), graphc.interpret([x], graphc.concat(parts), [value]), rtol=1e-6)


def test_arrays_of_other_lengths_are_told_apart_a_few_at_a_time():
    xs, values = arrays()
    f = same([*xs, (z := graphc.placeholder((1, 3)))], graphc.concat([*xs, z]), [*values, values[0][:1]])
    sources = [kernel.count("source(args") for kernel in f.source().split("# ---- ")]
    assert max(sources) <= WIDEST


def test_the_gradient():
    xs, values = arrays()
    cost = graphc.sum(graphc.square(graphc.stack(xs)))
    f = graphc.compile(xs, graphc.grad(cost, xs))
    for g, value in zip(f(*values), values, strict=True):
        np.testing.assert_array_equal(g, 2 * value)


def test_empty_arrays():
    xs = [graphc.placeholder((0, 3)) for _ in range(MANY)]
    assert same(xs, graphc.concat(xs), [np.zeros((0, 3), "float32")] * MANY)(*[np.zeros((0, 3), "float32")] * MANY).shape \
        == (0, 3)


def test_many_parts_of_one_array_are_not_one_long_kernel():
    x = graphc.placeholder((MANY, 3))
    f = graphc.compile([x], [graphc.sin(row) for row in graphc.unstack(x)])
    assert max(map(len, (kernel.splitlines() for kernel in f.source().split("# ---- ")))) < 100
    value = np.random.default_rng(0).random((MANY, 3), np.float32)
    np.testing.assert_allclose(f(value), np.sin(value), rtol=1e-6)


def test_a_jacobian_has_few_kernels_of_different_text():
    x = graphc.placeholder((MANY,))
    w = graphc.Variable(np.random.default_rng(0).random((MANY, MANY), np.float32))
    f = graphc.compile([x], graphc.jacobian(graphc.tanh(x @ w), x))
    kernels = f.source().split("# ---- ")[1:]
    assert len(kernels) < 12 and max(len(kernel.splitlines()) for kernel in kernels) < 120


def test_a_chain_deeper_than_python_recurses():
    x = y = graphc.placeholder((3,))
    for _ in range(2000):
        y = graphc.sin(y) + 1
    g = graphc.grad(graphc.sum(y), x)
    assert repr(g) and str(y)
    f = graphc.compile([x], y)
    value = np.ones(3, np.float32)
    np.testing.assert_allclose(f(value), graphc.interpret([x], y, [value]), rtol=1e-4)
    assert len(f.dump().splitlines()) > 4000
    assert np.isfinite(graphc.interpret([x], g, [value])).all()
