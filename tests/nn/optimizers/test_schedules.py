"""Learning rate schedules by their formulas."""
from __future__ import annotations

import math

import numpy as np
import pytest

import graphc
from graphc.nn.optimizers import schedules

STEPS = np.arange(60)


def wave(p, alpha=0.0, height=1.0):
    return (1 - alpha) * 0.5 * height * (1 + math.cos(math.pi * p)) + alpha


def restarted(step, first, growth, shrink, alpha):
    """The present wave, found by going through all before it."""
    height, length = 1.0, float(first)
    while step >= length:
        step, length, height = step - length, length * growth, height * shrink
    return wave(step / length, alpha, height)


def warmed(step):
    return 0.1 + 0.04 * step if step < 5 else 0.3 * wave(min((step - 5) / 20, 1), 0.1)


CASES = {
    "exponential": (schedules.ExponentialDecay(0.5, 8, 0.6), lambda t: 0.5 * 0.6 ** (t / 8)),
    "exponential-staircase": (schedules.ExponentialDecay(0.5, 8, 0.6, staircase=True), lambda t: 0.5 * 0.6 ** (t // 8)),
    "inverse": (schedules.InverseTimeDecay(0.5, 8, 0.6), lambda t: 0.5 / (1 + 0.6 * t / 8)),
    "inverse-staircase": (schedules.InverseTimeDecay(0.5, 8, 0.6, staircase=True), lambda t: 0.5 / (1 + 0.6 * (t // 8))),
    "polynomial": (schedules.PolynomialDecay(0.5, 20, 0.1, 2.0), lambda t: 0.4 * (1 - min(t, 20) / 20) ** 2 + 0.1),
    "polynomial-cycle": (schedules.PolynomialDecay(0.5, 20, 0.1, cycle=True),
                         lambda t: 0.4 * (1 - t / (20 * max(1, math.ceil(t / 20)))) + 0.1),
    "cosine": (schedules.CosineDecay(0.5, 20, alpha=0.1), lambda t: 0.5 * wave(min(t / 20, 1), 0.1)),
    "cosine-warmup": (schedules.CosineDecay(0.1, 20, 0.1, warmup_target=0.3, warmup_steps=5), warmed),
    "restarts": (schedules.CosineDecayRestarts(0.5, 4), lambda t: 0.5 * restarted(t, 4, 2, 1, 0)),
    "restarts-even": (schedules.CosineDecayRestarts(0.5, 7, 1.0, 0.5, 0.1), lambda t: 0.5 * restarted(t, 7, 1, 0.5, 0.1)),
    "restarts-slow": (schedules.CosineDecayRestarts(0.5, 6, 1.5, 0.8), lambda t: 0.5 * restarted(t, 6, 1.5, 0.8, 0)),
    "piecewise": (schedules.PiecewiseConstantDecay([10, 30], [3.0, 2.0, 1.0]), lambda t: 3 - (t > 10) - (t > 30)),
}


@pytest.mark.parametrize("name", CASES)
def test_formula(name):
    schedule, formula = CASES[name]
    expected = [formula(int(t)) for t in STEPS]
    np.testing.assert_allclose(schedule(STEPS), expected, rtol=1e-5, atol=1e-6)
    assert float(schedule(17)) == pytest.approx(formula(17), rel=1e-5, abs=1e-6)
    step = graphc.placeholder((), "int64")
    assert schedule(step).dtype == np.float32
    assert graphc.interpret([step], schedule(step), [17]) == schedule(17)


@pytest.mark.parametrize("name", CASES)
def test_a_configuration_makes_an_equal_schedule(name):
    schedule, _ = CASES[name]
    other = schedules.deserialize(schedules.serialize(schedule))
    assert type(other) is type(schedule) and other.get_config() == schedule.get_config()
    np.testing.assert_array_equal(other(STEPS), schedule(STEPS))


@pytest.mark.parametrize("first", [3, 5, 7, 11])
@pytest.mark.parametrize("growth", [1.1, 1.5, 2.0, 3.0])
def test_restarts_are_not_rounded_away(first, growth):
    starts = np.cumsum([0.0, *(first * growth ** k for k in range(5))])
    whole = np.unique(starts[starts == np.round(starts)]).astype(int)
    np.testing.assert_allclose(schedules.CosineDecayRestarts(1.0, first, growth)(whole), np.ones(len(whole)), atol=1e-6)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: schedules.CosineDecay(0.1, 0), "CosineDecay: decay_steps must be positive, got 0"),
    (lambda: schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps must be positive"),
    (lambda: schedules.CosineDecayRestarts(0.1, 1, t_mul=0.5), "t_mul must be at least 1"),
    (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "got 2 boundaries and 2 values"),
    (lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]), "must ascend"),
    (lambda: schedules.deserialize({"class_name": "CosinDecay", "config": {}}), "did you mean .*'CosineDecay'"),
])
def test_what_is_refused(make, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        make()
