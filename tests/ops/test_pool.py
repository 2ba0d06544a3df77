"""Pooling against PyTorch, and what holds at borders, ties and NaN."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError

from .harness import check_derivative, weighted_sum

SIZES = {1: (9,), 2: (8, 7), 3: (4, 5, 6)}
OPTIONS = [  # window, strides, padding
    (2, None, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0)]


@pytest.fixture
def rng():
    return np.random.default_rng(13)


@pytest.fixture
def functional():
    return pytest.importorskip("torch", reason="the oracle PyTorch is not installed").nn.functional


def check_against(function, oracle, value, rng):
    """Value and gradient equal PyTorch's."""
    import torch
    x, a = graphc.placeholder(value.shape, "float64"), torch.tensor(value, requires_grad=True)
    y, expected = function(x), oracle(a)
    weights = rng.normal(size=expected.shape)
    (expected * torch.tensor(weights)).sum().backward()
    found = graphc.interpret([x], [y, graphc.grad(graphc.sum(y * graphc.constant(weights)), x)], [value])
    np.testing.assert_allclose(found[0], expected.detach().numpy(), 1e-12, 1e-14)
    np.testing.assert_allclose(found[1], a.grad.numpy(), 1e-12, 1e-14)


@pytest.mark.parametrize(("window", "strides", "padding"), OPTIONS)
@pytest.mark.parametrize("rank", SIZES)
def test_max_pool(functional, rng, rank, window, strides, padding):
    value = rng.normal(size=(2, 3, *SIZES[rank]))
    oracle = getattr(functional, f"max_pool{rank}d")
    check_against(lambda x: graphc.max_pool(x, window, strides, padding, "channels_first"),
                  lambda a: oracle(a, window, strides, padding), value, rng)


@pytest.mark.parametrize("count_include_pad", (True, False))
@pytest.mark.parametrize(("window", "strides", "padding"), OPTIONS)
@pytest.mark.parametrize("rank", SIZES)
def test_average_pool(functional, rng, rank, window, strides, padding, count_include_pad):
    value = rng.normal(size=(2, 3, *SIZES[rank]))
    oracle = getattr(functional, f"avg_pool{rank}d")
    option = {"count_include_pad": count_include_pad}
    check_against(lambda x: graphc.average_pool(x, window, strides, padding, "channels_first", **option),
                  lambda a: oracle(a, window, strides, padding, **option), value, rng)


@pytest.mark.parametrize("function", (graphc.max_pool, graphc.average_pool))
def test_layouts_agree(rng, function):
    value = rng.normal(size=(2, 7, 8, 3))
    x, first = graphc.placeholder(value.shape, "float64"), graphc.placeholder((2, 3, 7, 8), "float64")
    y = graphc.interpret([x], function(x, (3, 2), (2, 1), "same"), [value])
    z = function(first, (3, 2), (2, 1), "same", "channels_first")
    z = graphc.interpret([first], z, [np.moveaxis(value, -1, 1)])
    np.testing.assert_array_equal(y, np.moveaxis(z, 1, -1))


@pytest.mark.parametrize(("size", "window", "strides", "expected"), [
    (5, 2, 2, [1, 3, 4]), (5, 3, 2, [1, 3, 4]), (6, 3, 2, [2, 4, 5]), (4, 2, 1, [1, 2, 3, 3]), (3, 5, 5, [2])])
def test_same_padding_is_even_with_the_odd_one_behind(size, window, strides, expected):
    x = graphc.placeholder((1, size, 1))
    y = graphc.interpret([x], graphc.max_pool(x, window, strides, "same"), [np.arange(size).reshape(1, size, 1)])
    assert y.ravel().tolist() == expected


def test_padding_does_not_count_in_a_mean():
    x = graphc.placeholder((1, 3, 1))
    y = graphc.average_pool(x, 3, 1, "same")
    assert graphc.interpret([x], y, [np.full((1, 3, 1), 6)]).ravel().tolist() == [6, 6, 6]


def test_pairs_of_padding(rng):
    value = rng.normal(size=(1, 4, 4, 1))
    x = graphc.placeholder(value.shape, "float64")
    y = graphc.interpret([x], graphc.max_pool(x, 3, 1, ((2, 0), (1, 1))), [value])
    assert y.shape == (1, 4, 4, 1)
    assert y[0, 0, 0, 0] == value[0, 0, :2, 0].max()


def test_the_gradient_goes_to_the_first_of_equal_maxima():
    x = graphc.placeholder((1, 4, 1))
    dx = graphc.grad(graphc.sum(graphc.max_pool(x, 4)), x)
    assert graphc.interpret([x], dx, [np.array([1, 2, 2, 0]).reshape(1, 4, 1)]).ravel().tolist() == [0, 1, 0, 0]


def test_nan_is_the_maximum():
    x = graphc.placeholder((1, 4, 1))
    y = graphc.interpret([x], graphc.max_pool(x, 2), [np.array([np.nan, 1, 2, 3]).reshape(1, 4, 1)])
    np.testing.assert_array_equal(y.ravel(), [np.nan, 3])


@pytest.mark.parametrize("dtype", ("int8", "uint8", "int64"))
def test_maxima_of_integers(dtype):
    x = graphc.placeholder((1, 4, 1), dtype)
    y = graphc.interpret([x], graphc.max_pool(x, 3, 2, 1), [np.array([0, 1, 5, 100]).reshape(1, 4, 1)])
    assert y.dtype == dtype and y.ravel().tolist() == [1, 100]


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_means_of_16_bit_floats_add_up_in_float32(dtype):
    x = graphc.placeholder((1, 4096, 1), dtype)
    value = np.full((1, 4096, 1), 1.5).astype(x.dtype)
    y = graphc.average_pool(x, 4096)
    y, dx = graphc.interpret([x], [y, graphc.grad(graphc.sum(y), x)], [value])
    assert y.dtype == dx.dtype == x.dtype and float(y.ravel()[0]) == 1.5 and float(dx[0, 0, 0]) == 1 / 4096


