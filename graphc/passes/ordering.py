"""A graph that is kept in topological order while edges are added: what an edge may disturb lies between its ends.

Pearce, Kelly: "A dynamic topological sort algorithm for directed acyclic graphs", 2007."""
from __future__ import annotations

from collections.abc import Hashable, Iterable

import networkx as nx


class Ordering:
    def __init__(self, dag: nx.DiGraph):
        self.dag = dag
        self.order = list(nx.topological_sort(dag))
        self.place = {node: k for k, node in enumerate(self.order)}

    def append(self, node: Hashable, before: Iterable[Hashable]) -> None:
        """A new node, after all of `before`."""
        self.place[node] = len(self.order)
        self.order.append(node)
        self.dag.add_node(node)
        self.dag.add_edges_from((x, node) for x in before)

    def put_before(self, before: Iterable[Hashable], node: Hashable) -> bool:
        """Order all of `before` before `node`; False, with nothing changed, where one of them comes after it."""
        before = set(before)
        last = max((self.place[x] for x in before), default=-1)
        if self.place[node] < last:
            below = self._below(node, last)
            if below & before:
                return False
            self._move_behind(below, self.place[node], last)
        self.dag.add_edges_from((x, node) for x in before)
        return True

    def _below(self, node: Hashable, last: int) -> set:
        """`node` and its descendants up to the place `last`."""
        found, stack = {node}, [node]
        while stack:
            for x in self.dag.successors(stack.pop()):
                if x not in found and self.place[x] <= last:
                    found.add(x)
                    stack.append(x)
        return found

    def _move_behind(self, nodes: set, first: int, last: int) -> None:
        """Between these places, `nodes` come last."""
        region = self.order[first:last + 1]
        self.order[first:last + 1] = [x for x in region if x not in nodes] + [x for x in region if x in nodes]
        for k in range(first, last + 1):
            self.place[self.order[k]] = k
