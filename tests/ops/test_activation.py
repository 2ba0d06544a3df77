"""Activations against formulas in NumPy, and against torch where it is installed; derivatives at kinks."""
import numpy as np
import pytest

import graphc

special = pytest.importorskip("scipy.special")
X = np.concatenate([np.linspace(-9, 9, 73), [-1000.0, 1000.0]])
SIGMOID, SOFTPLUS = special.expit, lambda x: np.logaddexp(x, 0)

MEANINGS = {
    "relu": lambda x: np.maximum(x, 0), "relu6": lambda x: np.clip(x, 0, 6), "sigmoid": SIGMOID, "softplus": SOFTPLUS,
    "log_sigmoid": lambda x: -SOFTPLUS(-x), "softsign": lambda x: x / (1 + np.abs(x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), "silu": lambda x: x * SIGMOID(x),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))),
    "mish": lambda x: x * np.tanh(SOFTPLUS(x)), "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1), "hard_tanh": lambda x: np.clip(x, -1, 1),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_value(name):
    x = graphc.placeholder(X.shape, "float64")
    actual = graphc.interpret([x], getattr(graphc, name)(x), [X])
    np.testing.assert_allclose(actual, MEANINGS[name](X), 1e-12, 1e-14)


def test_exact_gelu():
    x = graphc.placeholder(X.shape, "float64")
    actual = graphc.interpret([x], graphc.gelu(x, approximate=False), [X])
    np.testing.assert_allclose(actual, X * special.ndtr(X), 1e-12, 1e-14)


@pytest.mark.parametrize("name", MEANINGS)
def test_dtype_stays_and_derivatives_are_finite(name):
    x = graphc.placeholder(X.shape, "float32")
    y = getattr(graphc, name)(x)
    assert y.dtype == np.float32
    assert np.isfinite(graphc.interpret([x], graphc.grad(graphc.sum(y), x), [X])).all()


@pytest.mark.parametrize("name, at, expected", [
    ("relu", 0, 0), ("relu6", 0, 0), ("relu6", 6, 0), ("leaky_relu", 0, 0.2), ("elu", 0, 1), ("hard_tanh", 1, 1),
])
def test_derivative_at_a_kink(name, at, expected):
    x = graphc.placeholder((), "float64")
    assert graphc.interpret([x], graphc.grad(getattr(graphc, name)(x), x), [at]) == pytest.approx(expected)
