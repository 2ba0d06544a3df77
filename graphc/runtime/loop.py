"""Loops inside a program, bound to the sizes of a call: their memory, and what the native loop reads.

A loop's program runs on argument blocks like any other. Which of their words change from one iteration to the next is
known: those that point at a carry, which lies in one of two buffers in turn, and those that point at a row of an operand
or of a result. These the native loop fills in (`graphc.runtime.iteration`).
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import evaluate
from ..ir.loop import Part
from ..lower.program import LoopStep
from ..passes.kernels import root
from .arena import rounded
from .iteration import PART

if TYPE_CHECKING:
    from .frame import Frame

SOLO = 1 << 16
"""Elementary operations of an iteration up to which one thread does it alone: each phase costs the others some waiting."""

_WORD = 8
_NOWHERE = -1


class Loop:
    """One loop of a program; its parts never run at the same time, and share their memory."""

    def __init__(self, step: LoopStep, frame: Frame):
        self.step = step
        self.parts = [_Part(step, part, frame.inside(program))
                      for part, program in zip(step.parts, step.programs, strict=True)]
        self.nbytes = max(part.nbytes for part in self.parts)

    def bind(self, base: int, rest: Iterable) -> int:
        """Lay everything out from `base` on; the address of the description. `rest` is what the frames of the parts take
        for themselves, part by part."""
        words = [len(self.parts)]
        for part, given in zip(self.parts, rest, strict=True):
            part.frame.bind(base, *given)
            words += part.description(base)
        self.words = np.array(words, np.int64)
        return self.words.ctypes.data


class _Part:
    def __init__(self, step: LoopStep, part: Part, frame: Frame):
        self.step, self.part, self.frame = step, part, frame
        self.inputs, self.outputs = part.body.inputs, part.body.outputs
        self.trip = evaluate(part.trip, frame.sizes)
        self.nbytes = frame.arena_bytes
        self.buffers = [self._reserve(2 * rounded(frame.nbytes(x))) for x in self.inputs[:part.carries]]
        self.unread = {k: self._reserve(rounded(frame.nbytes(y))) for k, y in enumerate(self.outputs)
                       if k >= part.carries and k not in step.outputs}

    def _reserve(self, nbytes: int) -> int:
        self.nbytes += nbytes
        return self.nbytes - nbytes

    @property
    def solo(self) -> bool:
        return sum(self.frame.number(step.work) for step in self.frame.program.steps) < SOLO

    def description(self, base: int) -> list[int]:
        """The words of a part; see `iteration.PART`."""
        moving, fixed = self._rows(base)
        finals = [self._final(base, k) for k in range(self.part.carries) if k in self.step.outputs]
        guard = [] if self.part.guard is None else self._guard(base, self.part.guard)
        self.tables = [np.array(rows, np.int64) for rows in (moving + fixed, finals, guard)]
        rows, ends, guards = (table.ctypes.data for table in self.tables)
        values = {"trip": self.trip, "solo": int(self.solo), "table": self.frame.table.ctypes.data,
                  "steps": len(self.frame.table), "words": self.frame.words.ctypes.data, "rows": rows,
                  "moving": len(moving), "total": len(moving) + len(fixed), "finals": ends, "final_count": len(finals),
                  "guard": guards if guard else 0, "expected": int(self.part.expected)}
        return [values[name] for name in PART]

    # ---- rows
    def _rows(self, base: int) -> tuple[list, list]:
        """The rows of what changes with the iteration, and of what does not."""
        moving, fixed = [], []
        for k, x in enumerate(self.inputs):
            rows = fixed if k >= self.part.carries + self.part.slices else moving
            rows += self._filled(x, self._input(base, k))
        for k, y in enumerate(self.outputs):
            moving += self._filled(y, self._output(base, k))
        return moving, fixed

    def _filled(self, x: Expr, source: Sequence[int]) -> list[tuple]:
        """A row for each word that points at `x`."""
        return [(_WORD * place, *source) for place in self.frame.slots.get(root(x), ())]

    def _input(self, base: int, k: int) -> tuple:
        word = LoopStep.OPERANDS + self.part.first + k
        if k < self.part.carries:
            return self._carry(base, k)
        if k < self.part.carries + self.part.slices:
            return self._row_of(word, self.inputs[k])
        return word, 0, 0, 0, _NOWHERE

    def _carry(self, base: int, k: int) -> tuple:
        """Where an iteration finds a carry: first the operand, then one of two buffers."""
        return LoopStep.ZERO, base + self.buffers[k], self._size(k), 1, LoopStep.OPERANDS + self.part.first + k

    def _output(self, base: int, k: int) -> tuple:
        if k < self.part.carries:
            return LoopStep.ZERO, base + self.buffers[k] + self._size(k), -self._size(k), 1, _NOWHERE
        if k in self.unread:
            return LoopStep.ZERO, base + self.unread[k], 0, 0, _NOWHERE
        return self._row_of(self.step.outputs[k], self.outputs[k])

    def _row_of(self, word: int, x: Expr) -> tuple:
        nbytes = self.frame.nbytes(x)
        first, stride = ((self.trip - 1) * nbytes, -nbytes) if self.part.reverse else (0, nbytes)
        return word, first, stride, -1, _NOWHERE

    def _size(self, k: int) -> int:
        return rounded(self.frame.nbytes(self.inputs[k]))

    def _final(self, base: int, k: int) -> tuple:
        return self.step.outputs[k], *self._carry(base, k), self.frame.nbytes(self.inputs[k])

    def _guard(self, base: int, operand: int) -> tuple:
        """A carry where it is one; else an operand."""
        k = operand - self.part.first
        source = self._carry(base, k) if 0 <= k < self.part.carries else (LoopStep.OPERANDS + operand, 0, 0, 0, _NOWHERE)
        return 0, *source
