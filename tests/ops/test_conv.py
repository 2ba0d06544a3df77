"""Convolutions: shapes, paddings and formats of the public functions; torch as the oracle of values and gradients."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch, the oracle, is not installed: pip install -e .[oracle]")


def draw(*shape):
    return RNG.standard_normal(shape)


def evaluate(function, *arrays, unknown=()):
    """The function's value; `unknown` axes of the first operand are known only at call time."""
    shapes = [tuple(None if k in unknown else d for k, d in enumerate(arrays[0].shape)), *(x.shape for x in arrays[1:])]
    inputs = [graphc.placeholder(shape, x.dtype) for shape, x in zip(shapes, arrays, strict=True)]
    y = function(*inputs)
    value = graphc.interpret(inputs, y, arrays)
    assert all(d is None or d == size for d, size in zip(y.shape, value.shape, strict=True))
    return value


def first(x):
    """Channels last to channels first, and weights to torch's order."""
    return np.moveaxis(x, -1, 1)


def torch_weights(w):
    return np.moveaxis(w, (-1, -2), (0, 1))


# ---- against torch --------------------------------------------------------------------------------------------------
CONVS = [  # x, w, strides, padding, dilation, groups
    ((2, 9, 3), (3, 3, 4), 1, 0, 1, 1), ((2, 9, 4), (2, 2, 6), 2, 1, 3, 2), ((2, 8, 7, 3), (3, 3, 3, 5), 1, 1, 1, 1),
    ((2, 8, 7, 3), (3, 2, 3, 5), (2, 3), (0, 2), (2, 1), 1), ((1, 6, 6, 4), (3, 3, 1, 4), 1, 1, 1, 4),
    ((1, 6, 6, 4), (3, 3, 1, 8), 2, 1, 1, 4), ((2, 2, 2, 1), (4, 4, 1, 2), 1, 3, 1, 1),
    ((0, 5, 5, 2), (3, 3, 2, 2), 1, 0, 1, 1), ((1, 9, 9, 2), (2, 2, 2, 2), 4, 0, 1, 1),
    ((1, 4, 5, 6, 2), (2, 3, 2, 2, 3), (1, 2, 1), (1, 0, 2), 1, 1),
]


@pytest.mark.parametrize("given", CONVS, ids=str)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_conv_and_its_gradients_are_torchs(torch, given, data_format):
    shape, kernel, strides, padding, dilation, groups = given
    x, w = draw(*shape), draw(*kernel)
    tx, tw = (torch.tensor(v.copy(), requires_grad=True) for v in (first(x), torch_weights(w)))
    ty = getattr(torch.nn.functional, f"conv{len(shape) - 2}d")(tx, tw, None, strides, padding, dilation, groups)
    g = draw(*ty.shape)
    ty.backward(torch.tensor(g))
    last = data_format == "channels_last"
    arrays = [x if last else first(x), w, np.moveaxis(g, 1, -1) if last else g]
    px, pw, pg = (graphc.placeholder(a.shape, a.dtype) for a in arrays)
    y = graphc.conv(px, pw, strides, padding, data_format, dilation, groups)
    gx, gw = graphc.vjp(y, [px, pw], pg)
    y, gx, gw = graphc.interpret([px, pw, pg], [y, gx, gw], arrays)
    np.testing.assert_allclose(first(y) if last else y, ty.detach(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(first(gx) if last else gx, tx.grad, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(torch_weights(gw), tw.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size, kernel, stride, dilation, added", [
    (5, 3, 1, 1, 0), (5, 3, 2, 1, 0), (5, 3, 2, 1, 1), (4, 2, 3, 1, 0), (4, 2, 3, 1, 2), (6, 3, 2, 2, 1),
    (1, 4, 2, 1, 0)])
def test_conv_transpose_is_torchs(torch, size, kernel, stride, dilation, added):
    x, w = draw(2, size, size, 3), draw(kernel, kernel, 4, 3)
    tx, tw = torch.tensor(first(x)), torch.tensor(torch_weights(w))
    expected = torch.nn.functional.conv_transpose2d(tx, tw, None, stride, dilation=dilation, output_padding=added)
    actual = evaluate(lambda x, w: graphc.conv_transpose(x, w, stride, "valid", added, dilation_rate=dilation), x, w)
    np.testing.assert_allclose(first(actual), expected, rtol=1e-10, atol=1e-10)


def test_separable_conv_is_two_convolutions_of_torch(torch):
    x, depthwise, pointwise = draw(2, 7, 6, 3), draw(3, 3, 3, 2), draw(1, 1, 6, 5)
    # output channel c * multiplier + m of a group convolution is filter m of channel c
    filters = depthwise.reshape(3, 3, 6).transpose(2, 0, 1)[:, None]
    y = torch.nn.functional.conv2d(torch.tensor(first(x)), torch.tensor(filters.copy()), None, 2, 1, groups=3)
    y = torch.nn.functional.conv2d(y, torch.tensor(torch_weights(pointwise).copy()))
    actual = evaluate(lambda *args: graphc.separable_conv(*args, strides=2, padding=1), x, depthwise, pointwise)
    np.testing.assert_allclose(first(actual), y, rtol=1e-10, atol=1e-10)


# ---- padding --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size, kernel, stride, dilation, before, after", [
    (5, 3, 1, 1, 1, 1), (5, 2, 1, 1, 0, 1), (5, 3, 2, 1, 1, 1), (6, 3, 2, 1, 0, 1), (6, 4, 1, 2, 3, 3),
    (7, 1, 3, 1, 0, 0), (3, 2, 5, 1, 0, 0), (4, 5, 3, 1, 2, 2), (0, 3, 1, 1, 0, 0)])
