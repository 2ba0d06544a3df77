"""Each rule of simplify: the graph it makes, and equal numbers without it."""
import numpy as np
import pytest

import graphc
from graphc import abs, exp, log, maximum, minimum, sqrt, square, where
from graphc.ir.errors import DTypeError
from graphc.ir.graph import Graph
from graphc.passes.canonicalize import canonicalize
from graphc.passes.rules import Rule
from graphc.passes.simplify import RULES, simplify, simplify_exactly

from .proofs import becomes, drawn, edges, graph_of, same_numbers

EXACT = {
    "x + 0": (lambda x: x + 0, "x"),
    "x * 1": (lambda x: 1 * x, "x"),
    "x / 1": (lambda x: x / 1, "x"),
    "x ** 1": (lambda x: x ** 1, "x"),
    "x ** 0": (lambda x: x ** 0, "1"),
    "--x": (lambda x: -(-x), "x"),  # noqa: B002
    "0 - x": (lambda x: 0 - x, "-x"),
    "x * -1": (lambda x: x * -1, "-x"),
    "x + -y": (lambda x, y: x + -y, "x - y"),
    "-x + y": (lambda x, y: -x + y, "y - x"),
    "x - -y": (lambda x, y: x - -y, "x + y"),
    "-(x - y)": (lambda x, y: -(x - y), "y - x"),
    "-x * -y": (lambda x, y: -x * -y, "x * y"),
    "-x / -y": (lambda x, y: -x / -y, "x / y"),
    "-x * c": (lambda x: -x * 3, "x * -3"),
    "-(x * c)": (lambda x: -(x * 3), "x * -3"),
    "x * 1 * x": (lambda x: (x * 1) * x, "square(x)"),
    "|-x|": (lambda x: abs(-x), "abs(x)"),
    "||x||": (lambda x: abs(abs(x)), "abs(x)"),
    "|x^2|": (lambda x: abs(square(x)), "square(x)"),
    "(-x)^2": (lambda x: square(-x), "square(x)"),
    "|x|^2": (lambda x: square(abs(x)), "square(x)"),
    "x + x": (lambda x: x + x, "x * 2"),
    "1 / x": (lambda x: 1 / x, "reciprocal(x)"),
    "x / 4": (lambda x: x / 4, "x * 0.25"),
    "max(x, x)": (lambda x: maximum(x, x), "x"),
    "min(x, x)": (lambda x: minimum(x, x), "x"),
    "max of max": (lambda x: maximum(2, maximum(x, 5)), "maximum(x, 5)"),
    "min of min": (lambda x: minimum(2, minimum(x, 5)), "minimum(x, 2)"),
    "where p x x": (lambda p, x: where(p, x, x), "x"),
    "where not p": (lambda p, x, y: where(graphc.logical_not(p), x, y), "where(p, y, x)"),
    "where where": (lambda p, x, y, z: where(p, where(p, x, y), z), "where(p, x, z)"),
    "where else where": (lambda p, x, y, z: where(p, x, where(p, y, z)), "where(p, x, z)"),
    "not not p": (lambda p: graphc.logical_not(graphc.logical_not(p)), "p"),
    "p and p": (lambda p: graphc.logical_and(p, p), "p"),
    "p or p": (lambda p: graphc.logical_or(p, p), "p"),
    "not ==": (lambda x, y: graphc.logical_not(graphc.equal(x, y)), "x != y"),
    "not !=": (lambda x, y: graphc.logical_not(graphc.not_equal(x, y)), "x == y"),
}
INTEGERS = {
    "x * 0": (lambda x: x * 0, "0"),
    "x - x": (lambda x: x - x, "0"),
}
ROUNDING = {
    "the example": (lambda x, y: x*y + 5*y + 5, "(x + 5) * y + 5"),
    "xy + zy": (lambda x, y, z: x*y + z*y, "(x + z) * y"),
    "yx + yz": (lambda x, y, z: y*x + y*z, "(x + z) * y"),
    "xy - zy": (lambda x, y, z: x*y - z*y, "(x - z) * y"),
    "x/y + z/y": (lambda x, y, z: x/y + z/y, "(x + z) / y"),
    "x/y - z/y": (lambda x, y, z: x/y - z/y, "(x - z) / y"),
    "w + xy + zy": (lambda w, x, y, z: (w + x*y) + z*y, "w + (x + z) * y"),
    "x^2 + zx": (lambda x, z: x*x + z*x, "(x + z) * x"),
    "3x + x": (lambda x: 3*x + x, "x * 4"),
    "x - 3x": (lambda x: x - x*0.25, "x * 0.75"),
    "x + 2 + 3": (lambda x: x + 2 + 3, "x + 5"),
    "x - 2 + 5": (lambda x: x - 2 + 5, "x + 3"),
    "2 * 3x": (lambda x: 2 * (3 * x), "x * 6"),
    "2 - x + 3": (lambda x: (2 - x) + 3, "5 - x"),
    "5 - (x + 3)": (lambda x: 5 - (x + 3), "2 - x"),
    "5 - (3 - x)": (lambda x: 5 - (3 - x), "x + 2"),
    "3 / x * 2": (lambda x: (3 / x) * 2, "6 / x"),
    "x + 2 + y + 3": (lambda x, y: (x + 2) + (y + 3), "y + x + 5"),
    "2x * 3y": (lambda x, y: (2*x) * (3*y), "y * x * 6"),
    "x / 10": (lambda x: x / 10, "x * 0.1"),
    "1 / (1/x)": (lambda x: 1 / (1 / x), "x"),
    "1 / sqrt": (lambda x: 1 / sqrt(x), "rsqrt(x)"),
    "x ** 2": (lambda x: x ** 2, "square(x)"),
    "x ** 3": (lambda x: x ** 3, "square(x) * x"),
    "x ** .5": (lambda x: x ** 0.5, "sqrt(x)"),
    "x ** -1": (lambda x: x ** -1, "reciprocal(x)"),
    "x ** -.5": (lambda x: x ** -0.5, "where(isinf(x), 0, abs(rsqrt(x)))"),
    "(x^2 + c) ** -.5": (lambda x: (x * x + 1e-5) ** -0.5, "rsqrt(square(x) + 1e-05)"),
    "sqrt(x^2)": (lambda x: sqrt(x * x), "abs(x)"),
    "sqrt(e^x)^2": (lambda x: sqrt(exp(x)) * sqrt(exp(x)), "exp(x)"),
    "log(exp(x))": (lambda x: log(exp(x)), "x"),
}


