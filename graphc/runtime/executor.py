"""The native loop: a program is a table of kernels and their arguments, run without Python in between.

A step is a row of three words: the address of a kernel, the address of its arguments, and whether every thread waits
for all others before it. One thread alone runs down the table and nothing else; in a crew each thread does, and they
meet at the barriers. A thread that waits spins for some microseconds, lets others run for some tens, and then sleeps
in the kernel of the operating system, so that a shared core does not collapse.

`runner` makes a built-in function of Python out of a table: calling it costs some 50 ns, a fifth of what ctypes takes.
"""
from __future__ import annotations

import ctypes
import functools
import platform
import sys
from collections.abc import Callable

import numpy as np
from llvmlite import binding as llvm

from ..lower.program import LoopStep, Program
from . import iteration
from .device import LLVM
from .objects import load, load_ir

GATE, GATE_SLEEPERS, ARRIVED, TURN, TURN_SLEEPERS, JOB, SIZE, BUSY, STOP, CREW_BYTES = range(0, 640, 64)
"""Where a crew's words are, each on a cache line of its own; see `threads.Crew`."""

_CODE = """
%step = type {{ ptr, i64, i64 }}
%program = type {{ i64, i64, ptr, ptr, [0 x %step] }}

declare void @{pause}
declare i32 @{give_way}()
declare i64 @syscall(i64, ...)
declare ptr @PyBytes_AsString(ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @Py_IncRef(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; Run all steps as thread `tid` of `threads`.
define internal void @run(ptr %crew, ptr %steps, i64 %count, i64 %tid, i64 %threads) {{
entry:
  %result = alloca ptr
  %error = alloca ptr
  %crowd = icmp ugt i64 %threads, 1
  %end = getelementptr %step, ptr %steps, i64 %count
  br label %head
head:
  %step = phi ptr [ %steps, %entry ], [ %next, %call ]
  %more = icmp ult ptr %step, %end
  br i1 %more, label %row, label %done
row:
  %word = getelementptr %step, ptr %step, i64 0, i32 2
  %flag = load i64, ptr %word
  %flagged = icmp ne i64 %flag, 0
  %wait = and i1 %flagged, %crowd
  br i1 %wait, label %meet, label %call
meet:
  call void @barrier(ptr %crew, i64 %threads)
  br label %call
call:
  %kernel = load ptr, ptr %step
  %place = getelementptr %step, ptr %step, i64 0, i32 1
  %args = load i64, ptr %place
  call i32 %kernel(ptr %result, ptr %error, i64 %args, i64 %tid, i64 %threads)
  %next = getelementptr %step, ptr %step, i64 1
  br label %head
done:
  ret void
}}

; Wait until the 32 bits at `word` are no longer `seen`.
define internal void @wait(ptr %word, i32 %seen, ptr %sleepers) noinline {{
entry:
  br label %spin
spin:
  %i = phi i32 [ 1, %entry ], [ %j, %again ]
  call void @{pause_call}
  %now = load atomic i32, ptr %word acquire, align 4
  %changed = icmp ne i32 %now, %seen
  br i1 %changed, label %done, label %still
still:
  %phase = and i32 %i, 31
  %round = icmp eq i32 %phase, 0
  br i1 %round, label %yield, label %again
yield:
  call i32 @{give_way}()
  %late = icmp uge i32 %i, {spins}
  br i1 %late, label %lie_down, label %again
again:
  %j = add i32 %i, 1
  br label %spin
lie_down:
  atomicrmw add ptr %sleepers, i32 1 seq_cst
  br label %sleep
sleep:
  {sleep}
  %later = load atomic i32, ptr %word seq_cst, align 4
  %woken = icmp ne i32 %later, %seen
  br i1 %woken, label %get_up, label %sleep
get_up:
  atomicrmw sub ptr %sleepers, i32 1 seq_cst
  br label %done
done:
  ret void
}}

; Set `word` and wake all that sleep on it.
define internal void @announce(ptr %word, i32 %value, ptr %sleepers) {{
  atomicrmw xchg ptr %word, i32 %value seq_cst
  %n = load atomic i32, ptr %sleepers seq_cst, align 4
  %any = icmp ne i32 %n, 0
  br i1 %any, label %wake, label %done
wake:
  {wake}
  br label %done
done:
  ret void
}}

; Wait until `threads` threads are here.
define internal void @barrier(ptr %crew, i64 %threads) {{
  %arrived = getelementptr i8, ptr %crew, i64 {ARRIVED}
  %turn = getelementptr i8, ptr %crew, i64 {TURN}
  %sleepers = getelementptr i8, ptr %crew, i64 {TURN_SLEEPERS}
  %now = load atomic i32, ptr %turn acquire, align 4
  %before = atomicrmw add ptr %arrived, i32 1 acq_rel
  %here = add i32 %before, 1
  %all = trunc i64 %threads to i32
  %last = icmp eq i32 %here, %all
  br i1 %last, label %open, label %stay
open:
  store atomic i32 0, ptr %arrived monotonic, align 4
  %next = add i32 %now, 1
  call void @announce(ptr %turn, i32 %next, ptr %sleepers)
  ret void
stay:
  call void @wait(ptr %turn, i32 %now, ptr %sleepers)
  ret void
}}

; The life of worker `tid`: at the gate, then in a job, until it is stopped. The gate holds the number of the job above
; the number of threads in it, so that one load tells a worker whether the job is for it.
define void @graphc_worker(ptr %crew, i64 %tid, i64 %start) {{
entry:
  %gate = getelementptr i8, ptr %crew, i64 {GATE}
  %sleepers = getelementptr i8, ptr %crew, i64 {GATE_SLEEPERS}
  %stop = getelementptr i8, ptr %crew, i64 {STOP}
  %job = getelementptr i8, ptr %crew, i64 {JOB}
  %job_count = getelementptr i64, ptr %job, i64 1
  %first = trunc i64 %start to i32
  br label %idle
idle:
  %seen = phi i32 [ %first, %entry ], [ %now, %look ], [ %now, %work ]
  call void @wait(ptr %gate, i32 %seen, ptr %sleepers)
  %now = load atomic i32, ptr %gate acquire, align 4
  %over = load atomic i32, ptr %stop acquire, align 4
  %stopped = icmp ne i32 %over, 0
  br i1 %stopped, label %leave, label %look
look:
  %wide = zext i32 %now to i64
  %threads = and i64 %wide, 255
  %mine = icmp ult i64 %tid, %threads
  br i1 %mine, label %work, label %idle
work:
  %steps = load ptr, ptr %job
  %count = load i64, ptr %job_count
  call void @run(ptr %crew, ptr %steps, i64 %count, i64 %tid, i64 %threads)
  call void @barrier(ptr %crew, i64 %threads)
  br label %idle
leave:
  ret void
}}

; Let all workers return.
define void @graphc_stop(ptr %crew) {{
  %gate = getelementptr i8, ptr %crew, i64 {GATE}
  %sleepers = getelementptr i8, ptr %crew, i64 {GATE_SLEEPERS}
  %stop = getelementptr i8, ptr %crew, i64 {STOP}
  store atomic i32 1, ptr %stop seq_cst, align 4
  %before = load atomic i32, ptr %gate acquire, align 4
  %job = and i32 %before, -256
  %next = add i32 %job, 256
  call void @announce(ptr %gate, i32 %next, ptr %sleepers)
  ret void
}}

; Run the steps with the crew; false if it is too small or in use.
define internal i1 @together(ptr %crew, ptr %steps, i64 %count, i64 %threads) {{
  %size_word = getelementptr i8, ptr %crew, i64 {SIZE}
  %size = load atomic i32, ptr %size_word acquire, align 4
  %wanted = trunc i64 %threads to i32
  %enough = icmp uge i32 %size, %wanted
  br i1 %enough, label %take, label %no
take:
  %busy = getelementptr i8, ptr %crew, i64 {BUSY}
  %pair = cmpxchg ptr %busy, i32 0, i32 1 acquire monotonic
  %taken = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %taken, label %go, label %no
go:
  %job = getelementptr i8, ptr %crew, i64 {JOB}
  %job_count = getelementptr i64, ptr %job, i64 1
  store ptr %steps, ptr %job
  store i64 %count, ptr %job_count
  %gate = getelementptr i8, ptr %crew, i64 {GATE}
  %sleepers = getelementptr i8, ptr %crew, i64 {GATE_SLEEPERS}
  %before = load atomic i32, ptr %gate monotonic, align 4
  %number = and i32 %before, -256
  %following = add i32 %number, 256
  %open = or i32 %following, %wanted
  call void @announce(ptr %gate, i32 %open, ptr %sleepers)
  call void @run(ptr %crew, ptr %steps, i64 %count, i64 0, i64 %threads)
  call void @barrier(ptr %crew, i64 %threads)
  store atomic i32 0, ptr %busy release, align 4
  ret i1 true
no:
  ret i1 false
}}

; A program, as a built-in function that keeps the GIL: one thread, some microseconds.
define ptr @graphc_quick(ptr %self, ptr %unused) {{
  %program = call ptr @PyBytes_AsString(ptr %self)
  %count = load i64, ptr %program
  %steps = getelementptr %program, ptr %program, i64 0, i32 4
  call void @run(ptr null, ptr %steps, i64 %count, i64 0, i64 1)
  %place = getelementptr %program, ptr %program, i64 0, i32 3
  %none = load ptr, ptr %place
  call void @Py_IncRef(ptr %none)
  ret ptr %none
}}

; A program, as a built-in function that runs without the GIL: in the crew if it is free.
define ptr @graphc_run(ptr %self, ptr %unused) {{
  %program = call ptr @PyBytes_AsString(ptr %self)
  %count = load i64, ptr %program
  %threads_place = getelementptr %program, ptr %program, i64 0, i32 1
  %threads = load i64, ptr %threads_place
  %crew_place = getelementptr %program, ptr %program, i64 0, i32 2
  %crew = load ptr, ptr %crew_place
  %none_place = getelementptr %program, ptr %program, i64 0, i32 3
  %none = load ptr, ptr %none_place
  %steps = getelementptr %program, ptr %program, i64 0, i32 4
  %state = call ptr @PyEval_SaveThread()
  %crowd = icmp ugt i64 %threads, 1
  br i1 %crowd, label %many, label %one
many:
  %done = call i1 @together(ptr %crew, ptr %steps, i64 %count, i64 %threads)
  br i1 %done, label %end, label %one
one:
  call void @run(ptr null, ptr %steps, i64 %count, i64 0, i64 1)
  br label %end
end:
  call void @PyEval_RestoreThread(ptr %state)
  call void @Py_IncRef(ptr %none)
  ret ptr %none
}}
""" + iteration.CODE

