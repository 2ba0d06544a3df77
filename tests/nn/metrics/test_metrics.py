"""Metrics by their formulas, in NumPy, by name, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import losses, metrics
from graphc.nn.trace import Trace

from ..losses.cases import answers, labels, one_hot, uniform
from .cases import CASES, streamed

YES, CHANCE = answers(60), uniform(60)
LABELS, HOT, SCORES = labels(60), one_hot(60), uniform(60, 4)
WEIGHT = uniform(60)
LIKELIEST = SCORES.argmax(-1)
RIGHT = YES == (CHANCE > 0.5)
FOUND = (YES * (CHANCE > 0.5) * WEIGHT).sum()


def ranks(t, p):
    """The probability that a yes is above a no."""
    pairs = (p[t == 1][:, None] > p[t == 0]) + 0.5 * (p[t == 1][:, None] == p[t == 0])
    return pairs.mean()


def ahead(t, p):
    """How many classes are likelier than the label."""
    return (p > np.take_along_axis(p, t[:, None], -1)).sum(-1)


@pytest.mark.parametrize("metric, batch, expected", [
    (metrics.BinaryAccuracy(), (YES, CHANCE, WEIGHT), (RIGHT * WEIGHT).sum() / WEIGHT.sum()),
    (metrics.BinaryAccuracy(), (YES, CHANCE[:, None]), RIGHT.mean()),
    (metrics.CategoricalAccuracy(), (HOT, SCORES), (HOT.argmax(-1) == SCORES.argmax(-1)).mean()),
    (metrics.SparseCategoricalAccuracy(), (LABELS, SCORES), (LABELS == SCORES.argmax(-1)).mean()),
    (metrics.SparseTopKCategoricalAccuracy(2), (LABELS, SCORES), (ahead(LABELS, SCORES) < 2).mean()),
    (metrics.TopKCategoricalAccuracy(3), (HOT, SCORES), (ahead(HOT.argmax(-1), SCORES) < 3).mean()),
    (metrics.Precision(), (YES, CHANCE, WEIGHT), FOUND / ((CHANCE > 0.5) * WEIGHT).sum()),
    (metrics.Recall(), (YES, CHANCE, WEIGHT), FOUND / (YES * WEIGHT).sum()),
    (metrics.TrueNegatives(0.25), (YES, CHANCE), ((YES == 0) & (CHANCE <= 0.25)).sum()),
    (metrics.F1Score("micro", 0.5), (YES[:, None], CHANCE[:, None], WEIGHT),
     2 * FOUND / ((CHANCE > 0.5) * WEIGHT + YES * WEIGHT).sum()),
    (metrics.AUC(20001), (YES, CHANCE), ranks(YES, CHANCE)),
    (metrics.R2Score(), (SCORES, SCORES + 0.1), np.mean(1 - 0.01 / SCORES.var(0))),
    (metrics.MeanIoU(4), (LABELS, SCORES.argmax(-1)), np.mean(
        [((LABELS == k) & (LIKELIEST == k)).sum() / ((LABELS == k) | (LIKELIEST == k)).sum() for k in range(4)])),
    (metrics.PearsonCorrelation(), (HOT, SCORES),
     np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(HOT, SCORES, strict=True)])),
    (metrics.RootMeanSquaredError(), (HOT, SCORES), np.sqrt(((HOT - SCORES)**2).mean())),
], ids=lambda x: x.name if isinstance(x, metrics.Metric) else "")
def test_formula(metric, batch, expected):
    (result,) = streamed(metric, [batch])
    np.testing.assert_allclose(result, expected, rtol=1e-4)


def test_a_curve_at_its_ends():
    yes, sure = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1], "float32")
    for curve in ("ROC", "PR"):
        assert [float(x) for x in streamed(metrics.AUC(curve=curve), [(yes, sure)])] == pytest.approx([1])
    assert [float(x) for x in streamed(metrics.AUC(), [(yes, 1 - sure)])] == pytest.approx([0])


def test_a_label_that_is_no_class_is_not_among_the_likeliest():
    scores = np.array([[0.1, 0.2], [np.nan, 0.3], [0.2, 0.1]], "float32")
    (result,) = streamed(metrics.SparseTopKCategoricalAccuracy(2), [(np.array([7, 0, 1]), scores)])
    assert result == pytest.approx(1 / 3)


# ---- names ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
@pytest.mark.parametrize("shapes, kind", [
    (((None,), (None, 1)), metrics.BinaryAccuracy), (((None, 1), (None, 1)), metrics.BinaryAccuracy),
    (((None,), (None,)), metrics.BinaryAccuracy), (((None,), (None, 9)), metrics.SparseCategoricalAccuracy),
    (((None, 1), (None, 9)), metrics.SparseCategoricalAccuracy), (((None, 9), (None, 9)), metrics.CategoricalAccuracy)])
def test_accuracy_is_the_one_that_fits(name, shapes, kind):
    metric = metrics.resolve(name, *shapes)
    assert type(metric) is kind and metric.name == name


def test_names():
    assert type(metrics.resolve("crossentropy", (8,), (8, 3))) is metrics.SparseCategoricalCrossentropy
    mse = metrics.resolve("mse", (8, 1), (8, 1))
    assert type(mse) is metrics.MeanSquaredError and mse.name == "mse"
    given = metrics.AUC(name="area")
    assert metrics.resolve(given, (8,), (8,)) is given and given.name == "area"
    assert metrics.resolve(lambda t, p: t, (8,), (8,)).name == "lambda"
    assert metrics.get(losses.Huber()).name == "huber_loss" and metrics.get(None) is None
    with pytest.raises(ArgumentError, match="no metric is named 'acuracy'; did you mean 'accuracy'"):
        metrics.resolve("acuracy", (8,), (8,))
    with pytest.raises(ArgumentError, match="expected a metric, got None"):
        metrics.resolve(None, (8,), (8,))


def test_a_configuration_makes_an_equal_metric():
    for case in {str((c.name, sorted(c.options.items(), key=str))): c for c in CASES}.values():
        metric = getattr(metrics, case.name)(**case.options)
        again = metrics.deserialize(metrics.serialize(metric))
        assert type(again) is type(metric) and again.get_config() == metric.get_config()
    wrapped = metrics.MeanMetricWrapper(losses.huber, "huber", delta=0.5)
    again = metrics.deserialize(metrics.serialize(wrapped))
    assert again.fn is losses.huber and again.options == {"delta": 0.5} and again.name == "huber"


# ---- what is refused ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make, message", [
    (lambda: metrics.Precision(thresholds=[0.5, 2]), r"thresholds lie in \[0, 1\]; got \[2\]"),
    (lambda: metrics.AUC(curve="RPC"), "curve: expected one of .*, got 'RPC'"),
    (lambda: metrics.AUC(summation_method="middle"), "summation_method: expected one of"),
    (lambda: metrics.AUC(num_thresholds=1), "num_thresholds is at least 2; got 1"),
    (lambda: metrics.AUC(thresholds=[1.5]), r"thresholds lie in \[0, 1\]"),
    (lambda: metrics.AUC(num_labels=3), "num_labels is for multi_label=True"),
    (lambda: metrics.PrecisionAtRecall(1.5), r"recall lies in \[0, 1\]; got 1.5"),
    (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "num_thresholds is at least 1"),
    (lambda: metrics.FBetaScore("mean"), "average: expected None"),
    (lambda: metrics.FBetaScore(beta=0.0), "beta is a float above 0, not 0.0"),
    (lambda: metrics.F1Score(threshold=2.0), "threshold is a float above 0"),
    (lambda: metrics.IoU(3, [3]), "target_class_ids lie from 0 to 2"),
    (lambda: metrics.R2Score("mean"), "class_aggregation: expected None"),
    (lambda: metrics.R2Score(num_regressors=-1), "num_regressors is at least 0")])
def test_arguments_that_make_no_sense(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize("metric, shapes, error, message", [
    (metrics.MeanSquaredError(), ((6,), (6, 3)), ShapeError, r"mean_squared_error: y_true has shape \(6,\)"),
    (metrics.MeanSquaredError(), ((6, 3), (6, 3), (5,)), ShapeError,
     r"sample_weight has shape \(5,\), but what it weighs \(6,\)"),
    (metrics.Mean(), ((6, 3), (6, 3, 1, 1)), ShapeError, r"sample_weight has shape \(6, 3, 1, 1\)"),
    (metrics.Precision(), ((6, 2), (6, 3)), ShapeError, r"y_true has shape \(6, 2\) and y_pred \(6, 3\)"),
    (metrics.Precision(class_id=3), ((6, 3), (6, 3)), ArgumentError,
     r"class_id is a place on the last axis of \(6, 3\), not 3"),
    (metrics.Precision(class_id=0), ((6,), (6,)), ShapeError, "class_id needs outputs of shape"),
    (metrics.Precision(top_k=4), ((6, 3), (6, 3)), ShapeError, "axis 1 has fewer than 4 elements"),
    (metrics.SparseCategoricalAccuracy(), ((6, 3), (6, 3)), ShapeError, "has the axes of y_pred but the last"),
    (metrics.CategoricalAccuracy(), ((6,), (6, 3)), ShapeError, "has the axes of y_pred"),
    (metrics.SparseTopKCategoricalAccuracy(0), ((6,), (6, 3)), ArgumentError, "k is a number of classes"),
    (metrics.F1Score(), ((6,), (6,)), ShapeError, r"F1Score: y_true and y_pred are of shape \(samples, outputs\)"),
    (metrics.AUC(multi_label=True), ((6,), (6,)), ShapeError, r"AUC with multi_label takes outputs of shape"),
    (metrics.AUC(multi_label=True, num_labels=2), ((6, 3), (6, 3)), ShapeError, "takes outputs of 2 labels")])
def test_shapes_that_do_not_fit(metric, shapes, error, message):
    with Trace(), pytest.raises(error, match=message):
        metric.update_state(*(graphc.placeholder(shape) for shape in shapes))


def test_compiled_as_interpreted():
    """A loss with its gradient, and metrics of several kinds, in one native function."""
    t, p, n = graphc.placeholder((None, 4)), graphc.placeholder((None, 4)), graphc.placeholder((None,), "int64")
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1)(n, graphc.softmax(p))
    kinds = [metrics.AUC(20), metrics.Recall(top_k=2), metrics.OneHotMeanIoU(4), metrics.TopKCategoricalAccuracy(2)]
    with Trace() as trace:
        results = [metric(t, p) for metric in kinds]
    values = [HOT, SCORES, LABELS]
    outputs = [loss, graphc.grad(loss, p), *results, *trace.updates.values()]
    run = graphc.compile([t, p, n], outputs)
    for length in (60, 7):
        given = [x[:length] for x in values]
        for mine, expected in zip(run(*given), graphc.interpret([t, p, n], outputs, given), strict=True):
            np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-6)
