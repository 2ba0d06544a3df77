"""Every optimizer with every option, five steps beside Keras."""
from __future__ import annotations

import os

import numpy as np
import pytest

import graphc.nn
from graphc.nn import constraints, optimizers
from graphc.nn.optimizers import schedules
from graphc.nn.trace import Trace

from .steps import advance, gradients, run, weights

CASES = [
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}), ("RMSprop", {"momentum": 0.8}), ("RMSprop", {"centered": True, "rho": 0.8}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    ("Adagrad", {}), ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-3}),
    ("Adadelta", {}), ("Adadelta", {"learning_rate": 1.0, "rho": 0.7}),
    ("Adam", {}), ("Adam", {"amsgrad": True, "beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-2}),
    ("AdamW", {}), ("AdamW", {"weight_decay": 0.5, "learning_rate": 0.1}),
    ("Nadam", {}), ("Nadam", {"beta_1": 0.7, "beta_2": 0.9, "weight_decay": 0.1}),
    ("Adamax", {}), ("Adamax", {"beta_1": 0.7, "beta_2": 0.9}),
    ("Lion", {}), ("Lion", {"weight_decay": 0.3, "beta_1": 0.6}),
    ("Ftrl", {}), ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2,
                            "l2_shrinkage_regularization_strength": 0.3, "beta": 0.4}),
    ("Ftrl", {"learning_rate": 0.1, "learning_rate_power": -0.3, "weight_decay": 0.5}),
    ("Adafactor", {}), ("Adafactor", {"learning_rate": 0.5, "clip_threshold": 0.5, "weight_decay": 0.1}),
    ("Lamb", {}), ("Lamb", {"learning_rate": 0.1, "weight_decay": 0.2}),
    ("Muon", {}), ("Muon", {"nesterov": False, "rms_rate": None, "learning_rate": 0.1}),
    *((name, {"learning_rate": 0.1, **options}) for name in ("SGD", "Adam") for options in (
        {"clipnorm": 0.5}, {"clipvalue": 0.3}, {"global_clipnorm": 0.7}, {"weight_decay": 0.2}, {"loss_scale_factor": 8.0},
        {"use_ema": True, "ema_momentum": 0.8}, {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2, "clipnorm": 0.5,
         "weight_decay": 0.2, "loss_scale_factor": 2.0},
    )),
]


pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # theirs


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    module = pytest.importorskip("keras")
    if module.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend than torch")
    return module


def oracle(keras, optimizer, sequence, constraint=None):
    """The weights after these steps by Keras."""
    ours = weights()
    theirs = [keras.Variable(v.numpy(), name=v.name) for v in ours]
    for v in theirs:
        v.constraint = constraint
    for arrays in sequence:
        optimizer.apply([keras.ops.convert_to_tensor(a) for a in arrays], theirs)
    return [keras.ops.convert_to_numpy(v) for v in theirs]


def assert_close(actual, expected, tolerance=1e-6):
    for ours, theirs in zip(actual, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


def _kind(variable) -> str:
    """The name of a state variable without that of the optimizer, which is counted, and without the weight's."""
    return variable.path.rpartition("/")[2].rpartition("_")[2]


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda x: x if isinstance(x, str) else "-".join(x) or "default")
def test_five_steps(keras, name, options):
    reference, ours = getattr(keras.optimizers, name)(**options), getattr(optimizers, name)(**options)
    variables = weights()
    actual = run(ours, variables, gradients())
    tolerance = 1e-5 if name == "Muon" else 1e-6  # products of products of matrices
    assert_close(actual, oracle(keras, reference, gradients()), tolerance)
    states = [keras.ops.convert_to_numpy(v) for v in reference.variables]
    if name not in ("Nadam", "Adafactor"):  # theirs has state that it does not count among its variables
        assert_close([v.numpy() for v in ours.variables], states, tolerance)
        assert [_kind(v) for v in ours.variables] == [_kind(v) for v in reference.variables]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adadelta", "Adamax", "RMSprop"])
def test_schedules_and_constraints(keras, name):
    decay = {"initial_learning_rate": 0.5, "decay_steps": 2, "decay_rate": 0.7}
    theirs = getattr(keras.optimizers, name)(keras.optimizers.schedules.ExponentialDecay(**decay), weight_decay=0.1)
    ours = getattr(optimizers, name)(schedules.ExponentialDecay(**decay), weight_decay=0.1)
    actual = run(ours, weights(constraints.MaxNorm(0.9)), gradients())
    assert_close(actual, oracle(keras, theirs, gradients(), keras.constraints.MaxNorm(0.9)))


