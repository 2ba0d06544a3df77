"""Functions of expressions on arrays: what is compiled, when, and for how long it is kept."""
from __future__ import annotations

import copy
import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError
from graphc.nn import Variable, eager, losses, metrics

T, P = np.arange(6, dtype="float32").reshape(2, 3), np.ones((2, 3), "float32")


@pytest.fixture
def compiled(monkeypatch):
    """The inputs of what is compiled; it runs in NumPy."""
    seen = []

    def compile(inputs, outputs, updates):
        seen.append(inputs)

        def run(*values):
            results = graphc.interpret(inputs, [*outputs, *updates.values()], list(values))
            for variable, value in zip(updates, results[len(outputs):], strict=True):
                variable.assign(np.asarray(value))
            return results[:len(outputs)]
        return run
    monkeypatch.setattr(eager, "compiler", SimpleNamespace(compile=compile))
    return seen


def test_one_graph_serves_all_lengths(compiled):
    loss = losses.MeanSquaredError()
    for n in (2, 5, 1, 2):
        assert loss(np.zeros((n, 3)), np.full((n, 3), 2.0)) == 4
    assert len(compiled) == 1
    assert [x.shape for x in compiled[0]] == [(None, 3)] * 2
    loss(np.zeros((2, 4)), np.ones((2, 4)))
    loss(np.zeros((2, 3), int), np.ones((2, 3)))
    loss(np.zeros((2, 3)), np.ones((2, 3)), np.ones(2))
    assert len(compiled) == 4


def test_arrays_of_different_lengths_broadcast(compiled):
    loss = losses.MeanAbsoluteError()
    assert loss(np.zeros((1, 3)), np.ones((4, 3))) == loss(np.zeros((4, 3)), np.ones((1, 3))) == 1
    assert loss(np.zeros((4, 3)), np.ones((4, 3))) == 1


def test_numbers_and_lists_are_inputs(compiled):
    mean = metrics.Mean()
    for number in range(5):
        mean.update_state(number / 2)
    assert len(compiled) == 1
    assert mean.result() == 1
    mean.reset_state()
    mean.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    assert mean.result() == 2 and mean(2.0, 4.0) == 2
    assert losses.mean_absolute_error([[1, 2]], [[3.0, 2.5]]) == [1.25]
    assert losses.Huber()([True, False], [0.5, 0.5]) == 0.125


def test_options_are_not_inputs(compiled):
    assert losses.huber([[0.0]], [[3.0]], 1.0) == [2.5]
    assert losses.huber([[0.0]], [[3.0]], delta=2.0) == [4]
    assert losses.huber([[0.0]], [[3.0]], 1.0) == [2.5]
    assert [len(inputs) for inputs in compiled] == [2, 2]


def test_float64_is_float32(compiled):
    losses.MeanSquaredError()(T.astype("float64"), P)
    assert [x.dtype for x in compiled[0]] == ["float32", "float32"]


def test_variables_that_are_assigned_change(compiled):
    class Counter(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(dtype="int32")

        def update_state(self, values):
            self.count.assign_add(graphc.sum(values > 0).astype("int32"))

        def result(self):
            return {"count": self.count, "twice": (2 * self.count, None)}

    counter = Counter()
    counter.update_state([1, -1, 2])
    counter.update_state([1, 2, 3, 4])
    assert counter.result() == {"count": 6, "twice": (12, None)}
    assert len(compiled) == 2


def test_expressions_stay_expressions(compiled):
    y = losses.mean_squared_error(T, graphc.placeholder((2, 3)))
    assert isinstance(y, graphc.Expr) and not compiled
    assert isinstance(losses.MeanSquaredError()(Variable(T), P), graphc.Expr) and not compiled


def test_only_so_many_kinds_are_kept(compiled, monkeypatch):
    monkeypatch.setattr(eager, "KEPT", 3)
    loss = losses.MeanSquaredError()
    for width in (1, 2, 1, 3, 4, 1):
        loss(np.zeros((1, width)), np.ones((1, width)))
    assert len(compiled) == 4
    loss(np.zeros((1, 2)), np.ones((1, 2)))
    assert len(compiled) == 5


def test_what_is_compiled_goes_with_its_owner():
    class Shifted(losses.Loss):
        def call(self, y_true, y_pred):
            return graphc.abs(y_pred - y_true) + self.shift

    loss = Shifted()
    loss.shift = 2
    assert loss([1.0], [3.0]) == 4
    other = copy.copy(loss)
    again = copy.deepcopy(loss)
    assert eager.Compiled.of(loss) and not eager.Compiled.of(again)
    gone = weakref.ref(loss)
    del loss, other
    gc.collect()
    assert gone() is None


def test_ragged_lists_are_refused():
    with pytest.raises(ArgumentError, match="a list of numbers must have a shape"):
        losses.MeanSquaredError()([[1], [1, 2]], [1.0, 2.0])
