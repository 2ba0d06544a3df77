"""Random numbers: their distributions, and that they are functions of seed, step, stream and position alone."""
import math

import numpy as np
import pytest
from scipy import stats

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError
from graphc.ops import random as rows

N = 20000


@pytest.fixture(autouse=True)
def fresh():
    graphc.random.set_seed(1234)
    yield
    graphc.random.set_seed(0)


def draw(x):
    return graphc.interpret([], x, [])


DISTRIBUTIONS = {
    "uniform": (graphc.random.uniform, stats.uniform()),
    "uniform in a range": (lambda *a, **k: graphc.random.uniform(*a, -3, 5, **k), stats.uniform(-3, 8)),
    "normal": (graphc.random.normal, stats.norm()),
    "normal elsewhere": (lambda *a, **k: graphc.random.normal(*a, 2, 3, **k), stats.norm(2, 3)),
    "truncated normal": (graphc.random.truncated_normal, stats.truncnorm(-2, 2)),
}


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions(name, dtype):
    function, expected = DISTRIBUTIONS[name]
    found = draw(function((N,), dtype=dtype, seed=5))
    assert found.dtype == dtype
    assert stats.kstest(found, expected.cdf).pvalue > 0.01
    assert abs(found.mean() - expected.mean()) < 4 * expected.std() / math.sqrt(N)
    assert abs(found.var() / expected.var() - 1) < 4 * math.sqrt(2 / N)


def test_neighbours_streams_and_steps_are_independent():
    graphc.random.state.assign(np.array([1, 0], np.uint64))
    a, other = (draw(graphc.random.normal((N,))) for _ in range(2))
    pairs = [(a[:-1], a[1:]), (a, other)]
    stream = graphc.random.normal((N,))
    first = draw(stream)
    graphc.random.state.assign(np.array([1, 1], np.uint64))
    pairs.append((first, draw(stream)))
    for x, y in pairs:
        assert abs(np.corrcoef(x, y)[0, 1]) < 4 / math.sqrt(N)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16", "float32", "float64"))
def test_uniform_is_never_1_and_lies_in_its_range(dtype):
    unit = draw(graphc.random.uniform((N,), dtype=dtype, seed=1)).astype("float64")
    assert unit.min() >= 0 and unit.max() < 1
    y = draw(graphc.random.uniform((N,), 1, 1.5, dtype=dtype, seed=1)).astype("float64")
    assert y.min() >= 1 and y.max() < 1.5


