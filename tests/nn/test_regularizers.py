"""Regularizers, by their formulas and beside Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import regularizers

X = np.random.default_rng(0).standard_normal((4, 6)).astype("float32")


def angles(rows):
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    return np.mean(np.abs(cosines[~np.eye(len(rows), dtype=bool)]))


CASES = [
    ("l1", {}, 0.01 * np.abs(X).sum()), ("L1", {"l1": 0.3}, 0.3 * np.abs(X).sum()),
    ("l2", {}, 0.01 * (X ** 2).sum()), ("L2", {"l2": 0.3}, 0.3 * (X ** 2).sum()),
    ("l1_l2", {}, 0), ("L1L2", {"l1": 0.2, "l2": 0.3}, 0.2 * np.abs(X).sum() + 0.3 * (X ** 2).sum()),
    ("L1L2", {"l2": 0.3}, 0.3 * (X ** 2).sum()),
    ("orthogonal_regularizer", {}, 0.01 * angles(X)),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}, 0.5 * angles(X.T)),
]


@pytest.mark.parametrize(("name", "options", "expected"), CASES)
def test_formula(name, options, expected):
    regularizer = regularizers.get({"class_name": name, "config": options})
    assert regularizer(X) == pytest.approx(expected, rel=1e-5)
    x = graphc.placeholder(X.shape)
    assert graphc.interpret([x], regularizer(x), [X]) == regularizer(X)
    assert regularizer(x).shape == ()


def test_names_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name, options, _ in CASES:
        theirs = getattr(keras.regularizers, name)(**options)
        ours = regularizers.get({"class_name": name, "config": options})
        assert ours(X) == pytest.approx(float(theirs(keras.ops.convert_to_tensor(X))), rel=1e-5)
        assert ours.get_config() == pytest.approx(theirs.get_config())
        assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == ours.get_config()
    assert regularizers.get("l2").l2 == regularizers.l2().l2 == 0.01
    assert regularizers.get(None) is None


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: regularizers.L1(-1), graphc.ArgumentError, "l1: expected a number that is not negative, got -1"),
    (lambda: regularizers.L2("a"), graphc.ArgumentError, "l2: expected a number"),
    (lambda: regularizers.L1L2(l2=float("nan")), graphc.ArgumentError, "l2: expected a number"),
    (lambda: regularizers.OrthogonalRegularizer(mode="diagonals"), graphc.ArgumentError, "'rows' or 'columns'"),
    (lambda: regularizers.OrthogonalRegularizer()(np.zeros(3)), graphc.ShapeError, "expected a matrix"),
    (lambda: regularizers.get("l1l3"), graphc.ArgumentError, "no regularizer is named 'l1l3'; did you mean .*'l1l2'"),
])
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
