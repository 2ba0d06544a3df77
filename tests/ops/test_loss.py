"""Cross-entropies against PyTorch, and where they are at their limits."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import DTypeError, ShapeError

from .harness import check_derivative, weighted_sum


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="the oracle PyTorch is not installed")


def value_and_gradient(loss, x, t, values):
    return graphc.interpret([x, t], [loss, graphc.grad(graphc.sum(loss), x)], values)


def by_torch(torch, function, x, t):
    a = torch.tensor(x, requires_grad=True)
    loss = function(a, torch.tensor(t))
    loss.sum().backward()
    return loss.detach().numpy(), a.grad.numpy()


def test_categorical(torch, rng):
    logits, target = rng.normal(size=(6, 4)) * 20, rng.dirichlet(np.ones(4), 6)
    x, t = graphc.placeholder((None, 4), "float64"), graphc.placeholder((None, 4), "float64")
    found = value_and_gradient(graphc.categorical_crossentropy(t, x, from_logits=True), x, t, [logits, target])
    expected = by_torch(torch, lambda a, b: torch.nn.functional.cross_entropy(a, b, reduction="none"), logits, target)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)


@pytest.mark.parametrize("axis", (-1, 1))
def test_sparse(torch, rng, axis):
    logits, target = rng.normal(size=(6, 4, 5)) * 20, rng.integers(0, 4, (6, 5))
    given = logits if axis == 1 else np.moveaxis(logits, 1, -1)
    x, t = graphc.placeholder(given.shape, "float64"), graphc.placeholder((6, 5), "int64")
    loss = graphc.sparse_categorical_crossentropy(t, x, from_logits=True, axis=axis)
    y, dx = value_and_gradient(loss, x, t, [given, target])
    a, b = by_torch(torch, lambda a, b: torch.nn.functional.cross_entropy(a, b, reduction="none"), logits, target)
    np.testing.assert_allclose(y, a, 1e-12, 1e-13)
    np.testing.assert_allclose(dx if axis == 1 else np.moveaxis(dx, -1, 1), b, 1e-12, 1e-14)


@pytest.mark.parametrize("from_logits", (True, False))
def test_binary(torch, rng, from_logits):
    output, target = rng.normal(size=(6, 3)) * 20, rng.random((6, 3))
    output = output if from_logits else rng.uniform(0.01, 0.99, (6, 3))
    x, t = graphc.placeholder((6, 3), "float64"), graphc.placeholder((6, 3), "float64")
    functional = torch.nn.functional
    function = functional.binary_cross_entropy_with_logits if from_logits else functional.binary_cross_entropy
    found = value_and_gradient(graphc.binary_crossentropy(t, x, from_logits), x, t, [output, target])
    for a, b in zip(found, by_torch(torch, lambda a, b: function(a, b, reduction="none"), output, target), strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)


def test_probabilities_are_normalized_first(rng):
    p, target = rng.uniform(1, 3, (5, 4)), rng.integers(0, 4, 5)
    x, t = graphc.placeholder((5, 4), "float64"), graphc.placeholder((5,), "int32")
    sparse = graphc.sparse_categorical_crossentropy(t, x)
    dense = graphc.categorical_crossentropy(graphc.one_hot(t, 4), x)
    expected = -np.log(p / p.sum(1, keepdims=True))[np.arange(5), target]
    for found in graphc.interpret([x, t], [sparse, dense], [p, target]):
        np.testing.assert_allclose(found, expected, 1e-12)


@pytest.mark.parametrize("from_logits", (True, False))
def test_a_certain_mistake_is_finite_and_has_a_finite_gradient(from_logits):
    output = np.array([[1e4, -1e4]] if from_logits else [[1, 0]], np.float32)
    x, t = graphc.placeholder((1, 2)), graphc.placeholder((1,), "int32")
    loss = graphc.sparse_categorical_crossentropy(t, x, from_logits)
    y, dx = value_and_gradient(loss, x, t, [output, [1]])
    assert np.isfinite(y).all() and np.isfinite(dx).all()
    if from_logits:
        assert y[0] == 2e4
        np.testing.assert_array_equal(dx, [[1, -1]])


def test_binary_far_from_zero_keeps_its_precision():
    x, t = graphc.placeholder((4,)), graphc.placeholder((4,))
    loss = graphc.binary_crossentropy(t, x, from_logits=True)
    y, dx = value_and_gradient(loss, x, t, [[30, -30, 500, -500], [1, 0, 0, 1]])
    np.testing.assert_allclose(y, [np.exp(-30), np.exp(-30), 500, 500], 1e-6)
    np.testing.assert_allclose(dx, [0, np.exp(-30), 1, -1], 1e-5, 1e-15)


@pytest.mark.parametrize("order", (1, 2))
@pytest.mark.parametrize("kind", ("categorical", "sparse", "binary"))
def test_gradients(rng, kind, order):
    x = graphc.placeholder((3, 4), "float64")
    t = graphc.placeholder((3,), "int64") if kind == "sparse" else graphc.placeholder((3, 4), "float64")
    values = [rng.normal(size=(3, 4)), rng.integers(0, 4, 3) if kind == "sparse" else rng.random((3, 4))]
    function = {"categorical": graphc.categorical_crossentropy, "sparse": graphc.sparse_categorical_crossentropy,
                "binary": graphc.binary_crossentropy}[kind]
    wanted = [x] if kind == "sparse" else [x, t]
    cost = weighted_sum(rng, [function(t, x, from_logits=True)])
    if order == 2:
        cost = weighted_sum(rng, graphc.grad(cost, wanted))
    check_derivative(cost, [x, t], values, rng)


def test_a_number_that_32_bits_do_not_hold_is_no_class():
    x, t = graphc.placeholder((1, 3)), graphc.placeholder((1,), "int64")
    loss = graphc.sparse_categorical_crossentropy(t, x, from_logits=True)
    y, dx = value_and_gradient(loss, x, t, [[[1, 2, 3]], [2**32]])
    assert np.isnan(y[0]) and not dx.any()


def test_compiled(rng):
    x, t = graphc.placeholder((None, 100)), graphc.placeholder((None,), "int64")
    b = graphc.one_hot(t, 100)
    losses = [graphc.sparse_categorical_crossentropy(t, x, True), graphc.categorical_crossentropy(b, x, True),
              graphc.binary_crossentropy(b, x, True)]
    outputs = [*losses, *(graphc.grad(graphc.sum(loss), x) for loss in losses)]
    values = [(rng.normal(size=(7, 100)) * 10).astype("float32"), rng.integers(0, 100, 7)]
    pairs = zip(graphc.compile([x, t], outputs)(*values), graphc.interpret([x, t], outputs, values), strict=True)
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, 1e-5, 1e-6)


@pytest.mark.parametrize("label", (-1, 3, 100))
@pytest.mark.parametrize("from_logits", (True, False))
def test_a_number_that_is_no_class_shows(label, from_logits):
    x, t = graphc.placeholder((2, 3)), graphc.placeholder((2, 1), "int8")
    loss = graphc.sparse_categorical_crossentropy(t, x, from_logits)
    y, dx = value_and_gradient(loss, x, t, [[[1, 2, 3], [1, 2, 3]], [[0], [label]]])
    assert np.isfinite(y[0]) and np.isnan(y[1])
    assert not dx[1].any() or np.isnan(dx[1]).any()


def test_half_precision_is_computed_in_float32(rng):
    logits, target = rng.normal(size=(4, 1000)).astype("float16"), rng.integers(0, 1000, 4)
    x, t = graphc.placeholder((4, 1000), "float16"), graphc.placeholder((4,), "int64")
    loss = graphc.sparse_categorical_crossentropy(t, x, from_logits=True)
    wide = logits.astype("float64")
    exact = np.log(np.exp(wide).sum(1)) - wide[np.arange(4), target]
    assert loss.dtype == np.float16
    np.testing.assert_allclose(graphc.interpret([x, t], loss, [logits, target]), exact, 1e-3)


def test_wrong_arguments():
    x = graphc.placeholder((5, 3))
    with pytest.raises(ShapeError, match=r"\(5, 4\)"):
        graphc.categorical_crossentropy(graphc.placeholder((5, 4)), x)
    with pytest.raises(ShapeError, match=r"\(5,\)"):
        graphc.sparse_categorical_crossentropy(graphc.placeholder((4,), "int32"), x)
    with pytest.raises(DTypeError, match="integers"):
        graphc.sparse_categorical_crossentropy(graphc.placeholder((5,)), x)
    with pytest.raises(DTypeError, match="floats"):
        graphc.binary_crossentropy(x, graphc.placeholder((5, 3), "int32"))
    with pytest.raises(ShapeError, match="broadcast"):
        graphc.binary_crossentropy(graphc.placeholder((2, 3)), x)
