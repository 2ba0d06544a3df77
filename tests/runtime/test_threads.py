"""The crew: parts add up, barriers hold, nothing is lost in stress, forks and exits are clean."""
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from graphc.ir.errors import ArgumentError
from graphc.runtime import executor, objects, threads
from graphc.runtime.device import available_cores

ROUND = """
define i32 @graphc_test_round(ptr %result, ptr %error, i64 %args, i64 %tid, i64 %threads) {
entry:
  %words = inttoptr i64 %args to ptr
  %cells = load ptr, ptr %words
  %turn_place = getelementptr i64, ptr %words, i64 1
  %turn = load i64, ptr %turn_place
  %mine = getelementptr i64, ptr %cells, i64 %tid
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %j, %step ]
  %bad = phi i64 [ 0, %entry ], [ %worse, %step ]
  %more = icmp ult i64 %i, %threads
  br i1 %more, label %step, label %done
step:
  %cell = getelementptr i64, ptr %cells, i64 %i
  %value = load volatile i64, ptr %cell
  %behind = icmp slt i64 %value, %turn
  %one = zext i1 %behind to i64
  %worse = add i64 %bad, %one
  %j = add i64 %i, 1
  br label %head
done:
  %next = add i64 %turn, 1
  store volatile i64 %next, ptr %mine
  %faults = getelementptr i64, ptr %mine, i64 64
  %before = load i64, ptr %faults
  %after = add i64 %before, %bad
  store i64 %after, ptr %faults
  ret i32 0
}
"""
"""Counts the threads that have not finished the turn before (the barrier let one pass too early), then finishes its
own."""


MEETING = """
define i32 @graphc_test_meeting(ptr %result, ptr %error, i64 %args, i64 %tid, i64 %threads) {
  %word = inttoptr i64 %args to ptr
  atomicrmw add ptr %word, i64 1 seq_cst
  br label %wait
wait:
  %here = load atomic i64, ptr %word seq_cst, align 8
  %all = icmp uge i64 %here, %threads
  br i1 %all, label %done, label %wait
done:
  ret i32 0
}
"""
"""Waits until there are as many in here as there are threads."""


class Rounds:
    """`count` turns with a barrier before each."""

    def __init__(self, count):
        self.cells = np.zeros(128, np.int64)
        self.args = np.array([[self.cells.ctypes.data, k] for k in range(count)], np.int64)
        kernel, = objects.load_ir(ROUND, ["graphc_test_round"])
        self.steps = np.array([[kernel, row.ctypes.data, 1] for row in self.args], np.int64)

    def check(self, run, expected_threads):
        self.cells[:] = 0
        run()
        assert self.cells[:64].tolist() == [len(self.args)] * expected_threads + [0] * (64 - expected_threads)
        assert not self.cells[64:].any()


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_all_shares_are_done_and_barriers_hold(count):
    rounds = Rounds(50)
    run = threads.runner(rounds.steps, count)
    for _ in range(20):
        rounds.check(run, count)


def test_workers_take_shares_while_the_caller_works():
    assert python("""
kernel, = objects.load_ir(MEETING, ["graphc_test_meeting"])
for count in (2, 3, 4):
    word = np.zeros(1, np.int64)
    threads.runner(np.array([[kernel, word.ctypes.data, 0]]), count)()
    print(word[0])
""") == "2\n3\n4\n"


def test_programs_of_different_widths_take_turns():
    rounds = Rounds(3)
    runs = {n: threads.runner(rounds.steps, n) for n in (1, 2, 3, 4)}
    for k in range(400):
        n = (1, 4, 2, 3, 2)[k % 5]
        rounds.check(runs[n], n)


def test_workers_that_sleep_wake_up():
    rounds = Rounds(2)
    run = threads.runner(rounds.steps, 3)
    for pause in (0, 0.001, 0.02, 0):
        threading.Event().wait(pause)
        rounds.check(run, 3)


