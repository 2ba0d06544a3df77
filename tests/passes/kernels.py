"""What the tests of the later passes share: a program lowered and never run, its kernels as lists of op names."""
from __future__ import annotations

import graphc
from graphc.compiler import _graph
from graphc.ir.graph import Graph
from graphc.lower import cpu
from graphc.lower.program import Program
from graphc.passes.pipeline import Options, run


def compiled(inputs, outputs, updates=None, **options) -> Graph:
    """The graph after all passes."""
    return run(_graph(inputs, outputs, updates or {}), Options(verify=True, **options))


def program(inputs, outputs, updates=None, **options) -> Program:
    return cpu.lower(compiled(inputs, outputs, updates, **options))


def kernels(inputs, outputs, updates=None, **options) -> list[list[str]]:
    """The ops of each kernel, in order."""
    return [[n.op.name for n in step.nodes] for step in program(inputs, outputs, updates, **options).steps]


def matrix(name: str = "x", rows=None, columns=10) -> graphc.Expr:
    return graphc.placeholder((rows, columns), name=name)
