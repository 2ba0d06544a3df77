"""scan, while_loop and cond between the layers of a functional model, beside NumPy: for batches of any size."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import layers

SERIES = np.random.default_rng(3).normal(size=(6, 5, 3)).astype("float32")


def running(x):
    """c = tanh(c + x) over the steps, by scan; sizes of the batch stand in its operands, its body and its result."""
    rows = graphc.permute_dims(x, (1, 0, 2))

    def step(c, row):
        c = graphc.tanh(c + graphc.concat([row, graphc.zeros((row.dims[0], 1))], axis=1)[:, :3])
        return c, graphc.reshape(c, (c.size,))

    c, flat = graphc.scan(step, graphc.zeros((x.dims[0], 3)), rows)
    return c + 0 * graphc.reshape(flat[-1], c.dims)


def counted(x):
    """x and three times the number of each sample, by while_loop."""
    numbers = graphc.reshape(graphc.arange(x.dims[0]), (x.dims[0], 1, 1)).astype("float32")
    return graphc.while_loop(lambda state: state[0] < 3, lambda state: (state[0] + 1, state[1] + numbers),
                             (graphc.constant(0), x))[1]


def chosen(x):
    """x times the number of samples where its sum is positive, by cond."""
    return graphc.cond(graphc.sum(x) > 0, lambda: x * x.dims[0],
                       lambda: graphc.reshape(graphc.reshape(x, (x.dims[0], 15)), x.dims))


def expected_of(function, x):
    if function is running:
        c = np.zeros((len(x), 3), "float32")
        for t in range(5):
            c = np.tanh(c + x[:, t])
        return c
    if function is counted:
        return x + 3 * np.arange(len(x))[:, None, None]
    return x * len(x) if x.sum() > 0 else x


@pytest.mark.parametrize("function", [running, counted, chosen])
@pytest.mark.parametrize("made_anew", [lambda m: m, keras.models.clone_model,
                                       lambda m: keras.models.model_from_json(m.to_json())])
def test_loops_between_layers_take_batches_of_any_size(function, made_anew):
    x = keras.Input((5, 3))
    model = made_anew(keras.Model(x, layers.Rescaling(0.5)(function(layers.Rescaling(2.0)(x)))))
    outer = keras.Input((5, 3))
    nested = keras.Model(outer, model(layers.Rescaling(1.0)(outer)))
    expected = np.concatenate([0.5 * expected_of(function, 2 * part) for part in (SERIES[:4], SERIES[4:])])
    for network in (model, nested):
        np.testing.assert_allclose(network.predict(SERIES, batch_size=4, verbose=0), expected, rtol=1e-5, atol=1e-6)
        network.compile("sgd", "mse")
        assert network.evaluate(SERIES, expected, batch_size=4, verbose=0) < 1e-10


def test_gradients_go_through_a_loop_between_layers():
    x = keras.Input((5, 3))
    model = keras.Model(x, running(layers.Dense(3, kernel_initializer="identity")(x)))
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    target = np.zeros((4, 3), "float32")

    def loss(kernel):
        return np.mean(np.square(expected_of(running, SERIES[:4] @ kernel)), dtype=np.float64)

    kernel, numeric = np.eye(3), np.zeros((3, 3))
    for k in np.ndindex(3, 3):
        moved = [kernel + sign * 1e-5 * (np.indices((3, 3)) == np.reshape(k, (2, 1, 1))).all(axis=0) for sign in (1, -1)]
        numeric[k] = (loss(moved[0]) - loss(moved[1])) / 2e-5
    model.train_on_batch(SERIES[:4], target)
    np.testing.assert_allclose((kernel - model.get_weights()[0]) / 1e-3, numeric, rtol=2e-2, atol=2e-3)


def test_a_layer_before_a_loop_that_closes_over_it_trains():
    x, norm = keras.Input((5, 3)), layers.BatchNormalization(momentum=0.5)
    h = norm(x)
    start = graphc.zeros((x.dims[0], 3))
    c, _ = graphc.scan(lambda c, k: (c + h[:, 0] * k.astype("float32"), None), start, graphc.arange(3))
    model = keras.Model(x, c)
    np.testing.assert_allclose(model.predict(SERIES, verbose=0), 3 * SERIES[:, 0] / np.sqrt(1.001), rtol=1e-5)
    model.compile("sgd", "mse")
    model.train_on_batch(SERIES, SERIES[:, 0])
    np.testing.assert_allclose(norm.moving_mean.numpy(), SERIES.mean(axis=(0, 1)) / 2, rtol=1e-4, atol=1e-6)


def test_a_layer_in_a_loop_is_written_down():
    x, twice = keras.Input((5, 3)), layers.Rescaling(2.0)
    c, _ = graphc.scan(lambda c, row: (c + twice(row), None), 0 * x[:, 0], graphc.permute_dims(x, (1, 0, 2)))
    model = keras.models.model_from_json(keras.Model(x, c).to_json())
    np.testing.assert_allclose(model.predict(SERIES, verbose=0), 2 * SERIES.sum(axis=1), rtol=1e-5, atol=1e-5)


def test_a_layer_that_would_never_train_is_refused():
    x, drop = keras.Input((5, 3)), layers.Dropout(0.5, name="drop")
    c, _ = graphc.scan(lambda c, row: (drop(c + row), None), 0 * x[:, 0], graphc.permute_dims(x, (1, 0, 2)))
    with pytest.raises(ArgumentError, match="drop is called inside a loop or branch between layers"):
        keras.Model(x, c)
