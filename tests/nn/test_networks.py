"""LeNet-5, a small CNN and ResNet-20, written once, trained by Keras and by graphc: the same losses, step by step."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.nn.trace import Trace

from .networks import cnn, lenet, resnet20

RNG = np.random.default_rng(0)
STEPS = 3


def batches(shape, samples=4) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images and the numbers of their classes."""
    return [(RNG.standard_normal((samples, *shape)).astype("float32"), RNG.integers(0, 10, samples)) for _ in range(STEPS)]


def pair(keras, network, *args, **kwargs) -> tuple:
    """The network of both, with the same weights, compiled for the same training."""
    models = network(keras, *args, **kwargs), network(nn, *args, **kwargs)
    models[1].set_weights(models[0].get_weights())
    for k, model in zip((keras, nn), models, strict=True):
        model.compile(k.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    return models


def interpreted(model, data) -> Iterator[float]:
    """The losses of train steps, node by node in NumPy."""
    shape = data[0][0].shape
    x, y = graphc.placeholder((None, *shape[1:])), graphc.placeholder((None,), "int64")
    with Trace(training=True) as trace:
        model.reset_metrics()
        loss = model.train_step((x, y))["loss"]
    for values in data:
        model.reset_metrics()
        found, *state = graphc.interpret([x, y], [loss, *trace.updates.values()], list(values))
        for variable, value in zip(trace.updates, state, strict=True):
            variable.assign(value)
        yield float(found)


def check_weights(theirs, ours) -> None:
    for w, a, b in zip(ours.weights, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4, err_msg=w.path)


@pytest.mark.parametrize("network, shape, kwargs", [(lenet, (12, 12, 1), {}), (resnet20, (8, 8, 3), {"width": 4})])
def test_a_training_as_in_keras(network, shape, kwargs):
    keras = pytest.importorskip("keras")
    theirs, ours = pair(keras, network, shape, **kwargs)
    assert len(ours.layers) == len(theirs.layers)
    data = batches(shape)
    np.testing.assert_allclose(list(interpreted(ours, data)), [theirs.train_on_batch(*b) for b in data], atol=1e-4)
    check_weights(theirs, ours)
    x = graphc.placeholder((None, *shape))
    with Trace():
        y = ours(x)
    found = graphc.interpret([x], y, [data[0][0]])
    np.testing.assert_allclose(found, theirs.predict(data[0][0], verbose=0), rtol=1e-3, atol=1e-4)


def test_a_compiled_training_as_in_keras():
    keras = pytest.importorskip("keras")
    theirs, ours = pair(keras, cnn, (8, 8, 1), rates=(0.0, 0.0), widths=(16, 16, 16))
    data = batches((8, 8, 1))
    np.testing.assert_allclose([ours.train_on_batch(*b) for b in data], [theirs.train_on_batch(*b) for b in data], atol=1e-4)
    check_weights(theirs, ours)


def test_dropout_is_there_in_training_alone():
    model, x = cnn(nn, (6, 6, 1), widths=(2, 2, 4)), graphc.placeholder((None, 6, 6, 1))
    with Trace(training=True):
        trained = model(x)
    with Trace():
        y, again = model(x), model(x)
    a, b, c = graphc.interpret([x], [trained, y, again], [batches((6, 6, 1))[0][0]])
    np.testing.assert_array_equal(b, c)
    assert not np.allclose(a, b)


def test_they_have_as_many_parameters_as_is_said():
    assert lenet(nn).count_params() == 61706
    assert cnn(nn).count_params() == 1199882
    assert sum(int(w.size) for w in resnet20(nn).trainable_weights) == 272474
