"""Graphs, and the sub-graphs that their nodes carry, over other sizes."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .expr import Expr, make, originating
from .graph import Graph
from .integer import Size, Symbol
from .sizes import settled
from .types import Type


class Resizing:
    """Some unknown sizes become others, or numbers. Inputs of such a size are replaced; they keep name and line."""

    def __init__(self, sizes: Mapping[Symbol, Size]):
        self.sizes = sizes
        self.bodies: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        """The graph over the new sizes; itself where it has none of the old."""
        new: dict[Expr, Expr] = {}
        for x in dict.fromkeys((*graph.inputs, *graph.order)):
            with originating(x.line):
                new[x] = self._leaf(x) if x.op.name in ("placeholder", "variable") else \
                    self.node(x, tuple(new[y] for y in x.inputs))
        if all(x is y for x, y in new.items()):
            return graph
        return replace(graph.substitute(new), inputs=tuple(new[x] for x in graph.inputs))

    def node(self, x: Expr, inputs: tuple[Expr, ...]) -> Expr:
        """The node over the new sizes and these operands."""
        attrs = {key: self.attribute(value) for key, value in x.attrs.items()}
        kept = all(a is b for a, b in zip(inputs, x.inputs, strict=True)) and attrs == x.attrs
        return x if kept else make(x.op, inputs, attrs)

    def attribute(self, value: Any) -> Any:
        """An attribute of a node: a size, several, a sub-graph, or what has no sizes."""
        if not isinstance(value, Graph):
            return settled(value, self.sizes)
        if value not in self.bodies:
            self.bodies[value] = self.graph(value)
        return self.bodies[value]

    def _leaf(self, x: Expr) -> Expr:
        dims = settled(x.dims, self.sizes)
        return x if dims == x.dims else Expr(x.op, (), {}, Type(x.dtype, dims), x.name)
