"""Numbers as words of the argument block: kernels of many shapes that are one kernel."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ir.integer import Integer, Symbol
from graphc.lower.arguments import SHARED, Arguments
from graphc.lower.source import renamed
from graphc.lower.text import Names, integer

from ..passes.kernels import program


def texts(inputs, output):
    return [renamed(step.source.text) for step in program(inputs, [output]).steps]


def layer(rows, columns):
    x, w, b = inputs = [graphc.placeholder(shape) for shape in ((None, rows), (rows, columns), (columns,))]
    return texts(inputs, graphc.relu(x @ w + b))


def softmax(columns):
    x = graphc.placeholder((None, columns))
    return texts([x], graphc.softmax(x))


@pytest.mark.parametrize("one, other", [((784, 512), (512, 256)), ((64, 10), (20, 64)), ((33, 33), (32, 100))])
def test_layers_of_any_sizes_are_one_kernel(one, other):
    (kernel,) = layer(*one)
    assert layer(*other) == [kernel]


def test_long_rows_are_one_kernel_and_short_ones_are_not():
    assert softmax(1000) == softmax(SHARED)
    assert softmax(1000) != softmax(SHARED - 1)
    assert softmax(10) != softmax(11)


def test_one_kernel_computes_with_the_sizes_of_each_step():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((7, 300)).astype("f4")
    weights = [rng.normal(0, 0.05, shape).astype("f4") for shape in ((300, 400), (400, 257))]
    x = graphc.placeholder((None, 300))
    f = graphc.compile([x], graphc.tanh(graphc.tanh(x @ weights[0]) @ weights[1]))
    expected = np.tanh(np.tanh(rows.astype("f8") @ weights[0]) @ weights[1])
    np.testing.assert_allclose(f(rows), expected, rtol=1e-4, atol=1e-5)


def test_numbers_from_the_limit_on_are_words_each_once():
    arguments = Arguments(Names(), limit=100)
    assert [arguments.number(k) for k in (99, 100, 700, 100)] == ["99", "size_100", "size_700", "size_100"]
    assert arguments.words == [100, 700]
    assert arguments.lines == ["size_100 = size(args, 0)", "size_700 = size(args, 1)"]
    assert arguments.own(700, str) == "size_700_1"


def test_divisors_stay_numbers():
    i = Integer({(Symbol("i"),): 1})
    (symbol,) = i.symbols()

    def word(k):
        return f"size_{k}"

    assert integer(i // 512 * 300 + i % 512, {symbol: "i"}, word) == "((i) // (512)) * size_300 + ((i) % (512))"
    assert integer(i * -512 - 3, {symbol: "i"}, word) == "-i * size_512 - size_3"
    assert integer(-7, {}, word) == "-size_7"
