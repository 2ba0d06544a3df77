"""compile: the one seam between a graph and a machine."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from .ir.errors import ArgumentError, CallError, DTypeError, ShapeError
from .ir.expr import Expr
from .ir.graph import Graph
from .ir.leaves import Variable, as_expr
from .ir.registry import nearest
from .lower import cpu
from .passes.fuse import fuse
from .passes.layout import layout
from .passes.results import results
from .passes.schedule import schedule
from .runtime.function import Runner
from .runtime.objects import load


def compile(inputs: Expr | Sequence[Expr], outputs: Expr | Sequence[Expr], *, updates: Mapping | None = None,
            device: str = "cpu", threads: int | None = None) -> Function:
    bare = isinstance(outputs, Expr)
    graph = Graph((inputs,) if isinstance(inputs, Expr) else tuple(inputs),
                  (outputs,) if bare else tuple(map(as_expr, outputs)), tuple((updates or {}).items()))
    final = graph
    for p in (layout, results, fuse, schedule):
        final = p(final)
    program = cpu.lower(final)
    addresses = load([s.source for s in program.steps])
    return Function(graph, program, Runner(program, graph, addresses, threads or 1), bare)


class Function:
    def __init__(self, graph, program, runner, bare):
        self.graph, self.program, self.runner, self.bare = graph, program, runner, bare

    def __call__(self, *args):
        if len(args) != len(self.graph.inputs):
            raise CallError(f"{len(self.graph.inputs)} inputs expected, {len(args)} given")
        out = self.runner(args)
        return out[0] if self.bare else tuple(out)

    def source(self):
        return self.program.source


__all__ = ["ArgumentError", "DTypeError", "ShapeError", "Variable", "nearest"]
