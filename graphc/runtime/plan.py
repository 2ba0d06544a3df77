"""A program bound to the sizes of one call: every buffer has its place, every argument block its words.

New sizes cost a new plan, milliseconds; nothing is compiled."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import Symbol, evaluate
from ..lower.program import Program
from ..passes.kernels import root
from .arena import Arena
from .frame import Frame
from .threads import runner

PARALLEL = 1 << 18
"""Elementary operations from which on several threads are worth their barriers."""


class Plan(Frame):
    """A whole program's frame, bound. Every call fills in where inputs and outputs lie. Where a step may fail, `run` stops
    before the first Variable changes, and `finish` does the rest."""

    def __init__(self, program: Program, addresses: Sequence[int], sizes: Mapping[Symbol, int], threads: int,
                 arena: Arena):
        self.work = sum(evaluate(step.work, sizes) for step in program.steps)
        super().__init__(program, sizes, threads if self.work >= PARALLEL else 1)
        self.moved = arena.reserve(self.arena_bytes)
        self.memory = arena.block
        self.pointed: dict[Expr, int] = {}
        statuses, counters = np.zeros((2, len(program.every_step)), np.int64)
        self.bind(arena.base, addresses, statuses, counters)
        self.output_shapes = [self.shape(y) for y in program.graph.outputs]
        self.checked = any(step.checks for step in program.steps)
        commit = program.commit if self.checked else len(program.steps)
        self.run = runner(self.table[:commit], self.threads)
        self.finish = runner(self.table[commit:], self.threads) if commit < len(program.steps) else None

    def quick_run(self) -> Callable[[], None]:
        """As `run`, without letting other Python threads in: for programs of a few microseconds."""
        return runner(self.table, 1, keep_gil=True)

    def run_step(self, k: int, times: int = 1) -> Callable[[], None]:
        """A function that runs step `k` alone, so many times over."""
        steps = np.repeat(self.table[k:k + 1], times, axis=0)
        steps[1:, 2] = 1
        return runner(steps, self.threads)

    def point(self, node: Expr, address: int) -> None:
        """Say where an input or an output lies."""
        if self.pointed.get(node) != address:
            self.pointed[node] = address
            for slot in self.slots.get(node, ()):
                self.words[slot] = address

    def value(self, x: Expr) -> np.ndarray:
        """What the caller's memory of an input or an output holds."""
        return addressed(self.pointed[root(x)], self.shape(x), x.dtype)


def addressed(address: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array that lies at `address`; it keeps nothing alive."""
    interface = {"data": (address, False), "shape": shape, "typestr": f"|V{dtype.itemsize}", "version": 3}
    holder = type("Memory", (), {"__array_interface__": interface})()
    return np.asarray(holder).view(dtype)
