"""Placeholders, constants, Variables, and Python's numbers beside them."""
import operator

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError
from graphc.ir.types import as_dtype


# ---- constants ------------------------------------------------------------------------------------------------------
def test_equal_constants_are_one():
    array = np.arange(6.0).reshape(2, 3)
    assert graphc.constant(array) is graphc.constant(array.copy())
    assert graphc.constant(array) is graphc.constant(np.asfortranarray(array))
    assert graphc.constant(float("nan")) is graphc.constant(float("nan"))
    assert graphc.constant(1.0) is graphc.constant(np.float32(1))


@pytest.mark.parametrize(("a", "b"), [
    (1, 1.0), (1, True), (1.0, True), (0.0, -0.0), (0, False), (np.float64(1), 1.0),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    (np.zeros(0, "f4"), np.zeros(0, "f8")), (np.int32(1), np.int64(1)), (np.zeros((0, 2)), np.zeros((0, 3))),
])
def test_others_are_not(a, b):
    assert graphc.constant(a) is not graphc.constant(b)


@pytest.mark.parametrize(("value", "dtype"), [
    (1.5, "float32"), (1, "int64"), (True, "bool"), ([1.0, 2.0], "float32"), ([1, 2], "int64"),
    (np.float64(1), "float64"),
    (np.arange(3, dtype=">i2"), "int16"), (np.float16(1), "float16"), ([[1, 2.5]], "float32"), ([], "float32"),
])
def test_dtypes_of_constants(value, dtype):
    found = graphc.constant(value)
    assert found.dtype == np.dtype(dtype) and found.dtype.isnative
    np.testing.assert_array_equal(graphc.interpret([], found, []), np.asarray(value))


def test_a_constant_is_a_copy():
    array = np.zeros(3)
    x = graphc.constant(array)
    array[:] = 1
    assert not graphc.interpret([], x, []).any()
    with pytest.raises(ValueError, match="read-only"):
        x.attrs["value"].value[0] = 1


@pytest.mark.parametrize("value", [None, "abc", b"a", 1j, [1j], 2**70, object(), [[1], [1, 2]], {"a": 1}, np.array("a")])
def test_what_is_not_made_of_numbers_is_refused(value):
    with pytest.raises(DTypeError, match=r"constant.*: .*\n  at .*test_leaves.py:\d+: graphc.constant\(value\)"):
        graphc.constant(value)


