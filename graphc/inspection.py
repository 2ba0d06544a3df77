"""What a compiled function shows of itself: its graphs, its code, its memory, its time."""
from __future__ import annotations

from functools import cached_property

import numpy as np

from .ir.errors import CallError
from .ir.expr import label
from .ir.graph import Graph
from .ir.text import text
from .runtime.plan import Plan
from .runtime.report import memory_report, profile_report
from .runtime.runner import Runner


class Text(str):
    """A string that a REPL shows as it reads."""

    __slots__ = ()
    __repr__ = str.__str__


class Inspection:
    """The part of `graphc.Function` that answers questions."""

    def __init__(self, given: Graph, runner: Runner, serial: int):
        self.given, self._runner, self.serial = given, runner, serial

    @property
    def graph(self) -> Graph:
        """The graph after all passes, its nodes gathered into kernels: ``graph.notes["kernels"]``."""
        return self._runner.program.graph

    @cached_property
    def history(self) -> tuple[tuple[str, Graph], ...]:
        """The name of each pass, and the graph after it; the graph as it was given comes first."""
        return tuple(self.graph.notes.get("passes", ()))

    def dump(self, passes: bool = False) -> str:
        """The graph as text, as given and as compiled; with `passes`, after every pass that changed it."""
        shown = [("as given", self.given)]
        for name, graph in self.history[1:]:
            if passes and text(graph) != text(shown[-1][1]):
                shown.append((f"after {name}", graph))
        if not passes:
            shown.append(("as compiled", self.graph))
        return Text("\n".join(f"# {title}\n{text(graph)}" for title, graph in shown))

    def source(self) -> str:
        """The generated code of all kernels: Python, as Numba compiles it, a section a kernel, with names of its own."""
        return Text(self._runner.program.source)

    def profile(self, *args, repeat: int = 20) -> str:
        """A table of the kernels of one call with these inputs: time (the best of `repeat`), share, GFLOP/s, GB/s and the
        user's lines. Variables keep their values."""
        return Text(profile_report(self._runner, self._runner_inputs(args), repeat))

    def memory(self, *args) -> str:
        """The plan of the memory: what lies where, and from which step to which, for the sizes of these inputs; without
        inputs, for those of the last call. Before the first call, inputs are needed where a size is known only then."""
        return Text(memory_report(self.plan(*args)))

    def plan(self, *args) -> Plan:
        """The program as it is bound to the sizes of these inputs; without inputs, of the last call."""
        with self._runner.lock:
            if args:
                return self._runner.plan(self._runner_inputs(args))
            return self._runner.newest or self._runner.plan(self._stand_ins())

    def _runner_inputs(self, args: tuple) -> list[np.ndarray]:
        return self._runner.arrays(args)

    def _stand_ins(self) -> list[np.ndarray]:
        """Arrays of the inputs' shapes; raises CallError where only a call knows these."""
        for x in self.given.inputs:
            if None in x.shape:
                raise CallError(f"the size of {label(x)}:{x.type} is known only at call time, and there was no call "
                                f"yet: give example inputs, as in f.memory({self._example()})")
        return [np.broadcast_to(np.zeros((), x.dtype), x.dims) for x in self.given.inputs]

    def _example(self) -> str:
        """Inputs that would do, as the user would write them."""
        shapes = [", ".join("1" if d is None else str(d) for d in x.shape) for x in self.given.inputs]
        return ", ".join(f'np.zeros(({shape}{"," if x.ndim == 1 else ""}), "{x.dtype}")'
                         for x, shape in zip(self.given.inputs, shapes, strict=True))


__all__ = ["Inspection"]
