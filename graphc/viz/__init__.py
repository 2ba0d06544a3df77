"""Pictures of graphs."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..ir.errors import ArgumentError
from ..ir.expr import Expr
from ..ir.graph import Graph
from .diagram import Diagram, diagram
from .dot import dot
from .svg import svg

FORMATS: dict[str, Callable[[Diagram], str]] = {".svg": svg, ".dot": dot, ".gv": dot}


def draw(target, path) -> None:
    """Draw `target` into the file `path`: an SVG picture (``.svg``) or Graphviz source (``.dot``, ``.gv``).

    `target` is an expression, a list of expressions, a Graph or a compiled function. Operands stand above their users
    and enter from left to right; scalar constants are written into their users; the nodes that run as one kernel share
    a colour. Raises ArgumentError for another target or suffix, OSError where the file cannot be written."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ArgumentError(f"draw: {path.name!r} ends in {path.suffix!r}; known are {', '.join(FORMATS)}")
    text = FORMATS[path.suffix.lower()](diagram(_graph(target)))
    path.write_text(text, encoding="utf-8")


def _graph(target) -> Graph:
    if isinstance(target, Expr):
        target = [target]
    if isinstance(target, (list, tuple)) and target and all(isinstance(x, Expr) for x in target):
        return Graph((), tuple(target))
    graph = getattr(target, "graph", target)
    if not isinstance(graph, Graph):
        raise ArgumentError(f"draw: an expression, a list of them, a Graph or a compiled function, not {target!r}")
    return graph


__all__ = ["FORMATS", "draw"]
