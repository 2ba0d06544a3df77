"""Polynomials: the form that each takes, equal numbers, and that operations only ever get fewer."""
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc import add, exp, multiply, sin, subtract, tanh
from graphc.ir.graph import Graph
from graphc.passes.canonicalize import canonicalize
from graphc.passes.gather import gather
from graphc.passes.options import Options
from graphc.passes.pipeline import run
from graphc.passes.simplify import simplify

from .proofs import EDGES, becomes, drawn, edges, graph_of, same_numbers, values

FORMULAS = {
    "like terms": (lambda x, u: u*(x*x) + 2*((u*x)*x), "square(x) * u * 3"),
    "like terms of several factors": (lambda x, y, z: x*y*z + 3*(z*y*x) - y*(2*x)*z, "x * y * z * 2"),
    "a number into the sum": (lambda x: 3*(x + 0.5*x*x*x), "x * (square(x) * 1.5 + 3)"),
    "some terms share a factor": (lambda a, b, c, d: a*b + d + 2*(a*c), "d + a * (b + c * 2)"),
    "a difference": (lambda a, b, c, d: a*b*d - a*(c*d), "a * d * (b - c)"),
    "Horner's rule": (lambda x: 1 + 2*x + 3*x*x + 4*x*x*x, "x * (x * (x * 4 + 3) + 2) + 1"),
    "powers": (lambda x: x*x*x*x*x*x, "square(x) * square(square(x))"),
    "minus": (lambda a, b, c: 2 - a*b - a*c, "2 - a * (b + c)"),
    "square of a product": (lambda a, b: graphc.square(a*b) + a*a*b, "square(a) * b * (b + 1)"),
}
KEPT = {
    "nothing in common": lambda a, b, c: a*b + c,
    "a sum is not multiplied out": lambda a, b: (a + b) * (a - b),
    "terms that cancel": lambda a, b: (a*b + b) - a*b,
    "an infinite factor": lambda a, b: a*np.inf + b*np.inf*a,
}


def before(graph: Graph) -> Graph:
    return simplify(canonicalize(graph))


def transformed(graph: Graph) -> Graph:
    return gather(before(graph))


def operations(graph: Graph) -> int:
    return sum(bool(x.inputs) for x in graph.order)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_form(name):
    formula, expected = FORMULAS[name]
    becomes(transformed, formula, expected)
    for dtype, rtol in (("float32", 1e-5), ("float64", 1e-13)):
        graph = graph_of(formula, (20,), dtype)
        assert operations(transformed(graph)) < operations(before(graph))
        same_numbers(transformed, graph, drawn(graph, np.random.default_rng(0)), rtol)


@pytest.mark.parametrize("name", KEPT)
def test_what_stays(name):
    graph = before(graph_of(KEPT[name], (20,)))
    assert gather(graph) is graph


@pytest.mark.parametrize("name", FORMULAS)
def test_nothing_finite_comes_of_nan_or_an_infinity(name):
    formula = FORMULAS[name][0]
    graph = graph_of(formula, (len(EDGES) ** len(inspect.signature(formula).parameters),), "float64")
    assert transformed(graph) is not before(graph)
    given = [np.where(np.abs(x) > 1e20, np.copysign(np.inf, x), x) for x in edges(graph)]
    with np.errstate(all="ignore"):
        for old, new in zip(values(graph, given), values(transformed(graph), given), strict=True):
            assert not np.any(np.isfinite(new) & ~np.isfinite(old))


def test_what_others_read_is_not_computed_twice():
    graph = before(graph_of(lambda x, y, z: (x*y, x*z, tanh(x*y + x*z)), (20,)))
    assert gather(graph) is graph


def test_a_product_that_is_there_is_used():
    becomes(transformed, lambda x, a, b: (x*(a*0.5)*b*b, exp(a*0.5)), "a * 0.5 * x * square(b), exp(a * 0.5)")


def test_the_derivative_of_gelu_is_one_polynomial():
    """It is the product of the gradient with one factor, of which nothing else is stored for it."""
    x = graphc.placeholder((None,), name="x")
    y = 0.5 * x * (1 + tanh(0.8 * (x + 0.04 * x * x * x)))
    graph = Graph((x,), (y, *graphc.grad(graphc.sum(y), [x])))
    after = run(graph, Options())
    assert operations(run(graph, Options(skip=frozenset(["gather"])))) - operations(after) >= 6
    same_numbers(lambda g: run(g, Options()), graph, [np.linspace(-4, 4, 200, dtype="float32")], 1e-6)


def test_without_rounding_nothing_is_regrouped():
    graph = graph_of(FORMULAS["Horner's rule"][0], (None,))
    assert operations(run(graph, Options(rounding=False))) == 9 > operations(run(graph, Options()))


def test_16_bit_floats_and_integers_stay():
    for dtype in ("bfloat16", "float16", "int32"):
        graph = before(graph_of(FORMULAS["some terms share a factor"][0], (20,), dtype))
        assert gather(graph) is graph


def test_numbers_that_meet_before_arrays_stay_numbers():
    x, s, t = graphc.placeholder((None, 3), name="x"), graphc.placeholder((), name="s"), graphc.placeholder((), name="t")
    after = transformed(Graph((x, s, t), (x*s + 1 - 2*(x*t),)))
    assert repr(after.outputs[0]) == "x * (s + t * -2) + 1" and after.outputs[0].inputs[0].inputs[1].dims == ()


@st.composite
def polynomials(draw) -> Graph:
    """A graph of sums and products over few operands, of several shapes, with few functions among them."""
    x = graphc.placeholder((None,), "float64")
    inputs = [x, *(graphc.placeholder(dims, "float64") for dims in (x.dims, (1,), ()))]
    pool = list(inputs)
    steps = [add, subtract, multiply, multiply, lambda a, b: -a, lambda a, b: a * 0.5, lambda a, b: b * 3,
             lambda a, b: a + 2, lambda a, b: sin(a)]
    for _ in range(draw(st.integers(3, 20))):
        pool.append(draw(st.sampled_from(steps))(draw(st.sampled_from(pool[-6:])), draw(st.sampled_from(pool))))
    return Graph(tuple(inputs), (pool[-1], draw(st.sampled_from(pool))))


@settings(max_examples=60, deadline=None)
@given(polynomials())
def test_equal_numbers_and_never_more_operations(graph):
    graph = before(graph)
    assert operations(gather(graph)) <= operations(graph)
    rng = np.random.default_rng(0)
    same_numbers(gather, graph, [rng.uniform(0.2, 0.8, 5), rng.uniform(-0.8, -0.2, 5), rng.uniform(0.2, 0.8, 1), 0.6], 1e-6)
