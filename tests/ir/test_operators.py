"""Python's operators, the methods of an expression, and NumPy's functions on one."""
import inspect
import math
import operator

import numpy as np
import pytest

import graphc
from graphc.ir import operators
from graphc.ir.errors import ArgumentError

VALUE = np.array([[1.5, -2.0, 3.0], [4.0, 0.5, -6.0]], "float32")
OTHER = np.array([2.0, 3.0, -1.0], "float32")
WHOLE = np.array([[1, -2, 3], [4, 5, -6]], "int32")
SMALL = np.array([2, 3, 1], "int32")


def inputs():
    return [graphc.placeholder(a.shape, a.dtype, n) for a, n in ((VALUE, "x"), (OTHER, "y"), (WHOLE, "i"), (SMALL, "j"))]


X, Y, I, J = INPUTS = inputs()  # noqa: E741


def same(expression, expected):
    """Equal in value and shape; the dtype too, but for what NumPy widens to float64."""
    found = graphc.interpret(INPUTS, expression, [VALUE, OTHER, WHOLE, SMALL])
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, 1e-5)


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
BITS = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


@pytest.mark.parametrize("op", ARITHMETIC + COMPARISONS, ids=lambda f: f.__name__)
def test_binary_operators_on_either_side(op):
    for x, y, a, b in ((X, Y, VALUE, OTHER), (I, J, WHOLE, SMALL)):
        same(op(x, y), op(a, b))
        same(op(x, 2), op(a, 2))
        same(op(7, x), op(7, a))
        same(op(a, y), op(a, b))
        same(op(x, b), op(a, b))
        same(op(x, [2, 3, 4]), op(a, [2, 3, 4]))
        same(op(a.dtype.type(3), x), op(a.dtype.type(3), a))
        assert isinstance(op(a, y), graphc.Expr)


@pytest.mark.parametrize("op", BITS, ids=lambda f: f.__name__)
def test_bits(op):
    same(op(I, J), op(WHOLE, SMALL))
    same(op(I, 2), op(WHOLE, 2))
    same(op(5, J), op(5, SMALL))
    same(op(WHOLE, J), op(WHOLE, SMALL))


def test_powers_and_products():
    same(X ** 2, VALUE ** 2)
    same(2 ** X, 2 ** VALUE)
    same(X @ Y, VALUE @ OTHER)
    same(VALUE @ Y, VALUE @ OTHER)
    same(X @ OTHER, VALUE @ OTHER)
    with pytest.raises(TypeError):
        pow(X, 2, 5)


def test_unary_operators():
    for op in (operator.neg, operator.pos, abs, np.negative, np.abs):
        same(op(X), op(VALUE))
    same(~I, ~WHOLE)
    same(round(X), np.round(VALUE))
    same(round(X * 0.77, 1), np.round(VALUE * np.float32(0.77), 1))
    for python, numpy in ((math.floor, np.floor), (math.ceil, np.ceil), (math.trunc, np.trunc)):
        same(python(X), numpy(VALUE))


def test_what_an_operator_does_not_take_may_have_its_own():
    class Reflecting:
        def __radd__(self, other):
            return "mine"

        def __eq__(self, other):
            return "equal"

    assert X + Reflecting() == "mine"
    assert (Reflecting() == X) == "equal"
    for other in (None, "a", object(), {}):
        assert (X == other) is False and (X != other) is True
        with pytest.raises(TypeError, match="unsupported operand"):
            X + other
        with pytest.raises(TypeError):
            other * X


def test_in_place_operators_make_new_expressions():
    x = X
    x *= 2
    assert x is X * 2
    with pytest.raises(ArgumentError, match="numpy.add of an expression takes no out"):
        array = VALUE.copy()
        array += X


# ---- methods --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", [
    lambda a: a.T, lambda a: a.mT, lambda a: a[1], lambda a: a[:, ::-2], lambda a: a[..., None, 0],
    lambda a: a.reshape(3, 2), lambda a: a.reshape((6,)), lambda a: a.reshape(-1), lambda a: a.transpose(),
    lambda a: a.transpose(1, 0), lambda a: a.flatten(), lambda a: a.ravel(), lambda a: a.swapaxes(0, 1),
    lambda a: a.reshape(2, 1, 3).squeeze(1), lambda a: a.repeat(2, axis=0), lambda a: a.take([0, 2], axis=1),
    lambda a: a.clip(-1, 2), lambda a: a.round(), lambda a: a.conj(), lambda a: a.diagonal(), lambda a: a.trace(),
    lambda a: a.sum(), lambda a: a.sum(axis=1, keepdims=True), lambda a: a.prod(0), lambda a: a.max(axis=0),
    lambda a: a.min(),
    lambda a: a.mean(1), lambda a: a.var(ddof=1), lambda a: a.std(axis=0), lambda a: a.all(),
    lambda a: (a > 0).any(axis=1),
    lambda a: a.argmax(), lambda a: a.argmin(axis=1), lambda a: a.cumsum(axis=1), lambda a: a.cumprod(axis=0),
    lambda a: a.argsort(axis=1), lambda a: a.dot(OTHER), lambda a: a.astype("int32"), lambda a: a.astype(bool),
])
def test_methods_are_numpys(call):
    same(call(X), call(VALUE))


