"""Policies of dtypes, beside Keras."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as ours
from graphc.nn import dtype_policies, layers, mixed_precision

X = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")


@pytest.fixture
def mixed():
    mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    ours.config.set_dtype_policy("float32")


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"])
def test_dtypes_are_those_of_keras(name):
    theirs, mine = pytest.importorskip("keras").DTypePolicy(name), ours.DTypePolicy(name)
    for of in ("name", "compute_dtype", "variable_dtype"):
        assert getattr(mine, of) == getattr(theirs, of)
    layer = layers.Dense(2, dtype=mine)
    assert (layer.compute_dtype, layer.variable_dtype) == (theirs.compute_dtype, theirs.variable_dtype)
    assert layer.dtype_policy == mine == dtype_policies.deserialize(dtype_policies.serialize(mine))
    assert layers.Dense.from_config(layer.get_config()).dtype_policy == mine


def test_the_global_policy_is_that_of_layers_that_are_told_nothing(mixed):
    assert ours.DTypePolicy().name == mixed_precision.global_policy().name == "mixed_bfloat16"
    model = ours.Sequential([ours.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1, dtype="float32")])
    assert [w.dtype.name for w in model.weights] == ["float32"] * 4 and model.input.dtype == np.float32
    assert str(model.layers[0](X).dtype) == "bfloat16" and model(X).dtype == model.predict(X, verbose=0).dtype == np.float32
    model.compile("sgd", "mse")
    losses = model.fit(X, X[:, :1], epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert layers.MultiHeadAttention(2, 3).compute_dtype == "bfloat16"


def test_it_holds_for_what_is_made_afterwards(mixed):
    ours.config.set_dtype_policy("float32")
    assert layers.Dense(2).dtype_policy == ours.DTypePolicy("float32")


def test_what_is_no_policy():
    with pytest.raises(graphc.ArgumentError, match="mixes 'float16' or 'bfloat16' with float32, got 'mixed_float64'"):
        ours.DTypePolicy("mixed_float64")
    with pytest.raises(graphc.DTypeError, match="unknown dtype 'half-hearted'"):
        ours.config.set_dtype_policy("half-hearted")
