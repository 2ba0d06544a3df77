"""What is said of an index outside its axis: which it was, of which axis, of which size."""
import numpy as np
import pytest

import graphc
from graphc.runtime import bounds

X = np.arange(12, dtype="float32").reshape(4, 3)


def message(x, index, result, value, indices, **options):
    with pytest.raises(graphc.IndexOutOfBounds) as caught:
        graphc.compile([x, index], result, **options)(value, indices)
    return str(caught.value).splitlines()[0]


@pytest.fixture
def x():
    return graphc.placeholder((None, 3), name="x")


def index(*shape, dtype="int64"):
    return graphc.placeholder(shape, dtype, name="i")


@pytest.mark.parametrize("options", [{}, {"skip": ["fuse"]}, {"threads": 2}, {"check_nan": True}],
                         ids=["plain", "apart", "threads", "checked"])
@pytest.mark.parametrize("dtype, wrong", [("int64", -5), ("int8", 4), ("uint64", 2**63), ("int32", 1000)])
def test_the_first_wrong_index_its_axis_and_its_size(x, dtype, wrong, options):
    i = index(None, dtype=dtype)
    assert message(x, i, x[i] * 2, X, np.array([3, wrong, 77], dtype), **options).endswith(
        f"index {wrong} is out of bounds for axis 0 of size 4")


def test_of_several_indices_the_one_that_is_wrong(x):
    i, j = index(None), graphc.placeholder((None,), "int64")
    f = graphc.compile([x, i, j], x[i, j])
    for rows, columns, found in (([0, 3], [0, -4], "index -4 is out of bounds for axis 1 of size 3"),
                                 ([0, 4], [0, 1], "index 4 is out of bounds for axis 0 of size 4")):
        with pytest.raises(graphc.IndexOutOfBounds, match=found):
            f(X, rows, columns)


def test_along_an_axis(x):
    i = index(4, 1)
    assert "index 3 is out of bounds for axis 1 of size 3" in message(
        x, i, graphc.take_along_axis(x, i, axis=1), X, [[0], [-3], [3], [9]])


def test_an_index_that_the_program_computes_of_variables_and_inputs(x):
    i = index(None)
    shift = graphc.Variable(np.array(2), name="shift")
    f = graphc.compile([x, i], x[i * 2 + shift], updates={shift: shift + 1})
    with pytest.raises(graphc.IndexOutOfBounds, match="index 4 is out of bounds for axis 0 of size 4"):
        f(X, [0, 1])
    assert shift.numpy() == 2, "it was computed with the old value, which stays"


def test_where_something_is_written_the_axis_is_not_known(x):
    i, g = index(None), graphc.placeholder((None, 3))
    f = graphc.compile([x, i, g], graphc.grad(graphc.sum(x[i] * g), x))
    with pytest.raises(graphc.IndexOutOfBounds, match=r"index\(i:i64\[1\]\): index 5 is .* for an axis of size 4"):
        f(X, [5], X[:1])


def test_what_cannot_be_found_out_is_left_out(x, monkeypatch):
    def fail(*_):
        raise MemoryError
    monkeypatch.setattr(bounds, "interpret", fail)
    i = index(None)
    assert message(x, i, x[i], X, [4]).endswith("an index is out of bounds for an axis of size 4")
