"""What a picture of a graph says, before it has a shape: boxes, arrows and groups."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

from ..ir.expr import Expr
from ..ir.graph import Graph, topological
from ..ir.infix import infix

_LONGEST_LINE = 36
_KINDS = {"placeholder": "input", "variable": "variable", "constant": "constant"}


@dataclass(frozen=True)
class Box:
    """A node of the picture. `kind` is input, variable, constant, op, output or update."""

    title: str
    subtitle: str
    kind: str
    tooltip: str = ""


@dataclass(frozen=True)
class Arrow:
    """From an operand's box to its user's, as entry number `port` of `ports`."""

    source: int
    target: int
    port: int = 0
    ports: int = 1


@dataclass(frozen=True)
class Group:
    """Boxes that run as one kernel."""

    name: str
    boxes: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """Boxes, operands first; arrows between their positions in that list; groups of them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[Group, ...] = ()

    @property
    def dag(self) -> nx.DiGraph:
        """The boxes as a networkx graph."""
        dag = nx.DiGraph()
        dag.add_nodes_from(range(len(self.boxes)))
        dag.add_edges_from((a.source, a.target) for a in self.arrows)
        return dag


def diagram(graph: Graph) -> Diagram:
    """The picture of `graph`; its groups are those of ``graph.notes["kernels"]``."""
    results = set(graph.results)
    nodes = [x for x in topological((*graph.inputs, *graph.results)) if x in results or not _is_written_out(x)]
    place = {x: k for k, x in enumerate(nodes)}
    boxes, arrows = [_box(x) for x in nodes], []
    for x in nodes:
        drawn = [o for o in x.inputs if o in place]
        arrows += [Arrow(place[o], place[x], k, len(drawn)) for k, o in enumerate(drawn)]
    for title, kind, x in _ends(graph):
        arrows.append(Arrow(place[x], len(boxes)))
        boxes.append(Box(title, str(x.type), kind, infix(x)))
    return Diagram(tuple(boxes), tuple(arrows), _groups(graph, place))


def _ends(graph: Graph) -> list[tuple[str, str, Expr]]:
    outputs = [(f"output {k}" if len(graph.outputs) > 1 else "output", "output", x)
               for k, x in enumerate(graph.outputs)]
    return outputs + [(f"next {_name(v)}", "update", x) for v, x in graph.updates]


def _groups(graph: Graph, place: dict[Expr, int]) -> tuple[Group, ...]:
    found = []
    for k, kernel in enumerate(graph.notes.get("kernels", ())):
        boxes = tuple(sorted(place[x] for x in kernel.nodes if x in place and x.inputs))
        if boxes:
            found.append(Group(str(getattr(kernel, "name", None) or f"kernel {k}"), boxes))
    return tuple(found)


def _is_written_out(x: Expr) -> bool:
    """True for a number that is read best where it is used."""
    return x.op.name == "constant" and not x.dims and x.name is None


def _box(x: Expr) -> Box:
    tooltip = infix(x) + (f"\n{Path(x.line.file).name}:{x.line.number}" if x.line else "")
    kind = _KINDS.get(x.op.name, "op")
    if kind == "op":
        return Box(_short(_call(x)), f"{x.name}: {x.type}" if x.name else str(x.type), kind, tooltip)
    return Box(_short(_name(x)), str(x.type), kind, tooltip)


def _name(x: Expr) -> str:
    return x.full_name or x.op.name


def _call(x: Expr) -> str:
    """``multiply``, or ``multiply(., 5)`` where a number is an operand; then the attributes."""
    numbers = [o.op.name == "constant" and not o.dims for o in x.inputs]
    operands = [infix(o) if number else "·" for o, number in zip(x.inputs, numbers, strict=True)]
    return x.op.name + _parenthesised(operands * any(numbers) + [f"{k}={_compact(v)}" for k, v in x.attrs.items()])


def _parenthesised(arguments: Sequence[str]) -> str:
    return f"({', '.join(arguments)})" if arguments else ""


def _compact(value) -> str:
    return str(value).replace(", ", ",")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE - 1] + "…"
