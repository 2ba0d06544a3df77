"""The native loop on one thread: every step once, in order, from a table that the runner owns."""
import gc
import sys

import numpy as np
import pytest

from graphc.runtime import executor, objects

APPEND = """
define i32 @graphc_test_append(ptr %result, ptr %error, i64 %args, i64 %tid, i64 %threads) {
  store ptr null, ptr %result
  %words = inttoptr i64 %args to ptr
  %log = load ptr, ptr %words
  %value_place = getelementptr i64, ptr %words, i64 1
  %value = load i64, ptr %value_place
  %n = load i64, ptr %log
  %m = add i64 %n, 1
  store i64 %m, ptr %log
  %row = mul i64 %m, 3
  %a = getelementptr i64, ptr %log, i64 %row
  store i64 %value, ptr %a
  %b = getelementptr i64, ptr %a, i64 1
  store i64 %tid, ptr %b
  %c = getelementptr i64, ptr %a, i64 2
  store i64 %threads, ptr %c
  ret i32 -7
}
"""
"""Writes its value, thread and number of threads to the end of a log; its status means nothing to the loop."""


class Log:
    """A log and the steps that write 0, 1, 2, ... to it."""

    def __init__(self, count):
        self.memory = np.zeros(3 * (2 * count + 2), np.int64)
        self.args = np.array([[self.memory.ctypes.data, k] for k in range(count)], np.int64).reshape(-1, 2)
        kernel, = objects.load_ir(APPEND, ["graphc_test_append"])
        self.steps = np.array([[kernel, row.ctypes.data, k % 3 == 0] for k, row in enumerate(self.args)], np.int64)

    @property
    def rows(self):
        return self.memory.reshape(-1, 3)[1:1 + self.memory[0]].tolist()


@pytest.mark.parametrize("keep_gil", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 57])
def test_every_step_runs_once_and_in_order(count, keep_gil):
    log = Log(count)
    run = executor.runner(log.steps, keep_gil=keep_gil)
    assert log.rows == []
    assert run() is None
    assert log.rows == [[k, 0, 1] for k in range(count)]


def test_a_runner_may_run_again():
    log = Log(3)
    run = executor.runner(log.steps)
    for _ in range(5):
        log.memory[:] = 0
        run()
        assert [row[0] for row in log.rows] == [0, 1, 2]


def test_arguments_are_read_at_every_call():
    log = Log(1)
    run = executor.runner(log.steps)
    log.args[0, 1] = 42
    run()
    assert log.rows == [[42, 0, 1]]


def test_the_runner_owns_its_table():
    log = Log(4)
    run = executor.runner(log.steps)
    log.steps[:] = 0
    gc.collect()
    run()
    assert len(log.rows) == 4


def test_a_table_of_other_layout_is_copied():
    log = Log(4)
    executor.runner(np.asfortranarray(log.steps))()
    executor.runner(log.steps[::2])()
    assert [row[0] for row in log.rows] == [0, 1, 2, 3, 0, 2]


@pytest.mark.parametrize("keep_gil", [False, True])
def test_calls_and_runners_leak_nothing(keep_gil):
    log = Log(0)
    run = executor.runner(log.steps, keep_gil=keep_gil)
    before = sys.getrefcount(None)
    for _ in range(1000):
        run()
    assert abs(sys.getrefcount(None) - before) < 100
    size = sys.getallocatedblocks()
    for _ in range(1000):
        executor.runner(log.steps)
    assert sys.getallocatedblocks() - size < 500


def test_a_runner_takes_no_arguments():
    with pytest.raises(TypeError):
        executor.runner(Log(0).steps)(1)


@pytest.mark.parametrize("machine, system", [("x86_64", "linux"), ("amd64", "win32"), ("arm64", "darwin"),
                                             ("aarch64", "linux"), ("riscv64", "linux")])
def test_there_is_code_for_every_system(machine, system):
    llvm = objects.llvm
    llvm.parse_assembly(executor._code(machine, system)).verify()
