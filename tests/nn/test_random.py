"""The names of keras.random: arguments, distributions, and what repeats itself."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError
from graphc.nn import layers, random
from graphc.nn.trace import Trace

NAMES = ("categorical", "dropout", "normal", "randint", "shuffle", "truncated_normal", "uniform")


def test_arguments_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in NAMES:
        ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (random, keras.random))
        assert list(ours) == list(theirs)
    assert random.SeedGenerator.from_config(random.SeedGenerator(5).get_config()).seed == 5


def test_distributions():
    nn.set_random_seed(0)
    z, t, u = random.normal((2000,), 1, 2), random.truncated_normal((2000,)), random.uniform((2000,), -1, 3)
    assert (z.mean(), z.std(), u.mean()) == pytest.approx((1, 2, 1), abs=0.15)
    assert abs(t).max() <= 2 and u.min() >= -1 and u.max() < 3
    assert set(np.unique(random.randint((200,), 2, 5))) == set(np.unique(random.uniform((200,), 2, 5, "int32"))) == {2, 3, 4}
    drawn = random.categorical(np.log(np.array([[0.2, 0.8, 1e-9], [1.0, 1e-9, 1e-9]], "float32")), 500)
    assert drawn[0].mean() == pytest.approx(0.8, abs=0.06) and not drawn[1].any() and drawn.max() == 1
    kept = random.dropout(np.ones((40, 50), "float32"), 0.25)
    assert set(np.unique(kept)) == {0, np.float32(1 / 0.75)} and (kept == 0).mean() == pytest.approx(0.25, abs=0.05)
    x = np.arange(60).reshape(2, 30)
    mixed = random.shuffle(x, 1)
    assert not np.array_equal(mixed, x) and np.array_equal(np.sort(mixed, 1), x) and np.array_equal(mixed[1], mixed[0] + 30)


def test_what_repeats_itself():
    nn.set_random_seed(1)
    first, second = random.normal((3,)), random.normal((3,))
    nn.set_random_seed(1)
    assert np.array_equal(random.normal((3,)), first) and not np.array_equal(first, second)
    assert np.array_equal(random.normal((3,), seed=4), random.normal((3,), seed=4))
    one, other = random.SeedGenerator(4), random.SeedGenerator(4)
    sequence = [random.normal((3,), seed=one) for _ in range(2)]
    assert not np.array_equal(*sequence)
    np.testing.assert_array_equal([random.normal((3,), seed=other) for _ in range(2)], sequence)


def test_a_generator_goes_on_in_a_graph():
    class Noise(layers.Layer):
        def __init__(self):
            super().__init__()
            self.generator = random.SeedGenerator(9)

        def call(self, inputs):
            return inputs + random.normal((3,), seed=self.generator), inputs + random.normal((3,), seed=self.generator)

    x = graphc.placeholder((3,))
    with Trace() as trace:
        results = Noise()(x)
    step = graphc.compile([x], list(results), updates=trace.updates)
    zeros = np.zeros(3, "float32")
    found = [y for _ in range(2) for y in step(zeros)]
    again = random.SeedGenerator(9)
    np.testing.assert_allclose(found, [random.normal((3,), seed=again) for _ in range(4)], 1e-5)
    np.testing.assert_array_equal(layers.Dropout(0.5, seed=random.SeedGenerator(2))(np.ones(20, "float32")), 1)


def test_nonsense_is_refused():
    with pytest.raises(ArgumentError, match="seed is an int, not 'one'"):
        random.normal((3,), seed="one")
