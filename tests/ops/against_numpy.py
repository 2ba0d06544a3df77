"""Public functions against NumPy's: values, with sizes known while the graph is built and not, gradients to order 2."""
import numpy as np

import graphc

from . import harness


def check(ours, numpy, *arrays, gradient=True, exact=True, unknown=True):
    """``ours(*expressions)`` is ``numpy(*arrays)``: dtype, shape, numbers; its derivatives are finite differences."""
    expected = as_list(numpy(*arrays))
    for free in [False, True] if unknown else [False]:
        inputs = [graphc.placeholder([None if free and k == 0 and d > 1 else d for k, d in enumerate(x.shape)], x.dtype)
                  for x in arrays]
        outputs = as_list(ours(*inputs))
        assert len(outputs) == len(expected)
        for y, value, wanted in zip(outputs, graphc.interpret(inputs, outputs, arrays), expected, strict=True):
            wanted = np.asarray(wanted)
            assert value.shape == wanted.shape, (y.type, wanted.shape)
            assert y.dtype == wanted.dtype
            assert all(d is None or d == n for d, n in zip(y.shape, wanted.shape, strict=True))
            np.testing.assert_allclose(value, wanted, 0 if exact else 1e-5, 0 if exact else 1e-7)
    if gradient:
        check_gradient(ours, *arrays)


def check_gradient(ours, *arrays):
    rng = np.random.default_rng(0)
    arrays = [x.astype("float64") if x.dtype.kind == "f" else x for x in arrays]
    inputs = [graphc.placeholder(x.shape, x.dtype, f"x{k}") for k, x in enumerate(arrays)]
    wanted = [x for x in inputs if x.dtype.kind == "f"]
    cost = harness.weighted_sum(rng, as_list(ours(*inputs)))
    harness.check_derivative(cost, inputs, arrays, rng)
    harness.check_derivative(harness.weighted_sum(rng, graphc.grad(cost * cost, wanted)), inputs, arrays, rng)


def as_list(values) -> list:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 2, shape).astype("float32")
