"""The native loop: a program is a table of kernels and their arguments, run without Python in between.

A step is a row of three words: the address of a kernel, the address of its arguments, and whether it waits for all steps
before it. One thread alone runs down the table and nothing else. With a crew, thread 0 does; it opens the steps up to the
next that waits, in as many shares as there are threads, and whoever comes takes one. A worker whose core is busy with
something else costs little that way: its share is done by thread 0. A thread that waits spins for some microseconds, and
then sleeps in the kernel of the operating system, or lets others run where that cannot put it to sleep.

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

TURN, TURN_SLEEPERS, DONE, DONE_SLEEPERS, SHARES, JOB, BUSY, STOP, CREW_BYTES = range(0, 576, 64)
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

; Run all steps. A crew runs them phase by phase: the steps up to the next that waits for those before it.
define internal void @run(ptr %crew, ptr %steps, i64 %count, i64 %threads) {{
entry:
  %crowd = icmp ugt i64 %threads, 1
  %end = getelementptr %step, ptr %steps, i64 %count
  br i1 %crowd, label %head, label %alone
alone:
  call void @share(ptr %steps, ptr %end, i64 0, i64 1)
  ret void
head:
  %first = phi ptr [ %steps, %entry ], [ %after, %loop ], [ %last, %phase ]
  %more = icmp ult ptr %first, %end
  br i1 %more, label %look, label %done
look:
  %after = getelementptr %step, ptr %first, i64 1
  %kernel = load ptr, ptr %first
  %is_loop = icmp eq ptr %kernel, @graphc_loop
  br i1 %is_loop, label %loop, label %extend
loop:
  %place = getelementptr %step, ptr %first, i64 0, i32 1
  %block = load ptr, ptr %place
  call void @loop(ptr %block, ptr %crew, i64 %threads)
  br label %head
extend:
  %last = phi ptr [ %after, %look ], [ %following, %join ]
  %left = icmp ult ptr %last, %end
  br i1 %left, label %ask, label %phase
ask:
  %word = getelementptr %step, ptr %last, i64 0, i32 2
  %flag = load i64, ptr %word
  %waits = icmp ne i64 %flag, 0
  %next = load ptr, ptr %last
  %next_is_loop = icmp eq ptr %next, @graphc_loop
  %stop = or i1 %waits, %next_is_loop
  br i1 %stop, label %phase, label %join
join:
  %following = getelementptr %step, ptr %last, i64 1
  br label %extend
phase:
  call void @phase(ptr %crew, ptr %first, ptr %last, i64 %threads)
  br label %head
done:
  ret void
}}

; Share `k` of the steps from `first` up to `end`: share k of each, one after the other.
define internal void @share(ptr %first, ptr %end, i64 %k, i64 %threads) {{
entry:
  %result = alloca ptr
  %error = alloca ptr
  br label %head
head:
  %step = phi ptr [ %first, %entry ], [ %next, %call ]
  %more = icmp ult ptr %step, %end
  br i1 %more, label %call, label %done
call:
  %kernel = load ptr, ptr %step
  %place = getelementptr %step, ptr %step, i64 0, i32 1
  %args = load i64, ptr %place
  call i32 %kernel(ptr %result, ptr %error, i64 %args, i64 %k, i64 %threads)
  %next = getelementptr %step, ptr %step, i64 1
  br label %head
done:
  ret void
}}

; Have the crew do all shares of these steps. Whoever comes takes the next share; thread 0 takes what nobody else has, so
; that it waits for nobody but those who are at work.
define internal void @phase(ptr %crew, ptr %first, ptr %end, i64 %threads) {{
entry:
  %job = getelementptr i8, ptr %crew, i64 {JOB}
  %job_end = getelementptr ptr, ptr %job, i64 1
  %shares = getelementptr i8, ptr %crew, i64 {SHARES}
  %finished = getelementptr i8, ptr %crew, i64 {DONE}
  %waiting = getelementptr i8, ptr %crew, i64 {DONE_SLEEPERS}
  %turn = getelementptr i8, ptr %crew, i64 {TURN}
  %sleepers = getelementptr i8, ptr %crew, i64 {TURN_SLEEPERS}
  %all = trunc i64 %threads to i32
  store ptr %first, ptr %job
  store ptr %end, ptr %job_end
  store atomic i32 0, ptr %finished monotonic, align 4
  %before = load atomic i64, ptr %shares monotonic, align 8
  %number = lshr i64 %before, 16
  %following = add i64 %number, 1
  %high = shl i64 %following, 16
  %middle = shl i64 %threads, 8
  %opened = or i64 %high, %middle
  store atomic i64 %opened, ptr %shares release, align 8
  call void @announce(ptr %turn, ptr %sleepers)
  br label %work
work:
  %took = call i1 @take(ptr %crew, i64 0)
  br i1 %took, label %work, label %wait
wait:
  %now = load atomic i32, ptr %finished acquire, align 4
  %over = icmp eq i32 %now, %all
  br i1 %over, label %done, label %stay
stay:
  call void @wait(ptr %finished, i32 %now, ptr %waiting)
  br label %wait
done:
  ret void
}}

; Take a share of the present phase, as thread `tid`, and do it; false if none is left. The word of shares holds the number
; of the phase, never the same again, then of all shares and of the next one. Once it is taken, the job is what it is until
; it is done.
define internal i1 @take(ptr %crew, i64 %tid) {{
entry:
  %shares = getelementptr i8, ptr %crew, i64 {SHARES}
  br label %look
look:
  %seen = load atomic i64, ptr %shares acquire, align 8
  %next = and i64 %seen, 255
  %shifted = lshr i64 %seen, 8
  %all = and i64 %shifted, 255
  %left = icmp ult i64 %next, %all
  %mine = icmp ult i64 %tid, %all
  %may = and i1 %left, %mine
  br i1 %may, label %try, label %none
try:
  %taken = add i64 %seen, 1
  %pair = cmpxchg ptr %shares, i64 %seen, i64 %taken acq_rel monotonic
  %won = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %won, label %work, label %look
work:
  %job = getelementptr i8, ptr %crew, i64 {JOB}
  %job_end = getelementptr ptr, ptr %job, i64 1
  %first = load ptr, ptr %job
  %end = load ptr, ptr %job_end
  call void @share(ptr %first, ptr %end, i64 %next, i64 %all)
  %finished = getelementptr i8, ptr %crew, i64 {DONE}
  %waiting = getelementptr i8, ptr %crew, i64 {DONE_SLEEPERS}
  call void @announce(ptr %finished, ptr %waiting)
  ret i1 true
none:
  ret i1 false
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

; Add 1 to `word` and wake all that sleep on it.
define internal void @announce(ptr %word, ptr %sleepers) {{
  atomicrmw add ptr %word, i32 1 seq_cst
  %n = load atomic i32, ptr %sleepers seq_cst, align 4
  %any = icmp ne i32 %n, 0
  br i1 %any, label %wake, label %done
wake:
  {wake}
  br label %done
done:
  ret void
}}

; The life of worker `tid`: it takes shares, and waits for the next phase where there are none, until it is stopped.
define void @graphc_worker(ptr %crew, i64 %tid) {{
entry:
  %turn = getelementptr i8, ptr %crew, i64 {TURN}
  %sleepers = getelementptr i8, ptr %crew, i64 {TURN_SLEEPERS}
  %stop = getelementptr i8, ptr %crew, i64 {STOP}
  br label %look
look:
  %seen = load atomic i32, ptr %turn acquire, align 4
  %over = load atomic i32, ptr %stop acquire, align 4
  %stopped = icmp ne i32 %over, 0
  br i1 %stopped, label %leave, label %work
work:
  %took = call i1 @take(ptr %crew, i64 %tid)
  br i1 %took, label %look, label %idle
idle:
  call void @wait(ptr %turn, i32 %seen, ptr %sleepers)
  br label %look
leave:
  ret void
}}

; Let all workers return.
define void @graphc_stop(ptr %crew) {{
  %turn = getelementptr i8, ptr %crew, i64 {TURN}
  %sleepers = getelementptr i8, ptr %crew, i64 {TURN_SLEEPERS}
  %stop = getelementptr i8, ptr %crew, i64 {STOP}
  store atomic i32 1, ptr %stop seq_cst, align 4
  call void @announce(ptr %turn, ptr %sleepers)
  ret void
}}

; Run the steps with the crew; false if it is in use.
define internal i1 @together(ptr %crew, ptr %steps, i64 %count, i64 %threads) {{
  %busy = getelementptr i8, ptr %crew, i64 {BUSY}
  %pair = cmpxchg ptr %busy, i32 0, i32 1 acquire monotonic
  %taken = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %taken, label %go, label %no
go:
  call void @run(ptr %crew, ptr %steps, i64 %count, i64 %threads)
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
  call void @run(ptr null, ptr %steps, i64 %count, i64 1)
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
  call void @run(ptr null, ptr %steps, i64 %count, i64 1)
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
_SPINS = 256
"""Some microseconds. To spin for longer, or to let others run and stay awake, is dear where cores are shared: who has slept
runs at once when it is woken, who was awake waits for its turn."""
_SYMBOLS = ("graphc_quick", "graphc_run", "graphc_worker", "graphc_stop", "graphc_loop")
_METH_NOARGS = 4


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p)]


def runner(steps: np.ndarray, threads: int = 1, crew: int = 0, keep_gil: bool = False) -> Callable[[], None]:
    """A built-in function without arguments that runs `steps`, int64 rows ``[kernel, args, barrier]``.

    It owns a copy of the table; the argument blocks are the caller's, to be kept alive and filled before each call.
    With `threads` above 1 it runs in the `crew` at that address, and alone where the crew is in use by another Python
    thread: the results are the same bits. With `keep_gil` it is some 30 ns quicker and stops all other
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
                        TURN=TURN, TURN_SLEEPERS=TURN_SLEEPERS, DONE=DONE, DONE_SLEEPERS=DONE_SLEEPERS, SHARES=SHARES,
                        JOB=JOB, BUSY=BUSY, STOP=STOP)


__all__ = ["BUSY", "CREW_BYTES", "addresses", "located", "runner"]
