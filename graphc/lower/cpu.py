"""A graph, its nodes gathered into kernels and ordered, as a program for the CPU; its loops are programs inside it."""
from __future__ import annotations

from ..ir.graph import Graph
from ..ir.integer import Size, minimum
from ..ir.loop import is_loop, parts
from ..passes.kernels import Group
from . import library, loops
from .program import LoopStep, Program, Region, Step
from .source import KernelSource

UNKNOWN = 32
"""What a number of iterations that only a run knows is taken to be, at most."""


def lower(graph: Graph) -> Program:
    """One step for each kernel of ``graph.notes["kernels"]``."""
    steps = [_step(group) for group in graph.notes["kernels"]]
    return Program(graph, tuple(steps), graph.notes["in_place"], graph.notes["commit"], graph.notes["over"])


def _step(group: Group) -> Step:
    if group.anchor is None:
        return loops.lower(group)
    return _loop(group) if is_loop(group.anchor) else library.lower(group)


def _loop(group: Group) -> LoopStep:
    """The words are a region of memory, the number 0, the operands, and the results that are needed."""
    node, results = group.anchor, tuple(group.stored)
    found = parts(node)
    programs = tuple(lower(part.body) for part in found)
    checks = tuple(check for program in programs for step in program.steps for check in step.checks)
    work = sum((part.trip if part.guard is None else minimum(part.trip, UNKNOWN)) * _work(program)
               for part, program in zip(found, programs, strict=True))
    outputs = {y.attrs["output"]: LoopStep.OPERANDS + len(node.inputs) + k for k, y in enumerate(results)}
    words = (Region(0, shared=True), 0, *node.inputs, *results)
    return LoopStep(KernelSource(node.op.name, ""), words, node.inputs, results, tuple(group.nodes), checks, work, found,
                    programs, outputs)


def _work(program: Program) -> Size:
    return sum(step.work for step in program.steps)
