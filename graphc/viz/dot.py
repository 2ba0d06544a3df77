"""Diagrams as Graphviz source, for whoever has Graphviz: ``dot -Tpdf graph.dot``."""
from __future__ import annotations

from .diagram import Box, Diagram, Group

_SHAPES = {"input": "ellipse", "variable": "cylinder", "constant": "plaintext", "op": "box", "output": "oval",
           "update": "oval"}


def dot(diagram: Diagram) -> str:
    """The diagram as text in the DOT language."""
    lines = ["digraph graphc {", '  node [fontname="monospace", fontsize=11];']
    lines += [f"  {_node(k, box)}" for k, box in enumerate(diagram.boxes)]
    lines += [f"  {line}" for k, group in enumerate(diagram.groups) for line in _cluster(k, group)]
    lines += [f"  n{arrow.source} -> n{arrow.target};" for arrow in diagram.arrows]
    return "\n".join([*lines, "}", ""])


def _node(k: int, box: Box) -> str:
    label = "\\n".join(map(_escaped, filter(None, (box.title, box.subtitle))))
    return f'n{k} [label="{label}", shape={_SHAPES[box.kind]}];'


def _cluster(k: int, group: Group) -> list[str]:
    members = " ".join(f"n{box};" for box in group.boxes)
    return [f"subgraph cluster_{k} {{", f'  label="{_escaped(group.name)}"; style="rounded,filled"; color="#dbe4f3";',
            f"  {members}", "}"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
