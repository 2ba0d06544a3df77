"""The checks that only a call's sizes can settle: every node's type rule once more, with numbers."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .errors import CallError, GraphcError, ShapeError
from .expr import Expr, label
from .integer import Integer, Size, Symbol, evaluate
from .loop import Part, bodies, is_loop, parts
from .op import Scalar, Source
from .types import Type


def unsettled(nodes: Iterable[Expr]) -> tuple[Expr, ...]:
    """Those of the nodes, and of the nodes of their sub-graphs, whose types depend on a call."""
    return tuple(n for n in with_bodies(nodes) if not isinstance(n.op.lower, Source)
                 and any(isinstance(d, Integer) for x in (n, *n.inputs) for d in x.dims))


def with_bodies(nodes: Iterable[Expr]) -> Iterator[Expr]:
    """The nodes, and those of the sub-graphs that they carry."""
    seen = set()
    for node in nodes:
        yield node
        for body in bodies(node):
            if body not in seen:
                seen.add(body)
                yield from with_bodies(body.order)


def check(nodes: tuple[Expr, ...], sizes: Mapping[Symbol, int]) -> None:
    """Raise CallError for the first node whose operands do not fit together at these sizes, with its line."""
    for node in nodes:
        try:
            check_node(node, sizes)
        except GraphcError as error:
            raise CallError(located(error, node, sizes)) from None


def located(error: GraphcError, node: Expr, sizes: Mapping[Symbol, int]) -> str:
    """What went wrong in `node` at these sizes, with its line."""
    given = ", ".join(f"{label(x)}:{concrete(x.type, sizes)}" for x in node.inputs)
    return f"{node.op.name.removeprefix('checked_')}({given}): {error}\n  made at {node.line}"


def check_node(node: Expr, sizes: Mapping[Symbol, int]) -> None:
    if not is_loop(node):
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


def met(node: Expr) -> Iterator[tuple[Size, Size]]:
    """Pairs of sizes, of an operand of `node` and of what it stands against: equal, unless the operand's is the number 1."""
    if isinstance(node.op.lower, Scalar) or node.op.name == "broadcast_to":
        for x in node.inputs:
            yield from _aligned(x.dims, node.dims)
    elif node.op.name == "matmul":
        a, b = node.inputs
        yield a.dims[-1], b.dims[-2]
        yield from _aligned(a.dims[:-2], node.dims[:-2])
        yield from _aligned(b.dims[:-2], node.dims[:-2])
    elif node.op.name == "gather":
        at = node.attrs["at"]
        picked = node.dims[at:at + max(x.ndim for x in node.inputs[1:])]
        for x in node.inputs[1:]:
            yield from _aligned(x.dims, picked)
    elif node.op.name == "concat":
        axis = node.attrs["axis"]
        for x in node.inputs:
            yield from zip(x.dims[:axis] + x.dims[axis + 1:], node.dims[:axis] + node.dims[axis + 1:], strict=True)
    elif is_loop(node):
        for part in parts(node):
            yield from _met_by(part, node.inputs[part.first:])


def _met_by(part: Part, operands: Sequence[Expr]) -> Iterator[tuple[Size, Size]]:
    for k, (x, inner) in enumerate(zip(operands, part.body.inputs, strict=True)):
        sliced = part.carries <= k < part.carries + part.slices
        yield from zip(x.dims, (part.trip, *inner.dims) if sliced else inner.dims, strict=True)
    for x, y in zip(operands[:part.carries], part.body.outputs, strict=False):
        yield from zip(x.dims, y.dims, strict=True)


def _aligned(dims: tuple[Size, ...], result: tuple[Size, ...]) -> Iterator[tuple[Size, Size]]:
    """The dims of an operand beside those of the result that it broadcasts to."""
    return zip(dims, result[len(result) - len(dims):], strict=True)


def concrete(type: Type, sizes: Mapping[Symbol, int]) -> Type:
    return type.with_dims(evaluate(d, sizes) for d in type.dims)


def settled(value, sizes: Mapping[Symbol, int]):
    if isinstance(value, tuple):
        return tuple(settled(v, sizes) for v in value)
    return evaluate(value, sizes) if isinstance(value, Integer) else value
