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
    for name in sorted(names - set(ops.MISSING)):
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
