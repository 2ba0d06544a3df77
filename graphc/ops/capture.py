"""From what a user's function returns to a sub-graph: which nodes belong inside, and what they read from outside."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..ir.expr import Expr
from ..ir.graph import Graph, substituted, topological
from ..ir.integer import Size
from ..ir.leaves import placeholder
from ..ir.op import Index, View
from . import leaves
from .layer import layer_output
from .random import draw_state


@dataclass(frozen=True)
class Captured:
    """A sub-graph, and the expressions around it that its last inputs stand for."""

    body: Graph
    operands: tuple[Expr, ...]


def stand_in(x: Expr, dims: tuple[Size, ...] | None = None) -> Expr:
    """An input of a sub-graph for `x`, or for a part of it of other dims."""
    return placeholder(x.dims if dims is None else dims, x.dtype, x.name if x.name and dims is None else None)


def captured(inputs: Sequence[Expr], outputs: Sequence[Expr], inside: Collection[Expr] | None = None) -> Captured:
    """The sub-graph from `inputs` to `outputs`. Inside are the nodes `inside`: by default, those that depend on the inputs.

    What they read of others becomes an operand, except for what is made of numbers alone, and for what only renames
    indices: that stays inside, and what it renames is the operand."""
    order = topological(outputs)
    inside = depending(order, inputs) if inside is None else inside
    foreign = depending(order, [x for x in order if x.op in (leaves.placeholder, leaves.variable)])
    free: dict[Expr, Expr] = {}
    for x in [*outputs, *(x for node in order if node in inside for x in node.inputs)]:
        if x not in inside and x in foreign:
            x = _renamed(x)
            free.setdefault(x, stand_in(x))
    body = Graph((*inputs, *free.values()), substituted(outputs, free))
    return Captured(body, tuple(free))


def _renamed(x: Expr) -> Expr:
    """The node below all renaming of indices. A layer's result is itself: it is what a network is written anew by."""
    while x.op is not layer_output and (isinstance(x.op.lower, View) or isinstance(x.op.lower, Index) and x.op.lower.affine):
        x = x.inputs[0]
    return x


def depending(order: Iterable[Expr], sources: Iterable[Expr]) -> set[Expr]:
    """The nodes of `order`, operands first, that are computed from `sources`, and these themselves."""
    found = set(sources)
    for node in order:
        if any(x in found for x in node.inputs):
            found.add(node)
    return found


def made_since(order: Iterable[Expr], mark: Expr) -> set[Expr]:
    """The nodes of `order` that were made after `mark`, but for leaves."""
    return {x for x in order if x.serial > mark.serial and (x.inputs or "stream" in x.attrs)}


# ---- random numbers -------------------------------------------------------------------------------------------------
def draws(inputs: Sequence[Expr], outputs: Sequence[Expr], mark: Expr) -> list[Expr]:
    """The random numbers below `outputs` that were asked for after `mark`, from a state that no input says."""
    order = topological(outputs)
    said = depending(order, inputs)
    return [x for x in order if "stream" in x.attrs and x.serial > mark.serial and x.inputs[0] not in said]


def states(drawn: Iterable[Expr], shape: tuple[Size, ...]) -> dict[Expr, Expr]:
    """For each state that is drawn from, as many states as `shape` says, drawn from it."""
    return {x: draw_state(x, shape) for x in dict.fromkeys(node.inputs[0] for node in drawn)}


def redrawn(outputs: Sequence[Expr], drawn: Iterable[Expr], new: Mapping[Expr, Expr]) -> tuple[Expr, ...]:
    """`outputs` where each of `drawn` draws from the new state that takes the place of its own."""
    return substituted(outputs, {x: x.op(new[x.inputs[0]], **x.attrs) for x in drawn})


__all__ = ["Captured", "captured", "depending", "draws", "made_since", "redrawn", "stand_in", "states"]