def network(package):
    """A network with all that this package has to say about weights."""
    layers, regularizers, constraints = package.layers, package.regularizers, package.constraints
    model = package.Sequential([
        package.Input((5,)),
        layers.Dense(6, activation="tanh", kernel_regularizer=regularizers.l1_l2(0.01, 0.02), bias_regularizer="l2",
                     kernel_constraint=constraints.max_norm(0.9), kernel_initializer="he_normal"),
        layers.Dense(3, kernel_regularizer=regularizers.OrthogonalRegularizer(0.1, "columns"),
                     bias_constraint="non_neg", bias_initializer=package.initializers.Constant(0.1)),
    ])
    rate = package.optimizers.schedules.CosineDecay(0.01, 6, warmup_target=0.1, warmup_steps=3)
    model.compile(package.optimizers.AdamW(rate, 0.1, global_clipnorm=0.5, use_ema=True, ema_momentum=0.6), "mse")
    return model


def test_a_training(keras):
    ours, theirs = network(graphc.nn), network(keras)
    before, rng = ours.get_weights(), np.random.default_rng(0)
    x, y = rng.standard_normal((24, 5)).astype("float32"), rng.standard_normal((24, 3)).astype("float32")
    theirs.set_weights(before)
    theirs.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    inputs = graphc.placeholder((None, 5)), graphc.placeholder((None, 3))
    with Trace(training=True) as step:
        ours.train_step(inputs)
    for k in [0, 8, 16] * 3:
        advance(step.updates, inputs, (x[k:k + 8], y[k:k + 8]))
    ours.optimizer.finalize_variable_values(ours.trainable_weights)
    assert_close(ours.get_weights(), theirs.get_weights(), 1e-5)
    assert all(np.abs(a - b).max() > 1e-2 for a, b in zip(ours.get_weights(), before, strict=True))


@pytest.mark.parametrize("name", dict.fromkeys(name for name, _ in CASES))
def test_a_compiled_training(keras, name):
    """Two epochs, the last batch of each with fewer samples; the averages that `fit` ends with."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((22, 5)).astype("float32"), rng.standard_normal((22, 3)).astype("float32")
    theirs, ours = (package.Sequential([package.Input((5,)), package.layers.Dense(6, activation="tanh"),
                                        package.layers.Dense(3)]) for package in (keras, graphc.nn))
    for package, model in ((keras, theirs), (graphc.nn, ours)):
        model.compile(getattr(package.optimizers, name)(0.05, clipnorm=0.5, use_ema=True, ema_momentum=0.6), "mse")
    before = theirs.get_weights()
    ours.set_weights(before)
    losses = [model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"] for model in (ours, theirs)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for first, a, b in zip(before, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a - first, b - first, rtol=1e-3, atol=1e-3 * np.abs(b - first).max())
        assert np.any(b != first)


def test_configurations(keras):
    for name in dict.fromkeys(name for name, _ in CASES):
        theirs, ours = getattr(keras.optimizers, name)().get_config(), getattr(optimizers, name)().get_config()
        assert {**ours, "name": ""} == {**theirs, "name": ""}
        assert getattr(optimizers, name).from_config(theirs).get_config() == theirs


SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 13}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 13, "end_learning_rate": 0.02, "power": 2.0,
                         "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "alpha": 0.1, "warmup_target": 0.3,
                     "warmup_steps": 9}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.7,
                             "alpha": 0.2}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.8}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 20], "values": [0.3, 0.2, 0.1, 0.05]}),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=[name for name, _ in SCHEDULES])
def test_schedule(keras, name, options):
    theirs, ours = getattr(keras.optimizers.schedules, name)(**options), getattr(schedules, name)(**options)
    steps = np.delete(np.arange(80), 15)  # where theirs rounds a restart of the last CosineDecayRestarts away
    expected = [float(keras.ops.convert_to_numpy(theirs(int(step)))) for step in steps]
    np.testing.assert_allclose(ours(steps), expected, rtol=2e-5, atol=1e-7)  # cosines near their end, in float32
    assert ours.get_config() == theirs.get_config()