_PAUSE = {"x86_64": ("llvm.x86.sse2.pause()", "llvm.x86.sse2.pause()"),
          "aarch64": ("llvm.aarch64.hint(i32)", "llvm.aarch64.hint(i32 1)")}
_FUTEX = {"x86_64": 202, "aarch64": 98}
_SPINS = 2048
_SYMBOLS = ("graphc_quick", "graphc_run", "graphc_worker", "graphc_stop", "graphc_loop")
_METH_NOARGS = 4


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p)]


def runner(steps: np.ndarray, threads: int = 1, crew: int = 0, keep_gil: bool = False) -> Callable[[], None]:
    """A built-in function without arguments that runs `steps`, int64 rows ``[kernel, args, barrier]``.

    It owns a copy of the table; the argument blocks are the caller's, to be kept alive and filled before each call.
    With `threads` above 1 it runs in the `crew` at that address, and alone where the crew is too small or in use by
    another Python thread: the results are the same bits. With `keep_gil` it is some 30 ns quicker and stops all other
    Python threads: for programs of a few microseconds.
    """
    table = np.ascontiguousarray(steps, np.int64).reshape(-1, 3)
    program = np.array([len(table), threads, crew, id(None)], np.int64).tobytes() + table.tobytes()
    definition = _definitions()["graphc_quick" if keep_gil else "graphc_run"]
    return _new_function()(ctypes.byref(definition), program, None)