def test_bernoulli():
    found = draw(graphc.random.bernoulli((N,), 0.3, seed=2))
    assert found.dtype == bool
    assert stats.binomtest(int(found.sum()), N, 0.3).pvalue > 0.01
    p = graphc.constant(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(draw(graphc.random.bernoulli((50, 2), p, "int8")), [[0, 1]] * 50)


@pytest.mark.parametrize(("low", "high", "dtype"), [(0, 10, "int32"), (-5, 3, "int8"), (250, 256, "uint8")])
def test_randint(low, high, dtype):
    found = draw(graphc.random.randint((N,), low, high, dtype, seed=3))
    assert found.dtype == dtype
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_array_equal(values, np.arange(low, high))
    assert stats.chisquare(counts).pvalue > 0.01


def test_randint_over_a_whole_dtype():
    found = draw(graphc.random.randint((N,), -2**63, 2**63 - 1, "int64", seed=3)).astype("float64")
    assert stats.kstest(found, stats.uniform(-2.0**63, 2.0**64).cdf).pvalue > 0.01


def test_set_seed_repeats_a_program():
    def program():
        return draw([graphc.random.normal((4,)), graphc.random.uniform((4,))])
    first, second = program(), program()
    graphc.random.set_seed(1234)
    np.testing.assert_array_equal(first, program())
    assert (first[0] != second[0]).all()


def test_a_seed_gives_the_same_numbers_again_and_another_seed_others():
    a, b, c = (draw(graphc.random.normal((5,), seed=s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(a, b)
    assert (a != c).all()


def test_a_state_of_ones_own():
    state = graphc.Variable(np.array([9, 0], np.uint64))
    x = graphc.random.uniform((5,), seed=state)
    first = draw(x)
    state.assign(np.array([9, 1], np.uint64))
    assert (first != draw(x)).all()
    np.testing.assert_array_equal(first, draw(graphc.random.uniform((5,), seed=9)))


def test_gradients_flow_to_the_parameters():
    mean, scale = graphc.placeholder((3,), "float64"), graphc.placeholder((), "float64")
    y = graphc.random.normal((4, 3), mean, scale, "float64", seed=1)
    z = draw(graphc.random.normal((4, 3), dtype="float64", seed=1))
    dm, ds = graphc.interpret([mean, scale], graphc.grad(graphc.sum(y), [mean, scale]), [np.zeros(3), 1.0])
    np.testing.assert_array_equal(dm, [4, 4, 4])
    np.testing.assert_allclose(ds, z.sum())


def test_compiled_numbers_are_the_interpreters():
    n = graphc.placeholder((None, 3))
    ys = [graphc.random.normal(n.dims, seed=4) + n, graphc.random.uniform((7, 2), seed=5),
          graphc.random.randint((9,), 0, 1000, seed=6), graphc.dropout(n + 1, 0.5, seed=7)]
    found, expected = (f(np.zeros((5, 3), "f4")) for f in (
        graphc.compile([n], ys), lambda v: graphc.interpret([n], ys, [v])))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, 1e-5)


# ---- dropout --------------------------------------------------------------------------------------------------------
def test_dropout_keeps_the_mean_and_drops_the_gradient_alike():
    x = graphc.placeholder((N,))
    y = graphc.dropout(x, 0.25)
    value, gradient = graphc.interpret([x], [y, graphc.grad(graphc.sum(y), x)], [np.ones(N)])
    assert set(np.unique(value)) == {np.float32(0), np.float32(1 / 0.75)}
    assert stats.binomtest(int((value == 0).sum()), N, 0.25).pvalue > 0.01
    np.testing.assert_array_equal(value, gradient)


def test_dropout_at_its_limits():
    x = graphc.placeholder((3,))
    assert graphc.dropout(x, 0) is x
    np.testing.assert_array_equal(graphc.interpret([x], graphc.dropout(x, 1), [np.ones(3)]), 0)


def test_dropout_of_whole_channels():
    x = graphc.placeholder((None, 5, 4))
    y = graphc.interpret([x], graphc.dropout(x, 0.5, (None, 1, None), seed=1), [np.ones((8, 5, 4))])
    assert (y == y[:, :1]).all() and 0 < (y == 0).mean() < 1


def test_wrong_arguments():
    random = graphc.random
    with pytest.raises(DTypeError, match="floats"):
        random.normal((3,), dtype="int32")
    with pytest.raises(DTypeError, match="integers"):
        random.randint((3,), 0, 5, "float32")
    with pytest.raises(ArgumentError, match="range"):
        random.randint((3,), 5, 5)
    with pytest.raises(ArgumentError, match="range"):
        random.randint((3,), 0, 300, "uint8")
    with pytest.raises(ArgumentError, match="below"):
        random.uniform((3,), 2, 1)
    with pytest.raises(ArgumentError, match="seed"):
        random.uniform((3,), seed=1.5)
    with pytest.raises(ShapeError, match="broadcast"):
        random.normal((3,), mean=np.zeros((2, 3)))
    for shape in ((None, 3), graphc.placeholder((None, 3)).shape):
        for draw in (random.uniform, random.normal, random.truncated_normal, random.bernoulli, random.randint):
            with pytest.raises(ShapeError, match=rf"random.{draw.__name__}.*use x.dims"):
                draw(shape)
    with pytest.raises(DTypeError, match="numbers"):
        random.uniform((3,), "a")
    with pytest.raises(ArgumentError, match="stddev"):
        random.normal((3,), stddev="a")
    with pytest.raises(ArgumentError, match="rate is a probability"):
        graphc.dropout(np.ones(3, "float32"), "a")
    for p in (1.5, -0.1, math.nan, np.array([0.5, 2])):
        with pytest.raises(ArgumentError, match=r"random.bernoulli(\(.*\))?: p is a probability, not"):
            random.bernoulli((2,), p)
    for draw in (random.normal, random.truncated_normal):
        with pytest.raises(ArgumentError, match=rf"random.{draw.__name__}: stddev .*, not -1"):
            draw((3,), stddev=-1)
    with pytest.raises(ShapeError, match="u64"):
        random.normal((3,), seed=graphc.placeholder((2,), "int32"))
    with pytest.raises(ArgumentError, match="rate"):
        graphc.dropout(graphc.placeholder((3,)), 1.5)
    with pytest.raises(ShapeError, match="noise_shape"):
        graphc.dropout(graphc.placeholder((3, 4)), 0.5, (3, 2))


def test_a_shape_of_sizes_that_a_call_knows():
    x = graphc.placeholder((None, 3))
    y = graphc.compile([x], graphc.random.uniform(x.dims, seed=1))(np.zeros((4, 3), "float32"))
    np.testing.assert_array_equal(y, graphc.interpret([], graphc.random.uniform((4, 3), seed=1), []))


def test_the_rows_know_no_state_but_their_operand():
    a = rows._normal(np.array([3, 0], np.uint64), shape=(4, 5), dtype=np.dtype("float32"), stream=1)
    b = rows._normal(np.array([3, 0], np.uint64), shape=(20,), dtype=np.dtype("float32"), stream=1)
    np.testing.assert_array_equal(a.ravel(), b)
