"""The process of one contestant: the measuring side that asks, and the measured side, `python -m bench.process`."""
from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
import time
import timeit
import traceback
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
SHORTEST = 200e-6
"""Seconds below which a sample is made of several calls."""

PATIENCE = 10.0
"""Seconds that a process has to end."""

PACKAGES = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
"""Names of packages that differ from the library's."""


@dataclass(frozen=True)
class Interpreter:
    """A Python, and the versions of the libraries that it has."""

    path: str
    versions: dict[str, str]


# ---- the measuring side ---------------------------------------------------------------------------------------------
def interpreters(paths: list[str], libraries: list[str]) -> dict[str, Interpreter]:
    """Who runs what: each library belongs to the first of the interpreters that has it."""
    found: dict[str, Interpreter] = {}
    for path in paths:
        missing = [name for name in libraries if name not in found]
        said = subprocess.run([path, "-m", "bench.process", "versions", *missing], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout
        interpreter = Interpreter(path, json.loads(said))
        for name in interpreter.versions:
            found.setdefault(name, interpreter)
    return found


class Process:
    """A contestant in a process of its own. `failure` says, after `wait`, why it cannot take part."""

    def __init__(self, interpreter: Interpreter, family: str, case: str, contestant: str, threads: int, quick: bool):
        task = json.dumps({"family": family, "case": case, "contestant": contestant, "quick": quick,
                           "threads": threads, "cores": last_cores(threads)})
        self.failure: str | None = None
        self._process = subprocess.Popen([interpreter.path, "-m", "bench.process", "serve", task], cwd=ROOT,
                                         env=os.environ | limits(threads), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_) -> None:
        """Hang up, so that it ends by itself and takes its own helpers along."""
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Until the contestant is compiled and has run once."""
        try:
            self.failure = pickle.load(self._process.stdout)
        except EOFError:
            self.failure = f"the process ended with status {self._process.wait()}"

    def ask(self, what: str, *args):
        pickle.dump((what, args), self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)


def last_cores(threads: int) -> list[int]:
    """As many of the cores that this process may use; the first ones serve the system's interrupts."""
    return sorted(os.sched_getaffinity(0))[-threads:] if hasattr(os, "sched_getaffinity") else []


def limits(threads: int) -> dict[str, str]:
    """The environment in which every library uses so many threads."""
    names = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    values = {f"{name}_NUM_THREADS" if not name.startswith(("TF", "VECLIB")) else f"{name}_THREADS": str(threads)
              for name in names}
    values |= {"GRAPHC_THREADS": str(threads), "NPROC": str(threads), "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3",
               "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    if threads == 1:
        values["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    return values


# ---- the measured side ----------------------------------------------------------------------------------------------
def versions(libraries: list[str]) -> dict[str, str]:
    """Those of the libraries that are installed here, and of graphc, which need not be: it is that of this checkout."""
    found = {"graphc": importlib.import_module("graphc").__version__} if "graphc" in libraries else {}
    for name in libraries:
        for package in PACKAGES.get(name, (name,)):
            try:
                found.setdefault(name, version(package))
            except PackageNotFoundError:
                continue
    return found


def serve(task: dict, requests: BinaryIO, answers: BinaryIO) -> None:
    """Prepare the contestant, then answer until the other side hangs up."""
    def answer(value) -> None:
        pickle.dump(value, answers)
        answers.flush()

    try:
        call = prepared(task)
        call()
    except Exception:
        return answer(traceback.format_exc(limit=-1).strip().splitlines()[-1][:300])
    answer(None)
    while True:
        try:
            what, args = pickle.load(requests)
        except EOFError:
            return None
        answer({"outputs": outputs, "samples": samples}[what](call, *args))


def prepared(task: dict):
    """The call to be timed."""
    if task["cores"]:
        os.sched_setaffinity(0, task["cores"])
    from .measure import COPY
    family = importlib.import_module(f"bench.{task['family']}")
    case = next(c for c in family.CASES if c.name == task["case"])
    make = case.all()[task["contestant"]]
    if task["contestant"] == COPY:
        return make(threads=task["threads"], quick=task["quick"])
    return make(*case.inputs(task["quick"]))


def outputs(call) -> list:
    """What the call computes, as NumPy arrays."""
    import numpy as np
    result = call()
    return [np.array(a.detach() if hasattr(a, "detach") else a)
            for a in (result if isinstance(result, (tuple, list)) else (result,))]


def samples(call, seconds: float) -> list[float]:
    """Seconds of a call, again and again for so long; the result is dropped before the next call."""
    timer = timeit.Timer("call()", globals={"call": call})
    end = time.perf_counter() + seconds
    once = min(timer.timeit(1), timer.timeit(1))
    count = max(1, int(SHORTEST / once))
    found = []
    while not found or time.perf_counter() < end:
        found.append(timer.timeit(count) / count)
    return found


def main(arguments: list[str]) -> None:
    if arguments[0] == "versions":
        print(json.dumps(versions(arguments[1:])))
        return
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    serve(json.loads(arguments[1]), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(sys.argv[1:])
