"""What a compiled function shows of itself: its graphs, its code, its memory, its time."""
from __future__ import annotations

from functools import cached_property

from .ir.graph import Graph
from .ir.text import text
from .runtime.plan import Plan
from .runtime.report import memory_report, profile_report
from .runtime.runner import Runner


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
        return "\n".join(f"# {title}\n{text(graph)}" for title, graph in shown)

    def source(self) -> str:
        """The generated code of all kernels: Python, as Numba compiles it."""
        return self._runner.program.source

    def profile(self, *args, repeat: int = 20) -> str:
        """A table of the kernels of one call with these inputs: time (the best of `repeat`), share, GFLOP/s, GB/s and the
        user's lines. Variables keep their values."""
        return profile_report(self._runner, self._runner_inputs(args), repeat)

    def memory(self, *args) -> str:
        """The plan of the memory: what lies where, and from which step to which. Inputs are needed where sizes are known
        only at call time."""
        return memory_report(self.plan(*args))

    def plan(self, *args) -> Plan:
        return self._runner.plan(self._runner_inputs(args))

    def _runner_inputs(self, args: tuple):
        return self._runner.arrays(args)


__all__ = ["Inspection"]
