"""Batches read ahead: what comes, in which order, and what becomes of the thread."""
from __future__ import annotations

import threading

import numpy as np
import pytest

from graphc.datasets import Loader
from graphc.ir.errors import ArgumentError

X = np.arange(10)


def threads():
    return [t for t in threading.enumerate() if t.name == "graphc-loader"]


@pytest.mark.parametrize("prefetch", [0, 1, 5])
def test_all_samples_come_once_in_batches(prefetch):
    loader = Loader(X, X * X, batch_size=4, prefetch=prefetch, seed=1)
    batches = list(loader)
    assert [len(x) for x, _ in batches] == [4, 4, 2] and len(loader) == 3
    assert sorted(np.concatenate([x for x, _ in batches])) == list(X)
    assert all((y == x * x).all() for x, y in batches)
    assert not threads()


def test_every_epoch_has_an_order_of_its_own_that_a_seed_repeats():
    def epochs(seed):
        loader = Loader(X, batch_size=10, seed=seed)
        return [list(*next(iter(loader))) for _ in range(3)]

    first, second, third = epochs(5)
    assert first != second != third and epochs(5) == [first, second, third] != epochs(6)


def test_without_shuffling_the_order_stays():
    assert [list(x) for x, in Loader(X, batch_size=5, shuffle=False)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_a_remainder_can_be_dropped():
    loader = Loader(X, batch_size=4, drop_remainder=True)
    assert [len(x) for x, in loader] == [4, 4] and len(loader) == 2


def test_samples_may_be_anything_with_numbers():
    class Squares:
        def __len__(self):
            return 5

        def __getitem__(self, k):
            return np.full(3, k * k)

    (batch,), = Loader(Squares(), batch_size=5, shuffle=False)
    assert batch.tolist() == [[0] * 3, [1] * 3, [4] * 3, [9] * 3, [16] * 3]


def test_batches_are_transformed_on_the_reading_thread():
    names = []

    def transform(x):
        names.append(threading.current_thread().name)
        return x + 1, -x

    assert [list(map(list, batch)) for batch in Loader(X[:2], shuffle=False, transform=transform)] == [[[1, 2], [0, -1]]]
    assert names == ["graphc-loader"]


@pytest.mark.parametrize("after", [0, 3])
def test_what_goes_wrong_is_raised_where_batches_are_taken(after):
    seen = []

    def transform(x):
        if len(seen) == after:
            raise RuntimeError("broken")
        seen.append(x)
        return x

    taken = []
    with pytest.raises(RuntimeError, match="broken"):
        taken += Loader(X, batch_size=2, transform=transform)
    assert not threads() and len(seen) == after


def test_the_thread_reads_a_few_batches_ahead_and_ends_with_the_loop():
    seen = []
    for _ in Loader(X.repeat(100), batch_size=1, prefetch=3, transform=lambda x: seen.append(x)):
        break
    assert len(seen) <= 6 and not threads()


@pytest.mark.parametrize("arguments, options", [((), {}), ((X, X[1:]), {}), ((X,), {"batch_size": 0}),
                                                ((X,), {"prefetch": -1}), ((X,), {"batch_size": 1.5}),
                                                ((X,), {"batch_size": None}), ((X,), {"seed": -1}), ((X,), {"seed": "a"}),
                                                ((np.array(3),), {}), ((7,), {})])
def test_bad_arguments(arguments, options):
    with pytest.raises(ArgumentError):
        Loader(*arguments, **options)
