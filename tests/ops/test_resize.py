"""Resizing against PyTorch and against what interpolation promises."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, ShapeError

from .harness import check_derivative, weighted_sum


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def resized(value, size, *args, **options):
    x = graphc.placeholder(value.shape, value.dtype)
    return graphc.interpret([x], graphc.resize(x, size, *args, **options), [value])


@pytest.mark.parametrize(("mode", "antialias"), [
    ("nearest", False), ("bilinear", False), ("bilinear", True), ("bicubic", True)])
@pytest.mark.parametrize("size", ((5, 7), (10, 14), (3, 9), (1, 1), (11, 2)), ids=str)
def test_values_and_gradients(rng, mode, size, antialias):
    torch = pytest.importorskip("torch", reason="the oracle PyTorch is not installed")
    value = rng.normal(size=(2, 3, 5, 7))
    a = torch.tensor(value, requires_grad=True)
    options = {"mode": "nearest-exact"} if mode == "nearest" else {"mode": mode, "antialias": antialias}
    y = torch.nn.functional.interpolate(a, size, **options)
    weights = rng.normal(size=y.shape)
    (y * torch.tensor(weights)).sum().backward()
    x = graphc.placeholder(value.shape, "float64")
    found = graphc.resize(x, size, mode, antialias, "channels_first")
    value, gradient = graphc.interpret(
        [x], [found, graphc.grad(graphc.sum(found * graphc.constant(weights)), x)], [value])
    np.testing.assert_allclose(value, y.detach().numpy(), 1e-9, 1e-11)
    np.testing.assert_allclose(gradient, a.grad.numpy(), 1e-9, 1e-11)


def test_layouts_agree(rng):
    value = rng.normal(size=(2, 4, 5, 3))
    last = resized(value, (7, 3))
    first = resized(np.moveaxis(value, -1, 1), (7, 3), data_format="channels_first")
    np.testing.assert_array_equal(last, np.moveaxis(first, 1, -1))
    np.testing.assert_array_equal(resized(value[0], (7, 3)), last[0])


@pytest.mark.parametrize("rank", (1, 2, 3))
def test_nearest_by_a_whole_factor_repeats(rng, rank):
    value = rng.integers(0, 255, (2, *(3, 4, 2)[:rank], 3)).astype("uint8")
    expected = value
    for axis in range(1, rank + 1):
        expected = expected.repeat(2, axis)
    found = resized(value, tuple(2 * n for n in value.shape[1:-1]), "nearest")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


def test_nearest_takes_integers_at_any_factor():
    np.testing.assert_array_equal(resized(np.arange(5)[:, None], (3,), "nearest")[:, 0], [0, 2, 4])


def test_integers_are_interpolated_as_float32():
    found = resized(np.array([[0], [1]], "uint8"), (4,))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 0], [0, 0.25, 0.75, 1])


@pytest.mark.parametrize("mode", ("bilinear", "bicubic", "lanczos3", "lanczos5"))
@pytest.mark.parametrize("target", (3, 5, 23))
def test_a_constant_stays_constant(mode, target):
    np.testing.assert_allclose(resized(np.full((1, 8, 1), 3.0), (target,), mode, True), 3, 1e-12)


def test_cubics_reproduce_parabolas():
    at = np.arange(20.0)
    where = (np.arange(40) + 0.5) / 2 - 0.5
    found = resized((at * at)[:, None], (40,), "bicubic")[:, 0]
    np.testing.assert_allclose(found[4:-4], where[4:-4] ** 2, 1e-12)


def test_an_infinite_pixel_stays_within_reach():
    found = resized(np.array([[0.0], [0], [0], [np.inf]]), (8,))[:, 0]
    np.testing.assert_array_equal(found, [0, 0, 0, 0, 0, np.inf, np.inf, np.inf])


@pytest.mark.parametrize("mode", ("nearest", "bilinear", "lanczos3"))
def test_second_derivatives(rng, mode):
    value = rng.normal(size=(1, 3, 4, 2))
    x = graphc.placeholder(value.shape, "float64")
    y = graphc.resize(x, (5, 8), mode)
    cost = weighted_sum(rng, [graphc.grad(weighted_sum(rng, [y * y]), x)])
    check_derivative(cost, [x], [value], rng)


def test_half_precision_is_rounded_once(rng):
    value = rng.normal(size=(1, 6, 6, 1)).astype("float16")
    found = resized(value, (9, 4))
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, resized(value.astype("float32"), (9, 4)).astype("float16"))


@pytest.mark.parametrize("mode", ("nearest", "bilinear", "bicubic"))
@pytest.mark.parametrize("dtype", ("float32", "float16"))
def test_compiled(rng, mode, dtype):
    x = graphc.placeholder((None, 5, 7, 3), dtype)
    y = graphc.resize(x, (10, 4), mode)
    outputs = [y, graphc.grad(graphc.sum(y * y), x)]
    value = rng.normal(size=(2, 5, 7, 3)).astype(dtype)
    found = graphc.compile([x], outputs)(value)
    for a, b in zip(found, graphc.interpret([x], outputs, [value]), strict=True):
        np.testing.assert_allclose(a, b, *((2e-6, 2e-6) if dtype == "float32" else (2e-3, 2e-3)))


def test_wrong_arguments():
    x = graphc.placeholder((2, 4, 5, 3))
    with pytest.raises(ArgumentError, match="bilinear"):
        graphc.resize(x, (2, 2), "linear")
    with pytest.raises(ShapeError, match="spatial"):
        graphc.resize(x, (2, 2, 2, 2))
    for size in ((0, 2), (2.5, 2), "ab"):
        with pytest.raises(ArgumentError, match="positive ints"):
            graphc.resize(x, size)
    with pytest.raises(ShapeError, match="known"):
        graphc.resize(graphc.placeholder((2, None, 5, 3)), (2, 2))