@pytest.mark.parametrize("unknown", [(), (0,), (0, 1)], ids=["known", "batch unknown", "size unknown"])
def test_same_padding_makes_ceil_of_size_by_stride_and_is_heavier_behind(size, kernel, stride, dilation, before, after,
                                                                         unknown):
    x, w = draw(2, size, 3), draw(kernel, 3, 2)
    actual = evaluate(lambda x, w: graphc.conv(x, w, stride, "same", dilation_rate=dilation), x, w, unknown=unknown)
    assert actual.shape == (2, -(-size // stride), 2)
    if size:
        explicit = evaluate(lambda x, w: graphc.conv(x, w, stride, [(before, after)], dilation_rate=dilation), x, w)
        np.testing.assert_allclose(actual, explicit)


def test_an_output_of_causal_padding_sees_nothing_behind_it():
    x, w = draw(1, 8, 2), draw(3, 2, 4)
    changed = x.copy()
    changed[:, 5:] += 1
    def causal(x, w):
        return graphc.conv(x, w, padding="causal", dilation_rate=2)
    before, after = evaluate(causal, x, w), evaluate(causal, changed, w)
    assert before.shape == (1, 8, 4)
    np.testing.assert_array_equal(before[:, :5], after[:, :5])
    assert (before[:, 5:] != after[:, 5:]).all()


def test_gradients_with_sizes_known_at_call_time():
    x, w = draw(2, 6, 5, 2), draw(3, 3, 2, 4)
    def gradients(x, w):
        return graphc.concat([g.ravel() for g in graphc.grad((graphc.conv(x, w, 2, "same") ** 2).sum(), [x, w])])
    np.testing.assert_allclose(evaluate(gradients, x, w, unknown=(0, 1, 2)), evaluate(gradients, x, w))


# ---- conv_transpose by Keras's rule ---------------------------------------------------------------------------------
@pytest.mark.parametrize("padding, stride, kernel, added, expected", [
    ("valid", 1, 3, None, 7), ("valid", 2, 3, None, 11), ("valid", 4, 3, None, 20), ("valid", 2, 3, 1, 12),
    ("same", 1, 3, None, 5), ("same", 2, 3, None, 10), ("same", 3, 2, None, 15), ("same", 2, 3, 1, 10),
    ("same", 2, 3, 0, 9), ("same", 2, 4, 1, 9)])
def test_the_sizes_of_conv_transpose(padding, stride, kernel, added, expected):
    x, w = draw(1, 5, 2), draw(kernel, 3, 2)
    assert evaluate(lambda x, w: graphc.conv_transpose(x, w, stride, padding, added), x, w).shape == (1, expected, 3)


@pytest.mark.parametrize("stride, kernel", [(1, 3), (2, 3), (2, 4), (3, 3), (3, 5)])
def test_conv_transpose_with_same_padding_transposes_conv_with_same_padding(stride, kernel):
    """``<conv(x), y> = <x, conv_transpose(y)>``, where the sizes correspond."""
    x, y, w = draw(1, 4 * stride, 3), draw(1, 4, 2), draw(kernel, 3, 2)
    forward = evaluate(lambda x, w: graphc.conv(x, w, stride, "same"), x, w)
    backward = evaluate(lambda y, w: graphc.conv_transpose(y, w, stride, "same"), y, w)
    np.testing.assert_allclose((forward * y).sum(), (x * backward).sum())


def test_conv_transpose_has_gradients_to_any_order():
    x, w = graphc.placeholder((1, 4, 2), "float64"), graphc.placeholder((3, 3, 2), "float64")
    cost = (graphc.conv_transpose(x, w, 2, "same") ** 3).sum()
    arrays = draw(1, 4, 2), draw(3, 3, 2)
    for _ in range(3):
        gradient = graphc.grad(cost, w)
        direction = draw(3, 3, 2)
        ahead, behind = (graphc.interpret([x, w], cost, (arrays[0], arrays[1] + h * direction)) for h in (1e-5, -1e-5))
        slope = (graphc.interpret([x, w], gradient, arrays) * direction).sum()
        np.testing.assert_allclose(slope, (ahead - behind) / 2e-5, rtol=1e-6)
        cost = (gradient * draw(3, 3, 2)).sum()


# ---- what bad arguments get -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("arguments, error", [
    ({"padding": "full"}, ArgumentError), ({"padding": "causal"}, ArgumentError), ({"padding": -1}, ArgumentError),
    ({"padding": [(1, 1)]}, ArgumentError), ({"padding": [(1, 1, 1), 0]}, ArgumentError),
    ({"padding": 1.5}, ArgumentError), ({"strides": 0}, ArgumentError), ({"strides": (1, 2, 3)}, ArgumentError),
    ({"strides": 1.5}, ArgumentError), ({"dilation_rate": 0}, ArgumentError), ({"data_format": "NHWC"}, ArgumentError),
    ({"groups": 0}, ArgumentError), ({"groups": 2}, ShapeError), ({"data_format": "channels_first"}, ShapeError),
    ({"dilation_rate": 9}, ShapeError)], ids=str)