def canonical_and_simple(graph: Graph) -> Graph:
    return simplify(canonicalize(graph))


def canonical_and_exact(graph: Graph) -> Graph:
    return simplify_exactly(canonicalize(graph))


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_rule(name):
    formula, expected = EXACT[name]
    becomes(canonical_and_exact, formula, expected)
    for dtype in ("float32", "float64"):
        graph = graph_of(formula, (None,), dtype)
        same_numbers(canonical_and_exact, graph, edges(graph))


@pytest.mark.parametrize("name", ROUNDING)
def test_a_rounding_rule(name):
    formula, expected = ROUNDING[name]
    becomes(canonical_and_simple, formula, expected)
    rng = np.random.default_rng(0)
    for dtype, rtol in (("float32", 1e-5), ("float64", 1e-13)):
        graph = graph_of(formula, (None,), dtype)
        same_numbers(canonical_and_simple, graph, drawn(graph, rng), rtol)


@pytest.mark.parametrize("name", ROUNDING)
def test_a_rounding_rule_can_be_switched_off(name):
    formula, expected = ROUNDING[name]
    graph = graph_of(formula, (None,), "float32")
    same_numbers(canonical_and_exact, graph, drawn(graph, np.random.default_rng(1)))


def _over_integers(name: str, dtype: str) -> bool:
    """Whether the formula has integers for its numbers and its value, in that dtype."""
    try:
        return graph_of((EXACT | ROUNDING | INTEGERS)[name][0], (None,), dtype).outputs[0].dtype.kind != "f"
    except DTypeError:
        return False


@pytest.mark.parametrize("name, dtype", [(name, dtype) for dtype in ("int32", "uint8", "int64")
                                         for name in (EXACT | ROUNDING | INTEGERS) if _over_integers(name, dtype)])
def test_integers_wrap_around_and_stay_exact(name, dtype):
    formula, _ = (EXACT | ROUNDING | INTEGERS)[name]
    graph = graph_of(formula, (None,), dtype)
    info = np.iinfo(dtype)
    rng = np.random.default_rng(2)
    arrays = [rng.random(60) < 0.5 if x.dtype == bool else rng.integers(info.min, info.max, 60, dtype, endpoint=True)
              for x in graph.inputs]
    same_numbers(canonical_and_simple, graph, arrays)


def test_integers_lose_what_is_annihilated():
    becomes(canonical_and_exact, lambda x: x - x, "0", dtype="int32")
    becomes(canonical_and_exact, lambda x: x * 0, "0", dtype="int32")
    becomes(canonical_and_simple, lambda x: x - x, "x - x")
    becomes(canonical_and_simple, lambda x: x * 0, "x * 0")