def test_a_crew_in_use_makes_others_run_alone():
    crew = threads._crew()
    rounds = Rounds(4)
    run = threads.runner(rounds.steps, 2)
    rounds.check(run, 2)
    crew._words[executor.BUSY // 4] = 1
    try:
        rounds.check(run, 1)
    finally:
        crew._words[executor.BUSY // 4] = 0
    rounds.check(run, 2)


def test_python_threads_may_run_programs_at_once():
    failures = []

    def work():
        rounds = Rounds(5)
        run = threads.runner(rounds.steps, 2)
        for _ in range(200):
            rounds.cells[:] = 0
            run()
            if rounds.cells[:2].tolist() not in ([5, 5], [5, 0]) or rounds.cells[64:].any():
                failures.append(rounds.cells.tolist())

    callers = [threading.Thread(target=work) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not failures


def test_where_the_system_gives_no_thread_the_caller_does_all_shares(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")
    wide = threads._crew().size + 1
    rounds = Rounds(3)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        rounds.check(threads.runner(rounds.steps, wide), wide)
        assert threads._crew().size < wide
    rounds.check(threads.runner(rounds.steps, wide), wide)


def test_a_closed_crew_leaves_all_shares_to_the_caller():
    crew = threads.Crew()
    crew.grow(3)
    workers = list(crew._workers)
    rounds = Rounds(3)
    run = executor.runner(rounds.steps, 3, crew.address)
    rounds.check(run, 3)
    crew.close()
    assert not any(worker.is_alive() for worker in workers)
    rounds.check(run, 3)
    crew.grow(3)
    assert crew.size == 3 and not any(worker.is_alive() for worker in workers)
    rounds.check(run, 3)


def test_one_thread_needs_no_crew():
    assert type(threads.runner(Rounds(1).steps, 1)) is type(len)


PREAMBLE = f"""
import atexit, os, signal, sys, threading, time
sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})
import numpy as np
from graphc.runtime import objects, threads
from tests.runtime.test_threads import MEETING, Rounds
rounds = Rounds(5)
run = threads.runner(rounds.steps, 3)
"""


def python(script):
    result = subprocess.run([sys.executable, "-c", PREAMBLE + script], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_no_thread_is_started_before_the_first_parallel_program():
    assert python("print(threading.active_count()); rounds.check(run, 3); print(threading.active_count())") == "1\n3\n"


@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "time.sleep(0.05)", "os._exit(0)",
                                    "atexit._run_exitfuncs(); rounds.check(run, 3)",
                                    "t = threading.Thread(target=run); t.start()"])
def test_the_interpreter_exits_cleanly(ending):
    for _ in range(3):
        python(f"for _ in range(100): rounds.check(run, 3)\n{ending}")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_its_own_crew():
    assert python("""
rounds.check(run, 3)
child = os.fork()
if child == 0:
    for _ in range(20):
        rounds.check(run, 3)
    sys.exit(0)
rounds.check(run, 3)
print(os.waitpid(child, 0)[1])
""") == "0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_while_the_crew_works():
    assert python("""
over = threading.Event()
def work():
    while not over.is_set():
        run()
worker = threading.Thread(target=work)
worker.start()
states = []
for _ in range(10):
    child = os.fork()
    if child == 0:
        mine = Rounds(4)
        mine.check(threads.runner(mine.steps, 2), 2)
        os._exit(0)
    states.append(os.waitpid(child, 0)[1])
over.set()
worker.join()
print(set(states))
""") == "{0}\n"


def test_how_many_threads(monkeypatch):
    monkeypatch.delenv("GRAPHC_THREADS", raising=False)
    assert threads.count() == available_cores()
    assert threads.count(3) == threads.count(np.int64(3)) == 3
    monkeypatch.setenv("GRAPHC_THREADS", " 5 ")
    assert threads.count() == 5
    assert threads.count(2) == 2


@pytest.mark.parametrize("wrong", [0, -1, 256, 1.5, "2", True])
def test_a_wrong_number_of_threads_is_an_error(wrong):
    with pytest.raises(ArgumentError, match="threads: expected an int from 1 to 255"):
        threads.count(wrong)


@pytest.mark.parametrize("wrong", ["0", "many", "-2", "1.5", "1000"])
def test_a_wrong_environment_is_an_error(monkeypatch, wrong):
    monkeypatch.setenv("GRAPHC_THREADS", wrong)
    with pytest.raises(ArgumentError, match="GRAPHC_THREADS"):
        threads.count()
