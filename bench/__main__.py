"""Measure graphc beside its peers.

    python -m bench [FAMILY ...] [--python PATH] [--threads N ...] [--match TEXT] [--only LIBRARY ...]
                    [--quick] [--json FILE]

For each figure: the median, its quartiles, the share of the floor that is reached, and how many times faster it is than
the best peer. Peers are what is installed here and, since some need versions that exclude each other, in the
interpreters given by --python (as often as needed). The exit status is 1 if a contestant fails, or if they disagree.
"""
from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from .measure import Case, Disagreement, library, measured
from .process import Interpreter, interpreters
from .table import lines

FAMILIES = ("elementwise", "reduce", "overhead", "steps")
MORE = ("numba", "llvmlite", "jaxlib")
"""Packages whose versions matter too."""


def machine() -> dict:
    """What the figures were measured on, and how busy it was."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        cpu = next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": cpu, "architecture": platform.machine(), "cores": available(), "memory": f"{memory / 2**30:.0f} GiB",
            "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 2)}


def available() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cases(families: list[str], match: str) -> Iterator[tuple[str, Case]]:
    for family in families:
        for case in importlib.import_module(f"bench.{family}").CASES:
            if match in case.name:
                yield family, case


def every(chosen: list[tuple[str, Case]], having: dict[str, Interpreter], counts: list[int], quick: bool) -> Iterator[dict]:
    """All records, printed on their way; of a case whose contestants disagree, one that says so."""
    for count in counts:
        for family, case in chosen:
            try:
                records = measured(family, case, having, count, quick)
            except Disagreement as error:
                records = [{"family": family, "case": case.name, "threads": count, "contestant": "all",
                            "failed": f"contestants disagree: {error}"}]
            print(*lines(records), sep="\n", end="\n\n", flush=True)
            yield from records


def described(having: dict[str, Interpreter], wanted: list[str], quick: bool) -> dict:
    return {"date": date.today().isoformat(), "quick": quick, "machine": machine(),
            "versions": {name: having[name].versions[name] for name in (*wanted, *MORE) if name in having},
            "absent": [name for name in wanted if name not in having]}


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)}; all by default")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="an interpreter with more peers")
    parser.add_argument("--threads", nargs="+", type=int, default=sorted({1, min(2, available())}), metavar="N")
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases whose name contains this")
    parser.add_argument("--only", nargs="+", metavar="LIBRARY", help="only contestants of these libraries")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs; measures nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    options = parser.parse_args(arguments)
    if unknown := set(options.families) - set(FAMILIES):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    if max(options.threads) > available() or min(options.threads) < 1:
        parser.error(f"--threads: this process may use {available()} cores")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parsed(arguments)
    chosen = list(cases(options.families or list(FAMILIES), options.match))
    libraries = dict.fromkeys(library(name) for _, case in chosen for name in case.all())
    wanted = [name for name in libraries if name in (options.only or libraries)]
    having = interpreters([sys.executable, *options.python], [*wanted, *MORE])
    head = described(having, wanted, options.quick)
    print(f"not installed, so not compared: {', '.join(head['absent']) or 'nothing'}")
    print("tiny sizes, whatever the names say: this measures nothing\n" if options.quick else "")
    results = list(every(chosen, {name: having[name] for name in wanted if name in having}, options.threads,
                         options.quick))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(head | {"results": results}, indent=1) + "\n", encoding="utf-8")
    return int(any("failed" in r for r in results))


if __name__ == "__main__":
    sys.exit(main())
