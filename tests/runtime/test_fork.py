"""Forks of a process whose other threads are in calls, compile and build graphs: the child finds nothing locked, nothing
half-changed."""
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphc.ir import locks
from graphc.ir.locks import Rank

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

PREAMBLE = f"""
import itertools, os, sys, threading, time
import numpy as np
sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})
import graphc
from graphc.runtime import plan
plan.PARALLEL = 0
x, n = graphc.placeholder((None, 300), name="x"), graphc.placeholder(name="n")
w = graphc.Variable(np.zeros((300, 300), "float32"), name="w")
value = np.ones((200, 300), "float32")
pure = graphc.compile(x, graphc.sum(graphc.tanh(x) * 2, 1), threads=3)
number = graphc.compile(n, n * 3 + 1)
step = graphc.compile(x, graphc.sum(x), updates={{w: w + 1}}, threads=2)
expected, fresh = pure(value), itertools.count(10)

def build():
    number = next(fresh)
    return graphc.exp(n * number) + number

def compile_new():
    number = next(fresh)
    assert graphc.compile(n, n * n + number, threads=1)(2.0) == 4 + number

def call(value=value):
    assert set(pure(value)) == set(expected)

def call_number():
    assert number(2.0) == 7

def update():
    step(value)

def read():
    assert len(np.unique(w.numpy())) == 1, "a step was cut in two"

def forever(work):
    while True:
        work()

def fork(check):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            check()
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.002)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "it hangs"
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def forked(cache, works: str, check: str, times: int) -> str:
    """How `times` children end that run `check` while a thread each is busy with `works`."""
    script = (f"for work in ({works},):\n    threading.Thread(target=forever, args=(work,), daemon=True).start()\n"
              f"time.sleep(0.05)\nprint({{fork({check}) for _ in range({times})}}, flush=True)\nos._exit(0)")
    result = subprocess.run([sys.executable, "-c", PREAMBLE + script], capture_output=True, text=True, timeout=240,
                            env=os.environ | {"GRAPHC_CACHE": str(cache)})
    assert result.returncode == 0, result.stderr
    return result.stdout.strip() + result.stderr


@pytest.mark.parametrize("works, check, times", [
    ("call, call", "call", 15),
    ("call, update", "lambda: (read(), update(), read())", 15),
    ("call_number, build", "lambda: (call_number(), build())", 15),
    ("lambda: [call(np.ones((k, 300), 'float32')) for k in range(1, 40)], call", "call", 10),
    ("compile_new, build", "compile_new", 3),
    ("compile_new, call, update, build", "lambda: (call(), read(), call_number(), build())", 4),
], ids=["calls", "updates", "numbers", "plans", "compiling", "everything"])
def test_a_child_of_a_busy_process_computes(cache, works, check, times):
    assert forked(cache, works, check, times) == "{0}"


def test_a_fork_waits_for_every_lock():
    for rank in Rank:
        held, entered, leave, over = locks.lock(rank), threading.Event(), threading.Event(), threading.Event()

        def hold(held=held, entered=entered, leave=leave):
            with held:
                entered.set()
                leave.wait(60)

        def take_all(over=over):
            locks._take_all()
            over.set()
            locks._give_back()
        holder, forker = threading.Thread(target=hold), threading.Thread(target=take_all)
        holder.start()
        entered.wait(60)
        forker.start()
        assert not over.wait(0.02), f"a fork does not wait for {rank!r}"
        leave.set()
        holder.join()
        forker.join()
        assert over.is_set() and held.acquire(blocking=False)
        held.release()


def test_whoever_holds_a_lock_may_fork():
    with locks.lock(Rank.VARIABLE):
        child = os.fork()
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0


def test_locks_that_are_gone_are_forgotten():
    before = len(locks._made[Rank.RUNNER])
    kept = [locks.lock(Rank.RUNNER) for _ in range(5)]
    assert len(locks._made[Rank.RUNNER]) >= before + len(kept) - 4
    kept.clear()
    assert len(locks._made[Rank.RUNNER]) <= before