def test_conv_refuses(arguments, error):
    with pytest.raises(error, match=r"conv[\s\S]*test_conv.py"):
        graphc.conv(graphc.placeholder((2, 8, 8, 3)), graphc.placeholder((3, 3, 3, 4)), **arguments)


@pytest.mark.parametrize("x, w", [((2, 8, 3), (3, 3, 3, 4)), ((2, 3), (3, 4)), ((2, 8, 8, 3), (3, 3, 2, 4)),
                                  ((2, 8, 8, 3), (3, None, 3, 4)), ((2, 2, 8, 3), (3, 3, 3, 4))], ids=str)
def test_conv_refuses_shapes(x, w):
    with pytest.raises(ShapeError, match=r"conv[\s\S]*test_conv.py"):
        graphc.conv(graphc.placeholder(x), graphc.placeholder(w))


def test_conv_refuses_bool():
    with pytest.raises(DTypeError):
        graphc.conv(graphc.placeholder((2, 8, 3), "bool"), graphc.placeholder((3, 3, 4), "bool"))


def test_conv_transpose_refuses_explicit_padding():
    with pytest.raises(ArgumentError, match="conv_transpose"):
        graphc.conv_transpose(graphc.placeholder((2, 8, 3)), graphc.placeholder((3, 4, 3)), padding=1)


@pytest.mark.parametrize("strides, added", [(2, 2), (1, 1), ((2, 3), (1, 3)), ((3, 2), 2)])
def test_conv_transpose_refuses_as_much_output_padding_as_a_stride(strides, added):
    with pytest.raises(ArgumentError, match=r"conv_transpose[\s\S]*output_padding must be less than the strides"):
        graphc.conv_transpose(graphc.placeholder((2, 8, 8, 3)), graphc.placeholder((3, 3, 4, 3)), strides, "valid", added)
