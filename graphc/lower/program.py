"""A program: what lowering makes of a graph. Kernels in order, and for each the words of its argument block.

A word is either memory (a node's buffer) or an integer; both may depend on sizes that only a call knows, so that a program
is bound to a call's sizes before it runs (`graphc.runtime.plan`)."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import Size
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
class Status:
    """A word of its own in which a kernel reports a failed check."""


@dataclass(frozen=True)
class Counter:
    """A word of its own, 0 before and after each run of its kernel, in which threads count themselves."""


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

    @property
    def source(self) -> str:
        """The text of all kernels, each once, under the numbers of the steps that it is."""
        steps: defaultdict[str, list[int]] = defaultdict(list)
        for k, step in enumerate(self.steps):
            steps[step.source.text].append(k)
        return "\n\n".join(f"{_headline(numbers)}\n{text}" for text, numbers in steps.items())


def _headline(steps: list[int]) -> str:
    return f"# ---- step{'s' * (len(steps) > 1)} {', '.join(map(str, steps))} ".ljust(100, "-")
