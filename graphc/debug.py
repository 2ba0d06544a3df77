"""``GRAPHC_DEBUG``: what each compilation tells on stderr, more with each level.

=====  ==============================================================================================
1      a line for each function: its kernels, how many had to be compiled, its nodes, its seconds
2      and a table of its kernels, with the lines of the program that they come from
3      and its graph, as given and as compiled
4      and its graph after every pass
5      and the generated code
6      and, at each call, its kernels one by one with their times
=====  ==============================================================================================
"""
from __future__ import annotations

import os
import sys
import time

from .inspection import Inspection
from .ir.errors import ArgumentError
from .passes.options import OFF
from .runtime.plan import Plan
from .runtime.report import kernel_report, table
from .runtime.runner import Runner

HIGHEST = 6


def level() -> int:
    """What the environment's ``GRAPHC_DEBUG`` asks for; 0 for nothing."""
    given = os.environ.get("GRAPHC_DEBUG", "").strip()
    if given.lower() in OFF:
        return 0
    if given not in map(str, range(HIGHEST + 1)):
        raise ArgumentError(f"GRAPHC_DEBUG is a number from 0 to {HIGHEST}, not {given!r}")
    return int(given)


def show(function: Inspection, runner: Runner, level: int, seconds: float, compiled: int) -> None:
    """Tell about a function that was just compiled: in `seconds`, with that many kernels not found in the cache."""
    name = f"graphc function {function.serial}"
    _tell(f"{name}: {_counted(len(runner.program.steps), 'kernel')} ({compiled} compiled), "
          f"{len(function.given.order)} nodes as given, {len(function.graph.order)} as compiled, {seconds:.3f} s")
    if level >= 2:
        _tell(kernel_report(runner.program))
    if level >= 3:
        _tell(function.dump(passes=level >= 4))
    if level >= 5:
        _tell(function.source())
    if isinstance(runner, TracedRunner):
        runner.name = name


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class TracedRunner(Runner):
    """As `Runner`, a kernel at a time, and every call tells how long each took."""

    name = "graphc"

    def run(self, plan: Plan) -> None:
        rows = []
        for k, step in enumerate(self.program.steps):
            run, start = plan.run_step(k), time.perf_counter()
            run()
            rows.append([str(k), step.source.name, f"{(time.perf_counter() - start) * 1e6:.1f}"])
        sizes = ", ".join(f"{symbol} = {size}" for symbol, size in plan.sizes.items())
        _tell(f"{self.name}: a call{f' with {sizes}' if sizes else ''}, threads: {plan.threads}")
        _tell(table(["step", "kernel", "us"], rows))
        self.raise_if_failed(plan)
