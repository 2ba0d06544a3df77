"""Convolution kernels by address, against the rows' NumPy meaning: edges, groups, threads, guard zones."""
import numpy as np
import pytest

from graphc.ir.registry import OPS
from graphc.ir.types import Type
from graphc.kernels.cpu import channelwise, conv

from .products import run, store, twice_plus_place

RNG = np.random.default_rng(5)
ROWS = ("conv", "conv_input_gradient", "conv_weight_gradient")
FLOAT32 = np.dtype("float32")


def geometry(x, w, strides=1, padding=0, dilation=1, groups=1):
    axes = len(x) - 2
    pairs = padding if isinstance(padding, tuple) else ((padding, padding),) * axes
    return x, w, {"strides": (strides,) * axes if isinstance(strides, int) else strides, "padding": pairs,
                  "dilation": (dilation,) * axes if isinstance(dilation, int) else dilation, "groups": groups}


GEOMETRIES = {
    "plain": geometry((2, 9, 8, 3), (3, 3, 3, 5)),
    "1x1": geometry((3, 5, 4, 7), (1, 1, 7, 9)),
    "one element": geometry((1, 1, 1, 1), (1, 1, 1, 1)),
    "many rows, deep": geometry((1, 11, 10, 40), (3, 3, 40, 70), padding=1),
    "strided": geometry((2, 9, 11, 3), (3, 2, 3, 4), strides=(2, 3), padding=1),
    "stride beyond the kernel": geometry((2, 10, 9, 2), (2, 1, 2, 3), strides=4),
    "dilated": geometry((2, 9, 12, 3), (3, 2, 3, 4), dilation=(2, 3), padding=2),
    "dilated and strided": geometry((2, 13, 12, 2), (3, 3, 2, 4), strides=2, dilation=2, padding=3),
    "kernel larger than the input": geometry((2, 2, 3, 2), (5, 4, 2, 3), padding=4),
    "uneven padding": geometry((2, 5, 6, 2), (3, 4, 2, 3), padding=((0, 2), (3, 1))),
    "groups": geometry((2, 6, 5, 6), (3, 3, 2, 9), padding=1, groups=3),
    "groups of one channel": geometry((2, 6, 5, 3), (3, 3, 1, 6), strides=2, padding=1, groups=3),
    "depthwise": geometry((2, 7, 6, 21), (3, 3, 1, 21), strides=(1, 2), padding=1, groups=21),
    "depthwise, many channels": geometry((1, 4, 3, 300), (3, 2, 1, 300), dilation=2, padding=2, groups=300),
    "one channel": geometry((3, 12, 12, 1), (5, 5, 1, 6), padding=2),
    "empty batch": geometry((0, 5, 5, 2), (3, 3, 2, 4)),
    "no channels": geometry((2, 5, 5, 0), (3, 3, 0, 4)),
    "1-D": geometry((3, 17, 4), (3, 4, 8), strides=2, padding=((2, 0),), dilation=2),
    "1-D, groups": geometry((5, 9, 4), (2, 2, 6), strides=3, padding=((2, 1),), dilation=2, groups=2),
    "3-D": geometry((2, 4, 5, 6, 3), (2, 3, 2, 3, 4), strides=(1, 2, 2), padding=((0, 1), (1, 1), (2, 0))),
}


def draw(shape, dtype):
    return RNG.integers(-3, 4, shape).astype(dtype)


def operands(name, x, w, attrs, dtype):
    """Of the row `name`: two arrays of small integers, so that sums are exact, and its attributes."""
    x, w = draw(x, dtype), draw(w, dtype)
    y = OPS["conv"].numpy(x, w, **attrs)
    g = draw(y.shape, dtype)
    return {"conv": (x, w, attrs),
            "conv_input_gradient": (g, w, {"sizes": x.shape[1:-1], **attrs}),
            "conv_weight_gradient": (x, g, {"kernel": w.shape[:-2], **attrs})}[name]


def kernel(name, a, b, attrs, threads=1, epilogue=twice_plus_place):
    row = OPS[name]
    types = [Type(x.dtype, x.shape) for x in (a, b)]
    y = row.infer(*types, **attrs)
    module, function = row.lower.function(*types, y, **attrs).split(".")
    function = getattr({"conv": conv, "channelwise": channelwise}[module], function)
    sizes = row.lower.sizes(*types, y, **attrs)
    return run(function, a, b, y.dims, sizes, row.lower.scratch(*types, y, **attrs), threads, epilogue)


def assert_meaning(name, label, dtype, threads=1, epilogue=twice_plus_place):
    """The kernel does what the row means; the epilogue runs once for each element, at its place."""
    a, b, attrs = operands(name, *GEOMETRIES[label], dtype)
    expected = OPS[name].numpy(a, b, **attrs)
    if epilogue is twice_plus_place:
        expected = 2 * expected + np.arange(expected.size).reshape(expected.shape)
    np.testing.assert_array_equal(kernel(name, a, b, attrs, threads, epilogue), expected.astype(dtype), label)


@pytest.mark.parametrize("name", ROWS)
def test_every_geometry(name):
    for label in GEOMETRIES:
        assert_meaning(name, label, FLOAT32)
        assert_meaning(name, label, FLOAT32, threads=3)


@pytest.mark.parametrize("name, dtype", [("conv", "float64"), ("conv_input_gradient", "int32"),
                                         ("conv_weight_gradient", "float16")])
def test_other_dtypes(name, dtype):
    for label in ("strided", "groups", "depthwise"):
        assert_meaning(name, label, np.dtype(dtype), epilogue=store)


@pytest.mark.parametrize("name", ROWS)
def test_bit_identical_for_any_number_of_threads(name):
    for label in ("many rows, deep", "groups", "depthwise", "3-D"):
        a, b, attrs = operands(name, *GEOMETRIES[label], FLOAT32)
        a, b = a + RNG.random(a.shape, "float32"), b + RNG.random(b.shape, "float32")
        once = kernel(name, a, b, attrs)
        for threads in (2, 3):
            np.testing.assert_array_equal(kernel(name, a, b, attrs, threads), once, label)


def test_sums_of_16_bit_floats_run_in_float32():
    x, g = np.full((1, 4096, 2), 1, "float16"), np.full((1, 4096, 2), 1, "float16")
    attrs = {"kernel": (1,), **geometry(x.shape, (1, 2, 2))[2]}
    np.testing.assert_array_equal(kernel("conv_weight_gradient", x, g, attrs, epilogue=store), np.full((1, 2, 2), 4096))
