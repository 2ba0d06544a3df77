"""Tables of where the time and the memory of a program go."""
from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ..ir.integer import evaluate, product
from ..ir.op import Kernel
from ..lower.library import work_of
from ..lower.program import Step
from .arena import rounded
from .plan import Plan
from .runner import Runner


def profile_report(runner: Runner, arrays: Sequence[np.ndarray], repeat: int) -> str:
    """A row a kernel: the best time of `repeat`, and what follows from it."""
    with runner.lock, runner.variables():
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
    rows = [_row(plan, step, t, total) for step, t in zip(runner.program.steps, times, strict=True)]
    del results
    rows.append(["total", f"{total * 1e6:.1f}", "100.0", "", "", ""])
    return table(["kernel", "us", "%", "GFLOP/s", "GB/s", "line"], rows)


def _best(plan: Plan, k: int, repeat: int) -> float:
    run, best = plan.run_step(k), float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def _row(plan: Plan, step: Step, seconds: float, total: float) -> list[str]:
    bytes_moved = sum(plan.nbytes(x) for x in (*step.reads, *step.writes))
    line = step.nodes[-1].line
    return [step.source.name, f"{seconds * 1e6:.1f}", f"{100 * seconds / total:.1f}",
            f"{flops(plan, step) / seconds / 1e9:.2f}", f"{bytes_moved / seconds / 1e9:.2f}",
            f"{line.file.rsplit('/', 1)[-1]}:{line.number}" if line else ""]


def flops(plan: Plan, step: Step) -> float:
    """Floating-point operations: a multiplication and an addition for each term of a product, one for any other op."""
    total = 0.0
    for node in step.nodes:
        if isinstance(node.op.lower, Kernel):
            total += 2 * evaluate(work_of(node), plan.sizes) if node.op.lower.epilogue else 0
        else:
            total += evaluate(product(node.inputs[0].dims if node.inputs else node.dims), plan.sizes)
    return total


def memory_report(plan: Plan) -> str:
    """A row a buffer, in the order of their places."""
    rows = [[node.op.name, str(node.type), f"{plan.place[node]:,}", f"{plan.nbytes(node):,}", f"{i.first}..{i.last}"]
            for node, i in sorted(plan.intervals.items(), key=lambda item: (plan.place[item[0]], item[1].first))]
    apart = sum(rounded(i.nbytes) for i in plan.intervals.values())
    scratch = plan.arena_bytes - plan.scratch_start
    summary = (f"arena: {plan.scratch_start:,} bytes ({apart:,} without sharing), scratch: {scratch:,} bytes, "
               f"steps: {len(plan.program.steps)}, threads: {plan.threads}")
    return table(["buffer", "type", "offset", "bytes", "steps"], rows) + "\n" + summary


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as they must be; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    def line(cells: list[str]) -> str:
        return "  ".join(c.rjust(w) if _is_number(c) else c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()
    return "\n".join([line(head), line(["-" * w for w in widths]), *map(line, rows)])


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()
