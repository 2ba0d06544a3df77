"""Losses by their formulas, in NumPy, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import Input, Sequential, activations, layers, losses
from graphc.nn.trace import Trace

from .cases import CASES, answers, labels, one_hot, uniform

T, P = uniform(6, 3), uniform(6, 3, low=0.05)
HOT, LABELS = one_hot(6, classes=3), labels(6, classes=3)
SIGNS = np.sign(uniform(6, 3, low=-1))
YES = answers(6, 3)
Q = P / P.sum(-1, keepdims=True)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


FORMULAS = {
    "mse": (T, P, lambda t, p: ((t - p)**2).mean(-1)),
    "mae": (T, P, lambda t, p: np.abs(t - p).mean(-1)),
    "mape": (T, P, lambda t, p: 100 * np.abs((t - p) / t).mean(-1)),
    "msle": (T, P, lambda t, p: ((np.log1p(t) - np.log1p(p))**2).mean(-1)),
    "log_cosh": (T, P, lambda t, p: np.log(np.cosh(p - t)).mean(-1)),
    "huber": (3 * T, P, lambda t, p: np.where(np.abs(t - p) <= 1, (t - p)**2 / 2, np.abs(t - p) - 0.5).mean(-1)),
    "cosine_similarity": (T, P, lambda t, p: -(unit(t) * unit(p)).sum(-1)),
    "kld": (T, P, lambda t, p: (t * np.log(t / p)).sum(-1)),
    "poisson": (T, P, lambda t, p: (p - t * np.log(p)).mean(-1)),
    "hinge": (SIGNS, P, lambda t, p: np.maximum(1 - t * p, 0).mean(-1)),
    "squared_hinge": (SIGNS, P, lambda t, p: (np.maximum(1 - t * p, 0)**2).mean(-1)),
    "categorical_hinge": (HOT, P, lambda t, p: np.maximum(1 + ((1 - t) * p).max(-1) - (t * p).sum(-1), 0)),
    "bce": (YES, P, lambda t, p: -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)),
    "binary_focal_crossentropy": (YES, P, lambda t, p: -(
        t * (1 - p)**2 * np.log(p) + (1 - t) * p**2 * np.log(1 - p)).mean(-1)),
    "categorical_crossentropy": (HOT, Q, lambda t, p: -(t * np.log(p)).sum(-1)),
    "categorical_focal_crossentropy": (HOT, Q, lambda t, p: -0.25 * (t * (1 - p)**2 * np.log(p)).sum(-1)),
    "sparse_categorical_crossentropy": (LABELS, Q, lambda t, p: -np.log(np.take_along_axis(p, t[:, None], -1))[:, 0]),
    "dice": (T, P, lambda t, p: 1 - 2 * (t * p).sum() / (t.sum() + p.sum())),
    "tversky": (T, P, lambda t, p: 1 - (t * p).sum() / ((t * p).sum() + ((1 - t) * p).sum() / 2 + (t * (1 - p)).sum() / 2)),
}


def value(loss, *arrays):
    """The loss of arrays, by NumPy."""
    inputs = [graphc.placeholder(np.shape(x), np.asarray(x).dtype) for x in arrays]
    return graphc.interpret(inputs, loss(*inputs), list(arrays))


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name):
    t, p, formula = FORMULAS[name]
    expected = formula(t, p.astype("float64"))
    function = losses.REGISTRY[name]
    np.testing.assert_allclose(value(function, t, p), expected, rtol=2e-5, atol=1e-6)
    assert losses.get(name) is function
    np.testing.assert_allclose(value(losses.resolve(name, t.shape, p.shape), t, p), expected.mean(), rtol=2e-5)


@pytest.mark.parametrize("reduction, formula", [
    ("sum_over_batch_size", lambda x, w: (x * w).mean()), ("mean", lambda x, w: (x * w).mean()),
    ("sum", lambda x, w: (x * w).sum()), ("mean_with_sample_weight", lambda x, w: (x * w).sum() / w.sum()),
    ("none", lambda x, w: x * w), (None, lambda x, w: x * w)])
def test_reductions(reduction, formula):
    weight = uniform(6)
    loss = losses.MeanAbsoluteError(reduction=reduction)
    np.testing.assert_allclose(value(loss, T, P, weight), formula(np.abs(T - P).mean(-1), weight), rtol=1e-5)


def test_weights_that_are_all_zero():
    assert value(losses.MeanAbsoluteError("mean_with_sample_weight"), T, P, np.zeros(6, "float32")) == 0


@pytest.mark.parametrize("reduction, formula", [
    ("sum_over_batch_size", lambda x, m: x[m].mean()), ("sum", lambda x, m: x[m].sum()),
    ("mean_with_sample_weight", lambda x, m: x[m].mean()), ("none", lambda x, m: x * m)])
def test_masks(reduction, formula):
    t, p, mask = uniform(4, 5, 3), uniform(4, 5, 3), answers(4, 5).astype(bool)
    inputs = [graphc.placeholder(x.shape, x.dtype) for x in (t, p, mask)]
    with Trace() as trace:
        trace.masks[inputs[1]] = inputs[2]
        loss = losses.MeanSquaredError(reduction)(*inputs[:2])
    expected = formula(((t - p)**2).mean(-1), mask)
    np.testing.assert_allclose(graphc.interpret(inputs, loss, [t, p, mask]), expected, rtol=1e-5)


def test_weights_and_a_mask():
    t, p, mask, weight = uniform(4, 5, 3), uniform(4, 5, 3), answers(4, 5).astype(bool), uniform(4)
    inputs = [graphc.placeholder(x.shape, x.dtype) for x in (t, p, mask, weight)]
    with Trace() as trace:
        trace.masks[inputs[1]] = inputs[2]
        loss = losses.MeanSquaredError()(inputs[0], inputs[1], inputs[3])
    expected = (((t - p)**2).mean(-1) * weight[:, None] * mask).sum() / mask.sum()
    np.testing.assert_allclose(graphc.interpret(inputs, loss, [t, p, mask, weight]), expected, rtol=1e-5)


# ---- saturation -----------------------------------------------------------------------------------------------------
def test_a_saturated_softmax_keeps_its_slope():
    x, t = graphc.placeholder((3, 4)), graphc.placeholder((3,), "int64")
    scores, right = np.array([[200, 0, 0, -300], [0, 500, 0, 0], [1e4, 0, 0, 0]], "float32"), np.array([1, 1, 3])
    loss = losses.SparseCategoricalCrossentropy(reduction="sum")(t, activations.softmax(x))
    hot = losses.CategoricalCrossentropy(reduction="sum")(graphc.one_hot(t, 4), activations.softmax(x))
    for y in (loss, hot):
        y, slope = graphc.interpret([x, t], [y, graphc.grad(y, x)], [scores, right])
        assert y == 200 + 0 + 1e4
        np.testing.assert_array_equal(slope, [[1, -1, 0, 0], [0, 0, 0, 0], [1, 0, 0, -1]])


def test_a_saturated_sigmoid_keeps_its_slope():
    x, t = graphc.placeholder((3, 1)), graphc.placeholder((3,))
    y = losses.BinaryCrossentropy(reduction="sum")(t, graphc.sigmoid(x))
    y, slope = graphc.interpret([x, t], [y, graphc.grad(y, x)], [[[300], [-300], [0]], [0, 1, 1]])
    assert y == pytest.approx(600 + np.log(2))
    np.testing.assert_array_equal(slope, [[1], [-1], [-0.5]])


def test_softmax_over_another_axis_counts_as_probabilities():
    x, t = graphc.placeholder((3, 3)), graphc.placeholder((3,), "int64")
    p = np.exp(P[:3]) / np.exp(P[:3]).sum(0)
    y = losses.SparseCategoricalCrossentropy(reduction="none")(t, activations.softmax(x, axis=0))
    expected = -np.log(p / p.sum(-1, keepdims=True))[np.arange(3), LABELS[:3]]
    np.testing.assert_allclose(graphc.interpret([x, t], y, [P[:3], LABELS[:3]]), expected, rtol=1e-5)


@pytest.mark.parametrize("name", sorted({case.name for case in CASES} - {"Circle", "CategoricalGeneralizedCrossEntropy"}))
def test_extreme_outputs_have_finite_gradients(name):
    t = labels(4) if name.startswith("Sparse") else one_hot(4)
    p = one_hot(4)
    inputs = [graphc.placeholder(x.shape, x.dtype) for x in (t, p)]
    y = getattr(losses, name)()(*inputs)
    assert all(np.isfinite(x).all() for x in graphc.interpret(inputs, [y, graphc.grad(y, inputs[1])], [t, p]))


def test_a_number_that_is_no_class_has_the_loss_nan():
    assert np.isnan(value(losses.SparseCategoricalCrossentropy(), np.array([0, 1, 7, 2, 1, 0]), Q))


# ---- configurations, names ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_a_configuration_makes_an_equal_loss(name):
    for case in [c for c in CASES if c.name == name][:3]:
        loss = getattr(losses, name)(**case.options)
        again = losses.deserialize(losses.serialize(loss))
        assert type(again) is type(loss) and again.get_config() == loss.get_config()


def test_a_function_as_a_loss():
    def cubed(y_true, y_pred):
        return graphc.mean(graphc.abs(y_true - y_pred)**3, axis=-1)
    loss = losses.resolve(cubed, (8, 1), (8, 1))
    assert loss.name == "cubed"
    np.testing.assert_allclose(value(loss, LABELS[:, None], P), (np.abs(LABELS[:, None] - P)**3).mean(), rtol=1e-5)


def test_a_wrapped_function_is_restored_by_its_name():
    loss = losses.deserialize(losses.serialize(losses.FunctionLoss(losses.huber, name="mine", delta=0.5)))
    assert loss.fn is losses.huber and loss.name == "mine"
    np.testing.assert_array_equal(value(loss, T, P), value(losses.Huber(0.5), T, P))


@pytest.mark.parametrize("shapes, kind", [
    (((8,), (8, 1)), "binary"), (((8, 1), (8, 1)), "binary"), (((8,), (8,)), "binary"), (((8, 3), (8, 3)), "categorical"),
    (((8,), (8, 3)), "sparse_categorical"), (((8, 1), (8, 3)), "sparse_categorical"),
    (((None, 5), (None, 5, 3)), "sparse_categorical")])
def test_crossentropy_is_the_one_that_fits(shapes, kind):
    loss = losses.resolve("crossentropy", *shapes)
    assert loss.fn is getattr(losses, f"{kind}_crossentropy") and loss.name == "crossentropy"


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="no loss is named 'mean_sqared_error'; did you mean 'mean_squared_error'"):
        losses.get("mean_sqared_error")
    with pytest.raises(ArgumentError, match="reduction: expected one of .*, got 'average'"):
        losses.Hinge(reduction="average")
    with pytest.raises(ArgumentError, match="CTC, .* is not supported"):
        losses.CTC()
    with pytest.raises(ArgumentError, match="CTC, .* is not supported"):
        losses.get("ctc")(T, P)
    with pytest.raises(ArgumentError, match="q lies between 0 and 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1)
    with pytest.raises(NotImplementedError, match="Loss has no call method"):
        value(losses.Loss(), T, P)


@pytest.mark.parametrize("loss, shapes, message", [
    (losses.MeanSquaredError(), ((6,), (6, 3)), r"mean_squared_error: y_true has shape \(6,\) and y_pred \(6, 3\)"),
    (losses.MeanSquaredError(), ((6, 2), (6, 3)), r"mean_squared_error: y_true has shape \(6, 2\)"),
    (losses.BinaryCrossentropy(), ((6, 2), (6, 3)), r"binary_crossentropy: y_true has shape \(6, 2\)"),
    (losses.CategoricalCrossentropy(), ((6, 2), (6, 3)), "categorical_crossentropy"),
    (losses.SparseCategoricalCrossentropy(), ((6, 3), (6, 3)), "sparse_categorical_crossentropy"),
    (losses.MeanSquaredError(), ((6, 3), (6, 3), (6, 3)), r"sample_weight has shape \(6, 3\), but what it weighs \(6,\)"),
    (losses.MeanSquaredError(), ((6, 3), (6, 3), (5,)), r"sample_weight has shape \(5,\), but what it weighs \(6,\)"),
])
def test_shapes_that_do_not_fit(loss, shapes, message):
    with pytest.raises(ShapeError, match=message):
        loss(*(graphc.placeholder(shape) for shape in shapes))


def test_labels_are_checked_whatever_the_loss_is_called():
    model = Sequential([Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "crossentropy")
    with pytest.raises(ArgumentError, match="label 7 at .* is outside the classes 0 to 2"):
        model.train_on_batch(uniform(6, 4), np.array([0, 1, 7, 2, 0, 1]))
