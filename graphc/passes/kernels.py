"""Kernels as the passes see them: which nodes one native function computes, over which loops."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..ir.expr import Expr
from ..ir.integer import Integer, Size
from ..ir.loop import is_loop
from ..ir.op import Fold, Index, Source, View
from ..ir.sizes import with_bodies

LOOP = tuple(Integer.symbol(name) for name in ["i", "j", "k", "l", *(f"i{n}" for n in range(4, 32))])
"""The loop variables, one an axis of the domain: the same for all kernels, so that indices compare by equality."""

Indices = tuple[Size, ...]


@dataclass(eq=False)
class Group:
    """Nodes that become one kernel.

    The loops run over `domain`; `axes` are those that its folds reduce. `index` places each node in the loops: a node on
    the whole domain at ``(i, j, ...)``, a fold's result and what follows from it at the loops that are kept. `stage`
    counts the folds, one after the other, that a node waits for. `anchor` is the hand-written kernel whose epilogue the
    other nodes are, if there is one. `stored` are the nodes that others need: they get memory. `inlined` are
    nodes of other kernels that this one computes again rather than read. `over` maps a stored node to the operand whose
    memory it takes."""

    domain: Indices
    axes: frozenset[int] = frozenset()
    anchor: Expr | None = None
    index: dict[Expr, Indices] = field(default_factory=dict)
    stage: dict[Expr, int] = field(default_factory=dict)
    stored: dict[Expr, None] = field(default_factory=dict)
    inlined: set[Expr] = field(default_factory=set)
    over: dict[Expr, Expr] = field(default_factory=dict)

    @property
    def nodes(self) -> list[Expr]:
        return list(self.index)

    @property
    def folds(self) -> list[Expr]:
        return [n for n in self.index if isinstance(n.op.lower, Fold)]

    @property
    def kept(self) -> Indices:
        """The loops that no fold reduces."""
        return tuple(LOOP[k] for k in range(len(self.domain)) if k not in self.axes)

    @property
    def by_columns(self) -> bool:
        """Whether the innermost axis is kept: then sums run down columns, a block of them at a time."""
        long = [k for k, size in enumerate(self.domain) if size != 1]
        return any(k in self.axes for k in long) and long[-1] not in self.axes

    def reads(self, node: Expr, index: Indices | None = None) -> Iterator[tuple[Expr, Indices | None]]:
        """What `node` reads, and where; see `reads`. The anchor, and a loop, reads what it likes."""
        if node is self.anchor or is_loop(node):
            return iter(())
        return reads(node, self.index[node] if index is None else index)

    def loads(self, node: Expr) -> Iterator[tuple[Expr, Indices | None]]:
        """As `reads`, where what is computed again is followed to what that reads."""
        seen = set()
        waiting = list(self.reads(node))
        while waiting:
            x, i = waiting.pop()
            if x not in self.inlined:
                yield x, i
            elif (x, i) not in seen:
                seen.add((x, i))
                waiting.extend(reads(x, i))

    def stage_of(self, node: Expr) -> int:
        """How many folds of this kernel, one after the other, `node` waits for."""
        waits = [self.stage[x] + isinstance(x.op.lower, Fold) for x in map(memory, node.inputs) if x in self.stage]
        return max(waits, default=0)


def is_leaf(node: Expr) -> bool:
    return isinstance(node.op.lower, Source)


def is_alias(node: Expr) -> bool:
    """Whether the node is another view of its operand's bytes, and not a mere renaming of indices."""
    return isinstance(node.op.lower, View) and not is_transparent(node)


def is_transparent(node: Expr) -> bool:
    """Whether the node only renames indices: then its users read its operand."""
    lower = node.op.lower
    if isinstance(lower, View):
        return _wide(node.dims) == _wide(node.inputs[0].dims)
    return isinstance(lower, Index) and lower.affine


def may_fail(group: Group) -> bool:
    """Whether a run may find an index of this kernel wrong."""
    return any(isinstance(n.op.lower, Index) and n.op.lower.checked for n in with_bodies((*group.index, *group.inlined)))


