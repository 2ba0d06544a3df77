"""The names of keras.ops: arguments and values of Keras, on expressions and on arrays."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.nn import layers, ops, tree

A = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
B = np.random.default_rng(1).standard_normal((3, 4)).astype("float32")
N = np.where(A > 0.8, np.nan, A)
K = np.array([[2, 0, 1], [1, 1, 2]], "int32")
Q = np.random.default_rng(2).standard_normal((1, 3, 4, 3)).astype("float32")
SEEN = np.array([[True, False], [True, True], [False, True]])[None, None]
IMAGE, KERNEL = A.reshape(1, 3, 4, 1), B[:2, :2].reshape(2, 2, 1, 1)

CALLS = {
    "max": (A, 1, True, 0.5), "min": (A, 0, False, -0.5), "sum": (A, 1, True), "mean": (A, 0), "var": (A, 1, True),
    "std": (A, None), "prod": (A, 1, True), "clip": (A, -0.5, 0.5), "norm": (A,), "tile": (A, (2, 1)),
    "take_along_axis": (A, np.array([5, 0, 7])), "transpose": (A, (1, 0)), "unstack": (A, None, 1), "top_k": (A, 2),
    "arange": (2, 8, 3), "full": ((2, 2), 7.0), "eye": (3, 4, 1), "expand_dims": (A, (0, -1)), "count_nonzero": (K, 0),
    "diff": (A, 1, 0), "one_hot": (K, 3), "pad": (A, ((1, 1), (0, 2)), "constant", 2.0),
    "searchsorted": (np.arange(5.0), np.array([1.5, 3])),
    "max_pool": (IMAGE, 2), "average_pool": (IMAGE, 2, 1, "same"), "conv": (IMAGE, KERNEL, 1, "same"),
    "layer_normalization": (A,), "normalize": (A, 1), "isclose": (A, B), "average": (A, 1, np.arange(4.0)),
    "divide_no_nan": (A, K.sum() * 0 + np.maximum(B, 0)), "fmod": (3 * A, B), "erfc": (A,), "ldexp": (A, np.full(4, 3)),
    "isin": (K, np.array([2, 5])), "select": ([A > 0, A < -1], [A, B], 3.0), "append": (A, B, 1), "rot90": (A, 3),
    "get_item": (A, (slice(1, 3), 0)), "slice": (A, (1, 2), (2, 1)), "slice_update": (A, (1, 2), B[:1, :2]),
    "scatter": (np.array([[1, 2], [0, 1], [1, 2]]), np.array([1.0, 2.0, 3.0], "float32"), (2, 3)),
    "scatter_update": (A, np.array([[1, 2], [0, 1]]), np.array([1.0, 2.0], "float32"), "max"),
    "segment_sum": (A, np.array([1, 0, 1]), 3), "median": (A, 1), "quantile": (A, 0.3, 0, "linear", True),
    "nanvar": (N, 1), "nanstd": (N,), "nanprod": (N, 1), "trapezoid": (A, None, 0.5), "multi_hot": (K, 4),
    "in_top_k": (np.array([0, 2, 1]), A, 2), "vdot": (A[0], B[0]), "cross": (A[:2, :3], B[:2, :3]), "psnr": (A, B, 2.0),
    "tri": (3, 4, 1), "logspace": (0, 2, 5), "identity": (3,), "saturate_cast": (300 * A, "uint8"), "isreal": (A,),
    "squareplus": (A,), "glu": (A,), "moments": (A, 0), "meshgrid": (A[0], B[0]), "einsum": ("ij,kj->ik", A, B),
    "array_split": (A, 3, 1), "vsplit": (A, [1]), "hsplit": (A, 2), "dsplit": (IMAGE.reshape(1, 1, 12), 3),
    "dstack": ([A, B],), "diagflat": (A[:2, :2], 1), "vander": (A[0], 3), "extract_sequences": (A, 2, 1),
    "depth_to_space": (A.reshape(1, 1, 3, 4), 2), "space_to_depth": (IMAGE[:, :2], 2), "bincount": (K, B[:2, :3], 4),
    "nanargmax": (N, 1), "nanargmin": (N, 0, True), "nancumsum": (N, 1), "nancumprod": (N,), "percentile": (A, 30, 0),
    "unravel_index": (K, (2, 2)), "segment_max": (A, np.array([1, 0, 1]), 2), "segment_min": (A, np.array([1, 0, 1]), 2),
    "geomspace": (1.0, 8.0, 4), "bartlett": (5,), "blackman": (5,), "hamming": (5,), "hanning": (5,), "kaiser": (5, 2.0),
    "corrcoef": (A,), "cdist": (A, B), "angle": (A,),
    "dot_product_attention": (Q, Q[:, :2, :2], B.reshape(1, 2, 2, 3), None, SEEN, 0.5, True),
    "hstack": ([A, B],), "stack": ([A, B], 1), "split": (A, 2, 1), "where": (A > 0, A, B), "cast": (A, "int32"),
}


def parts(results) -> list:
    return list(results) if isinstance(results, (list, tuple)) else [results]


def test_values_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name, args in CALLS.items():
        given = tree.mapped(lambda x: keras.ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, args)
        expected = parts(getattr(keras.ops, name)(*given))
        for a, b in zip(parts(getattr(ops, name)(*args)), expected, strict=True):
            assert isinstance(a, (np.ndarray, np.generic))
            np.testing.assert_allclose(a, keras.ops.convert_to_numpy(b), 2e-5, 1e-6, err_msg=name)


def test_names_and_arguments_are_those_of_keras():
    keras = pytest.importorskip("keras")
    names = {name for name in dir(keras.ops) if not name.startswith("_")}
    assert names == set(ops.__all__) - {"MISSING"} | set(ops.MISSING)
    for name in sorted(names - set(ops.MISSING) - {"image", "linalg", "nn", "numpy"}):
        theirs = [p for p in inspect.signature(getattr(keras.ops, name)).parameters if p != "kwargs"]
        ours = [p for p in inspect.signature(getattr(ops, name)).parameters if p != "kwargs"]
        assert ours[:len(theirs)] == theirs, name


def test_on_expressions_they_give_expressions():
    x = nn.Input((4,))
    y = ops.sum(ops.relu(x) * ops.arange(4), axis=1, keepdims=True)
    np.testing.assert_allclose(graphc.interpret([x], y, [A]), (np.maximum(A, 0) * np.arange(4)).sum(1, keepdims=True), 1e-5)

    class Layer(layers.Layer):
        def call(self, inputs):
            return inputs + ops.cast(ops.ones((4,)), inputs.dtype)

    np.testing.assert_allclose(graphc.interpret([x], Layer()(x), [A]), A + 1)


def test_loops_run_over_rows():
    np.testing.assert_allclose(ops.map(lambda row: ops.sum(row * row), A), (A * A).sum(1), 1e-5)
    assert ops.fori_loop(0, 5, lambda i, value: value + i, np.int32(1)) == 11


def test_loops_have_arguments_as_in_keras():
    keras = pytest.importorskip("keras")
    for k in (keras, nn):
        two = k.ops.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2.0), (0, A))
        one = k.ops.while_loop(lambda x: x < 100.0, lambda x: x * 2.0, np.float32(1))
        assert isinstance(two, tuple) and float(one) == 128.0
        np.testing.assert_allclose(k.ops.convert_to_numpy(two[1]), 8 * A)
        assert int(two[0]) == 3


def test_functions_are_applied():
    np.testing.assert_allclose(ops.vectorized_map(lambda xs: ops.sum(xs[0]) * xs[1], (A, B)), A.sum(1, keepdims=True) * B,
                               1e-5)
    branches = [lambda x: x + 1, lambda x: x * 2, lambda x: -x]
    for index, expected in ((-1, A + 1), (0, A + 1), (1, A * 2), (2, -A), (7, -A)):
        np.testing.assert_allclose(ops.switch(index, branches, A), expected)


def test_parts_have_the_same_functions():
    assert ops.nn.relu is ops.relu and ops.numpy.sum is ops.sum and ops.linalg.norm is ops.norm
    with pytest.raises(AttributeError, match="'inv': graphc has no counterpart"):
        ops.linalg.inv  # noqa: B018


@pytest.mark.parametrize(("name", "options"), [
    ("resize", {"size": (5, 2)}), ("resize", {"size": (5, 2), "interpolation": "nearest"}),
    ("resize", {"size": (3, 3), "data_format": "channels_first"}), ("rgb_to_grayscale", {}),
    ("rgb_to_grayscale", {"data_format": "channels_first"}),
    ("pad_images", {"top_padding": 1, "bottom_padding": 2, "left_padding": 3, "target_width": 8}),
    ("crop_images", {"top_cropping": 1, "target_height": 1, "left_cropping": 0, "right_cropping": 2}),
    ("crop_images", {"bottom_cropping": 1, "target_height": 1, "right_cropping": 0, "target_width": 2,
                     "data_format": "channels_first"})])
def test_images_are_those_of_keras(name, options):
    keras = pytest.importorskip("keras")
    x = np.random.default_rng(0).standard_normal((2, 3, 3, 3)).astype("float32")
    for images in (x, x[0]):
        expected = keras.ops.convert_to_numpy(getattr(keras.ops.image, name)(images, **options))
        np.testing.assert_allclose(getattr(ops.image, name)(images, **options), expected, 1e-4, 1e-5)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: ops.where(A > 0), "the places where a condition holds have no shape"),
    (lambda: ops.bincount(K), "give minlength"), (lambda: ops.segment_sum(A, K[0]), "give num_segments"),
    (lambda: ops.dot_product_attention(Q, Q, Q, A, SEEN), "a bias or a mask, not both"),
    (lambda: ops.dot_product_attention(A, A, A), "of 4 axes"),
    (lambda: ops.image.pad_images(IMAGE, 1), "two are given along each axis"),
    (lambda: ops.image.crop_images(IMAGE, 4, 0, target_height=1, target_width=1), "make no sense")])
def test_what_a_graph_cannot_know_is_refused(call, message):
    with pytest.raises(graphc.GraphcError, match=message):
        call()


def test_tensors_as_such():
    variable = nn.Variable(A)
    assert ops.is_tensor(variable) and not ops.is_tensor(A)
    np.testing.assert_array_equal(ops.convert_to_numpy(variable), A)
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.sum(2 * variable, axis=0) + 1), (2 * A).sum(0) + 1)
    with pytest.raises(graphc.GraphcError, match="input_layer"):
        ops.convert_to_numpy(nn.Input((3,)) + 1)
    assert (ops.ndim(A), ops.size(A), ops.dtype(A), ops.shape(variable)) == (2, 12, "float32", (3, 4))
    assert ops.convert_to_tensor([1, 2], "float32").dtype == np.float32


def test_what_is_missing_says_so():
    with pytest.raises(AttributeError, match="'fft': graphc has no counterpart"):
        ops.fft  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'softmax'"):
        ops.sofmax  # noqa: B018
