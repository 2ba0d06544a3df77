"""Shapes, creation, joining, padding: the public functions against NumPy's."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, CallError, ShapeError

from .against_numpy import check, drawn

ONE = {
    "reshape": lambda xp, x: xp.reshape(x, (-1, 2)),
    "flatten": lambda xp, x: x.flatten(),
    "ravel": lambda xp, x: xp.ravel(x),
    "expand_dims": lambda xp, x: xp.expand_dims(x, (0, -1)),
    "squeeze": lambda xp, x: xp.squeeze(xp.expand_dims(x, (1, 3))),
    "broadcast_to": lambda xp, x: xp.broadcast_to(xp.expand_dims(x, 1),
                                                  (x.shape if xp is np else x.dims)[:1] + (5, 4, 2)),
    "permute_dims": lambda xp, x: xp.permute_dims(x, (2, 0, 1)),
    "transpose": lambda xp, x: x.transpose(1, -1, 0),
    "T": lambda xp, x: x.T,
    "mT": lambda xp, x: x.mT,
    "swapaxes": lambda xp, x: x.swapaxes(0, -1),
    "moveaxis": lambda xp, x: xp.moveaxis(x, (0, 1), (-1, 0)),
    "flip": lambda xp, x: xp.flip(x),
    "flip an axis": lambda xp, x: xp.flip(x, (0, -1)),
    "roll": lambda xp, x: xp.roll(x, 5),
    "roll axes": lambda xp, x: xp.roll(x, (1, -7), (0, 1)),
    "roll one axis twice": lambda xp, x: xp.roll(x, (1, 1), (1, 1)),
    "concat": lambda xp, x: xp.concat([x, xp.flip(x, 0), x], axis=1),
    "concat flat": lambda xp, x: xp.concat([x, x[0]], axis=None),
    "stack": lambda xp, x: xp.stack([x, x * x], axis=-1),
    "hstack": lambda xp, x: xp.hstack([x, x]),
    "vstack": lambda xp, x: xp.vstack([x, x]),
    "split": lambda xp, x: xp.split(x, 2, axis=1),
    "split at": lambda xp, x: xp.split(x, [1, -1, 7], axis=1),
    "split first axis": lambda xp, x: xp.split(x, [1], axis=0),
    "unstack": lambda xp, x: xp.unstack(x, axis=1),
    "tile": lambda xp, x: xp.tile(x, (2, 1, 3)),
    "tile more": lambda xp, x: xp.tile(x, (2, 1, 1, 2)),
    "repeat": lambda xp, x: xp.repeat(x, 3, axis=1),
    "repeat each": lambda xp, x: xp.repeat(x, [2, 0, 1, 3], axis=1),
    "repeat flat": lambda xp, x: xp.repeat(x, 2),
    "pad": lambda xp, x: xp.pad(x, ((1, 2), (0, 0), (3, 0)), constant_values=2),
    "pad values": lambda xp, x: xp.pad(x, 1, constant_values=((1, 2), (3, 4), (5, 6))),
    "pad edge": lambda xp, x: xp.pad(x, (2, 1), mode="edge"),
    "pad reflect": lambda xp, x: xp.pad(x, ((2, 1), (9, 8), (0, 1)), mode="reflect"),
    "pad symmetric": lambda xp, x: xp.pad(x, ((2, 1), (9, 8), (0, 1)), mode="symmetric"),
    "pad wrap": lambda xp, x: xp.pad(x, ((2, 1), (9, 8), (0, 1)), mode="wrap"),
    "tril": lambda xp, x: xp.tril(x, -1),
    "triu": lambda xp, x: xp.triu(x, 1),
    "diagonal": lambda xp, x: xp.diagonal(x, 1, 0, 1),
    "diagonal below": lambda xp, x: xp.diagonal(x, -1, 1, 2),
    "diagonal outside": lambda xp, x: xp.diagonal(x, 9, 1, 2),
    "trace": lambda xp, x: xp.trace(x, 0, 1, 2),
    "full_like": lambda xp, x: x * xp.full_like(x, 3) + xp.ones_like(x) + xp.zeros_like(x),
}


@pytest.mark.parametrize("case", ONE)
def test_as_numpy(case):
    check(lambda x: ONE[case](graphc, x), lambda x: ONE[case](np, x), drawn(3, 4, 2), exact="trace" not in case)


@pytest.mark.parametrize("case", ["reshape", "T", "flip", "roll", "tile", "tril", "mT", "hstack"])
def test_of_nothing(case):
    check(lambda x: ONE[case](graphc, x), lambda x: ONE[case](np, x), drawn(0, 4, 2), gradient=False, unknown=False)


@pytest.mark.parametrize("k", [-2, 0, 3])
def test_diag_both_ways(k):
    check(lambda x: graphc.diag(x, k), lambda x: np.diag(x, k), drawn(4))
    check(lambda x: graphc.diag(x, k), lambda x: np.diag(x, k), drawn(3, 5))


def test_operands_take_their_common_dtype():
    check(lambda a, b: graphc.concat([a, b]), lambda a, b: np.concatenate([a, b]),
          drawn(2, 3), drawn(4, 3).astype("float64"))
    check(lambda a, b: graphc.concat([a, b]), lambda a, b: np.concatenate([a, b.astype("float32")]),
          drawn(3), np.arange(2),
          gradient=False)


@pytest.mark.parametrize(("ours", "theirs"), [
    (lambda: graphc.arange(5), lambda: np.arange(5)),
    (lambda: graphc.arange(7, -3, -2, dtype="int32"), lambda: np.arange(7, -3, -2, "int32")),
    (lambda: graphc.arange(3, 3), lambda: np.arange(3, 3)),
    (lambda: graphc.arange(0.5, 3, 0.3), lambda: np.arange(0.5, 3, 0.3).astype("float32")),
    (lambda: graphc.linspace(-1, 2, 7), lambda: np.linspace(-1, 2, 7, dtype="float32")),
    (lambda: graphc.linspace(0, 1, 1), lambda: np.linspace(0, 1, 1, dtype="float32")),
    (lambda: graphc.linspace(0, 1, 0), lambda: np.linspace(0, 1, 0, dtype="float32")),
    (lambda: graphc.linspace([0., 1.], 2, 4, endpoint=False, axis=1),
     lambda: np.linspace([0., 1.], 2, 4, endpoint=False, axis=1).astype("float32")),
    (lambda: graphc.linspace(0, 3, 4, retstep=True)[1], lambda: np.float32(1)),
    (lambda: graphc.eye(3, 4, 1), lambda: np.eye(3, 4, 1, "float32")),
    (lambda: graphc.eye(3, k=-1, dtype="int8"), lambda: np.eye(3, k=-1, dtype="int8")),
    (lambda: graphc.zeros((2, 0)), lambda: np.zeros((2, 0), "float32")),
    (lambda: graphc.ones(3, "int16"), lambda: np.ones(3, "int16")),
    (lambda: graphc.full((2, 2), 7), lambda: np.full((2, 2), 7)),
    (lambda: graphc.full((2, 3), [1., 2., 3.]), lambda: np.full((2, 3), [1, 2, 3], "float32")),
    (lambda: graphc.meshgrid([1, 2, 3], [4, 5])[1], lambda: np.meshgrid([1, 2, 3], [4, 5])[1]),
    (lambda: graphc.meshgrid([1, 2], [4, 5, 6], [7], indexing="ij")[0],
     lambda: np.meshgrid([1, 2], [4, 5, 6], [7], indexing="ij")[0]),
])
def test_creation(ours, theirs):
    value, expected = graphc.interpret([], ours(), []), np.asarray(theirs())
    assert (value.shape, value.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(value, expected, 1e-6)


def test_sizes_known_at_a_call_make_ranges_and_identities():
    x = graphc.placeholder((None,))
    n, = x.dims
    outputs = [graphc.arange(n), graphc.arange(0, n, 2), graphc.eye(n), graphc.zeros((n, 2))]
    values = graphc.interpret([x], outputs, [np.zeros(5)])
    for value, expected in zip(values, [np.arange(5), np.arange(0, 5, 2), np.eye(5), np.zeros((5, 2))], strict=True):
        np.testing.assert_array_equal(value, expected)


def test_linspace_is_differentiable():
    check(lambda a, b: graphc.linspace(a, b, 5), lambda a, b: np.linspace(a, b, 5, dtype="float32"),
          drawn(2), drawn(2, seed=1),
          exact=False)


def test_a_scalar_expression_pads():
    x, fill = graphc.placeholder((2,)), graphc.placeholder(())
    y = graphc.pad(x, (1, 2), constant_values=fill)
    np.testing.assert_array_equal(graphc.interpret([x, fill], y, [[1, 2], 9]), [9, 1, 2, 9, 9])
    np.testing.assert_array_equal(graphc.interpret([x, fill], graphc.grad(graphc.sum(y), fill), [[1, 2], 9]), 3)


def test_views_of_the_same_shape_are_the_same_expression():
    x = graphc.placeholder((2, 3))
    for y in (x.reshape(2, 3), x.transpose(0, 1), x.squeeze(), graphc.broadcast_to(x, (2, 3)), x[:],
              graphc.concat([x])):
        assert y is x


X, Y = graphc.placeholder((2, 3), name="x"), graphc.placeholder((4, 5), name="y")
N = graphc.placeholder((None, 3), name="n")


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda: X.reshape(4, 2), ShapeError, "cannot reshape 6 elements into (4, 2)"),
    (lambda: X.reshape(-1, -1), ShapeError, "only one"),
    (lambda: X.reshape(None, 6), ShapeError, "x.dims"),
    (lambda: graphc.zeros((None, 2)), ShapeError, "x.dims"),
    (lambda: X.squeeze(0), ShapeError, "size 1"),
    (lambda: graphc.broadcast_to(X, (2, 4)), ShapeError, "(2, 4)"),
    (lambda: graphc.broadcast_to(X, (3,)), ShapeError, "(3,)"),
    (lambda: graphc.permute_dims(X, (0, 0)), ShapeError, "each axis once"),
    (lambda: graphc.moveaxis(X, (0, 0), (0, 1)), ArgumentError, "different axes"),
    (lambda: graphc.expand_dims(X, 4), ShapeError, "axis 4"),
    (lambda: graphc.concat([X, graphc.zeros((2, 2))]), ShapeError, "(2, 2)"),
    (lambda: graphc.concat([X, graphc.zeros((1, 2))], 1), ShapeError, "off axis 1"),
    (lambda: graphc.concat([X, graphc.zeros(3)]), ShapeError, "dimensions"),
    (lambda: graphc.concat([X, Y]), ShapeError,
     "concat(x:f32[2,3], y:f32[4,5]): sizes off axis 0 must be equal: (2, 3) and (4, 5)"),
    (lambda: graphc.stack([X, Y], -1), ShapeError,
     "stack(x:f32[2,3], y:f32[4,5]): all must have one shape, to be joined along a new axis 2: (2, 3) and (4, 5)"),
    (lambda: graphc.stack([X, X[:1]]), ShapeError, "along a new axis 0: (2, 3) and (1, 3)"),
    (lambda: graphc.vstack([X, Y]), ShapeError, "vstack(x:f32[2,3], y:f32[4,5]): sizes off axis 0"),
    (lambda: graphc.concat([]), ArgumentError, "nothing"),
    (lambda: graphc.concat([graphc.constant(1)]), ShapeError, "stack"),
    (lambda: graphc.split(X, 2, 1), ShapeError, "3 does not divide into 2"),
    (lambda: graphc.unstack(N), ShapeError, "must be known"),
    (lambda: graphc.pad(X, -1), ArgumentError, "none negative"),
    (lambda: graphc.pad(X, 1, mode="mean"), ArgumentError, "'mean'"),
    (lambda: graphc.pad(X, ((1, 1),) * 3), ArgumentError, "each of 2 axes"),
    (lambda: graphc.pad(graphc.zeros(0), 1, mode="edge"), ShapeError, "empty"),
    (lambda: graphc.tile(X, -1), ArgumentError, "none negative"),
    (lambda: graphc.repeat(X, [1, 2, 3], 0), ShapeError, "3 repeats"),
    (lambda: graphc.repeat(X, graphc.constant(2)), ArgumentError, "depends"),
    (lambda: graphc.roll(X, (1, 2, 3), (0, 1)), ArgumentError, "3 shifts"),
    (lambda: graphc.roll(X, 1.5, 0), ArgumentError, "roll: a shift is an int, not 1.5"),
    (lambda: graphc.arange(0, 5, 0), ArgumentError, "step"),
    (lambda: graphc.arange(graphc.constant(3)), ArgumentError, "x.dims"),
    (lambda: graphc.tril(graphc.zeros(3)), ShapeError, "2 dimensions"),
    (lambda: graphc.diag(graphc.zeros((1, 1, 1))), ShapeError, "vector or a matrix"),
    (lambda: graphc.linspace(0, 1, -1), ArgumentError, "num"),
])
def test_errors_say_what_is_wrong(build, error, words):
    with pytest.raises(error) as raised:
        build()
    assert words in str(raised.value)


@pytest.mark.parametrize("count", [2, 16, 17, 40])
def test_many_arrays_are_joined(count):
    xs = [graphc.placeholder((k % 3, 2)) for k in range(count)]
    values = [np.full((k % 3, 2), k, np.float32) for k in range(count)]
    np.testing.assert_array_equal(graphc.compile(xs, graphc.concat(xs))(*values), np.concatenate(values))


def test_squeeze_finds_out_at_each_call_whether_an_unknown_size_is_1():
    x = graphc.placeholder((None, 3), name="x")
    y = graphc.squeeze(x, 0)
    f = graphc.compile(x, [y, graphc.grad(graphc.sum(y * y), x)])
    value = np.ones((1, 3), np.float32)
    np.testing.assert_array_equal(f(value)[0], value[0])
    np.testing.assert_array_equal(f(value)[1], 2 * value)
    assert y.shape == (3,)
    with pytest.raises(CallError, match="3,"):
        f(np.ones((2, 3), np.float32))


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_an_axis_that_a_call_finds_empty_is_not_padded(mode):
    x = graphc.placeholder((None,), name="x")
    y = graphc.pad(x, 1, mode=mode)
    for run in (graphc.compile([x], y), lambda value: graphc.interpret([x], y, [value])):
        with pytest.raises(CallError, match=r"pad: an empty axis[\s\S]*made at .*test_shape"):
            run(np.zeros(0, "float32"))
    with pytest.raises(ShapeError, match=r"pad\(.*an empty axis"):
        graphc.pad(graphc.placeholder((0,)), 1, mode=mode)


def test_repeats_say_how_long_an_axis_of_unknown_size_is():
    x = graphc.placeholder((None, None), name="x")
    y = graphc.repeat(x, [1, 0, 2], axis=0)
    assert y.shape == (3, None)
    value = np.arange(6, dtype="float32").reshape(3, 2)
    f = graphc.compile([x], [y, graphc.grad(graphc.sum(y * y), x)])
    found, slope = f(value)
    np.testing.assert_array_equal(found, np.repeat(value, [1, 0, 2], 0))
    np.testing.assert_array_equal(slope, 2 * value * [[1], [0], [2]])
    for shape in ((4, 2), (2, 2), (1, 2), (6, 0)):
        with pytest.raises(CallError, match=r"3[\s\S]*made at .*graphc.repeat"):
            f(np.ones(shape, "float32"))
