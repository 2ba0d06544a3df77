"""Recomputation: values that are cheaper to compute again in the kernels that read them than to store and to load.

A value that other kernels read costs its bytes once written and once for each of these kernels. To compute it again there
costs its operations for each element of the reader's loops, and its operands must be readable there in their turn: stored,
or computed again themselves. What to store is then a minimum cut between what is in memory anyway, or must be stored (a
product, a fold), and what other kernels read; values beyond the cut are computed again.

One operation (`Scalar.cost`: an addition is 1, exp 8, tanh 12) counts as much as one byte. That is about the balance of a
core with its second-level cache: 16 additions or 16 to 32 bytes in the time of one vector. So a float32 that one kernel
writes and one reads, 8 bytes, is worth recomputing for up to 8 operations: a mask, a scaling, a sum, but no tanh.

What each cut saves is then counted exactly; it is left alone unless fewer bytes are stored or as few, and less is moved.
A size known only at call time counts as `UNKNOWN`.
"""
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import networkx as nx

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import Size, evaluate, symbols
from ..ir.loop import Loop
from ..ir.op import Index, Kernel, Scalar
from .kernels import Group, base, is_alias, is_inline, is_leaf, memory

UNKNOWN = 32
"""What a size that only a call knows is taken to be: a minibatch."""

_SOURCE, _SINK = -1, -2


def recompute(graph: Graph) -> Graph:
    """The graph with ``notes["recompute"]``: the nodes that readers compute again; see the module."""
    values = _Values(graph)
    return graph.note(recompute=frozenset(v for part in values.components() for v in _Cut(values, part).recomputed()))


@dataclass(frozen=True)
class _Cost:
    """Bytes written, bytes moved (written and read), operations repeated."""

    stored: int
    moved: int
    repeated: int

    def beats(self, other: _Cost) -> bool:
        return self.stored <= other.stored and self.moved + self.repeated < other.moved


class _Values:
    """What kernels compute and read, which of it is in memory whatever this pass says, and what may be computed again."""

    def __init__(self, graph: Graph):
        self.updated = {variable for variable, _ in graph.updates}
        self.kept = {memory(x) for x in [*graph.results, *_whole_operands(graph)]}
        self.readers: defaultdict[Expr, dict[Group, None]] = defaultdict(dict)
        for group in graph.notes["kernels"]:
            for node in group.index:
                for x in read_by(node):
                    if x not in group.index:
                        self.readers[x][group] = None
        self.candidates = self.found_candidates()

    def found_candidates(self) -> dict[Expr, None]:
        """What other kernels read and might compute again, and what they would then have to compute below that."""
        waiting = list(self.readers.items())
        found: dict[Expr, None] = {}
        while waiting:
            node, readers = waiting.pop()
            if node not in found and self.is_repeatable(node) and _pays(node, readers):
                found[node] = None
                waiting.extend((x, readers) for x in read_by(node))
        return found

    def is_repeatable(self, node: Expr) -> bool:
        """Whether the node may be computed again. A Variable that is updated is read again only where it is broadcast: the
        worst that can come of a later reader is a copy of the Variable, which is then smaller than what is saved."""
        return isinstance(node.op.lower, Scalar) and node not in self.kept and not any(
            x in self.updated and count(x.dims) >= count(node.dims) for x in read_by(node))

    def is_stored(self, node: Expr) -> bool:
        """Whether the node is in memory if nothing is computed again."""
        return is_leaf(node) or node in self.kept or bool(self.readers.get(node))

    def components(self) -> list[list[Expr]]:
        """Candidates, apart where the choice for one does not bear on that for another: they read neither each other nor
        one value that is not in memory yet."""
        order = list(self.candidates)
        place = {node: k for k, node in enumerate(order)}
        links = nx.Graph()
        links.add_nodes_from(place.values())
        for node in order:
            for x in read_by(node):
                shared = not self.is_stored(x) and count(x.dims) >= count(node.dims)
                if x in self.candidates or shared:
                    links.add_edge(place[node], place.setdefault(x, len(place)))
        return [[order[k] for k in sorted(part) if k < len(order)] for part in nx.connected_components(links)]


def _whole_operands(graph: Graph) -> Iterator[Expr]:
    """What is read as memory: by hand-written kernels, under another shape, at places that only a run knows. And what is
    tested for equality: computed twice it may round twice, and the largest element would not be found again."""
    for node in graph.order:
        gathers = isinstance(node.op.lower, Index) and not is_inline(node)
        if gathers or is_alias(node) or isinstance(node.op.lower, (Kernel, Loop)) or node.op.name in ("equal", "not_equal"):
            yield from node.inputs


