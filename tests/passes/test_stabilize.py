"""Each rule of stabilize: its graph, equal numbers where the naive formula is good, and better ones where it is not."""
import numpy as np
import pytest

import graphc
from graphc import exp, log, log1p, mean, sigmoid, sum
from graphc.ir.graph import Graph
from graphc.passes.canonicalize import canonicalize
from graphc.passes.pipeline import Options, run
from graphc.passes.stabilize import RULES, stabilize

from .proofs import becomes, drawn, graph_of, same_numbers, values


def stable(graph: Graph) -> Graph:
    return stabilize(canonicalize(graph))


# formula, what it becomes, an input where the naive one fails, the true value there
FORMULAS = {
    "log(1 + x)": (lambda x: log(1 + x), "log1p(x)", 1e-10, 1e-10),
    "log(1 - x)": (lambda x: log(1 - x / 4), "log1p(-(x / 4))", 4e-10, -1e-10),
    "exp(x) - 1": (lambda x: exp(x) - 1, "expm1(x)", 1e-10, 1e-10),
    "1 - exp(x)": (lambda x: 1 - exp(x), "-expm1(x)", 1e-10, -1e-10),
    "1/(1 + exp(-x))": (lambda x: 1 / (1 + exp(-x)), "sigmoid(x)", -95.0, 5.521e-42),
    "1/(1 + exp(x))": (lambda x: 1 / (1 + exp(x)), "sigmoid(-x)", 95.0, 5.521e-42),
    "recip(1 + exp(-x))": (lambda x: graphc.reciprocal(1 + exp(-x)), "sigmoid(x)", -95.0, 5.521e-42),
    "recip(1 + exp(x))": (lambda x: graphc.reciprocal(1 + exp(x)), "sigmoid(-x)", 95.0, 5.521e-42),
    "exp(x)/(1 + exp(x))": (lambda x: exp(x) / (1 + exp(x)), "sigmoid(x)", 200.0, 1.0),
    "1 - sigmoid(x)": (lambda x: 1 - sigmoid(x), "sigmoid(-x)", 50.0, 1.9287498e-22),
    "log(sigmoid(x))": (lambda x: log(sigmoid(x)), "-softplus(-x)", -200.0, -200.0),
    "log(1 - sigmoid(x))": (lambda x: log(1 - sigmoid(x)), "-softplus(x)", 200.0, -200.0),
    "log1p(-sigmoid(x))": (lambda x: log1p(-sigmoid(x)), "-softplus(x)", 200.0, -200.0),
    "log(1 + exp(x))": (lambda x: log(1 + exp(x)), "softplus(x)", 200.0, 200.0),
    "log1p(exp(x))": (lambda x: log1p(exp(x)), "softplus(x)", 200.0, 200.0),
    "log(exp(x) + exp(y))": (lambda x, y: log(exp(x) + exp(y)), "logaddexp(x, y)", 200.0, 200.6931471805599),
    "x / y * y": (lambda x, y: x / (exp(y) * 0.5) * (exp(y) * 0.5), "x", -200.0, -200.0),
    "x * recip(y) * y": (lambda x, y: (x * graphc.reciprocal(exp(y))) * exp(y), "x", -200.0, -200.0),
    "x / y * z * y": (lambda x, y, z: x / exp(y) * z * exp(y), "x * z", -200.0, 40000.0),
    "-(x / y) * z * y": (lambda x, y, z: -(x / exp(y)) * z * exp(y), "-(x * z)", -200.0, -40000.0),
    "(x/y - w/z) * y * z": (lambda w, x, y, z: (x / exp(y) + -(w / exp(z))) * exp(y) * exp(z),
                            "x * exp(z) - w * exp(y)", -200.0, 0.0),
    "-recip(y) * z * y": (lambda y, z: -graphc.reciprocal(exp(y)) * z * exp(y), "-z", -200.0, 200.0),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula(name):
    formula, expected, hard, truth = FORMULAS[name]
    becomes(stable, formula, expected)
    rng = np.random.default_rng(0)
    for dtype, rtol in (("float32", 1e-5), ("float64", 1e-13)):
        graph = graph_of(formula, (None,), dtype)
        same_numbers(stable, graph, drawn(graph, rng), rtol)
    graph = graph_of(formula, (None,))
    arrays = [[hard]] * len(graph.inputs)
    naive, better = values(graph, arrays)[0], values(stable(graph), arrays)[0]
    np.testing.assert_allclose(better, [truth], rtol=1e-4)
    assert name == "exp(x)/(1 + exp(x))" or not np.allclose(naive, [truth], rtol=1e-4, atol=0) or truth == 0


def test_every_rule_is_proved_here(monkeypatch):
    fired, call = set(), type(RULES[0]).__call__

    def spy(rule, node):
        found = call(rule, node)
        if found is not None:
            fired.add(rule)
        return found
    monkeypatch.setattr(type(RULES[0]), "__call__", spy)
    for formula, *_ in FORMULAS.values():
        stable(graph_of(formula))
    assert [rule for rule in RULES if rule not in fired] == []


HUGE = np.array([[1000.0, -1000.0, 999.0], [0.0, 1.0, 2.0]], "float32")


def test_softmax_by_hand_does_not_overflow():
    x = graphc.placeholder((None, 3), name="x")
    graph = Graph((x,), (exp(x) / sum(exp(x), axis=1, keepdims=True),))
    same_numbers(stable, graph, [HUGE / 1000], 1e-6)
    assert np.isnan(values(graph, [HUGE])[0]).any()
    np.testing.assert_allclose(values(stable(graph), [HUGE])[0].sum(1), 1, rtol=1e-6)


def test_log_of_softmax_by_hand_does_not_overflow():
    x = graphc.placeholder((None, 3), name="x")
    graph = Graph((x,), (log(exp(x) / sum(exp(x), axis=1, keepdims=True)),))
    same_numbers(stable, graph, [HUGE / 1000], 1e-5)
    np.testing.assert_allclose(values(stable(graph), [HUGE])[0][0], [-0.3132617, -2000.3132617, -1.3132617], rtol=1e-6)


def test_log_of_the_stable_softmax_does_not_underflow():
    x = graphc.placeholder((None, 3), name="x")
    shifted = exp(x - graphc.max(x, axis=1, keepdims=True))
    graph = Graph((x,), (log(shifted / sum(shifted, axis=1, keepdims=True)),))
    np.testing.assert_allclose(values(stable(graph), [HUGE])[0][0], [-0.3132617, -2000.3132617, -1.3132617], rtol=1e-6)
    assert sum_of(stable(graph), "max") == 1, "what is shifted is not shifted again"


def sum_of(graph: Graph, name: str) -> int:
    return [x.op.name for x in graph.order].count(name)


@pytest.mark.parametrize("keepdims", [True, False])
def test_log_of_sum_of_exp_does_not_overflow(keepdims):
    x = graphc.placeholder((None, 3), name="x")
    graph = Graph((x,), (log(sum(exp(x), axis=1, keepdims=keepdims)),))
    same_numbers(stable, graph, [HUGE / 1000], 1e-6)
    np.testing.assert_allclose(values(stable(graph), [HUGE])[0].ravel()[0], 1000.3132617, rtol=1e-6)


def test_the_gradient_of_a_naive_cross_entropy_is_finite():
    x, t = graphc.placeholder((None,), name="x"), graphc.placeholder((None,), name="t")
    p = sigmoid(x)
    loss = -mean(t * log(p) + (1 - t) * log(1 - p))
    graph = Graph((x, t), (loss, graphc.grad(loss, x)))
    far = [[-300.0, 300.0, 0.0], [1.0, 0.0, 1.0]]
    assert np.isnan(values(graph, far)[1]).any()
    after = run(graph, Options(verify=True))
    loss, gradient = values(after, far)
    np.testing.assert_allclose(loss, (600 + np.log(2)) / 3, rtol=1e-6)
    np.testing.assert_allclose(gradient, [-1 / 3, 1 / 3, -1 / 6], rtol=1e-6)


def test_exact_rounding_leaves_formulas_as_they_are():
    graph = graph_of(lambda x: log(1 + x), (None,))
    assert repr(run(graph, Options(rounding=False)).outputs[0]) == "log(x + 1)"


@pytest.mark.parametrize("formula", [lambda x, y: x / y * y, lambda x, y: x * graphc.reciprocal(y) * y,
                                     lambda x, y: x / y * x * y, lambda x, y: -graphc.reciprocal(y) * x * y])
def test_a_division_by_zero_is_not_hidden(formula):
    x, y = graphc.placeholder((3,), name="x"), graphc.placeholder((3,), name="y")
    for wanted in (formula(x, y), graphc.grad(graphc.sum(formula(x, y)), y)):
        found = graphc.compile([x, y], wanted)([1, 2, 3], [0, np.inf, 2])
        expected = graphc.interpret([x, y], wanted, [[1, 2, 3], [0, np.inf, 2]])
        assert np.isnan(expected[0]) and np.isnan(found[0])
        assert np.isnan(found[1]) == np.isnan(expected[1]) and np.isfinite(found[2])
