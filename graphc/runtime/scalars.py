"""Calls whose inputs and outputs are all numbers: packed into one buffer, run, and read back, in about two microseconds."""
from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np

from ..ir.types import SHORT
from .arena import Arena
from .plan import PARALLEL, Plan
from .runner import Runner

_FORMAT = {"i8": "b", "i16": "h", "i32": "i", "i64": "q", "u8": "B", "u16": "H", "u32": "I", "u64": "Q",
           "f16": "e", "f32": "f", "f64": "d"}
"""How struct packs a number; it would take anything for a bool."""
_PYTHON = frozenset((int, float, bool))
_WORD = 8


def scalar_call(runner: Runner, bare: bool) -> Callable[[Sequence], object] | None:
    """A quick way to call a program of numbers only, or None. It raises TypeError or struct.error for what it does not
    take: then the ordinary call says what is wrong."""
    formats = [_FORMAT.get(SHORT[x.dtype]) for x in runner.inputs]
    if None in formats or any(x.dims for x in (*runner.inputs, *runner.outputs)) or not runner.outputs \
            or runner.variables.locks or runner.program.loops:  # loops may be long: let other Python threads run
        return None
    if len({y.dtype for y in runner.outputs}) > 1:
        return None
    plan = Plan(runner.program, runner.addresses, {}, runner.threads, Arena())
    if plan.checked or plan.work >= PARALLEL:
        return None
    values = np.zeros(len(runner.inputs) + 1, np.int64)
    results = np.zeros(len(runner.outputs), runner.outputs[0].dtype)
    for k, x in enumerate(runner.placed[0]):
        plan.point(x, values.ctypes.data + _WORD * k)
    for k, y in enumerate(runner.placed[1]):
        plan.point(y, results.ctypes.data + results.itemsize * k)
    layout = "=" + "".join(f + "x" * (_WORD - struct.calcsize(f)) for f in formats)
    return _call(struct.Struct(layout).pack_into, values, results, plan, runner.lock, bare)


def _call(pack: Callable, values: np.ndarray, results: np.ndarray, plan: Plan, lock, bare: bool) -> Callable:
    run = plan.quick_run()

    def call(args: Sequence):
        if not _PYTHON.issuperset(map(type, args)):
            raise TypeError
        with lock:
            pack(values, 0, *args)
            run()
            return results[0] if bare else tuple(results.flat)  # tuple(results) takes five times as long
    call.plan = plan  # the memory that it runs in
    return call
