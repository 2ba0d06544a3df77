"""Calls of numbers: who has the quick way, what it takes, and that it says the same as the other."""
import struct

import numpy as np
import pytest

import graphc
from graphc.runtime.runner import Runner
from graphc.runtime.scalars import scalar_call

DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]


def number(dtype="float32", name=None):
    return graphc.placeholder((), dtype, name)


def quick(inputs, outputs, **options):
    f = graphc.compile(inputs, outputs, **options)
    return scalar_call(f._runner, f.bare)


X, V = number(name="x"), graphc.placeholder((3,), name="v")
B, H = number("bool", "b"), number("bfloat16", "h")
W = graphc.Variable(np.float32(2), name="w")


@pytest.mark.parametrize("inputs, outputs, options", [
    ([V], V[0], {}), ([X], [X + np.ones(3, "float32")], {}), ([X], [], {}), ([X], X * W, {}),
    ([X], X * 2, {"updates": {W: W + 1}}), ([X], [X, X > 0], {}), ([B], B.astype("float32"), {}),
    ([H], H.astype("float32"), {})],
    ids=["array in", "array out", "nothing", "Variable", "update", "dtypes", "bool", "bfloat16"])
def test_who_has_no_quick_way(inputs, outputs, options):
    assert quick(inputs, outputs, **options) is None


def test_an_index_that_is_checked_has_no_quick_way():
    i = number("int32")
    assert quick([i], graphc.constant([1.0, 2.0])[i]) is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_says_what_the_other_says(dtype):
    x, y = number(dtype), number(dtype)
    outputs = [x * y + 3, x - y, graphc.maximum(x, y)]
    f = graphc.compile([x, y], outputs)
    call = scalar_call(f._runner, False)
    for values in ((7, 3), (0, 0), (11, 5), (True, False)):
        found, expected = call(values), Runner.__call__(f._runner, values)
        assert type(found) is tuple and [type(v) for v in found] == [type(v) for v in expected]
        assert list(found) == expected


def test_no_inputs_one_result_and_a_bare_one():
    assert quick([], [graphc.constant(2.5) * 2])(()) == (5.0,)
    assert quick([X], X * 2)((1.5,)) == 3.0
    only = quick([X], [X * 2])((1.5,))
    assert type(only) is tuple and type(only[0]) is np.float32


@pytest.mark.parametrize("value", [np.float32(1), "1", None, 1j, [1], np.ones(()), X])
def test_it_takes_pythons_numbers_only(value):
    with pytest.raises(TypeError):
        quick([X], X * 2)((value,))


@pytest.mark.parametrize("dtype, value, error", [("int8", 128, struct.error), ("uint64", -1, struct.error),
                                                 ("int32", 1.5, struct.error), ("float32", 1e39, OverflowError)])
def test_what_does_not_fit_is_left_to_the_other(dtype, value, error):
    x = number(dtype)
    call = quick([x], x + x)
    with pytest.raises(error):
        call((value,))
    assert call((2,)) == 4


def test_results_of_later_calls_leave_earlier_ones_alone():
    call = quick([X], [X, X * 2])
    first = call((1.0,))
    call((5.0,))
    assert first == (1.0, 2.0)