@pytest.mark.parametrize("data_format", ("channels_last", "channels_first"))
@pytest.mark.parametrize("rank", SIZES)
def test_global_pooling(rng, rank, data_format):
    value = rng.normal(size=(2, *SIZES[rank], 3))
    axes = tuple(range(1, rank + 1))
    given = value if data_format == "channels_last" else np.moveaxis(value, -1, 1)
    x = graphc.placeholder(given.shape, "float64")
    ys = [graphc.global_max_pool(x, data_format), graphc.global_average_pool(x, data_format)]
    a, b = graphc.interpret([x], ys, [given])
    np.testing.assert_array_equal(a, value.max(axes))
    np.testing.assert_allclose(b, value.mean(axes))
    assert graphc.global_max_pool(x, data_format, keepdims=True).ndim == rank + 2


@pytest.mark.parametrize("function", (graphc.max_pool, graphc.average_pool))
def test_gradients_of_gradients_and_forward_mode(rng, function):
    value = rng.permutation(2 * 5 * 6 * 2).reshape(2, 5, 6, 2) / 10
    x = graphc.placeholder(value.shape, "float64")
    y = function(x, 3, 2, "same")
    cost = weighted_sum(rng, [graphc.grad(weighted_sum(rng, [y * y]), x)])
    check_derivative(cost, [x], [value], rng)
    tangent = rng.normal(size=value.shape)
    pushed = graphc.interpret([x], graphc.jvp(y, x, tangent), [value])
    ahead, behind = (graphc.interpret([x], y, [value + h * tangent]) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(pushed, (ahead - behind) / 2e-5, 1e-6, 1e-8)


@pytest.mark.parametrize("padding", ("valid", "same", 1))
def test_sizes_that_only_a_call_knows(rng, padding):
    x = graphc.placeholder((None, None, None, 3), "float64")
    known = graphc.placeholder((2, 7, 6, 3), "float64")
    value = rng.normal(size=(2, 7, 6, 3))
    for function in (graphc.max_pool, graphc.average_pool):
        y, expected = function(x, 3, 2, padding), function(known, 3, 2, padding)
        np.testing.assert_array_equal(graphc.interpret([x], y, [value]), graphc.interpret([known], expected, [value]))
        gradients = [graphc.grad(graphc.sum(v * v), v0) for v, v0 in ((y, x), (expected, known))]
        np.testing.assert_array_equal(graphc.interpret([x], gradients[0], [value]),
                                      graphc.interpret([known], gradients[1], [value]))


def test_one_window_a_stride_keeps_the_shape():
    x = graphc.placeholder((None, None, None, 3))
    assert graphc.max_pool(x, 3, 1, "same").dims == x.dims


def test_compiled(rng):
    x = graphc.placeholder((None, 9, 8, 20))
    outputs = []
    for y in (graphc.max_pool(x, 2), graphc.average_pool(x, 3, 2, "same"), graphc.max_pool(x, 3, 1, "same")):
        outputs += [y, graphc.grad(graphc.sum(y * y), x)]
    value = rng.normal(size=(3, 9, 8, 20)).astype("float32")
    found = graphc.compile([x], outputs)(value)
    for a, b in zip(found, graphc.interpret([x], outputs, [value]), strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


def test_no_samples():
    x = graphc.placeholder((None, 4, 4, 2))
    assert graphc.interpret([x], graphc.max_pool(x, 2), [np.zeros((0, 4, 4, 2))]).shape == (0, 2, 2, 2)


def test_wrong_arguments():
    x = graphc.placeholder((2, 8, 8, 3))
    with pytest.raises(ShapeError, match="spatial"):
        graphc.max_pool(graphc.placeholder((8, 8)), 2)
    with pytest.raises(ShapeError, match="window of 9"):
        graphc.max_pool(x, 9)
    with pytest.raises(ArgumentError, match="pool_size"):
        graphc.max_pool(x, (2, 2, 2))
    with pytest.raises(ArgumentError, match="strides"):
        graphc.average_pool(x, 2, 0)
    with pytest.raises(ArgumentError, match="padding"):
        graphc.max_pool(x, 2, padding=2)
    with pytest.raises(ArgumentError, match="padding"):
        graphc.max_pool(x, 2, padding="full")
    with pytest.raises(ArgumentError, match="data_format"):
        graphc.max_pool(x, 2, data_format="NHWC")
    with pytest.raises(DTypeError, match="floats"):
        graphc.average_pool(graphc.placeholder((2, 8, 8, 3), "int32"), 2)
    with pytest.raises(DTypeError, match="bool"):
        graphc.max_pool(graphc.placeholder((2, 8, 8, 3), "bool"), 2)
    with pytest.raises(ShapeError, match="empty"):
        graphc.max_pool(graphc.placeholder((2, 0, 3)), 2, padding=1)


def test_positions_that_int32_does_not_number():
    x = graphc.placeholder((1, 2**16, 2**15 + 1, 1))
    y = graphc.max_pool(x, 2)
    with pytest.raises(ShapeError, match="int32"):
        graphc.grad(graphc.sum(y), x)
