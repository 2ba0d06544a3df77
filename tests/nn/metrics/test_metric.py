"""The base of metrics: users' own ones, merging, use without state and within a step."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError
from graphc.nn import metrics
from graphc.nn.trace import Trace

from ..losses.cases import answers, one_hot, uniform
from .cases import streamed


class TruePositives(metrics.Metric):
    """As a user of Keras writes one."""

    def __init__(self, name="own_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")
        self.parts = [metrics.Mean(name="share"), metrics.Sum(name="sum")]

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = graphc.logical_and(y_true == 1, y_pred > 0.5).astype(self.dtype)
        if sample_weight is not None:
            values = values * graphc.broadcast_to(sample_weight, graphc.shape(values))
        self.count.assign(self.count + graphc.sum(values))
        for part in self.parts:
            part.update_state(values)
        return self.count

    def result(self):
        return {"count": self.count, **{part.name: part.result() for part in self.parts}}


def test_a_metric_of_a_user_on_arrays():
    metric = TruePositives()
    assert [v.path for v in metric.variables] == ["own_true_positives/count", "share/total", "share/count", "sum/total"]
    assert metric.update_state([1, 0, 1], [0.7, 0.8, 0.2]) is None
    assert metric([1, 1], [0.9, 0.8]) == {"count": 3, "share": pytest.approx(0.6), "sum": 3}
    metric.reset_state()
    assert metric.result() == {"count": 0, "share": 0, "sum": 0}
    assert TruePositives.from_config(metric.get_config()).name == "own_true_positives"


def test_a_result_in_a_step_counts_the_updates_before_it():
    metric, root = TruePositives(), metrics.RootMeanSquaredError()
    y = graphc.placeholder((3,))
    with Trace() as trace:
        before = metric.result()
        for _ in range(2):
            metric.update_state(graphc.constant([1, 1, 0]), y)
        root.update_state(graphc.constant(np.zeros(3, "float32")), y)
        results = [before["count"], *metric.result().values(), root.result()]
    values = graphc.interpret([y], results, [[0.75, 0.25, 0.75]])
    np.testing.assert_allclose(values, [0, 2, 1 / 3, 2, np.sqrt(np.mean([0.5625, 0.0625, 0.5625]))], rtol=1e-6)
    assert set(trace.updates) == set(metric.variables) | set(root.variables)


def test_state_before_super_is_refused():
    class Early(metrics.Metric):
        def __init__(self):
            self.mean = metrics.Mean()
            super().__init__()
    with pytest.raises(ArgumentError, match=r"Early must call super\(\).__init__\(\) before it makes its state"):
        Early()


def test_methods_that_are_missing():
    for call in (metrics.Metric().update_state, metrics.Metric().result):
        with pytest.raises(NotImplementedError, match="Metric has no"):
            call()


@pytest.mark.parametrize("make", [metrics.Mean, metrics.F1Score, lambda: metrics.AUC(num_thresholds=5, multi_label=True),
                                  metrics.R2Score, metrics.Precision])
def test_merged_states_are_as_one(make):
    def data(n):
        return (uniform(n), uniform(n)) if make is metrics.Mean else (one_hot(n), uniform(n, 4))
    first, second = data(5), data(7)
    parts = [make(), make()]
    (*_, _), (*_, _) = streamed(parts[0], [first]), streamed(parts[1], [second])
    merged = make()
    merged.merge_state(parts)
    whole = make()
    *_, expected = streamed(whole, [first, second])
    for mine, its in zip(merged.variables, whole.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=1e-6)
    with Trace():
        np.testing.assert_allclose(graphc.interpret([], merged.result(), []), expected, rtol=1e-5)


def test_metrics_of_another_kind_do_not_merge():
    with pytest.raises(ArgumentError, match="mean and sum have different states"):
        metrics.Mean().merge_state([metrics.Sum()])


def test_without_state():
    mean = metrics.Mean()
    state = mean.stateless_reset_state()
    assert state == [0, 0]
    state = mean.stateless_update_state(state, [1.0, 2.0])
    state = mean.stateless_update_state(state, [4.0, 5.0])
    assert state == (12, 4) or state == [12, 4]
    assert mean.stateless_result(state) == 3
    assert mean.result() == 0
    with pytest.raises(ArgumentError, match="mean has 2 variables, got 1"):
        mean.stateless_result([1.0])


def test_without_state_in_a_graph():
    mean, x, state = metrics.Mean(), graphc.placeholder((None,)), [graphc.placeholder(()), graphc.placeholder(())]
    new = mean.stateless_update_state(state, x)
    values = graphc.interpret([x, *state], [*new, mean.stateless_result(new)], [[1, 2, 3], 4, 1])
    np.testing.assert_array_equal(values, [10, 4, 2.5])


def test_masked_steps_do_not_count():
    t, p, mask = answers(4, 5), uniform(4, 5, 1), answers(4, 5).astype(bool)
    inputs = [graphc.placeholder(x.shape, x.dtype) for x in (t[..., None], p, mask)]
    metric = metrics.BinaryAccuracy()
    with Trace() as trace:
        trace.masks[inputs[1]] = inputs[2]
        metric.update_state(*inputs[:2])
        result = metric.result()
    expected = ((p[..., 0] > 0.5) == t)[mask].mean()
    assert graphc.interpret(inputs, result, [t[..., None], p, mask]) == pytest.approx(expected)
