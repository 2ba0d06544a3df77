"""What all optimizers have in common."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import graphc
from graphc.nn import Variable, constraints, optimizers
from graphc.nn.optimizers import schedules
from graphc.nn.trace import Trace

from .steps import gradients, run, weights

ALL = [optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta, optimizers.Adam, optimizers.AdamW,
       optimizers.Nadam, optimizers.Adamax, optimizers.Lion, optimizers.Ftrl, optimizers.Adafactor, optimizers.Lamb,
       optimizers.Muon]


class Momentum(optimizers.Optimizer):
    """An optimizer as users write them: assignments one after the other."""

    def build(self, variables):
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * 0.9 - gradient * learning_rate)
        self.assign_add(variable, m * 0.9 - gradient * learning_rate)


def test_what_was_assigned_is_what_is_read():
    expected = run(optimizers.SGD(0.1, momentum=0.9, nesterov=True), weights(), gradients())
    for ours, theirs in zip(run(Momentum(0.1), weights(), gradients()), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_gradients_are_those_of_the_weights_before_they_decay():
    w = Variable(np.float32([1, -2]), name="w")
    with Trace() as trace:
        optimizers.SGD(0.1, weight_decay=0.5).apply([graphc.grad(graphc.sum(w ** 3), w)], [w])
    expected = w.numpy() * (1 - 0.1 * 0.5) - 0.1 * 3 * w.numpy() ** 2
    np.testing.assert_allclose(graphc.interpret([], trace.updates[w], []), expected, rtol=1e-6)


def test_two_steps_in_one_are_two_steps():
    w, optimizer = Variable(np.float32([1, -2]), name="w"), optimizers.SGD(0.1, momentum=0.9)
    g = graphc.constant(np.float32([3, 4]))
    with Trace() as trace:
        optimizer.apply([g], [w])
        optimizer.apply([g], [w])
    expected = run(optimizers.SGD(0.1, momentum=0.9), [Variable(w.numpy())], [[np.float32([3, 4])]] * 2)[0]
    np.testing.assert_allclose(graphc.interpret([], trace.updates[w], []), expected, rtol=1e-6)
    assert graphc.interpret([], trace.updates[optimizer.iterations], []) == 2


def test_constraints_hold_after_each_step():
    variables, sequence = weights(constraints.NonNeg()), gradients(2)
    expected = [v.numpy() for v in variables]
    for arrays in sequence:
        expected = [np.maximum(w * (1 - 0.3 * 0.1) - 0.3 * g, 0) for w, g in zip(expected, arrays, strict=True)]
    for ours, theirs in zip(run(optimizers.SGD(0.3, weight_decay=0.1), variables, sequence), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


# ---- weights without gradients --------------------------------------------------------------------------------------
def test_a_weight_that_the_loss_does_not_depend_on_stays():
    used, unused = Variable(np.float32([1, 2]), name="used"), Variable(np.float32([3]), name="unused")
    optimizer = optimizers.Adam(weight_decay=0.1)
    with Trace() as trace, pytest.warns(UserWarning, match="does not depend on unused"):
        optimizer.minimize(graphc.sum(used * used), [used, unused])
    assert used in trace.updates and unused not in trace.updates
    assert len(trace.updates) == 4  # the weight, its two means, the count
    with Trace(), pytest.raises(graphc.ArgumentError, match="none of the weights unused"):
        optimizer.minimize(graphc.sum(used * used), [unused])


def test_what_apply_refuses():
    w, other = Variable(np.zeros((2, 3), "float32"), name="w"), Variable(np.zeros(3, "float32"), name="other")
    optimizer = optimizers.SGD(name="descent")
    with pytest.raises(graphc.ArgumentError, match="descent: apply takes the variables"):
        optimizer.apply([graphc.placeholder((2, 3))])
    with pytest.raises(graphc.ArgumentError, match="inside a train step"):
        optimizer.apply([graphc.placeholder((2, 3))], [w])
    with Trace():
        with pytest.raises(graphc.ShapeError, match=r"shape \(3, 2\) for w of shape \(2, 3\)"):
            optimizer.apply([graphc.placeholder((3, 2))], [w])
        with pytest.raises(graphc.ArgumentError, match="built for other variables than other"):
            optimizer.apply([graphc.placeholder((3,))], [other])
        with pytest.raises(graphc.ArgumentError, match="2 gradients for 1"):
            optimizer.apply([graphc.placeholder((3,))] * 2, [w])


# ---- compiled -------------------------------------------------------------------------------------------------------
def test_the_update_of_a_weight_is_part_of_the_kernel_that_makes_its_gradient():
    w = Variable(np.random.default_rng(0).standard_normal((6, 5)).astype("float32"), name="w")
    before, optimizer = w.numpy(), optimizers.Adam(0.1)
    x = graphc.placeholder((None, 6), name="x")
    loss = graphc.sum(graphc.matmul(x, w))
    with Trace() as trace:
        optimizer.minimize(loss, [w])
    step = graphc.compile([x], updates=trace.updates)
    assert step.source().count("# ---- step") == 2  # the rate of this step; the product and all that follows
    values = np.ones((3, 6), "float32")
    expected = graphc.interpret([x], list(trace.updates.values()), [values])
    step(values)
    for variable, value in zip(trace.updates, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-5)
    np.testing.assert_allclose(before - w.numpy(), np.full((6, 5), 0.1), rtol=1e-4)  # Adam's first step


def test_gradients_that_are_arrays():
    variables, optimizer = weights(), optimizers.SGD(0.5)
    kernel, bias = (v.numpy() for v in variables)
    (g, h), *_ = gradients()
    optimizer.apply([g, h], variables)
    assert optimizer.apply_gradients([(g, variables[0])]) is optimizer.iterations
    np.testing.assert_allclose(variables[0].numpy(), kernel - g, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variables[1].numpy(), bias - 0.5 * h, rtol=1e-5, atol=1e-6)
    assert int(optimizer.iterations) == 2


# ---- state ----------------------------------------------------------------------------------------------------------
def test_names_of_state():
    optimizer = optimizers.Adam(name="adam", use_ema=True, gradient_accumulation_steps=3)
    optimizer.build(weights()[:1])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration", "adam/learning_rate", "adam/dense_kernel_average", "adam/dense_kernel_gradient_accumulator",
        "adam/dense_kernel_momentum", "adam/dense_kernel_velocity"]
    assert not any(v.trainable for v in optimizer.variables)


@pytest.mark.parametrize("kind", ALL)
def test_an_optimizer_is_built_once(kind):
    optimizer, variables = kind(use_ema=True), weights()
    optimizer.build(variables)
    before = optimizer.variables
    optimizer.build(variables)
    assert optimizer.variables == before


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_state_has_the_dtype_of_its_weight(dtype):
    w, optimizer = Variable(np.ones(3, dtype), name="w"), optimizers.Adam(0.1)
    (after,) = run(optimizer, [w], [[np.float32([1, -1, 2])]])
    assert {v.dtype for v in optimizer.variables[2:]} == {np.dtype(dtype)} and after.dtype == dtype
    np.testing.assert_allclose(after, [0.9, 1.1, 0.9], rtol=1e-3)


def test_a_scaled_loss_gives_the_same_step():
    results = []
    for scale in (None, 64.0):
        w = Variable(np.float32([1, -2]), name="w")
        with Trace() as trace:
            optimizers.SGD(0.1, loss_scale_factor=scale).minimize(graphc.sum(w ** 2), [w])
        results.append(graphc.interpret([], trace.updates[w], []))
    np.testing.assert_array_equal(*results)
    assert optimizers.SGD(loss_scale_factor=64.0).scale_loss(graphc.constant(2.0)) is graphc.constant(2.0) * 64


def test_state_goes_into_a_store_and_back():
    one, other, store = optimizers.Adam(0.5), optimizers.Adam(), {}
    run(one, weights(), gradients())
    one.save_own_variables(store)
    assert set(store) == set(map(str, range(6)))
    with pytest.raises(graphc.ArgumentError, match="has 2 variables, got 6: is it built"):
        other.load_own_variables(store)
    other.build(weights())
    with pytest.raises(graphc.ArgumentError, match=r"has shape \(4, 3\), got \(1,\)"):
        other.set_weights([*(store[str(k)] for k in range(2)), np.zeros(1), *(store[str(k)] for k in range(3, 6))])
    assert int(other.iterations) == 0
    other.load_own_variables(store)
    for a, b in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_averages_take_the_place_of_weights_in_the_end():
    variables, optimizer = weights(), optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    history = [[v.numpy() for v in variables]]
    for arrays in gradients(3):
        history.append([w - g for w, g in zip(history[-1], arrays, strict=True)])
    run(optimizer, variables, gradients(3))
    optimizer.finalize_variable_values(variables)
    for v, one, two, three in zip(variables, *history[1:], strict=True):
        np.testing.assert_allclose(v.numpy(), 0.25 * one + 0.25 * two + 0.5 * three, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("excluded", [{"var_names": ["bia", "gamma", "dense"]}, {"var_list": 1}])
def test_weights_that_do_not_decay(excluded):
    variables, optimizer = weights(), optimizers.AdamW(0.1, weight_decay=0.5)
    before = [v.numpy() for v in variables]
    optimizer.exclude_from_weight_decay(**{k: variables[1:] if v == 1 else v for k, v in excluded.items()})
    zeros = [[np.zeros_like(a) for a in before]]
    kernel, bias = run(optimizer, variables, zeros)
    np.testing.assert_allclose(kernel, before[0] * 0.95, rtol=1e-6)
    np.testing.assert_array_equal(bias, before[1])
    with pytest.raises(graphc.ArgumentError, match="before the first step"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


# ---- learning rate --------------------------------------------------------------------------------------------------
def test_a_learning_rate_can_be_set_between_steps():
    variables, optimizer = weights(), optimizers.SGD(0.1)
    before = [v.numpy() for v in variables]
    optimizer.learning_rate = 2.0
    assert float(optimizer.learning_rate) == 2
    after = run(optimizer, variables, gradients(1))
    np.testing.assert_allclose(after[0], before[0] - 2 * gradients(1)[0][0], rtol=1e-5, atol=1e-6)
    with pytest.raises(graphc.ArgumentError, match="compiled already"):
        optimizer.learning_rate = schedules.ExponentialDecay(0.1, 1, 0.5)


def test_a_schedule_says_what_the_rate_is_now():
    optimizer = optimizers.SGD(0.1)
    optimizer.learning_rate = schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    assert [v.path.rpartition("/")[2] for v in optimizer.variables] == ["iteration"]
    assert float(optimizer.learning_rate) == 0.5
    run(optimizer, weights(), gradients(3))
    assert float(optimizer.learning_rate) == 0.0625
    with pytest.raises(graphc.ArgumentError, match="follows a schedule"):
        optimizer.learning_rate = 0.1


def test_iterations_are_updates_of_weights():
    optimizer = optimizers.SGD(0.1, gradient_accumulation_steps=2)
    run(optimizer, weights(), gradients(5))
    assert optimizer.iterations == 2


# ---- configuration --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ALL)
def test_a_configuration_makes_an_equal_optimizer(kind):
    one = kind(schedules.CosineDecay(0.5, 10), clipnorm=1.0, weight_decay=0.25, use_ema=True, name="mine")
    config = one.get_config()
    for other in (kind.from_config(config), optimizers.deserialize(optimizers.serialize(one))):
        assert type(other) is kind and other.get_config() == config
    assert config["learning_rate"] == {"class_name": "CosineDecay", "config": schedules.CosineDecay(0.5, 10).get_config()}


@pytest.mark.parametrize(("make", "message"), [
    (lambda: optimizers.get("adma"), "no optimizer is named 'adma'; did you mean .*'adam'"),
    (lambda: optimizers.get(3), "expected an? optimizer"),
    (lambda: optimizers.get("LossScaleOptimizer"), "float32"),
    (lambda: optimizers.Adam(learning_rte=1), "Adam takes no argument 'learning_rte'; did you mean 'learning_rate'"),
    (lambda: optimizers.SGD(nestrov=True), "SGD takes no argument 'nestrov'; did you mean 'nesterov'"),
    (lambda: optimizers.SGD("fast"), "learning_rate is a number or a LearningRateSchedule, got 'fast'"),
    (lambda: optimizers.SGD(momentum=2), "momentum must be between 0 and 1"),
    (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), "only one of clipnorm"),
    (lambda: optimizers.SGD(gradient_accumulation_steps=1), "gradient_accumulation_steps .* at least 2, got 1"),
    (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), "ema_momentum must be between 0 and 1"),
    (lambda: optimizers.SGD(ema_overwrite_frequency=0.5), "ema_overwrite_frequency .* got 0.5"),
    (lambda: optimizers.AdamW(weight_decay=None), "weight_decay must be a number"),
    (lambda: optimizers.Lion(beta_1=0), "beta_1 must be above 0"),
    (lambda: optimizers.Ftrl(l1_regularization_strength=-1), "l1_regularization_strength must not be negative"),
    (lambda: optimizers.Ftrl(learning_rate_power=1), "learning_rate_power must not be positive"),
])
def test_what_is_refused(make, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        make()


def test_names_are_those_of_keras():
    names = ["sgd", "rmsprop", "adam", "adamw", "adadelta", "adagrad", "adamax", "nadam", "ftrl", "lion", "adafactor",
             "lamb", "muon", "RMSprop", "AdamW", "SGD"]
    assert {type(optimizers.get(name)) for name in names} == set(ALL)
    assert optimizers.get(optimizers.SGD).momentum == 0
    with pytest.warns(UserWarning, match="decay is ignored"):
        optimizers.SGD(decay=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.SGD(decay=None)
