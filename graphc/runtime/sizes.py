"""The checks that only a call's sizes can settle: every node's type rule once more, with numbers."""
from __future__ import annotations

from collections.abc import Mapping

from ..ir.errors import CallError, GraphcError, ShapeError
from ..ir.expr import Expr, label
from ..ir.graph import Graph
from ..ir.integer import Integer, Symbol, evaluate
from ..ir.op import Source
from ..ir.types import Type
from ..passes.sizes import met


def unsettled(graph: Graph) -> tuple[Expr, ...]:
    """The nodes whose types depend on a call."""
    return tuple(n for n in graph.order if not isinstance(n.op.lower, Source)
                 and any(isinstance(d, Integer) for x in (n, *n.inputs) for d in x.dims))


def check(nodes: tuple[Expr, ...], sizes: Mapping[Symbol, int]) -> None:
    """Raise CallError for the first node whose operands do not fit together at these sizes, with its line."""
    for node in nodes:
        try:
            check_node(node, sizes)
        except GraphcError as error:
            given = ", ".join(f"{label(x)}:{concrete(x.type, sizes)}" for x in node.inputs)
            raise CallError(f"{node.op.name}({given}): {error}\n  made at {node.line}") from None


def check_node(node: Expr, sizes: Mapping[Symbol, int]) -> None:
    attrs = {k: settled(v, sizes) for k, v in node.attrs.items()}
    found = node.op.infer(*(concrete(x.type, sizes) for x in node.inputs), **attrs)
    expected = concrete(node.type, sizes)
    if found.dims != expected.dims:
        raise ShapeError(f"the result is {found}, where {expected} was expected")
    for size, other in met(node):
        found, expected = evaluate(size, sizes), evaluate(other, sizes)
        if size != 1 and found != expected:
            raise ShapeError(f"the size {size} is {found}, where {expected} was expected: a size that is known only at call "
                             "time is never broadcast")


def concrete(type: Type, sizes: Mapping[Symbol, int]) -> Type:
    return type.with_dims(evaluate(d, sizes) for d in type.dims)


def settled(value, sizes: Mapping[Symbol, int]):
    if isinstance(value, tuple):
        return tuple(settled(v, sizes) for v in value)
    return evaluate(value, sizes) if isinstance(value, Integer) else value
