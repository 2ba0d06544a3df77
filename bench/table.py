"""Results as text: for the terminal, and for the README, between `<!-- measured NAME -->` and `<!-- /measured NAME -->`.

    python -m bench.table RESULTS.json [README.md NAME]     writes the table into the README, or prints it
"""
from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from .measure import OURS

FLOOR = "The floor is the time in which `np.copyto` moves as many bytes as the inputs and outputs have. "
UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))


def duration(seconds: float) -> str:
    """Three digits, in the largest unit that leaves one before the point."""
    unit, size = next(((u, s) for u, s in UNITS if seconds >= s * 0.9995), UNITS[-1])
    value = float(f"{seconds / size:.3g}")
    return f"{value:#.3g} {unit}".replace(". ", " ") if value < 1000 else f"{value:.0f} {unit}"


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


# ---- the terminal ---------------------------------------------------------------------------------------------------
def lines(records: Sequence[dict]) -> Iterable[str]:
    """One case with one number of threads: graphc first, then the peers, the fastest first."""
    yield f"{records[0]['case']}, {threads(records[0]['threads'])}"
    yield f"    {'':<16}{'median':>10}{'quartiles':>22}{'of floor':>10}{'ratio':>8}"
    for r in ordered(records):
        quartiles = " .. ".join(map(duration, r["quartiles"]))
        yield (f"    {r['contestant']:<16}{duration(r['seconds']):>10}{quartiles:>22}{percent(r.get('share')):>10}"
               f"{times(r.get('ratio')):>8}")
    yield from (f"    {r['contestant']:<16}failed: {r['failed']}" for r in records if "failed" in r)
    for r in [r for r in records if "share" in r][:1]:
        yield f"    floor: {r['bytes'] / 1e6:.3g} MB at the copy's {r['bandwidth'] / 1e9:.3g} GB/s"


def ordered(records: Iterable[dict]) -> list[dict]:
    """Those that were timed."""
    return sorted((r for r in records if "seconds" in r), key=lambda r: (r["contestant"] != OURS, r["seconds"]))


def threads(count: int) -> str:
    return "one thread" if count == 1 else f"{count} threads"


# ---- the README -----------------------------------------------------------------------------------------------------
def markdown(result: dict) -> str:
    """The machine, a row for each case, and what stood beside graphc. Refuses quick runs, whose sizes are no measure."""
    if result["quick"]:
        raise SystemExit("these results are of a quick run: they measure nothing")
    machine, versions = result["machine"], result["versions"]
    counts = sorted({r["threads"] for r in result["results"]})
    floor = any("share" in r for r in result["results"])
    names = ("graphc", *["of floor"] * floor, "best peer", "ratio")
    columns = [f"{name}, {threads(n)}" for n in counts for name in names]
    rows = [row(case, records, counts, floor) for case, records in by_case(result["results"])]
    return "\n".join([
        f"{result['date']}, {machine['cpu']}, {machine['cores']} cores, {machine['memory']} of memory, "
        f"{machine['system']}. Medians of alternating rounds, float32, every contestant in a process of its own, all on "
        "the same cores, outputs compared before anything was timed. "
        + FLOOR * floor + "The ratio is the best peer's time over graphc's.", "",
        "| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns), *rows, "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."
        + (f" Not installed, so not compared: {', '.join(result['absent'])}." if result["absent"] else "")])


def by_case(records: Sequence[dict]) -> Iterable[tuple[str, list[dict]]]:
    """In the order in which they were run."""
    names = list(dict.fromkeys(r["case"] for r in records))
    grouped = groupby(sorted(records, key=lambda r: names.index(r["case"])), lambda r: r["case"])
    return [(name, list(group)) for name, group in grouped]


def row(case: str, records: Sequence[dict], counts: Sequence[int], floor: bool) -> str:
    cells = [case]
    for count in counts:
        done = ordered(r for r in records if r["threads"] == count)
        ours = next((r for r in done if r["contestant"] == OURS), None)
        peer = next((r for r in done if r["contestant"] != OURS), None)
        cells += [duration(ours["seconds"]) if ours else "failed"]
        cells += [percent(ours.get("share")) if ours else ""] * floor
        cells += [f"{peer['contestant']} {duration(peer['seconds'])}" if peer else "",
                  times(ours.get("ratio")) if ours else ""]
    return "| " + " | ".join(cells) + " |"


def inserted(readme: str, table: str, name: str) -> str:
    """The README with the table between the marks of this name."""
    begin, end = f"<!-- measured {name} -->", f"<!-- /measured {name} -->"
    if readme.count(begin) != 1 or readme.count(end) != 1:
        raise SystemExit(f"the README needs {begin} and {end}, once each")
    return re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{table}\n{end}", readme, flags=re.DOTALL)


def main(arguments: list[str]) -> None:
    if len(arguments) not in (1, 3):
        raise SystemExit(__doc__)
    table = markdown(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    if len(arguments) == 1:
        print(table)
        return
    readme = Path(arguments[1])
    readme.write_text(inserted(readme.read_text(encoding="utf-8"), table, arguments[2]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
