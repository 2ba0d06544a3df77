"""Expressions as text: as a person writes them, and meaning the same graph when they are read back."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphc
from graphc.ir.infix import infix
from graphc.ir.registry import OPS
from graphc.ir.types import SHORT

x, y, z = INPUTS = [graphc.placeholder((), name=n) for n in "xyz"]
i, j = INTEGERS = [graphc.placeholder((), "int32", name=n) for n in "ij"]
NAMES = {**OPS, **{e.name: e for e in (*INPUTS, *INTEGERS)}, **{d.name: d for d in SHORT}, "nan": math.nan, "inf": math.inf}
numbers = st.sampled_from([0, 1, -1, 2, -3, 0.5, -2.5, 1e-7, -1e20, math.inf, -math.inf, -0.0])
floats = st.recursive(st.sampled_from(INPUTS), lambda a: st.one_of(
    st.tuples(st.sampled_from("+ - * / ** // % < == maximum where".split()), a, a | numbers),
    st.tuples(st.sampled_from("- ** swapped/ swapped- swapped**".split()), a, numbers),
    st.tuples(st.sampled_from(["neg", "exp", "abs"]), a)), max_leaves=10)
integers = st.recursive(st.sampled_from(INTEGERS), lambda a: st.one_of(
    st.tuples(st.sampled_from("| & ^ << >> + - * // % == >=".split()), a, a | st.integers(-5, 9)),
    st.tuples(st.sampled_from(["~", "neg"]), a)), max_leaves=10)


def built(tree):
    if not isinstance(tree, tuple):
        return tree
    name, *parts = tree
    a, *rest = map(built, parts)
    if name == "where":
        return graphc.where(a, rest[0], x)
    if name in ("neg", "~"):
        a = a.astype("int32") if a.dtype == bool else a
        return -a if name == "neg" else ~a
    if name in OPS:
        return OPS[name](a, *rest)
    a, *rest = [v.astype("int8") if isinstance(v, graphc.Expr) and v.dtype == bool else v for v in (a, *rest)]
    if name.startswith("swapped"):
        return eval(f"b {name[7:]} a", {"a": a, "b": rest[0]})
    return eval(f"a {name} b", {"a": a, "b": rest[0]})


@given(floats | integers)
def test_read_back_it_is_the_same_graph(tree):
    expression = built(tree)
    assert eval(infix(expression), {"__builtins__": {}}, NAMES) is expression


@pytest.mark.parametrize(("expression", "text"), [
    (x * y + 5 * y + 5, "x * y + 5 * y + 5"),
    (x + (y + z), "x + (y + z)"),
    (x - (y - z) - 1, "x - (y - z) - 1"),
    ((x ** y) ** z, "(x ** y) ** z"),
    (x ** y ** z, "x ** y ** z"),
    (-x ** 2, "-x ** 2"),
    ((-x) ** 2, "(-x) ** 2"),
    (graphc.constant(-2.0) ** x, "(-2) ** x"),
    (x ** -2, "x ** -2"),
    (x ** -y, "x ** -y"),
    (-(x + y), "-(x + y)"),
    (graphc.negative(-x), "--x"),
    ((x < y) == (y < z), "(x < y) == (y < z)"),
    ((i | j) & ~(i ^ 3), "(i | j) & ~(i ^ 3)"),
    (x / (y * z), "x / (y * z)"),
    (graphc.where(x > 0, x, 0), "where(x > 0, x, 0)"),
    (x.astype("bfloat16"), "astype(x, dtype=bfloat16)"),
    (x * 0.1, "x * 0.1"),
    (x + 1e-30, "x + 1e-30"),
    (x * -0.0, "x * -0.0"),
    (i + 3, "i + 3"),
    (graphc.placeholder((None, 2)) + 1, "placeholder:f32[?,2] + 1"),
    (graphc.constant([1.0, 2.0]) * x, "constant:f32[2] * x"),
])
def test_as_a_person_writes_it(expression, text):
    assert str(expression) == repr(expression) == text


def test_what_is_deep_or_large_is_cut_short():
    deep, wide = x, x
    for k in range(60):
        deep = graphc.sin(deep)
        wide = wide * y + wide / (k + 1)
    assert repr(deep).startswith("sin(sin(") and "(...)" in repr(deep)
    assert len(repr(wide)) < 5000
    many = graphc.stack([graphc.placeholder((), name=f"p{k}") for k in range(1000)])
    assert len(repr(many)) < 10_000 and repr(many).endswith("..., axis=0)")
    assert infix(x * y + 1, depth=1) == "... + 1"


def test_arrays_in_text_are_short():
    assert len(repr(graphc.constant(np.zeros((100, 100))))) < 40