def test_numbers_that_do_not_fit():
    with pytest.raises(DTypeError):
        graphc.constant(300, "uint8")
    with pytest.raises(TypeError, match="graphc.stack"):
        graphc.constant([graphc.placeholder(), 1.0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("make", [graphc.constant, graphc.Variable])
@pytest.mark.parametrize(("value", "dtype", "message"), [
    ("abc", None, "'abc'"), (None, None, "None"), (object(), None, "object"), (1j, None, "complex128"),
    ([1j], "float32", "complex128"), ([[1], [1, 2]], None, "inhomogeneous"), (2**70, None, "numbers"),
    (["1"], "float32", "list"), ([300], "uint8", "300"), (np.array([1, 300]), "uint8", "300 does not fit into uint8"),
    (1, "foo", "unknown dtype 'foo'"), ([2.0, 1.5], "int32", "1.5 does not fit into int32"),
    (np.array(1.5), "int32", "1.5 does not fit into int32"), (float("nan"), "int64", "NaN"),
    (2, "bool", "2 does not fit into bool"), (np.ma.array([1.0, 2.0], mask=[0, 1]), None, "mask")])
def test_values_that_are_refused(make, value, dtype, message):
    with pytest.raises(DTypeError, match=rf"^{make.__name__}[:(].*{message}.*\n  at .*test_leaves.py:\d+: make\(value"):
        make(value, dtype)


def test_numbers_that_fit_are_converted():
    for value in ([1.0, 2.0], np.array([1, 2], "int64"), [True, 2]):
        x = graphc.Variable(value, "uint8")
        assert x.dtype == np.uint8 and x.numpy()[0] == 1
    assert graphc.Variable(2**70, "float32").numpy() == 2.0**70


def test_a_tensor_that_numpy_cannot_read_is_refused():
    torch = pytest.importorskip("torch")
    for value in (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.bfloat16), torch.ones(2, device="meta")):
        with pytest.raises(DTypeError, match="Variable: takes numbers and arrays of numbers"):
            graphc.Variable(value)


# ---- placeholders ---------------------------------------------------------------------------------------------------
def test_placeholders_are_never_one():
    assert graphc.placeholder((2,), name="x") is not graphc.placeholder((2,), name="x")


@pytest.mark.parametrize(("arguments", "error"), [
    ({"shape": (-1,)}, ShapeError), ({"shape": None}, ShapeError), ({"shape": (2.0,)}, ShapeError),
    ({"dtype": "float31"}, DTypeError), ({"dtype": None}, DTypeError), ({"dtype": complex}, DTypeError),
    ({"name": 3}, ArgumentError)])
def test_errors_name_the_line(arguments, error):
    with pytest.raises(error, match=r"placeholder: .*\n  at .*test_leaves.py:\d+: graphc.placeholder\(\*\*arguments\)"):
        graphc.placeholder(**arguments)


# ---- Variables ------------------------------------------------------------------------------------------------------
def test_a_variable_is_a_copy_and_gives_copies():
    array = np.zeros((2, 3), "float32")
    w = graphc.Variable(array, name="w")
    array[:] = 1
    w.numpy()[:] = 2
    assert not w.numpy().any()
    w.assign(np.ones((2, 3)))
    assert w.numpy().all() and w.numpy().dtype == np.float32
    assert w.storage.ctypes.data % 64 == 0


@pytest.mark.parametrize(("value", "dtype"), [(1.5, "float32"), ([1, 2], "int64"), (np.zeros(2), "float64"), (True, "bool")])
def test_dtypes_of_variables(value, dtype):
    assert graphc.Variable(value).dtype == np.dtype(dtype)
    assert graphc.Variable(value, "f16").dtype == np.float16


@pytest.mark.parametrize(("dtype", "value"), [
    ("float32", 1), ("float32", np.float64(0.5)), ("float32", True), ("float64", 0.1), ("int32", 7),
    ("int32", np.int64(7)),
    ("uint8", 255), ("bfloat16", 0.5), ("bfloat16", np.float32(0.5)), ("float16", np.int32(3)), ("bool", True)])
def test_assign(dtype, value):
    w = graphc.Variable(0, dtype)
    w.assign(value)
    assert w.numpy() == value and w.dtype == as_dtype(dtype)


@pytest.mark.parametrize(("dtype", "value", "error"), [
    ("int32", 0.5, DTypeError), ("int32", np.float32(1), DTypeError), ("uint8", 256, DTypeError),
    ("uint8", -1, DTypeError),
    ("uint8", np.int64(1), DTypeError), ("bool", 1, DTypeError), ("float32", 1j, DTypeError),
    ("float32", None, DTypeError),
    ("float32", [1.0], ArgumentError), ("float32", np.zeros((1, 1)), ArgumentError)])
def test_assign_refuses(dtype, value, error):
    w = graphc.Variable(0, dtype, name="w")
    with pytest.raises(error, match=r"\n  at .*test_leaves.py:\d+: w.assign\(value\)"):
        w.assign(value)
    assert w.numpy() == 0


def test_a_name_is_a_string():
    with pytest.raises(ArgumentError, match=r"Variable: a name is a string, not 3\n  at .*test_leaves"):
        graphc.Variable(1.0, name=3)


def test_assign_refuses_a_masked_array():
    w = graphc.Variable([1.0, 2.0])
    with pytest.raises(DTypeError, match="mask"):
        w.assign(np.ma.array([3.0, 4.0], mask=[0, 1]))


def test_trainable_is_all_that_can_be_set():
    w = graphc.Variable(0.0, trainable=False)
    w.trainable = True
    assert w.trainable
    for name in ("name", "storage", "type", "lock"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(w, name, None)


# ---- weak numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"])
@pytest.mark.parametrize("number", [True, 1, 1.5])
def test_python_numbers_are_weak_as_in_numpy(dtype, number):
    x = graphc.placeholder((2,), dtype)
    expected = (np.ones(2, dtype) * number).dtype
    assert (x * number).dtype == (number * x).dtype == expected


def test_python_numbers_beside_bfloat16():
    x = graphc.placeholder((), "bfloat16")
    assert all((x * n).dtype == x.dtype for n in (True, 2, 1.5))
    assert (x * np.float32(1)).dtype == np.float32


@pytest.mark.parametrize(("dtype", "number"), [("int8", 128), ("uint8", -1), ("int32", 2**40), ("float32", 10**400)])
def test_numbers_that_overflow(dtype, number):
    x = graphc.placeholder((), dtype, name="x")
    with pytest.raises(DTypeError, match=r"multiply\(x:.*does not fit into " + dtype + r"\n  at .*test_leaves"):
        x * number


def test_call_time_sizes_are_weak_operands():
    x = graphc.placeholder((None,), "float32")
    n, value = x.dims[0], np.array([1, 2, 4], "float32")
    for operation in (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow):
        for y, expected in ((operation(x, n), operation(value, 3)), (operation(n, x), operation(3, value))):
            assert y.dtype == np.float32
            np.testing.assert_allclose(graphc.interpret([x], y, [value]), expected, 1e-6)
    assert (graphc.placeholder((), "int8") + n).dtype == np.int8
    assert graphc.interpret([x], graphc.sqrt(n * x).sum() / n, [np.ones(4)]) == 2