def located(program: Program) -> list[int]:
    """The address of the kernel of each of the program's `every_step`; what is not in the cache is compiled."""
    kernels = iter(load([step.source for step in program.every_step if not isinstance(step, LoopStep)]))
    return [addresses()["graphc_loop"] if isinstance(step, LoopStep) else next(kernels) for step in program.every_step]


@functools.cache
def addresses() -> dict[str, int]:
    """The addresses of the native functions by name."""
    with LLVM:
        for name in ("PyBytes_AsString", "PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef"):
            llvm.add_symbol(name, ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value)
        return dict(zip(_SYMBOLS, load_ir(_code(platform.machine().lower(), sys.platform), _SYMBOLS), strict=True))


@functools.cache
def _definitions():
    """What CPython has to know of the two kinds of runners; it never frees them."""
    made = {name: _MethodDef(name.encode(), addresses()[name], _METH_NOARGS, None)
            for name in ("graphc_quick", "graphc_run")}
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    return made


@functools.cache
def _new_function():
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make


def _code(machine, system):
    """The LLVM assembly for a CPU and an operating system."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    pause, pause_call = _PAUSE.get(machine, ("llvm.donothing()", "llvm.donothing()"))
    give_way = "SwitchToThread" if system == "win32" else "sched_yield"
    sleep, wake = f"call i32 @{give_way}()", ""
    if system == "linux" and machine in _FUTEX:
        call = f"call i64 (i64, ...) @syscall(i64 {_FUTEX[machine]}, ptr %word, i32 "
        sleep = call + "128, i32 %seen, ptr null, ptr null, i32 0)"
        wake = call + "129, i32 2147483647, ptr null, ptr null, i32 0)"
    return _CODE.format(pause=pause, pause_call=pause_call, give_way=give_way, sleep=sleep, wake=wake, spins=_SPINS,
                        GATE=GATE, GATE_SLEEPERS=GATE_SLEEPERS, ARRIVED=ARRIVED, TURN=TURN,
                        TURN_SLEEPERS=TURN_SLEEPERS, JOB=JOB, SIZE=SIZE, BUSY=BUSY, STOP=STOP)


__all__ = ["ARRIVED", "BUSY", "CREW_BYTES", "GATE", "GATE_SLEEPERS", "JOB", "SIZE", "STOP", "TURN", "TURN_SLEEPERS",
           "addresses", "located", "runner"]
