"""Reductions and statistics against NumPy's and SciPy's."""
import ml_dtypes
import numpy as np
import pytest
import scipy.special

import graphc
from graphc.ir.errors import ArgumentError, CallError, DTypeError, ShapeError

from . import harness
from .against_numpy import check, check_gradient, drawn

REDUCTIONS = ["sum", "prod", "max", "min", "mean", "var", "std", "ptp"]
X = np.random.default_rng(0).permutation(24).reshape(3, 4, 2).astype("float32") / 16 + 0.5
COUNTS = ["all", "any", "count_nonzero", "argmax", "argmin"]
AXES = [None, 0, -1, (0, 2), (2, 1, 0), ()]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_over_any_axes(name, axis, keepdims):
    check(lambda x: getattr(graphc, name)(x, axis, keepdims=keepdims),
          lambda x: getattr(np, name)(x, axis, keepdims=keepdims), X, exact=False,
          gradient=(name, axis) != ("std", ()))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -2], ids=str)
@pytest.mark.parametrize("name", COUNTS)
def test_truth_and_places(name, axis, keepdims):
    x = np.random.default_rng(0).integers(0, 3, (3, 4, 2)).astype("float32")
    check(lambda x: getattr(graphc, name)(x, axis, keepdims=keepdims),
          lambda x: getattr(np, name)(x, axis, keepdims=keepdims), x, gradient=False)


@pytest.mark.parametrize("dtype", harness.DTYPES, ids=str)
@pytest.mark.parametrize("name", [*REDUCTIONS, *COUNTS])
def test_result_dtypes(name, dtype):
    if name == "ptp" and dtype.kind == "b":
        with pytest.raises(DTypeError):
            graphc.ptp(graphc.zeros(3, dtype))
        return
    x = np.arange(6).reshape(2, 3).astype(dtype)
    expected = np.asarray(getattr(np, name)(x.astype("float32") if dtype == ml_dtypes.bfloat16 else x, 1))
    y = getattr(graphc, name)(graphc.constant(x), 1)
    assert y.dtype == (dtype if dtype == ml_dtypes.bfloat16 and expected.dtype == np.float32 else expected.dtype)
    tolerance = 1e-2 if y.dtype.itemsize < 4 else 1e-6
    np.testing.assert_allclose(graphc.interpret([], y, []).astype(float), expected.astype(float), tolerance)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
@pytest.mark.parametrize("name", [*REDUCTIONS, *COUNTS])
def test_a_single_element(name, shape):
    check(lambda x: getattr(graphc, name)(x), lambda x: getattr(np, name)(x), np.full(shape, 1.5, "float32"),
          gradient=False)


@pytest.mark.parametrize("name", ["sum", "prod", "all", "any", "count_nonzero", "mean", "logsumexp"])
def test_of_nothing(name):
    expected = {"sum": 0, "prod": 1, "all": True, "any": False, "count_nonzero": 0, "mean": np.nan,
                "logsumexp": -np.inf}[name]
    value = graphc.interpret([], getattr(graphc, name)(graphc.zeros((0, 3)), 0), [])
    np.testing.assert_array_equal(value, [expected] * 3)


def test_the_extreme_of_nothing():
    for name in ("max", "min", "argmax", "argmin"):
        with pytest.raises(ShapeError, match="empty"):
            getattr(graphc, name)(graphc.zeros((2, 0)), 1)
    x = graphc.placeholder((None, 2), "float32", "x")
    for name in ("max", "min", "argmax", "argmin"):
        y = getattr(graphc, name)(x, 0)
        message = rf"(?s){name}\(x:f32\[0,2\]\): .*empty.*{__file__}"
        with pytest.raises(CallError, match=message):
            graphc.interpret([x], y, [np.zeros((0, 2))])
        with pytest.raises(CallError, match=message):
            graphc.compile([x], y)(np.zeros((0, 2), "float32"))
        assert graphc.interpret([x], getattr(graphc, name)(x, 1), [np.zeros((0, 2))]).shape == (0,)


def test_softmax_and_logsumexp_take_what_a_call_leaves_empty():
    x = graphc.placeholder((3, None), "float32")
    naive = graphc.exp(x) / graphc.exp(x).sum(1, keepdims=True)
    outputs = [graphc.softmax(x), graphc.log_softmax(x), graphc.logsumexp(x, 1), naive]
    found = graphc.compile([x], outputs)(np.zeros((3, 0), "float32"))
    assert [y.shape for y in found] == [(3, 0), (3, 0), (3,), (3, 0)] and np.isneginf(found[2]).all()


def test_nan_is_every_extreme():
    x = graphc.placeholder((4,))
    outputs = [graphc.max(x), graphc.min(x), graphc.argmax(x), graphc.argmin(x)]
    np.testing.assert_array_equal(graphc.interpret([x], outputs, [[1, np.nan, 3, np.nan]]), [np.nan, np.nan, 1, 1])


