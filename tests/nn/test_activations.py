"""Activation functions: names, arguments and defaults of Keras; values and derivatives against it and against formulas."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import activations, layers

X = np.concatenate([np.linspace(-8, 8, 46), [-300.0, 300.0]]).reshape(4, 12).astype("float32")  # no kink among them
SIGMOID = 1 / (1 + np.exp(-np.clip(X.astype("float64"), -700, 700)))
NAMES = [name for name in activations.__all__ if name not in ("get", "serialize", "deserialize")]
OPTIONS = {"threshold": [(0.5, 3.0)], "relu": [(), (0.1,), (0, 6), (0.2, 2.5, 0.3)], "elu": [(), (0.3,)],
           "gelu": [(), (True,)], "celu": [(), (2.0,)], "leaky_relu": [(), (0.01,)], "squareplus": [(), (2,)],
           "softmax": [(), (0,)], "glu": [(), (0,)], "hard_shrink": [(), (1.2,)],
           "soft_shrink": [(), (1.2,)], "log_softmax": [(), (0,)]}
CALLS = [(name, args) for name in NAMES if name != "sparsemax" for args in OPTIONS.get(name, [()])]
"""All but sparsemax, of which Keras 3.15 gives sums other than 1."""

FORMULAS = {
    "linear": X, "exponential": np.exp(np.minimum(X, 80)), "sparse_sigmoid": np.clip((X + 1) / 2, 0, 1),
    "sparse_plus": np.where(X >= 1, X, np.clip((X + 1) / 2, 0, 1) ** 2), "hard_shrink": X * (abs(X) > 0.5),
    "soft_shrink": np.sign(X) * np.maximum(abs(X) - 0.5, 0), "tanh_shrink": X - np.tanh(X),
    "squareplus": (X + np.sqrt(X * X + 4)) / 2, "glu": X[:, :6] * SIGMOID[:, 6:], "hard_tanh": np.clip(X, -1, 1),
}


def test_values_are_those_of_formulas():
    x = graphc.placeholder(X.shape)
    results = graphc.interpret([x], [getattr(activations, name)(graphc.minimum(x, 80) if name == "exponential" else x)
                                     for name in FORMULAS], [X])
    for name, actual in zip(FORMULAS, results, strict=True):
        np.testing.assert_allclose(actual, FORMULAS[name], 1e-5, 1e-6, err_msg=name)


def test_values_and_derivatives_are_those_of_keras():
    keras, torch = pytest.importorskip("keras"), pytest.importorskip("torch")
    x = graphc.placeholder(X.shape)
    probe = np.random.default_rng(0).standard_normal(X.shape).astype("float32")
    ours = [getattr(activations, name)(x, *args) for name, args in CALLS]
    weights = [probe[tuple(slice(n) for n in y.shape)] for y in ours]
    gradients = [graphc.grad(graphc.sum(y * w), x) for y, w in zip(ours, weights, strict=True)]
    found = graphc.interpret([x], ours + gradients, [X])
    for k, ((name, args), w) in enumerate(zip(CALLS, weights, strict=True)):
        t = torch.tensor(X, requires_grad=True)
        y = getattr(keras.activations, name)(t, *args)
        (g,) = torch.autograd.grad((y * torch.tensor(w)).sum(), t)
        finite = np.isfinite(y.detach().numpy())
        np.testing.assert_allclose(found[k][finite], y.detach().numpy()[finite], 2e-5, 2e-6, err_msg=name)
        np.testing.assert_allclose(found[len(CALLS) + k], g.numpy(), 2e-4, 2e-5, err_msg=name)


def test_names_and_arguments_are_those_of_keras():
    keras = pytest.importorskip("keras")
    theirs = {name for name in dir(keras.activations) if not name.startswith("_")}
    assert theirs == set(activations.__all__)
    for name in NAMES:
        ours, expected = (inspect.signature(getattr(m, name)).parameters for m in (activations, keras.activations))
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in expected.values()], name


def test_sparsemax_is_the_nearest_distribution():
    x = graphc.placeholder((2, 4))
    y = activations.sparsemax(x)
    values, gradient = graphc.interpret([x], [y, graphc.grad(graphc.sum(y * y), x)],
                                        [[[2.0, 1.8, 0.1, -1], [0.3, 0.3, 0.3, 0.3]]])
    np.testing.assert_allclose(values, [[0.6, 0.4, 0, 0], [0.25] * 4], 1e-6)
    np.testing.assert_allclose(gradient, [[0.2, -0.2, 0, 0], [0, 0, 0, 0]], atol=1e-6)


def test_integers_become_float32():
    x = graphc.placeholder((2,), "int32")
    for name in ("tanh", "gelu", "softmax", "elu", "softsign"):
        assert getattr(activations, name)(x).dtype == np.float32
    assert activations.relu(x).dtype == np.int32


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_a_function(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.deserialize(activations.serialize(function)) is function


def test_layers_and_functions_are_activations_too():
    assert activations.get(None) is activations.linear and activations.get(graphc.tanh) is graphc.tanh
    slope = activations.get(activations.serialize(layers.LeakyReLU(0.1)))
    assert isinstance(slope, layers.LeakyReLU) and slope.negative_slope == 0.1
    dense = layers.Dense(3, activation=slope)
    assert layers.Dense.from_config(dense.get_config()).activation.negative_slope == 0.1


def test_nonsense_is_refused():
    with pytest.raises(ArgumentError, match="did you mean 'softmax'"):
        activations.get("sofmax")
    with pytest.raises(ArgumentError, match="expected an activation, its name"):
        activations.get(3)
    with pytest.raises(ShapeError, match="must be even; it is 3"):
        activations.glu(graphc.placeholder((2, 3)))
