"""The checks that only a call's sizes can settle: every node's type rule once more, with numbers."""
from __future__ import annotations

from collections.abc import Mapping

from ..ir.errors import CallError, GraphcError, ShapeError
from ..ir.expr import Expr, label
from ..ir.graph import Graph
from ..ir.integer import Integer, Symbol, evaluate
from ..ir.op import Source
from ..ir.types import Type


def unsettled(graph: Graph) -> tuple[Expr, ...]:
    """The nodes whose types depend on a call."""
    return tuple(n for n in graph.order if not isinstance(n.op.lower, Source)
                 and any(isinstance(d, Integer) for x in (n, *n.inputs) for d in x.dims))


def check(nodes: tuple[Expr, ...], sizes: Mapping[Symbol, int]) -> None:
    """Raise CallError for the first node whose operands do not fit together at these sizes, with its line."""
    for node in nodes:
        types = [concrete(x.type, sizes) for x in node.inputs]
        try:
            found = node.op.infer(*types, **{k: settled(v, sizes) for k, v in node.attrs.items()})
            if found.dims != concrete(node.type, sizes).dims:
                raise ShapeError(f"the result is {found}, where {concrete(node.type, sizes)} was expected; a size that is "
                                 "known only at call time is never broadcast")
        except GraphcError as error:
            given = ", ".join(f"{label(x)}:{t}" for x, t in zip(node.inputs, types, strict=True))
            raise CallError(f"{node.op.name}({given}): {error}\n  made at {node.line}") from None


def concrete(type: Type, sizes: Mapping[Symbol, int]) -> Type:
    return type.with_dims(evaluate(d, sizes) for d in type.dims)


def settled(value, sizes: Mapping[Symbol, int]):
    if isinstance(value, tuple):
        return tuple(settled(v, sizes) for v in value)
    return evaluate(value, sizes) if isinstance(value, Integer) else value