def test_sort_gives_a_sorted_copy():
    same(X.sort(axis=1), np.sort(VALUE, axis=1))


def test_at():
    same(X.at[0].set(7), np.stack([np.full(3, 7), VALUE[1]]))
    same(X.at[:, 1].add(1), VALUE + [0, 1, 0])


def test_help_says_what_a_method_takes():
    for name in operators.METHODS:
        method = getattr(graphc.Expr, name)
        assert method.__doc__ == getattr(graphc, name).__doc__ and method.__doc__
        assert list(inspect.signature(method).parameters) == list(inspect.signature(getattr(graphc, name)).parameters)
    assert graphc.Expr.__add__.__doc__ == "x + y" and graphc.Expr.__add__.__qualname__ == "Expr.__add__"
    assert graphc.Expr.T.__doc__


# ---- NumPy ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", [
    np.exp, np.tanh, np.abs, np.arctan, np.sign, np.isnan, np.floor, np.rint, np.square, np.conjugate, np.arcsinh,
    lambda a: np.maximum(a, 1), lambda a: np.arctan2(a, OTHER), lambda a: np.power(np.abs(a), 2),
    lambda a: np.logaddexp(1, a),
    lambda a: np.matmul(a, OTHER), lambda a: np.where(a > 0, a, OTHER), lambda a: np.logical_or(a > 2, a < -3),
    lambda a: np.sum(a), lambda a: np.sum(a, axis=0, keepdims=True), lambda a: np.mean(a, 1),
    lambda a: np.std(a, ddof=1),
    np.max, lambda a: np.min(a, axis=1), np.prod, np.all, lambda a: np.any(a > 9, axis=0),
    lambda a: np.argmax(a, axis=1),
    lambda a: np.concatenate([a, a], axis=1), lambda a: np.stack([a, a + 1], axis=-1), lambda a: np.vstack([a, OTHER]),
    lambda a: np.split(a, 3, axis=1)[2], lambda a: np.reshape(a, (3, 2)), np.transpose, lambda a: np.moveaxis(a, 0, 1),
    lambda a: np.expand_dims(a, 0), lambda a: np.broadcast_to(a, (4, 2, 3)), lambda a: np.flip(a, 1),
    lambda a: np.roll(a, 1),
    lambda a: np.tile(a, 2), lambda a: np.repeat(a, 2, 1), lambda a: np.pad(a, 1), lambda a: np.tril(a),
    lambda a: np.diag(a),
    lambda a: np.cumsum(a, axis=1), lambda a: np.sort(a, axis=0), lambda a: np.clip(a, -1, 1), lambda a: np.round(a),
    lambda a: np.dot(a, OTHER), lambda a: np.einsum("ij,j->i", a, OTHER), lambda a: np.tensordot(a, a, 2),
    np.zeros_like,
    lambda a: np.outer(OTHER, a), lambda a: np.take(a, [1, 0], axis=1), np.count_nonzero, np.ravel, np.squeeze,
    lambda a: np.average(a, axis=1), lambda a: np.swapaxes(a, 0, 1), np.trace, np.ptp, np.nan_to_num,
], ids=lambda f: getattr(f, "__name__", "?"))
def test_functions_of_numpy_build_graphs(call):
    expression = call(X)
    assert isinstance(expression, graphc.Expr)
    same(expression, call(VALUE))


def test_questions_of_numpy_are_answered():
    assert np.shape(X) == (2, 3) and np.ndim(X) == 2 and np.size(X) == 6


@pytest.mark.parametrize(("call", "message"), [
    (lambda: np.add.reduce(X), r"numpy.add.reduce takes no expression"),
    (lambda: np.exp(X, out=VALUE.copy()), "numpy.exp of an expression takes no out"),
    (lambda: np.exp(X, where=VALUE > 0), "takes no where"),
    (lambda: np.spacing(X), "graphc has no counterpart of numpy.spacing"),
    (lambda: np.median(X), "no counterpart of numpy.median"),
    (lambda: np.linalg.norm(X), "no counterpart of numpy.linalg.norm"),
    (lambda: np.place(X, VALUE > 0, 1), "no counterpart of numpy.place"),
    (lambda: np.corrcoef(X), "no counterpart of numpy.corrcoef"),
])
def test_what_graphc_does_not_have_is_said(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
