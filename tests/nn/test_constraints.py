"""Constraints, by what they promise and beside Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import constraints

W = (np.random.default_rng(0).standard_normal((3, 4, 5)) * np.linspace(0.1, 2, 5)).astype("float32")


def norms(w, axis):
    return np.sqrt((w.astype(float) ** 2).sum(axis=axis))


def between(w, axis, low, high, rate=1.0):
    before = norms(w, axis)
    return rate * before.clip(low, high) + (1 - rate) * before


CASES = [
    ("MaxNorm", {}, between(W, 0, 0, 2)), ("max_norm", {"max_value": 1.5, "axis": [0, 1]}, between(W, (0, 1), 0, 1.5)),
    ("UnitNorm", {}, np.ones((4, 5))), ("unit_norm", {"axis": 2}, np.ones((3, 4))),
    ("MinMaxNorm", {}, between(W, 0, 0, 1)),
    ("min_max_norm", {"min_value": 0.5, "max_value": 1.5, "rate": 0.3, "axis": [0, 1]}, between(W, (0, 1), 0.5, 1.5, 0.3)),
]


@pytest.mark.parametrize(("name", "options", "expected"), CASES)
def test_norms(name, options, expected):
    constraint = constraints.get({"class_name": name, "config": options})
    axis = options.get("axis", 0)
    after = constraint(W)
    np.testing.assert_allclose(norms(after, tuple(axis) if isinstance(axis, list) else axis), expected, rtol=1e-5)
    w = graphc.placeholder(W.shape)
    np.testing.assert_array_equal(graphc.interpret([w], constraint(w), [W]), after)


def test_directions_stay():
    after = constraints.MaxNorm(0.5)(W)
    np.testing.assert_allclose(after / norms(after, 0), W / norms(W, 0), rtol=1e-4)


def test_zeros_stay_zeros():
    for kind in (constraints.MaxNorm, constraints.UnitNorm, constraints.MinMaxNorm):
        np.testing.assert_array_equal(kind()(np.zeros((2, 2), "float32")), 0)


def test_no_weight_below_zero():
    np.testing.assert_array_equal(constraints.NonNeg()(W), W.clip(0))


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # theirs
def test_names_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name, options, _ in [*CASES, ("non_neg", {}, None)]:
        theirs = getattr(keras.constraints, name)(**options)
        ours = constraints.get({"class_name": name, "config": options})
        np.testing.assert_allclose(ours(W), keras.ops.convert_to_numpy(theirs(W)), rtol=1e-6, atol=1e-6)
        assert ours.get_config() == theirs.get_config()
        assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


def test_an_unknown_name():
    with pytest.raises(graphc.ArgumentError, match="no constraint is named 'maxnrom'; did you mean .*'maxnorm'"):
        constraints.get("maxnrom")