def test_every_rule_is_proved_here(monkeypatch):
    fired = set()
    call = Rule.__call__
    monkeypatch.setattr(Rule, "__call__", lambda rule, node: _noted(rule, call(rule, node), fired))
    for formula, _ in (EXACT | ROUNDING).values():
        canonical_and_simple(graph_of(formula))
    for formula, _ in INTEGERS.values():
        canonical_and_simple(graph_of(formula, dtype="int32"))
    canonical_and_simple(_stretched_quotient())
    assert [rule for rule in RULES if rule not in fired] == []


def _noted(rule, found, fired):
    if found is not None:
        fired.add(rule)
    return found


@pytest.mark.parametrize("power", [0.5, -0.5, -1, 2, 3])
@pytest.mark.parametrize("inner", [lambda x: x, abs, lambda x: abs(x) + 1, sqrt, graphc.relu])
def test_powers_are_powers_at_the_edges(power, inner):
    graph = graph_of(lambda x: inner(x) ** power, (None,))
    same_numbers(canonical_and_simple, graph, edges(graph), 1e-6)


def test_variances_are_not_negative():
    x = graphc.placeholder((None, 4), name="x")
    y = (graphc.var(x, 0) + 1e-5) ** -0.5
    assert canonical_and_simple(Graph((x,), (y,))).outputs[0].op.name == "rsqrt"


def test_nothing_is_known_of_a_root_that_may_be_negative():
    becomes(canonical_and_simple, lambda x: sqrt(x) * sqrt(x), "square(sqrt(x))")


def test_constants_that_would_overflow_stay_apart():
    becomes(canonical_and_simple, lambda x: (x * 1e-30) * 1e-30, "x * 1e-30 * 1e-30")
    becomes(canonical_and_simple, lambda x: x / 1e-44, "x / 1e-44")


def test_a_regrouping_makes_no_operation_larger():
    x, y = graphc.placeholder((), name="x"), graphc.placeholder((1000,), name="y")
    after = canonical_and_simple(Graph((x, y), (x * 3 * y,)))
    assert repr(after.outputs[0]) == "x * 3 * y"


def _stretched_quotient() -> Graph:
    x, y = graphc.placeholder((4, 3), name="x"), graphc.placeholder((4, 1), name="y")
    return Graph((x, y), (x / maximum(y, 1e-12),))


def test_a_division_by_what_is_stretched_and_not_tiny_is_a_product():
    graph = _stretched_quotient()
    assert repr(canonical_and_simple(graph).outputs[0]) == "x * reciprocal(maximum(y, 1e-12))"
    rng = np.random.default_rng(3)
    same_numbers(canonical_and_simple, graph, [rng.normal(size=(4, 3)), rng.uniform(1, 2, (4, 1))], 1e-6)


@pytest.mark.parametrize("divisor, product", [
    (lambda y: y, False), (abs, False), (lambda y: abs(y) + 1e-40, False), (lambda y: y + 1, False),
    (lambda y: maximum(y, 1e-40), False), (lambda y: minimum(y, 1), False), (lambda y: sqrt(abs(y)), False),
    (lambda y: graphc.sum(exp(y - 1), axis=0, keepdims=True), False),
    (lambda y: graphc.sum(exp(y - abs(y)), axis=0, keepdims=True), False),
    (lambda y: graphc.sum(exp(y - graphc.max(y, axis=0, keepdims=True)), axis=0, keepdims=True), True),
    (lambda y: abs(y) + 1e-7, True), (lambda y: sqrt(square(y) + 1e-5), True), (lambda y: sqrt(abs(y)) + 1e-7, True),
    (lambda y: y.astype("int32").astype("float32"), True),
])
def test_only_a_reciprocal_that_cannot_overflow_takes_the_place_of_a_division(divisor, product):
    x, y = graphc.placeholder((4, 3), name="x"), graphc.placeholder((4, 1), name="y")
    graph = Graph((x, y), (x / divisor(y),))
    ops = {node.op.name for node in canonical_and_simple(graph).order}
    assert ("reciprocal" in ops or "rsqrt" in ops) == product and ("divide" in ops) != product
    tiny = np.array([[1e-40], [-1e-40], [0], [1]], "float32")
    same_numbers(canonical_and_simple, graph, [np.array([[0, 1, -1e-40]] * 4, "float32"), tiny], 1e-6)


def test_the_shape_of_what_is_dropped_remains():
    x, one = graphc.placeholder((3,), name="x"), graphc.constant(np.ones((2, 3), "float32"))
    after = canonical_and_exact(Graph((x,), (x * one,)))
    assert repr(after.outputs[0]) == "broadcast_to(x, shape=(2, 3))"


def test_factors_of_16_bit_floats_keep_their_dtype():
    graph = graph_of(lambda x, y: x*y + 5*y + 5, (None,), "bfloat16")
    after = canonical_and_simple(graph)
    assert after.outputs[0].dtype == "bfloat16" and repr(after.outputs[0]) == "(x + 5) * y + 5"
