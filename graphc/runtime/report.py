"""Tables of where the time and the memory of a program go."""
from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import evaluate, product
from ..ir.op import Kernel
from ..lower.library import work_of
from ..lower.program import LoopStep, Program, Step
from ..passes.kernels import Group
from .arena import rounded
from .plan import Plan
from .runner import Runner

LONG, MOST = 2e-4, 64
"""Seconds that a measurement should take at least, and how often a kernel is run for that at most."""


def profile_report(runner: Runner, arrays: Sequence[np.ndarray], repeat: int) -> str:
    """A row a kernel: the best time of `repeat`, and what follows from it."""
    with runner.lock, runner.variables:
        kept = [(v, v.numpy()) for v in runner.program.graph.variables]
        plan = runner.plan(arrays)
        results = runner.place(plan, arrays)
        try:
            runner.run(plan)
            times = [_best(plan, k, repeat) for k in range(len(runner.program.steps))]
        finally:
            for v, value in kept:
                v.assign(value)
    total = sum(times)
    rows = [_row(plan, k, step, t, total) for k, (step, t) in enumerate(zip(runner.program.steps, times, strict=True))]
    del results
    rows.append(["", "total", f"{total * 1e6:.2f}", "100.0", "", "", ""])
    return table(["step", "kernel", "us", "%", "GFLOP/s", "GB/s", "lines"], rows)


def _best(plan: Plan, k: int, repeat: int) -> float:
    """The time of step `k`, the best of `repeat`; a short step is run several times over, by one native call. One that
    writes over its operands ends as if it had run once."""
    before = plan.memory.copy() if any(y in plan.program.over for y in plan.program.steps[k].writes) else None
    once = _seconds(plan.run_step(k))
    times = max(1, min(MOST, int(LONG / once)))
    run = plan.run_step(k, times)
    best = min(_seconds(run) for _ in range(repeat)) / times
    if before is not None:
        plan.memory[...] = before
        plan.run_step(k)()
    return best


def _seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _row(plan: Plan, k: int, step: Step, seconds: float, total: float) -> list[str]:
    bytes_moved = sum(plan.nbytes(x) for x in (*step.reads, *step.writes))
    return [str(k), step.source.name, f"{seconds * 1e6:.2f}", f"{100 * seconds / total:.1f}",
            f"{flops(plan, step) / seconds / 1e9:.2f}", f"{bytes_moved / seconds / 1e9:.2f}", lines(step.nodes)]


def lines(nodes: Iterable[Expr]) -> str:
    """The lines of the user's program that the nodes come from: ``train.py:12,14 model.py:7``."""
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for node in nodes:
        if node.line is not None:
            numbers[os.path.basename(node.line.file)].add(node.line.number)
    return " ".join(f"{file}:{','.join(map(str, sorted(found)))}" for file, found in numbers.items())


def kernel_report(program: Program) -> str:
    """A row a kernel: its loops, its nodes, what it stores, and the user's lines."""
    rows = [[str(k), step.source.name, _loops(group), str(len(step.nodes)),
             " ".join(f"{n.op.name}:{n.type}" for n in group.stored), lines(step.nodes)]
            for k, (step, group) in enumerate(zip(program.steps, program.graph.notes["kernels"], strict=True))]
    return table(["step", "kernel", "loops", "nodes", "stores", "lines"], rows)


def _loops(group: Group) -> str:
    """The sizes of the loops; those that are folded in parentheses."""
    return " ".join(f"({d})" if k in group.axes else str(d) for k, d in enumerate(group.domain)) or "1"


def flops(plan: Plan, step: Step) -> float:
    """Floating-point operations: a multiplication and an addition for each term of a product, one for any other op. Of a
    loop, those of all iterations, if it is known how many there are."""
    if isinstance(step, LoopStep):
        return sum(plan.number(part.trip) * flops(plan, inner) for part, program in
                   zip(step.parts, step.programs, strict=True) if part.guard is None for inner in program.steps)
    total = 0.0
    for node in step.nodes:
        if isinstance(node.op.lower, Kernel):
            total += 2 * evaluate(work_of(node), plan.sizes) if node.op.lower.epilogue else 0
        else:
            total += evaluate(product(node.inputs[0].dims if node.inputs else node.dims), plan.sizes)
    return total


def memory_report(plan: Plan) -> str:
    """A row a buffer, in the order of their places; `steps` are the first that writes it and the last that reads it."""
    rows = [[node.op.name, str(node.type), f"{plan.place[node]:,}", f"{plan.nbytes(node):,}", f"{i.first}..{i.last}",
             lines([node])]
            for node, i in sorted(plan.intervals.items(), key=lambda item: (plan.place[item[0]], item[1].first))]
    apart = sum(rounded(i.nbytes) for i in plan.intervals.values())
    scratch = plan.arena_bytes - plan.scratch_start
    summary = (f"arena: {plan.scratch_start:,} bytes ({apart:,} without sharing), scratch: {scratch:,} bytes, "
               f"steps: {len(plan.program.steps)}, threads: {plan.threads}")
    return table(["buffer", "type", "offset", "bytes", "steps", "line"], rows) + "\n" + summary


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as they must be; those of numbers to the right."""
    columns = [_column(name, cells) for name, *cells in zip(head, *rows, strict=True)]
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def _column(name: str, cells: list[str]) -> list[str]:
    width = max(map(len, [name, *cells]))
    right = any(cells) and all(_is_number(c) for c in cells if c)
    return [c.rjust(width) if right else c.ljust(width) for c in (name, "-" * width, *cells)]


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "", 1).isdigit()
