"""A program: what lowering makes of a graph. Kernels in order, and for each the words of its argument block.

A word is either memory (a node's buffer) or an integer; both may depend on sizes that only a call knows, so that a program
is bound to a call's sizes before it runs (`graphc.runtime.plan`)."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import Size
from ..ir.loop import Part
from .source import KernelSource


@dataclass(frozen=True)
class Step:
    """One kernel call: its source, and what stands in its argument block.

    `words` holds nodes (the address of their memory), integers, and `Scratch`. `writes` are the nodes that it computes into
    memory, `reads` those that it only reads. `checks` are the indices that it checks as it runs: the axis's
    size, and the node."""

    source: KernelSource
    words: tuple
    reads: tuple[Expr, ...]
    writes: tuple[Expr, ...]
    nodes: tuple[Expr, ...]
    checks: tuple[tuple[Size, Expr], ...] = ()
    work: Size = 0
    """About how many elementary operations it takes: decides how many threads are worth while."""


@dataclass(frozen=True)
class Scratch:
    """Private memory of so many bytes for each thread; threads find theirs at ``tid * size``. Where it is `shared` there is
    one piece for all of them."""

    nbytes: Size
    shared: bool = False


@dataclass(frozen=True)
class Region(Scratch):
    """Where a loop's program has its memory: as much as its plan says. The word is the address of the loop's description."""


@dataclass(frozen=True)
class Status:
    """A word of its own in which a kernel reports a failed check."""


@dataclass(frozen=True)
class Counter:
    """A word of its own, 0 before and after each run of its kernel, in which threads count themselves."""


@dataclass(frozen=True)
class LoopStep(Step):
    """Programs that run inside another: see `graphc.ir.loop.Part`. The words are a `Region`, a zero, the operands, and those
    results that are needed: `outputs` says which word holds which."""

    parts: tuple[Part, ...] = ()
    programs: tuple[Program, ...] = ()
    outputs: dict[int, int] = field(default_factory=dict)

    ZERO: ClassVar[int] = 1
    OPERANDS: ClassVar[int] = 2


@dataclass(frozen=True)
class Program:
    """Steps in order. `graph` is what they compute; `in_place` maps a Variable's next value to the Variable whose memory
    it may be written into straight away; the first `commit` steps change no Variable; `over` maps a result to the operand,
    read for the last time, whose memory it may take."""

    graph: Graph
    steps: tuple[Step, ...]
    in_place: dict[Expr, Expr] = field(default_factory=dict)
    commit: int = 0
    over: dict[Expr, Expr] = field(default_factory=dict)

    @cached_property
    def every_step(self) -> tuple[Step, ...]:
        """The steps, then those of the programs inside, loop by loop."""
        programs = (program for k in self.loops for program in self.steps[k].programs)
        return self.steps + tuple(step for program in programs for step in program.every_step)

    @cached_property
    def loops(self) -> tuple[int, ...]:
        """The numbers of the steps that are loops."""
        return tuple(k for k, step in enumerate(self.steps) if isinstance(step, LoopStep))

    @property
    def source(self) -> str:
        """The text of all kernels, each once, under the numbers of the steps that it is."""
        steps: defaultdict[str, list[str]] = defaultdict(list)
        for number, step in self.numbered():
            steps[_title(step, number) if isinstance(step, LoopStep) else step.source.text].append(number)
        return "\n\n".join(f"{_headline(numbers)}\n{text}" for text, numbers in steps.items())

    def numbered(self, before: str = "") -> Iterator[tuple[str, Step]]:
        """Every step after its number: ``3.0`` is the first step inside the loop that is step 3."""
        for k, step in enumerate(self.steps):
            yield f"{before}{k}", step
            if isinstance(step, LoopStep):
                for part, program in enumerate(step.programs):
                    yield from program.numbered(f"{before}{k}{chr(ord('a') + part) if len(step.programs) > 1 else ''}.")


def _title(step: LoopStep, number: str) -> str:
    """What a loop does, as a comment."""
    letters = "ab" if len(step.parts) > 1 else [""]
    return "\n".join(f"# {step.source.name}: {_times(part)}, steps {number}{letter}.*"
                     for part, letter in zip(step.parts, letters, strict=True)) + "\n"


def _times(part: Part) -> str:
    if part.guard is None:
        return f"{part.trip} times" + ", the last row first" * part.reverse
    return f"while {part.expected}" if part.carries else f"if {part.expected}"


def _headline(steps: list[str]) -> str:
    return f"# ---- step{'s' * (len(steps) > 1)} {', '.join(steps)} ".ljust(100, "-")
