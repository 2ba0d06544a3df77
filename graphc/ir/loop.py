"""Ops that carry sub-graphs: loops and branches.

Each result of a loop is a node of its own: all of them have the same operands and attributes but for ``output``, which
counts the sub-graph's results. They are one *family*, and run as one loop; a result that nobody needs is no node.
"""
from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from .expr import Expr, make
from .graph import Graph
from .integer import Size


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-graph and how often it runs: `trip` times, and no further than the bool `guard` is `expected`.

    The inputs of `body` are the operands from number `first` on: `carries`, which an iteration hands to the next; `slices`,
    of which each iteration takes a row, the last first if `reverse`; and others, the same for all iterations. Its outputs
    are the next carries, then what becomes a row of a result. `guard` is the number of an operand; of a carry, it is what
    the iteration before made of it."""

    body: Graph
    trip: Size
    carries: int = 0
    slices: int = 0
    reverse: bool = False
    first: int = 0
    guard: int | None = None
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Loop:
    """Sub-graphs, each a program inside the program: ``parts(**attrs)`` run one after the other.

    In such a row, ``numpy(run, *operands, **attrs)`` gives all results (None for one without rows), where
    ``run(body, values)`` gives the outputs of a sub-graph. ``grad(gs, wanted, pull, *operands, **attrs)`` takes the
    gradients `gs` by output, whether each operand's gradient is `wanted`, and ``pull(outputs, cotangents, inputs)``."""

    parts: Callable[..., tuple[Part, ...]]
    epilogue: ClassVar[bool] = False
    strided: ClassVar[bool] = False
    over: ClassVar[bool] = False


def is_loop(node: Expr) -> bool:
    return isinstance(node.op.lower, Loop)


def shared(node: Expr) -> dict:
    """The attributes that all results of the node's loop have."""
    return {name: value for name, value in node.attrs.items() if name != "output"}


def family(node: Expr) -> Hashable:
    """What is equal for the results of one loop."""
    return (node.op.name, tuple(map(id, node.inputs)), tuple(sorted(shared(node).items())))


def units(order: Iterable[Expr]) -> list[list[Expr]]:
    """Nodes, operands first, those together that are results of one loop: whoever needs one comes after all of them."""
    found: dict[Hashable, list[Expr]] = {}
    for node in order:
        found.setdefault(family(node) if is_loop(node) else node, []).append(node)
    return list(found.values())


def parts(node: Expr) -> tuple[Part, ...]:
    """What the loop of `node` runs."""
    return node.op.lower.parts(**shared(node))


def bodies(node: Expr) -> Iterator[Graph]:
    """The sub-graphs of a node."""
    return (value for value in node.attrs.values() if isinstance(value, Graph))


def with_bodies(node: Expr, function: Callable[[Graph], Graph]) -> Expr:
    """The node with ``function(body)`` for each of its sub-graphs."""
    return make(node.op, node.inputs, {name: function(value) if isinstance(value, Graph) else value
                                       for name, value in node.attrs.items()})