def gradient_of(f, value):
    x = graphc.placeholder(np.shape(value), "float64")
    return graphc.interpret([x], graphc.grad(f(x), x), [value])


def test_ties_share_the_gradient_evenly():
    np.testing.assert_array_equal(gradient_of(graphc.max, [1, 3, 3, 2]), [0, .5, .5, 0])
    np.testing.assert_array_equal(gradient_of(graphc.min, [1, 3, 1, 1]), [1 / 3, 0, 1 / 3, 1 / 3])


@pytest.mark.parametrize("value", [[2, 0, 3, 4], [0, 2, 0, 3], [0, 0, 0, 1]])
def test_the_gradient_of_a_product_holds_zeros(value):
    expected = [np.prod(np.delete(value, k)) for k in range(4)]
    np.testing.assert_array_equal(gradient_of(graphc.prod, value), expected)
    check_gradient(lambda x: graphc.prod(x), np.array(value, "float32"))


@pytest.mark.parametrize("correction", [0, 1, 0.5, 3])
def test_corrections(correction):
    check(lambda x: graphc.var(x, 1, correction=correction), lambda x: np.var(x, 1, correction=correction), drawn(4, 5),
          exact=False)
    check(lambda x: x.std(ddof=correction), lambda x: np.std(x, ddof=correction), drawn(4, 5), exact=False)


def test_a_variance_without_freedom_is_not_finite():
    assert np.isnan(graphc.interpret([], graphc.var(graphc.ones(1), correction=1), []))
    x = graphc.placeholder((None,))
    assert np.isnan(graphc.interpret([x], x.var(correction=1), [[2.0]]))


def test_means_of_16_bits_add_up_in_32():
    x = np.full(40_000, 3, "float16")
    assert graphc.interpret([], graphc.mean(graphc.constant(x)), []) == 3
    assert graphc.interpret([], graphc.var(graphc.constant(x)), []) == 0


def test_dtypes_on_request():
    x = graphc.constant(np.array([200, 100], "uint8"))
    assert graphc.interpret([], x.sum(), []) == 300
    assert graphc.interpret([], graphc.sum(x, dtype="uint8"), []) == 44
    assert graphc.mean(x, dtype="float32").dtype == np.float32
    with pytest.raises(DTypeError, match="float"):
        graphc.mean(x, dtype="int32")


def test_average():
    check(lambda x, w: graphc.average(x, 1, w), lambda x, w: np.average(x, 1, w), drawn(3, 4), drawn(4, seed=1),
          exact=False)
    check(lambda x, w: graphc.average(x, weights=w), lambda x, w: np.average(x, weights=w),
          drawn(3, 4), drawn(3, 4, seed=1),
          exact=False)


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_logsumexp(axis):
    check(lambda x: graphc.logsumexp(x, axis),
          lambda x: scipy.special.logsumexp(x, axis) if axis != () else x, drawn(3, 4, 2),
          exact=False)


EDGES = [[1000, 1000], [-1000, -1001], [-np.inf, 0], [np.inf, 1], [np.nan, 1], [-np.inf, -np.inf]]


@pytest.mark.parametrize("value", EDGES)
def test_logsumexp_at_the_edges(value):
    x = graphc.placeholder((2,), "float64")
    expected = scipy.special.logsumexp(value)
    np.testing.assert_allclose(graphc.interpret([x], graphc.logsumexp(x), [value]), expected, 1e-15)
    if np.isfinite(value).any() and not np.isnan(value).any() and np.inf not in value:
        np.testing.assert_allclose(gradient_of(graphc.logsumexp, value), scipy.special.softmax(value), 1e-13)


def test_the_gradient_of_logsumexp_has_no_nan_where_all_is_minus_infinity():
    value = [[-np.inf, -np.inf], [0, 0]]
    second = gradient_of(lambda x: graphc.sum(graphc.logsumexp(x, 1)[1:]), value)
    np.testing.assert_array_equal(second, [[0, 0], [.5, .5]])
    assert np.isfinite(gradient_of(lambda x: graphc.sum(graphc.logsumexp(x, 1)), value)).all()


def test_methods():
    x = graphc.placeholder((2, 3))
    assert x.sum(0) is graphc.sum(x, 0)
    assert x.mean(axis=1, keepdims=True) is graphc.mean(x, axis=1, keepdims=True)


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda x: graphc.sum(x, 2), ShapeError, "axis 2"),
    (lambda x: graphc.sum(x, (0, 0)), ShapeError, "twice"),
    (lambda x: graphc.sum(x, 1.5), ArgumentError, "1.5"),
    (lambda x: graphc.argmax(x, 5), ShapeError, "axis 5"),
    (lambda x: graphc.var(x, correction="a"), ArgumentError, "correction"),
    (lambda x: graphc.average(x, 0, [1., 2., 3.]), ShapeError, "average"),
])
def test_errors_say_what_is_wrong(build, error, words):
    with pytest.raises(error) as raised:
        build(graphc.placeholder((2, 3)))
    assert words in str(raised.value)
