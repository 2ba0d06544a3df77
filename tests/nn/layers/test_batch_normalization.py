"""Batch normalization, against Keras, and against its formula: moving statistics, masks, frozen layers."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays

LIMITS = {"rmin": 0.7, "rmax": 1.2, "dmax": 0.5}
CASES = [
    ((5, 3), {}),
    ((4, 3, 5, 2), {"momentum": 0.8, "epsilon": 0.01}),
    ((4, 3, 5, 2), {"axis": 1, "center": False}),
    ((4, 3, 5), {"scale": False}),
    ((6, 3), {"renorm": True, "renorm_clipping": LIMITS, "momentum": 0.7, "renorm_momentum": 0.9}),
    ((6, 3), {"renorm": True, "renorm_clipping": {}, "center": False, "scale": False}),
]


@pytest.mark.parametrize("shape, kwargs", CASES)
def test_as_in_keras(shape, kwargs):
    keras = pytest.importorskip("keras")
    Pair(keras, "BatchNormalization", arrays(shape), **kwargs).check()


def test_masked_steps_do_not_count_as_in_keras():
    keras = pytest.importorskip("keras")
    mask = np.array([[True, True, False], [True, False, False]])
    Pair(keras, "BatchNormalization", arrays((2, 3, 4)), call={"mask": mask}).check()
    Pair(keras, "BatchNormalization", arrays((2, 3, 4)), call={"mask": mask}, axis=1).check()


def test_frozen_as_in_keras():
    keras = pytest.importorskip("keras")
    Pair(keras, "BatchNormalization", arrays((5, 3)), trainable=False).check()


def trained(layer, x) -> np.ndarray:
    """The layer's results in training, its Variables being set."""
    inputs = graphc.placeholder((None, *x.shape[1:]))
    with Trace(training=True) as trace:
        y = layer(inputs)
    results, *values = graphc.interpret([inputs], [y, *trace.updates.values()], [x])
    for variable, value in zip(trace.updates, values, strict=True):
        variable.assign(value)
    return results


def test_moving_statistics_approach_those_of_batches():
    layer = layers.BatchNormalization(momentum=0.9)
    mean, variance = np.zeros(3), np.ones(3)
    for _ in range(3):
        x = 2 * arrays((50, 3))[0] + 1
        y = trained(layer, x)
        np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3), rtol=1e-4, atol=1e-5)
        mean, variance = 0.9 * mean + 0.1 * x.mean(0), 0.9 * variance + 0.1 * x.var(0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)
    np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-4, atol=1e-5)


def test_a_frozen_layer_learns_nothing():
    layer = layers.BatchNormalization()
    layer.trainable = False
    x, = arrays((5, 3))
    np.testing.assert_allclose(trained(layer, x), x / np.sqrt(1 + 1e-3), rtol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), 0)
    assert layer.trainable_weights == []


def test_a_step_takes_four_sums():
    """Mean and variance serve the results, the gradients and the moving statistics; the parameters' gradients that of x."""
    layer, inputs = layers.BatchNormalization(), graphc.placeholder((None, 4, 3))
    with Trace(training=True) as trace:
        y = layer(inputs)
    results = [y, *graphc.grad(graphc.sum(graphc.exp(y)), [inputs, *layer.trainable_weights])]
    f = graphc.compile([inputs], results, updates=trace.updates)
    assert f.dump().partition("# as compiled")[2].count("sum[") == 4
    x, = arrays((5, 4, 3))
    for a, b in zip(graphc.interpret([inputs], results, [x]), f(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_masks_pass_through():
    layer = layers.BatchNormalization()
    inputs, mask = graphc.placeholder((None, 4, 3)), graphc.placeholder((None, 4), "bool")
    with Trace() as trace:
        trace.masks[inputs] = mask
        assert trace.masks[layer(inputs)] is mask


@pytest.mark.parametrize("make, message", [
    (lambda: layers.BatchNormalization(synchronized=True), "synchronized=True"),
    (lambda: layers.BatchNormalization(renorm_clipping={"rmx": 1}), "has limits rmax, rmin, dmax, not rmx"),
    (lambda: layers.BatchNormalization(axis=3)(nn.Input((4, 5))), "axis 3 is out of range"),
    (lambda: layers.BatchNormalization()(nn.Input((4, None))), "must be known to make the weights"),
    (lambda: layers.BatchNormalization(momentun=1), "did you mean 'momentum'"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        make()
