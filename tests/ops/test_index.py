"""``x[...]``, ``x.at[...]``, take and their kin against NumPy."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, CallError, DTypeError, IndexOutOfBounds, ShapeError

from .against_numpy import check, check_gradient, drawn

ROWS = np.array([0, 2, 1, 2])
J = np.array([[3], [-1]])
MASK = np.array([True, False, True, True, False])
KEYS = {
    "slices": np.s_[1:, ::2, 1:3],
    "negative ends": np.s_[-4:-1, :-2, -9:2],
    "reversed": np.s_[::-1, 4:1:-2, 9:0:-1],
    "beyond": np.s_[9:, :-9],
    "empty": np.s_[3:1, 2:2],
    "integers": np.s_[2, -1],
    "all integers": np.s_[2, -1, 0],
    "Ellipsis": np.s_[..., 1],
    "Ellipsis for nothing": np.s_[0, ..., 1, 2],
    "None": np.s_[:, None, 2, ..., None],
    "nothing": (),
    "an array": ROWS,
    "a list": [0, 2],
    "an empty list": [],
    "an array behind": np.s_[:, ROWS],
    "an array between": np.s_[1:4, ROWS, ::-1],
    "arrays together": np.s_[:, J, ROWS],
    "arrays broadcast": np.s_[ROWS, J],
    "arrays parted": np.s_[ROWS, :, ROWS],
    "integer beside array": np.s_[:, 0, ROWS],
    "integer away from array": np.s_[0, :, ROWS],
    "None between arrays": np.s_[ROWS, None, J],
    "None beside array": np.s_[None, :, None, ROWS, None, 1:3],
    "three arrays": np.s_[J, ROWS, [0, 1, 1, 3]],
    "True": True,
    "False behind": np.s_[:, False],
    "True and array": np.s_[:, True, ROWS],
    "mask": np.s_[:, MASK],
    "mask of two axes": np.s_[:, np.outer(MASK, [True, False, False, True])],
    "mask and array": np.s_[[0, 1, 2], MASK],
    "uint8 array": ROWS.astype("uint8"),
}


def x():
    return drawn(6, 5, 4)


@pytest.mark.parametrize("name", KEYS)
def test_getitem(name):
    check(lambda x: x[KEYS[name]], lambda x: x[KEYS[name]], x(), gradient=name not in ("empty", "an empty list"))


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("mode", ["set", "add", "multiply", "min", "max"])
def test_at(name, mode):
    def there(x, v):
        y = x.copy()
        if mode == "set":
            y[KEYS[name]] = v
        else:
            {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}[mode].at(y, KEYS[name], v)
        return y
    values = drawn(*x()[KEYS[name]].shape, seed=1)
    check(lambda x, v: getattr(x.at[KEYS[name]], mode)(v), there, x(), values, exact=False,
          gradient=False)


SOME = ["reversed", "all integers", "arrays together", "arrays parted", "None beside array", "mask"]


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("mode", ["set", "add", "multiply", "min", "max", "subtract", "divide"])
def test_gradients_of_at(name, mode):
    check_gradient(lambda x, v: getattr(x.at[KEYS[name]], mode)(v), x(), drawn(*x()[KEYS[name]].shape, seed=1))


def test_values_broadcast_and_take_the_dtype():
    ints = graphc.placeholder((3, 2), "int32")
    y = ints.at[1:].set(2.7)
    assert y.dtype == np.int32
    assert graphc.interpret([ints], y, [np.zeros((3, 2), int)]).tolist() == [[0, 0], [2, 2], [2, 2]]
    added = ints.at[[0, 0]].add([[1, 10]])
    assert graphc.interpret([ints], added, [np.zeros((3, 2), int)]).tolist() == [[2, 20], [0, 0], [0, 0]]
    assert ints.at[1].get() is ints[1]


def test_of_several_values_for_one_place_the_last_counts():
    v = graphc.placeholder((3,))
    y = graphc.zeros(2).at[[1, 1, 0]].set(v)
    assert graphc.interpret([v], y, [[5, 6, 7]]).tolist() == [7, 6]
    assert graphc.interpret([v], graphc.grad(graphc.sum(y), v), [[5, 6, 7]]).tolist() == [0, 1, 1]


def test_the_gradient_of_multiply_holds_zeros():
    zeros = np.array([2, 0, 0, 3], "float32"), np.array([2, 0, 5], "float32")
    check_gradient(lambda x, v: x.at[[1, 1, 0, 1]].multiply(v), np.array([2, 3, 4], "float32"), zeros[0])
    check_gradient(lambda x, v: x.at[[1, 0, 1]].multiply(v), np.array([0, 3], "float32"), zeros[1])


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16"])
def test_indices_as_expressions(dtype):
    i, j = ROWS.astype(dtype), np.abs(J).astype(dtype)
    check(lambda x, i, j: x[i, 1:3, j], lambda x, i, j: x[i, 1:3, j], x(), i, j, unknown=False)
    check(lambda x, i: x[:, i], lambda x, i: x[:, i], x(), i, unknown=False)


def test_sizes_from_dims_are_indices_and_ends():
    a, b = graphc.placeholder((None,), name="a"), graphc.placeholder((None,), name="b")
    (n,), value = b.dims, np.arange(5)
    outputs = graphc.interpret([a, b], [a[:n], a[n:], a[n], a[n - 1]], [value, np.zeros(2)])
    for y, expected in zip(outputs, [[0, 1], [2, 3, 4], 2, 1], strict=True):
        np.testing.assert_array_equal(y, expected)


def test_slices_of_an_unknown_axis_line_up():
    x = graphc.placeholder((None,))
    assert (x[1:] - x[:-1]).dims == x[1:].dims
    assert x[:].dims == x.dims == x[::-1].dims


@pytest.mark.parametrize("value", [5, -6])
def test_an_index_that_only_a_call_knows_is_checked_there(value):
    x, i = graphc.placeholder((5,)), graphc.placeholder((1,), "int64")
    free = graphc.placeholder((None,))
    for y in (x[i], graphc.take(x, i), graphc.take_along_axis(x, i), x.at[i].set(0), free[value] + i.sum()):
        with pytest.raises(IndexOutOfBounds):
            graphc.interpret([x, i, free], y, [np.zeros(5), [value], np.zeros(5)])


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_take(axis, mode):
    j = np.array([[0, 2, 2], [1, 3, 0]]) if mode == "raise" else np.array([[0, 7, -8], [1, 3, 99]])
    check(lambda x: graphc.take(x, j, axis, mode=mode), lambda x: np.take(x, j, axis, mode=mode), x())


def test_along_an_axis():
    j = np.random.default_rng(0).integers(-5, 5, (6, 3, 4))
    check(lambda x: graphc.take_along_axis(x, j, 1), lambda x: np.take_along_axis(x, j, 1), x())
    check(lambda x: graphc.take_along_axis(x, j[:1], 1), lambda x: np.take_along_axis(x, j[:1], 1), x())

    def put(x, v):
        y = x.copy()
        np.put_along_axis(y, j, v, 1)
        return y
    check(lambda x, v: graphc.put_along_axis(x, j, v, 1), put, x(), drawn(6, 3, 4, seed=1))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis):
    j = np.array([[0, 2, 1], [3, -1, 9]])
    y = graphc.one_hot(graphc.constant(j), 4, axis, "float64")
    expected = np.moveaxis((j[..., None] == np.arange(4)).astype(float), -1, axis)
    np.testing.assert_array_equal(graphc.interpret([], y, []), expected)


X, F = graphc.placeholder((2, 3), name="x"), graphc.placeholder((2,), name="f")


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: X[2], IndexOutOfBounds, "index 2 is out of bounds for axis 0 of size 2"),
    (lambda: X[:, -4], IndexOutOfBounds, "axis 1 of size 3"),
    (lambda: X[[0, 5]], IndexOutOfBounds, "index 5"),
    (lambda: X[0, 0, 0], IndexOutOfBounds, "3 indices for 2"),
    (lambda: X[np.array([True, False, True])], IndexOutOfBounds, "(3,)"),
    (lambda: X[..., ...], ArgumentError, "one Ellipsis"),
    (lambda: X[::0], ArgumentError, "step"),
    (lambda: X[:1.5], ArgumentError, "1.5"),
    (lambda: X[F.astype("int64").sum():], ArgumentError, "computed"),
    (lambda: X[1.0], DTypeError, "1.0"),
    (lambda: X["a"], DTypeError, "'a'"),
    (lambda: X[F], DTypeError, "integer"),
    (lambda: X[X > 0], DTypeError, "where"),
    (lambda: X.at[0].set([1., 2.]), ShapeError, "(2,)"),
    (lambda: X.at[0].set([[1., 2., 3.]]), ShapeError, "(1, 3)"),
    (lambda: (X > 0).at[0].add(True), DTypeError, "bool"),
    (lambda: graphc.take(X, F), DTypeError, "integer"),
    (lambda: graphc.take(X, [9], 1), IndexOutOfBounds, "index 9"),
    (lambda: graphc.take(X, 0, mode="no"), ArgumentError, "'no'"),
    (lambda: graphc.take_along_axis(X, [0]), ShapeError, "dimensions"),
    (lambda: graphc.take_along_axis(X, np.zeros((2, 2), int), 0), ShapeError,
     "f32[2,3] and indices i64[2,2] do not broadcast off axis 0"),
    (lambda: graphc.one_hot(F, 3), DTypeError, "integers"),
    (lambda: graphc.one_hot([0, 1], None), ArgumentError, "number of classes, not None"),
])
def test_errors_say_what_is_wrong(build, error, words):
    with pytest.raises(error) as raised:
        build()
    assert words in str(raised.value)


def test_an_index_beyond_int64_is_out_of_bounds():
    x, i = graphc.placeholder((3,)), graphc.placeholder((1,), "uint64")
    f = graphc.compile([x, i], x[i])
    assert f([1, 2, 3], np.array([2], "uint64")) == 3
    with pytest.raises(IndexError):
        f([1, 2, 3], np.array([2**64 - 1], "uint64"))


@pytest.mark.parametrize("mask", [np.array([True, False, True]), np.array([True]), np.array([[True, False], [False, True]]),
                                  np.array([[False, True]])], ids=lambda mask: str(mask.shape))
def test_a_constant_mask_says_how_long_axes_of_unknown_size_are(mask):
    x = graphc.placeholder((None, None), name="x")
    y = x[mask]
    f = graphc.compile([x], [y, x.at[mask].set(9)])
    value = np.arange(2 * len(mask), dtype="float32").reshape(len(mask), 2)
    found, changed = f(value)
    np.testing.assert_array_equal(found, value[mask])
    np.testing.assert_array_equal(changed, np.where(mask if mask.ndim == 2 else mask[:, None], 9, value))
    for shape in ((len(mask) + 1, 2), (2 * len(mask), 1), (0, 2)):
        with pytest.raises(CallError, match=r"made at .*x\[mask\]"):
            f(np.ones(shape, "float32"))
