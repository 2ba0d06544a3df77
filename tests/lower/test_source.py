"""The generated text: readable, and the user's names in it are names, never code."""
import ast
import keyword
import re

import numpy as np
import pytest

import graphc
from graphc.ir.integer import Integer
from graphc.lower.program import Scratch
from graphc.lower.source import renamed

from ..passes.kernels import program

EXAMPLE = '''\
from numba import float32 as f32
from graphc.kernels.cpu.memory import source, target


def add_copy(args, tid, threads):
    add_out = target(args, 0, "f32")
    copy_out = target(args, 1, "f32")
    add_out_1 = target(args, 2, "f32")
    x = source(args, 3, "f32")
    y = source(args, 4, "f32")
    if tid == 0:
        x_value = x[0]
        add = x_value + f32(5)
        y_value = y[0]
        multiply = add * y_value
        add_1 = multiply + f32(5)
        copy = y_value
        add_out[0] = add_1
        copy_out[0] = copy
        add_out_1[0] = add
'''


def text(inputs, outputs, updates=None) -> str:
    (step,) = program(inputs, outputs, updates).steps
    return step.source.text


def test_the_example():
    x, y = graphc.placeholder(name="x"), graphc.placeholder(name="y")
    z = x * y + 5 * y + 5
    assert text([x, y], [z, *graphc.grad(z, [x, y])]) == EXAMPLE


def test_a_matrix_with_a_row():
    x, b = graphc.placeholder((None, 3), name="x"), graphc.placeholder((3,), name="b")
    assert text([x, b], graphc.tanh(x * 2 + b)) == '''\
from numba import float32 as f32
from graphc.kernels.cpu import math
from graphc.kernels.cpu.memory import share, size, source, target


def tanh(args, tid, threads):
    tanh_out = target(args, 0, "f32")
    n = size(args, 1)
    x = source(args, 2, "f32")
    b = source(args, 3, "f32")
    low, high = share(n, tid, threads)
    for i in range(low, high):
        for j in range(3):
            x_i = x[i * 3 + j]
            multiply = x_i * f32(2)
            b_i = b[j]
            add = multiply + b_i
            tanh_1 = math.tanh(add)
            tanh_out[i * 3 + j] = tanh_1
'''


NAMES = ["for", "x y", "λ", "1st", "", "args", "tid", "f32", "range", "math", "share", "x);import os", "__import__", "a\nb",
         "None", "_", "source", "n", "i", "low", "tanh", "tanh_out", "match", "🚀", "é", "x" * 300]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_makes_a_kernel_that_runs(name):
    x, y = graphc.placeholder((None, 3), name=name), graphc.placeholder((3,), name=name)
    w = graphc.Variable(np.ones(3, "float32"), name=name)
    f = graphc.compile([x, y], graphc.tanh(x + y) * w, updates={w: w * 2})
    np.testing.assert_allclose(f(np.zeros((2, 3), "float32"), np.zeros(3, "float32")), np.zeros((2, 3)))
    tree = ast.parse(f.source())
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert all(n.isidentifier() and n.isascii() and not keyword.iskeyword(n) for n in names)
    assert {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)} <= {
        "numba", "graphc.kernels.cpu", "graphc.kernels.cpu.memory", "graphc.kernels.cpu.jit", "numpy"}


def test_inputs_of_one_name_are_told_apart():
    a, b = graphc.placeholder((3,), name="x"), graphc.placeholder((3,), name="x")
    code = text([a, b], a - b)
    assert 'x = source(args, 1, "f32")' in code and 'x_1 = source(args, 2, "f32")' in code and "x_i - x_1_i" in code
    np.testing.assert_array_equal(graphc.compile([a, b], a - b)([3, 3, 3], [1, 2, 3]), [2, 1, 0])


def test_each_value_is_computed_once_and_as_far_out_as_it_can():
    x = graphc.placeholder((4, 5), name="x")
    total = graphc.exp(graphc.sum(x, 1, keepdims=True))
    lines = text([x], total * x + total).splitlines()
    (line,) = [line for line in lines if "math.exp" in line]
    inner = [k for k, line in enumerate(lines) if line.strip().startswith("for j")]
    assert inner[0] < lines.index(line) < inner[1]


def test_equal_kernels_are_one_text():
    x, y = (graphc.placeholder((8,), name="x") for _ in range(2))
    assert len({step.source for step in program([x, y], [x + 1, y + 1]).steps}) == 1


def test_every_word_is_read_where_it_stands():
    """Scratch whose length only a call knows takes a word for that length as well."""
    x = graphc.placeholder((None, None), name="x")
    (step,) = program([x], graphc.softmax(x)).steps
    for k, word in enumerate(step.words):
        kind = {Scratch: "workspace", Integer: "size", int: "size"}.get(type(word), "source|target")
        assert re.search(rf"= ({kind})\(args, {k}[,)]", step.source.text), f"word {k}, {word}\n{step.source.text}"


def test_numbers_are_written_in_their_dtype():
    x = graphc.placeholder((3,), "float64", "x")
    assert "f64(0.1)" in text([x], x + 0.1) and "f32" not in text([x], x + 0.1)
    i = graphc.placeholder((3,), "int8", "i")
    assert "i8(-127 - 1)" in text([i], graphc.maximum(i, -128) + 1)
    assert "f32(inf)" in text([f := graphc.placeholder((3,), name="f")], graphc.minimum(f, np.inf) + 1)


def test_kernels_that_differ_in_names_alone_are_one():
    def kernel(name):
        x = graphc.placeholder((None, 3), name=name)
        (step,) = graphc.compile(x, graphc.exp(x) + 1, skip={"split"})._runner.program.steps
        return step.source.text

    one, other = kernel("x"), kernel("learning rate")
    assert one != other and renamed(one) == renamed(other)
    assert renamed(one) != renamed(one.replace("f32(1)", "f32(2)"))
    assert renamed(one) != renamed(one.replace('"f32"', '"f16"'))
    assert renamed(one) != renamed(one.replace("math.exp", "math.log"))


def test_what_a_kernel_imports_tells_it_apart():
    text = "\nfrom graphc.kernels.cpu.conv import {} as kernel\n\n\ndef step(args, tid, threads):\n    kernel(args)\n"
    assert renamed(text.format("forward")) != renamed(text.format("input_gradient"))
