"""Every optimizer as its authors write it, in float64."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.nn import optimizers

from .steps import gradients, run, weights

RATE, EPSILON = 0.05, 1e-7


def mean(beta, sequence):
    """The running mean that starts at 0, after each of `sequence`."""
    m = np.zeros_like(sequence[0])
    for x in sequence:
        m = beta * m + (1 - beta) * x
    return m


def nesterov_share(t, beta):
    return beta * (1 - 0.5 * 0.96 ** t)


def sgd(w, gs, s):
    return w - RATE * gs[-1]


def momentum(w, gs, s):
    s["v"] = 0.9 * s.get("v", 0) - RATE * gs[-1]
    return w + s["v"]


def nesterov(w, gs, s):
    s["v"] = 0.9 * s.get("v", 0) - RATE * gs[-1]
    return w + 0.9 * s["v"] - RATE * gs[-1]


def rmsprop(w, gs, s):
    return w - RATE * gs[-1] / np.sqrt(mean(0.9, [g * g for g in gs]) + EPSILON)


def centered(w, gs, s):
    variance = mean(0.9, [g * g for g in gs]) - mean(0.9, gs) ** 2
    s["v"] = 0.5 * s.get("v", 0) + RATE * gs[-1] / np.sqrt(variance + EPSILON)
    return w - s["v"]


def adagrad(w, gs, s):
    return w - RATE * gs[-1] / np.sqrt(0.1 + sum(g * g for g in gs) + EPSILON)


def adadelta(w, gs, s):
    steps = s.setdefault("steps", [])
    before = mean(0.95, [d * d for d in steps]) if steps else 0
    steps.append(np.sqrt(before + EPSILON) / np.sqrt(mean(0.95, [g * g for g in gs]) + EPSILON) * gs[-1])
    return w - RATE * steps[-1]


def adam_step(gs):
    t = len(gs)
    m, v = mean(0.9, gs) / (1 - 0.9 ** t), mean(0.999, [g * g for g in gs]) / (1 - 0.999 ** t)
    return m / (np.sqrt(v) + EPSILON / np.sqrt(1 - 0.999 ** t))


def adam(w, gs, s):
    return w - RATE * adam_step(gs)


def adamw(w, gs, s):
    return w - RATE * (adam_step(gs) + 0.004 * w)


def amsgrad(w, gs, s):
    t = len(gs)
    s["v"] = np.maximum(s.get("v", 0), mean(0.999, [g * g for g in gs]))
    rate = RATE * np.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    return w - rate * mean(0.9, gs) / (np.sqrt(s["v"]) + EPSILON)


def nadam(w, gs, s):
    t = len(gs)
    product = np.prod([nesterov_share(k, 0.9) for k in range(1, t + 1)])
    now, after = nesterov_share(t, 0.9), nesterov_share(t + 1, 0.9)
    m = after * mean(0.9, gs) / (1 - product * after) + (1 - now) * gs[-1] / (1 - product)
    return w - RATE * m / (np.sqrt(mean(0.999, [g * g for g in gs]) / (1 - 0.999 ** t)) + EPSILON)


def adamax(w, gs, s):
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(gs[-1]))
    return w - RATE * mean(0.9, gs) / ((1 - 0.9 ** len(gs)) * (s["u"] + EPSILON))


def lion(w, gs, s):
    before = mean(0.99, gs[:-1]) if len(gs) > 1 else 0
    return w - RATE * np.sign(0.9 * before + 0.1 * gs[-1])


def ftrl(w, gs, s):
    """The weight at which the sum of all slopes and the L1 penalty balance (McMahan et al., 2013, algorithm 1)."""
    n = s.get("n", 0.1)
    sigma = (np.sqrt(n + gs[-1] ** 2) - np.sqrt(n)) / RATE
    s["z"], s["n"] = s.get("z", 0) + gs[-1] - sigma * w, n + gs[-1] ** 2
    shrunk = np.sign(s["z"]) * np.maximum(np.abs(s["z"]) - 0.2, 0)
    return -shrunk / (np.sqrt(s["n"]) / RATE + 2 * 0.3)


def lamb(w, gs, s):
    t = len(gs)
    step = mean(0.9, gs) / (1 - 0.9 ** t) / (np.sqrt(mean(0.999, [g * g for g in gs]) / (1 - 0.999 ** t)) + EPSILON)
    return w - RATE * np.linalg.norm(w) / np.linalg.norm(step) * step


def adafactor(w, gs, s):
    t, rms = len(gs), lambda x: np.sqrt(np.mean(x * x))
    beta, square = 1 - t ** -0.8, gs[-1] ** 2 + 1e-30
    for name, value in (("r", square.mean(-1)), ("c", square.mean(0)), ("v", square)):
        s[name] = beta * s.get(name, 0) + (1 - beta) * value
    update = gs[-1] / np.sqrt(s["v"] if w.ndim == 1 else np.outer(s["r"], s["c"]) / s["r"].mean())
    return w - max(1e-3, rms(w)) * min(RATE, t ** -0.5) * update / max(1, rms(update))


def muon(w, gs, s):
    if w.ndim == 1:
        return (1 - RATE * 0.004) * w - RATE * adam_step(gs)
    s["m"] = 0.95 * s.get("m", 0) + gs[-1]
    x = (gs[-1] + 0.95 * s["m"]).T
    x = x / np.linalg.norm(x)
    for _ in range(5):
        product = x @ x.T
        x = 3.4445 * x + (-4.7750 * product + 2.0315 * product @ product) @ x
    return (1 - RATE * 0.004) * w - RATE * 0.2 * np.sqrt(max(w.shape)) * x.T


CASES = {
    "SGD": (optimizers.SGD, {}, sgd), "momentum": (optimizers.SGD, {"momentum": 0.9}, momentum),
    "nesterov": (optimizers.SGD, {"momentum": 0.9, "nesterov": True}, nesterov),
    "RMSprop": (optimizers.RMSprop, {}, rmsprop),
    "centered": (optimizers.RMSprop, {"momentum": 0.5, "centered": True}, centered),
    "Adagrad": (optimizers.Adagrad, {}, adagrad), "Adadelta": (optimizers.Adadelta, {}, adadelta),
    "Adam": (optimizers.Adam, {}, adam), "AdamW": (optimizers.AdamW, {}, adamw),
    "AMSGrad": (optimizers.Adam, {"amsgrad": True}, amsgrad), "Nadam": (optimizers.Nadam, {}, nadam),
    "Adamax": (optimizers.Adamax, {}, adamax), "Lion": (optimizers.Lion, {}, lion),
    "Ftrl": (optimizers.Ftrl, {"l1_regularization_strength": 0.2, "l2_regularization_strength": 0.3}, ftrl),
    "Lamb": (optimizers.Lamb, {}, lamb), "Adafactor": (optimizers.Adafactor, {}, adafactor),
    "Muon": (optimizers.Muon, {}, muon),
}


def descended(formula, w, gs, clip=lambda g: g):
    w, gs, state = w.astype(float), [clip(g.astype(float)) for g in gs], {}
    for t in range(1, len(gs) + 1):
        w = formula(w, gs[:t], state)
    return w


@pytest.mark.parametrize("name", CASES)
def test_five_steps(name):
    kind, options, formula = CASES[name]
    starts, sequence = [v.numpy() for v in weights()], gradients()
    actual = run(kind(RATE, **options), weights(), sequence)
    for k, (w, start) in enumerate(zip(actual, starts, strict=True)):
        expected = descended(formula, start, [g[k] for g in sequence])
        assert np.abs(expected - start).max() > 1e-5
        np.testing.assert_allclose(w, expected, rtol=2e-5, atol=2e-6)


def to_norm(limit):
    return lambda g: g * min(1, limit / np.linalg.norm(g))


@pytest.mark.parametrize(("options", "clip"), [
    ({"clipnorm": 0.5}, to_norm(0.5)), ({"clipnorm": 100.0}, lambda g: g),
    ({"clipvalue": 0.3}, lambda g: np.clip(g, -0.3, 0.3)), ({"loss_scale_factor": 4.0}, lambda g: g / 4)])
def test_what_becomes_of_gradients(options, clip):
    actual = run(optimizers.SGD(RATE, **options), weights(), gradients())
    for k, (w, start) in enumerate(zip(actual, weights(), strict=True)):
        np.testing.assert_allclose(w, descended(sgd, start.numpy(), [g[k] for g in gradients()], clip), rtol=1e-5, atol=1e-6)


def test_the_norm_of_all_gradients():
    actual = run(optimizers.SGD(RATE, global_clipnorm=0.7), weights(), gradients(1))
    scale = 0.7 / np.sqrt(sum((g ** 2).sum() for g in gradients(1)[0]))
    for w, start, g in zip(actual, weights(), gradients(1)[0], strict=True):
        np.testing.assert_allclose(w, start.numpy() - RATE * scale * g, rtol=1e-5, atol=1e-6)


def test_gradients_of_several_steps_are_averaged():
    sequence = gradients(5)
    averaged = [[(g + h) / 2 for g, h in zip(*sequence[k:k + 2], strict=True)] for k in (0, 2)]
    expected = run(optimizers.Adam(RATE, clipnorm=0.5), weights(), averaged)
    actual = run(optimizers.Adam(RATE, clipnorm=0.5, gradient_accumulation_steps=2), weights(), sequence)
    for ours, theirs in zip(actual, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_averages_take_the_place_of_weights_every_other_step():
    sequence, options = gradients(4), {"use_ema": True, "ema_momentum": 0.75, "ema_overwrite_frequency": 2}
    for k, w in enumerate(run(optimizers.SGD(RATE, **options), weights(), sequence)):
        expected, average = weights()[k].numpy().astype(float), None
        for t, gs in enumerate(sequence, 1):
            expected = expected - RATE * gs[k]
            average = expected if average is None else 0.75 * average + 0.25 * expected
            expected = average if t % 2 == 0 else expected
        np.testing.assert_allclose(w, expected, rtol=1e-5, atol=1e-6)
