"""Dtypes, shapes, broadcasting and promotion, against NumPy's."""
import itertools

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError
from graphc.ir.integer import Integer
from graphc.ir.types import (
    LONG,
    SHORT,
    Type,
    as_axes,
    as_axis,
    as_dims,
    as_dtype,
    broadcast,
    is_float,
    promote,
    row_major,
)

N, M = Integer.symbol("n"), Integer.symbol("m")
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


# ---- dtypes ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "dtype"), [
    ("float32", "float32"), ("f32", "float32"), (np.float32, "float32"), (np.dtype(">f4"), "float32"),
    (float, "float64"),
    (int, "int64"), (bool, "bool"), ("bf16", BFLOAT16), ("bfloat16", BFLOAT16), (ml_dtypes.bfloat16, BFLOAT16),
    ("u8", "uint8"), ("half", "float16"),
])
def test_names_of_dtypes(name, dtype):
    assert as_dtype(name) == np.dtype(dtype) and as_dtype(name).isnative


@pytest.mark.parametrize("name", ["float31", "complex64", "U3", object, None, "datetime64[s]", 3])
def test_other_dtypes_are_refused(name):
    with pytest.raises(DTypeError, match="known: bool, int8"):
        as_dtype(name)


def test_short_names_are_unique():
    assert len(LONG) == len(SHORT) == 13


@pytest.mark.parametrize("pair", list(itertools.combinations_with_replacement(SHORT, 2)), ids=str)
def test_promotion_is_numpys_with_two_exceptions(pair):
    a, b = pair
    floats = [d for d in pair if is_float(d)]
    if set(pair) == {BFLOAT16, np.dtype("float16")}:
        expected = np.dtype("float32")
    elif len(floats) == 1:
        expected = floats[0]
    else:
        expected = np.result_type(a, b)
    assert promote(a, b) == promote(b, a) == expected
    x, y = (graphc.placeholder((2,), d) for d in pair)
    assert (x * y).dtype == expected


def test_promotion_of_several():
    assert promote(*map(np.dtype, ("int8", "uint8", "float32"))) == np.float32
    assert promote(*map(np.dtype, ("int8", "uint8"))) == np.int16
    assert promote(BFLOAT16, np.dtype("float16"), np.dtype("float64")) == np.float64


# ---- shapes ---------------------------------------------------------------------------------------------------------
def test_shapes_of_all_kinds():
    assert as_dims(3) == as_dims([3]) == as_dims((np.int32(3),)) == as_dims(np.array([3])) == (3,)
    assert all(type(d) is int for d in as_dims(np.array([3, 4])))
    assert as_dims(()) == () and as_dims((0, 1)) == (0, 1)
    assert as_dims((N, 2)) == (N, 2) and as_dims(N) == (N,)


def test_each_none_is_an_unknown_of_its_own():
    a, b = as_dims((None, None))
    assert isinstance(a, Integer) and a != b
    assert Type(np.dtype("f4"), (a, 3)).shape == (None, 3)


@pytest.mark.parametrize("shape", [None, (-1,), (1.0,), (2.5,), (True,), ("batch",), "ab", ((2,),), (np.float64(2),)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ShapeError):
        as_dims(shape)


def test_type():
    t = Type(np.dtype("float32"), (N, 784))
    assert str(t) == "f32[n,784]" and t.rank == 2 and t.size == 784 * N and t.nbytes == 3136 * N
    assert str(t.with_dims((N + 1,))) == "f32[n+1]" and str(t.with_dtype(BFLOAT16)) == "bf16[n,784]"
    assert str(Type(np.dtype("bool"))) == "bool[]" and Type(np.dtype("bool")).size == 1
    with pytest.raises(AttributeError):
        t.dims = ()


shapes = st.lists(st.sampled_from([0, 1, 1, 2, 3]), max_size=4).map(tuple)


@given(st.lists(shapes, min_size=1, max_size=3))
def test_broadcasting_is_numpys(given):
    try:
        expected = np.broadcast_shapes(*given)
    except ValueError:
        with pytest.raises(ShapeError, match="do not broadcast"):
            broadcast(*given)
    else:
        assert broadcast(*given) == expected


@pytest.mark.parametrize(("given", "expected"), [
    (((N,), (1,)), (N,)), (((N,), ()), (N,)), (((N,), (3,)), (3,)), (((3,), (N,)), (3,)), (((N,), (M,)), (N,)),
    (((N, 1), (1, M)), (N, M)), (((N + 1,), (N + 1,)), (N + 1,)), (((2, N), (N,)), (2, N)),
])
def test_broadcasting_of_unknown_sizes(given, expected):
    assert broadcast(*given) == expected


def test_axes():
    assert [as_axis(a, 3) for a in (0, 2, -1, -3, np.int8(1))] == [0, 2, 2, 0, 1]
    assert as_axes(None, 3) == (0, 1, 2) and as_axes(-1, 3) == (2,) and as_axes((2, 0), 3) == as_axes([-1, 0], 3) == (0, 2)
    for axis, error in ((3, ShapeError), (-4, ShapeError), (1.0, ArgumentError), (True, ArgumentError),
                        ("0", ArgumentError)):
        with pytest.raises(error, match="axis"):
            as_axis(axis, 3)
    with pytest.raises(ShapeError, match="twice"):
        as_axes((0, -3), 3)


def test_offsets():
    assert [row_major((2, 3), i) for i in np.ndindex(2, 3)] == list(range(6))
    assert row_major((N, 3), (N - 1, 2)) == 3 * N - 1
