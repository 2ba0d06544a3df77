"""The passes in compile order: a plain list."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache, partial

from ..ir.collector import collector_paused
from ..ir.errors import ArgumentError
from ..ir.graph import Graph
from ..ir.loop import is_loop, with_bodies
from ..ir.registry import nearest
from ..ir.verify import verify
from .canonicalize import canonicalize
from .cse import cse
from .dead import dead
from .fold import fold
from .fuse import fuse, separate
from .gather import gather
from .layout import layout
from .loops import loops
from .options import DEFAULT, Options, Pass
from .recompute import recompute
from .results import results
from .rows import rows
from .schedule import schedule
from .select import select, select_exactly
from .simplify import simplify, simplify_exactly
from .sizes import sizes
from .split import split, split_exactly
from .stabilize import stabilize
from .store import store


def bodies(graph: Graph, options: Options = DEFAULT) -> Graph:
    """The graph whose nodes carry sub-graphs that have been through all passes, but for sizes, which saw to them."""
    inner = replace(options, skip=options.skip | {"sizes"}, record=False)
    transformed = cache(partial(run, options=inner))
    return graph.rewrite(lambda node: with_bodies(node, transformed) if is_loop(node) else node)


PASSES: list[tuple[str, Pass]] = [
    ("loops", loops),
    ("sizes", sizes),
    ("canonicalize", canonicalize),
    ("fold", fold),
    ("stabilize", stabilize),
    ("simplify", simplify),
    ("gather", gather),
    ("cse", cse),
    ("dead", dead),
    ("bodies", bodies),
    ("select", select),
    ("rows", rows),
    ("split", split),
    ("layout", layout),
    ("results", results),
    ("fuse", fuse),
    ("recompute", recompute),
    ("store", store),
    ("schedule", schedule),
]

EXACT: dict[str, Pass | None] = {"stabilize": None, "rows": None, "simplify": simplify_exactly, "gather": None,
                                 "select": select_exactly, "split": split_exactly}
"""What runs in place of a pass where results must round as they were written; None: nothing."""

PLAIN: dict[str, Pass] = {"bodies": bodies, "layout": layout, "results": results, "fuse": separate, "store": store,
                          "schedule": schedule}
"""What runs in place of a pass that is left out, where lowering cannot do without."""


@collector_paused()
def run(graph: Graph, options: Options = DEFAULT, passes: Iterable[tuple[str, Pass]] = PASSES) -> Graph:
    """The graph after every pass of `passes` that `options` does not leave out.

    With ``options.record``, ``notes["passes"]`` holds (name, graph) for the graph as given and after each pass."""
    passes = list(passes)
    _check_names(options.skip, [name for name, _ in passes])
    history = [("graph", graph)]
    for name, transform in passes:
        transform = transform if options.rounding else EXACT.get(name, transform)
        transform = PLAIN.get(name) if name in options.skip else transform
        if transform is None:
            continue
        graph = transform(graph, options) if transform is bodies else transform(graph)
        if options.verify:
            verify(graph, after=name)
        history.append((name, graph))
    return graph.note(passes=tuple(history)) if options.record else graph


def _check_names(skip: Iterable[str], known: list[str]) -> None:
    for name in skip:
        if name not in known:
            raise ArgumentError(f"no pass is named {name!r}{nearest(name, known)}; the passes: {', '.join(known)}")


__all__ = ["EXACT", "PASSES", "Options", "run"]
