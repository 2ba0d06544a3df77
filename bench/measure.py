"""Fair measuring: the same inputs, outputs that agree, the same cores, alternating rounds, medians, and a floor.

Every contestant of a case lives in a process of its own, so that no library's threads or memory disturb another's, and
so that libraries that cannot be installed together can be compared. All are pinned to the same cores. First each says
what it computes, and nothing is timed until they agree; then each in turn is timed for a moment, round after round:
whatever else the machine does falls on all alike. The floor is the time in which `np.copyto`, one of the contestants,
moves as many bytes as the case's inputs and outputs have.
"""
from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from .process import Interpreter, Process

COPY = "copy"
OURS = "graphc"
Call = Callable[[], object]
Make = Callable[..., Call]


@dataclass(frozen=True)
class Case:
    """A computation, and how each contestant does it.

    `inputs(quick)` makes the arguments; a contestant's function takes them, prepares what a user would prepare once,
    and returns the call that is timed, with no arguments: it returns the outputs. The first word of a contestant's name
    is the library that it needs. `per` divides the time (kernels in a step); cases without a `floor` are of calls, not
    of bytes. Outputs agree within `rtol` of the largest magnitude among the first contestant's."""

    name: str
    inputs: Callable[[bool], tuple]
    contestants: Mapping[str, Make]
    rtol: float = 1e-5
    per: int = 1
    floor: bool = True

    def all(self) -> dict[str, Make]:
        """The contestants, and the copy that the floor is measured by."""
        return dict(self.contestants) | ({COPY: copy} if self.floor else {})


@dataclass(frozen=True)
class Effort:
    """How long to measure: that many rounds of so many seconds for each contestant."""

    rounds: int = 15
    seconds: float = 0.08


QUICK = Effort(rounds=2, seconds=0.001)


class Disagreement(AssertionError):
    """Contestants that compute different things cannot be compared."""


# ---- one case -------------------------------------------------------------------------------------------------------
def measured(family: str, case: Case, interpreters: Mapping[str, Interpreter], threads: int, quick: bool) -> list[dict]:
    """A record for each contestant, ready for JSON; contestants whose library is not installed are left out.

    Raises Disagreement before anything is timed."""
    failed = {}
    with ExitStack() as stack:
        running = {}
        for name in case.all():
            if interpreter := interpreters.get(library(name)):
                running[name] = stack.enter_context(Process(interpreter, family, case.name, name, threads, quick))
        for name, process in [*running.items()]:
            process.wait()
            if process.failure:
                failed[name] = process.failure
                del running[name]
        results = {name: process.ask("outputs") for name, process in running.items() if name != COPY}
        agree(results, case.rtol)
        seconds = timed(running, QUICK if quick else Effort())
    floor = {}
    if COPY in running and results:
        floor = {"bytes": moved(case.inputs(quick), next(iter(results.values()))),
                 "bandwidth": copied(quick) / statistics.median(seconds[COPY])}
    head = {"family": family, "case": case.name, "threads": threads}
    records = [head | {"contestant": name} | summary(seconds[name], case.per, **floor) for name in results]
    return with_ratios(records) + [head | {"contestant": name, "failed": reason} for name, reason in failed.items()]


def library(contestant: str) -> str:
    """What a contestant needs: "torch" for "torch.compile"; NumPy for the copy."""
    return "numpy" if contestant == COPY else contestant.replace(".", " ").split()[0]


def timed(running: Mapping[str, Process], effort: Effort) -> dict[str, list[float]]:
    """Seconds of calls, by contestant: rounds in which each has its turn; the first, which warms up, is dropped."""
    seconds: dict[str, list[float]] = {name: [] for name in running}
    for number in range(effort.rounds + 1):
        for name, process in running.items():
            samples = process.ask("samples", effort.seconds)
            if number:
                seconds[name] += samples
    return seconds


def agree(results: Mapping[str, Sequence[np.ndarray]], rtol: float) -> None:
    """Raises Disagreement unless all contestants computed the same."""
    first, *others = results
    for name in others:
        if len(results[name]) != len(results[first]):
            raise Disagreement(f"{first} has {len(results[first])} outputs, {name} {len(results[name])}")
        for k, (a, b) in enumerate(zip(results[first], results[name], strict=True)):
            if a.shape != b.shape:
                raise Disagreement(f"output {k} has shape {a.shape} by {first}, {b.shape} by {name}")
            if not np.allclose(a, b, rtol=0, atol=rtol * float(np.max(np.abs(a), initial=0)), equal_nan=True):
                worst = np.max(np.abs(np.subtract(a, b, dtype=np.float64)))
                raise Disagreement(f"output {k} of {first} and {name} differ by up to {worst:.3g}")


# ---- figures --------------------------------------------------------------------------------------------------------
def summary(times: Sequence[float], per: int = 1, **floor: float) -> dict:
    """The median and the quartiles in seconds; with the floor's `bytes` and `bandwidth`, the share of it reached."""
    low, median, high = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    record = {"seconds": median / per, "quartiles": [low / per, high / per], "samples": len(times)}
    return record | floor | {"share": floor["bytes"] / floor["bandwidth"] / median} if floor else record


def with_ratios(records: Sequence[dict]) -> list[dict]:
    """Each with its `ratio`: how many times faster it is than the best of the peers (below 1: slower)."""
    best = min((r["seconds"] for r in records if r["contestant"] != OURS), default=None)
    return [r | {"ratio": best / r["seconds"]} if best else dict(r) for r in records]


def moved(inputs: Sequence, outputs: Sequence[np.ndarray]) -> int:
    """Bytes of all inputs and outputs, each moved once."""
    return sum(np.asarray(a).nbytes for a in (*inputs, *outputs))


# ---- the machine's bandwidth ----------------------------------------------------------------------------------------
def copy(*_, threads: int, quick: bool) -> Call:
    """`np.copyto` between two arrays that no cache holds, a part for each thread."""
    from concurrent.futures import ThreadPoolExecutor

    source, target = (np.ones(copied(quick) // 2, np.uint8) for _ in range(2))
    if threads == 1:
        return partial(np.copyto, target, source)
    pool = ThreadPoolExecutor(threads)
    parts = [np.array_split(a, threads) for a in (target, source)]
    return lambda: list(pool.map(np.copyto, *parts))


def copied(quick: bool) -> int:
    """Bytes that the copy moves: those that it reads and those that it writes."""
    return 2 * (1 << 16 if quick else 1 << 28)
