"""The oracle itself: by hand, and what it refuses."""
import numpy as np
import pytest

import graphc
from graphc.interpreter import interpret
from graphc.ir.errors import ArgumentError, CallError, IndexOutOfBounds


@pytest.fixture
def x():
    return graphc.placeholder((None, 3), name="x")


def test_node_by_node(x):
    w = graphc.Variable(np.array([1.0, 10.0, 100.0], "float32"))
    value = np.array([[1, 2, 3], [4, 5, 6]], "float32")
    rows, total = interpret([x], [x @ w, graphc.sum(x)], [value])
    np.testing.assert_array_equal(rows, [321, 654])
    assert total == 21 and rows.dtype == total.dtype == np.float32
    w.assign([0.0, 0.0, 1.0])
    np.testing.assert_array_equal(interpret(x, x @ w, [value]), [3, 6])


def test_bare_and_listed(x):
    value = np.ones((1, 3))
    assert isinstance(interpret([x], [x], [value]), tuple)
    assert interpret([x], x, [value]).shape == (1, 3)
    assert interpret([], graphc.constant(2.0), []) == 2


def test_rounds_after_every_node():
    h = graphc.placeholder((), "float16")
    assert interpret([h], h + 2049 - 2048, [0]) == 0
    assert interpret([h], h.astype("float32") + 2049 - 2048, [0]) == 1


def test_a_variable_may_be_given_another_value():
    w = graphc.Variable([1.0, 2.0])
    np.testing.assert_array_equal(interpret([w], w * 2, [[5, 6]]), [10, 12])
    np.testing.assert_array_equal(w.numpy(), [1, 2])


def test_sizes_are_settled_in_any_order(x):
    n = x.dims[0]
    longer = graphc.placeholder((n + 1,), name="longer")
    found = interpret([longer, x], longer[1:] + x[:, 0] * n, [np.arange(3), np.ones((2, 3))])
    np.testing.assert_array_equal(found, [3, 4])
    with pytest.raises(CallError, match=r"longer.*got shape \(4,\): axis 0 must be 3"):
        interpret([longer, x], longer, [np.arange(4), np.ones((2, 3))])


@pytest.mark.parametrize(("inputs", "values", "message"), [
    (lambda x: [x], [np.ones((2, 4))], r"x:f32\[\?,3\]\) got shape \(2, 4\): axis 1 must be 3"),
    (lambda x: [x], [np.ones(3)], r"x:f32\[\?,3\]\) has 2 dimensions; got shape \(3"),
    (lambda x: [x], [], "a list of 1 values is expected.*got 0"),
    (lambda x: [x], [1, 2], "a list of 1 values is expected.*got 2"),
    (lambda x: [x], 1.0, "a list of 1 values is expected.*got 1.0"),
    (lambda x: [x, x], [1, 2], "an input is given twice"),
    (lambda x: [x, 3], [1, 2], "input 1 is no expression but 3"),
    (lambda x: [], [], "no value was given for the placeholder x:.* made at .*test_interpreter"),
    (lambda x: [x], ["abc"], r"x:f32\[\?,3\]\) takes float32"),
    (lambda x: [x], [[[1], [1, 2]]], r"x:f32\[\?,3\]\) takes what NumPy makes an array of"),
    (lambda x: [x], [None], r"x:f32\[\?,3\]"),
])
def test_what_is_refused(x, inputs, values, message):
    with pytest.raises((ArgumentError, CallError), match=message) as error:
        interpret(inputs(x), x * 2, values)
    assert str(error.value).endswith(": interpret(inputs(x), x * 2, values)")


def test_warnings_of_numpy_stay_inside(x, recwarn):
    assert np.isnan(interpret([x], graphc.log(x), [-np.ones((1, 3))])).all()
    assert not recwarn.list


REFUSED = [
    (lambda i, x, y: i, [2.7], [[1.0]], [[1.0]], "takes int32"),
    (lambda i, x, y: i, [2**40], [[1.0]], [[1.0]], "does not fit"),
    (lambda i, x, y: i, [True, 1.5], [[1.0]], [[1.0]], "takes int32"),
    (lambda i, x, y: x + y, [1], [1.0, 2.0], [1.0], "never broadcast|axis 0 must be"),
    (lambda i, x, y: x + y, [1], [1.0, 2.0], [1.0, 2.0, 3.0], "axis 0 must be|given|got"),
    (lambda i, x, y: x, [1], [[1.0]], [1.0], "has 1 dimensions"),
    (lambda i, x, y: x, [1], None, [1.0], "not None"),
    (lambda i, x, y: graphc.max(x), [1], [], [1.0], "empty axis"),
]


@pytest.mark.parametrize(("formula", "i", "x", "y", "message"), REFUSED)
def test_inputs_are_checked_as_a_compiled_function_checks_them(formula, i, x, y, message):
    inputs = [graphc.placeholder((None,), "int32", "i"), graphc.placeholder((None,), name="x"),
              graphc.placeholder((None,), name="y")]
    result = formula(*inputs)
    compiled = graphc.compile(inputs, result)
    for run in (lambda: interpret(inputs, result, [i, x, y]), lambda: compiled(i, x, y)):
        with pytest.raises(CallError, match=message):
            run()


def test_arrays_convert_as_lists_do():
    i, h = graphc.placeholder((2,), "int8"), graphc.placeholder((2,), "float16")
    assert interpret([i, h], i + h, [np.array([1, 2]), np.array([0.5, 1.0])]).tolist() == [1.5, 3.0]
    with pytest.raises(CallError, match="300 does not fit into int8"):
        interpret([i], i, [np.array([1, 300])])


@pytest.mark.parametrize("formula, name", [(lambda x, i: graphc.take(x, i), "gather"),
                                           (lambda x, i: x.at[i].add(1), "index"),
                                           (lambda x, i: graphc.take_along_axis(x, i, 0), "take_along_axis")])
def test_an_index_out_of_bounds_is_told_with_the_op_and_its_line(formula, name):
    x, i = graphc.placeholder((None,), name="x"), graphc.placeholder((2,), "int64", "i")
    y = formula(x, i)
    with pytest.raises(IndexOutOfBounds, match=rf"{name}\(.*i:i64\[2\]\): index 7 is out .*\n  made at .*formula\(x, i\)|"
                                               rf"{name}\(.*i:i64\[2\]\): index 7 is out .*\n  made at .*lambda x, i"):
        interpret([x, i], y, [np.ones(3), [1, 7]])
