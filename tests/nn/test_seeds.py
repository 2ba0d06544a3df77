"""One seed for all random numbers."""
from __future__ import annotations

import random

import numpy as np
import pytest

import graphc
from graphc.nn import seeds


def drawn():
    x = graphc.random.normal((3,))
    return [random.random(), np.random.random(), seeds.generator().random(), *graphc.interpret([], x, [])]


def test_a_seed_repeats_all_numbers():
    seeds.set_random_seed(5)
    first = drawn()
    assert drawn() != first
    seeds.set_random_seed(np.int64(5))
    assert drawn() == first
    seeds.set_random_seed(6)
    assert not set(drawn()) & set(first)


def test_a_seed_of_its_own_is_apart():
    assert seeds.generator(3).random() == seeds.generator(3).random()


@pytest.mark.parametrize("seed", [-1, 1 << 32, 1.5, "1", None])
def test_what_is_refused(seed):
    with pytest.raises(graphc.ArgumentError, match="set_random_seed: expected an int"):
        seeds.set_random_seed(seed)