def is_inline(node: Expr) -> bool:
    """Whether the node is nothing but indices: its readers compute it themselves."""
    return is_transparent(node) or (isinstance(node.op.lower, Index) and not node.inputs)


def _wide(dims: Indices) -> list[Size]:
    return [d for d in dims if d != 1]


class _Probe:
    """A body that answers a read with the operand and the indices that were asked for."""

    def __init__(self, node: Expr):
        self.node = node

    def read(self, k: int, i: Indices) -> tuple[Expr, Indices]:
        return self.node.inputs[k], tuple(i)


def step(node: Expr, i: Indices) -> tuple[Expr, Indices]:
    """The operand of a transparent node, and where element `i` of the node lies in it."""
    if isinstance(node.op.lower, View):
        x = node.inputs[0]
        rest = iter([index for index, d in zip(i, node.dims, strict=True) if d != 1])
        return x, tuple(0 if d == 1 else next(rest) for d in x.dims)
    return node.op.lower.rule(_Probe(node), i, *(x.type for x in node.inputs), **node.attrs)


def peel(node: Expr, i: Indices) -> tuple[Expr, Indices]:
    """The first node at or below `node` that is not transparent, and where element `i` of `node` lies in it."""
    while is_transparent(node):
        node, i = step(node, i)
    return node, i


def base(node: Expr) -> Expr:
    """The node below all renaming of indices."""
    while is_transparent(node):
        node = node.inputs[0]
    return node


def memory(node: Expr) -> Expr:
    """The node whose memory `node` is read from: below renamings and other views of the same bytes."""
    while is_transparent(node) or is_alias(node):
        node = node.inputs[0]
    return node


def is_row_major(node: Expr) -> bool:
    """Whether the node is, under whatever shape, memory in row-major order: computed into it, or there."""
    while isinstance(node.op.lower, View):
        node = node.inputs[0]
    return not is_inline(node)


def root(node: Expr) -> Expr:
    """The node whose bytes `node` has: below other views of them."""
    while is_alias(node):
        node = node.inputs[0]
    return node


def operands(group: Group) -> set[Expr]:
    """The nodes whose bytes a kernel reads, once everything that needs memory has it."""
    contiguous = group.anchor is not None and not group.anchor.op.lower.strided
    found = {root(x if contiguous and node is group.anchor else base(x)) for node in _with_inlined(group)
             for x in node.inputs}
    return found - group.inlined


def _with_inlined(group: Group) -> list[Expr]:
    """The nodes of a kernel, and those of others that it computes again."""
    return [*group.index, *group.inlined]


def broadcast_index(x: Expr, i: Indices) -> Indices:
    """Where an elementwise op reads operand `x` for element `i` of its result."""
    added = len(i) - len(x.dims)
    return tuple(0 if d == 1 else i[added + k] for k, d in enumerate(x.dims))


def operand_index(node: Expr, x: Expr, i: Indices) -> Indices:
    """Where `node`, elementwise, reads `x` for its element `i`: as `broadcast_index`, and at `i` itself along an axis of
    size 1 that both have, so that operands and results are seen to lie at one place."""
    added = node.ndim - x.ndim
    return tuple(i[added + k] if node.dims[added + k] == 1 else at for k, at in enumerate(broadcast_index(x, i)))


def fold_index(node: Expr, i: Indices) -> Indices:
    """Where a fold reads its operand for element `i` of its result: anywhere along the axes that it folds."""
    kept = iter(i)
    return tuple(LOOP[k] if k in node.attrs["axes"] else next(kept) for k in range(node.inputs[0].ndim))


def reads(node: Expr, i: Indices) -> Iterator[tuple[Expr, Indices | None]]:
    """What a loop kernel reads for element `i` of `node`; None stands for places that only a run knows."""
    if is_transparent(node):
        yield peel(node, i)
        return
    for x in node.inputs:
        if isinstance(node.op.lower, Index):
            yield base(x), None
        else:
            yield peel(x, fold_index(node, i) if isinstance(node.op.lower, Fold) else operand_index(node, x, i))
