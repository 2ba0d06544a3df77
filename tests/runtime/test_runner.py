"""Running a program: plans are kept by size, addresses follow the arrays, locks come back whatever happens."""
import threading

import numpy as np
import pytest

import graphc
from graphc.ir.errors import CallError
from graphc.runtime import runner as runners
from graphc.runtime.runner import _Held


def rows(n, columns=40):
    return np.random.default_rng(n).random((n, columns), "float32")


@pytest.fixture
def f():
    x = graphc.placeholder((None, 40), name="x")
    return graphc.compile(x, graphc.softmax(x @ graphc.matmul(x.T, x)), threads=1)


def test_a_plan_for_each_size_and_the_last_is_the_newest(f):
    runner = f._runner
    assert runner.newest is None
    plans = []
    for n in (9, 3, 9, 5, 3):
        f(rows(n))
        plans.append(runner.newest)
    assert plans[0] is plans[2] and plans[1] is plans[4] and len(runner.plans) == 3
    assert [key[0][0] for key in runner.plans] == [9, 5, 3], "those that were not used for long stand first"


def test_no_more_plans_than_are_worth_their_memory(f, monkeypatch):
    monkeypatch.setattr(runners, "PLANS", 3)
    for n in (9, 8, 7, 9, 6):
        f(rows(n))
    assert [key[0][0] for key in f._runner.plans] == [7, 9, 6]


def test_a_plan_that_needs_more_memory_ends_those_of_the_old_memory(f):
    f(rows(2))
    before = f._runner.newest
    f(rows(500))
    assert f._runner.newest.moved and before not in f._runner.plans.values()
    assert all(plan.memory is f._runner.arena.block for plan in f._runner.plans.values())
    np.testing.assert_allclose(f(rows(2)).sum(1), 1, rtol=1e-6)


def test_addresses_follow_the_arrays(f):
    a, b = rows(4), rows(4) * 2
    first, second, again = f(a), f(b), f(a)
    assert (first == again).all() and (first != second).any()
    plan = f._runner.newest
    assert plan.pointed[f._runner.placed[0][0]] == a.ctypes.data
    np.testing.assert_array_equal(plan.value(f.graph.inputs[0]), a)


def test_an_update_of_another_size_is_refused_with_its_line():
    x = graphc.placeholder((None,), name="x")
    w = graphc.Variable(np.zeros(3, "float32"), name="w")
    step = graphc.compile(x, updates={w: x * 2})
    step([1, 2, 3])
    with pytest.raises(CallError, match=r"the update of w:f32\[3\] has shape \(2,\)\n  made at .*test_runner.py"):
        step([1, 2])
    np.testing.assert_array_equal(w.numpy(), [2, 4, 6])


class Lock:
    def __init__(self, log, fails=False):
        self.log, self.fails = log, fails

    def acquire(self):
        if self.fails:
            raise KeyboardInterrupt
        self.log.append(("take", self))

    def release(self):
        self.log.append(("give", self))


def test_locks_are_taken_in_one_order_and_given_back_in_the_other():
    log = []
    locks = [Lock(log) for _ in range(5)]
    for order in (locks, locks[::-1]):
        log.clear()
        with _Held(order):
            taken = [lock for _, lock in log]
        assert taken == sorted(locks, key=id) == [lock for what, lock in reversed(log) if what == "give"]


def test_an_interrupt_while_locks_are_taken_gives_them_back():
    log = []
    locks = sorted((Lock(log) for _ in range(4)), key=id)
    locks[2].fails = True
    with pytest.raises(KeyboardInterrupt), _Held(locks):
        raise AssertionError("not all are taken")
    assert sorted((what, id(lock)) for what, lock in log) == sorted(
        (what, id(lock)) for what in ("take", "give") for lock in locks[:2])


def test_a_call_waits_for_whoever_holds_a_variable():
    w = graphc.Variable(np.zeros(3, "float32"), name="w")
    step = graphc.compile([], updates={w: w + 1})
    worker = threading.Thread(target=step)
    with w.lock:
        worker.start()
        worker.join(0.05)
        assert worker.is_alive() and not w.storage.any()
    worker.join(60)
    assert (w.numpy() == 1).all()