def _pays(node: Expr, readers: Iterable[Group]) -> bool:
    """Whether computing the node again can cost less than its bytes."""
    readers = list(readers)
    return sum(operations(node, k) for k in readers) < nbytes(node) * (1 + len(readers))


class _Cut:
    """The choice for one component, `candidates`."""

    def __init__(self, values: _Values, candidates: list[Expr]):
        self.values, self.candidates = values, dict.fromkeys(candidates)
        self.wanted = [x for x in candidates if values.readers.get(x)]
        self.users: defaultdict[Expr, list[Expr]] = defaultdict(list)
        for node in candidates:
            for x in read_by(node):
                self.users[x].append(node)

    def recomputed(self) -> Iterable[Expr]:
        found = self.beyond_the_cut()
        return found if found and self.cost(found).beats(self.cost(set())) else ()

    def beyond_the_cut(self) -> set[Expr]:
        values = list(dict.fromkeys([*self.candidates, *self.users]))
        place = {x: 2 * k for k, x in enumerate(values)}
        dag = nx.DiGraph()
        dag.add_edge(_SOURCE, _SINK, capacity=0)
        for x, enters in place.items():
            dag.add_edge(enters, enters + 1, capacity=self.memory_cost(x))
            if x in self.candidates:
                dag.add_edge(_SOURCE, enters, capacity=sum(operations(x, k) for k in self.reached[x]))
                dag.add_edges_from((place[u] + 1, enters) for u in read_by(x))
            else:
                dag.add_edge(_SOURCE, enters)
        dag.add_edges_from((place[x] + 1, _SINK) for x in self.wanted)
        _, (_, beyond) = nx.minimum_cut(dag, _SOURCE, _SINK)
        return {x for x, enters in place.items() if enters in beyond}

    @cached_property
    def reached(self) -> dict[Expr, set[Group]]:
        """The kernels that read a value, or would if what is above it were computed again."""
        found: dict[Expr, set[Group]] = {}
        for top in dict.fromkeys([*self.candidates, *self.users]):
            stack = [top]
            while stack:
                x = stack[-1]
                missing = [u for u in self.users.get(x, ()) if u not in found]
                stack += missing
                if not missing:
                    found[x] = set(self.values.readers.get(x, ())).union(*(found[u] for u in self.users.get(x, ())))
                    stack.pop()
        return found

    def memory_cost(self, x: Expr) -> int:
        """The bytes moved if `x` is stored for these kernels; what is moved in any case is free."""
        size = nbytes(x)
        if x in self.candidates:
            return size * (1 + len(self.reached[x]))
        more = self.reached[x].difference(self.values.readers.get(x, ()))
        return size * (len(more) + (not self.values.is_stored(x)))

    def cost(self, again: set[Expr]) -> _Cost:
        """What the kernels move and repeat for this component if the nodes `again` are computed again."""
        readers, written = dict.fromkeys(k for x in self.wanted for k in self.values.readers[x]), set()
        moved = repeated = 0
        for reader in readers:
            loaded, inlined = self.read_in(reader, again)
            written |= {x for x in loaded if x in self.candidates or not self.values.is_stored(x)}
            moved += sum(nbytes(x) for x in loaded
                         if x in self.candidates or reader not in self.values.readers.get(x, ()))
            repeated += sum(operations(x, reader) for x in inlined)
        stored = sum(nbytes(x) for x in written)
        return _Cost(stored, stored + moved, repeated)

    def read_in(self, reader: Group, again: set[Expr]) -> tuple[set[Expr], set[Expr]]:
        """What a kernel loads for this component, and what it computes again."""
        loaded, inlined = set(), set()
        stack = [x for x in self.wanted if reader in self.values.readers[x]]
        while stack:
            x = stack.pop()
            if x not in again:
                loaded.add(x)
            elif x not in inlined:
                inlined.add(x)
                stack.extend(read_by(x))
        return loaded, inlined


def read_by(node: Expr) -> list[Expr]:
    """The values in memory that a node reads, or would if they were there: below renamings and other views."""
    found = []
    for x in node.inputs:
        x = base(x)
        x = memory(x) if is_alias(x) else x
        number = x.op.name == "constant" and not x.dims
        if not number and not is_inline(x):
            found.append(x)
    return found


def operations(node: Expr, reader: Group) -> int:
    """What it costs to compute the node in a reader: once for each element of its loops, and each time these run."""
    return node.op.lower.cost * count(reader.domain) * (1 + max(reader.stage.values()))


def count(dims: Iterable[Size]) -> int:
    """The number of elements, with unknowns taken to be `UNKNOWN`."""
    return math.prod(_known(d) for d in dims)


def nbytes(x: Expr) -> int:
    return count(x.dims) * x.dtype.itemsize


@cache
def _known(size: Size) -> int:
    return evaluate(size, dict.fromkeys(symbols(size), UNKNOWN))
