"""One form for what can be written in several, so that later rules need to know only one.

- Operands of commutative ops: computed ones, then leaves, then constants; else in the order in which the graph
  computes them.
- ``x - 5`` is ``x + -5`` and ``x * x`` is ``square(x)``; casts that lose nothing before another cast are dropped.
- Chains of reshapes, of transposes, of broadcasts and of slices are one of each; expand_dims and squeeze are
  reshapes.
- Elementwise ops broadcast by themselves, and come before a broadcast, a reshape or a transpose of all their
  operands.
- Axes of size 1 are not reduced; a constant array of one number is that number, broadcast.

Every rule is exact.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ir.expr import Expr, make, originating
from ..ir.graph import Graph, rebuilt
from ..ir.leaves import constant
from ..ir.op import Scalar
from ..ir.registry import function
from ..ir.types import is_bool, is_float, is_integer
from ..ops.rearrange import WIDEST, counts_operands
from ..ops.shape import broadcast_to, permute_dims, reshape
from .rules import COMMUTATIVE, Replace, number, rewrite


def canonicalize(graph: Graph) -> Graph:
    """The graph in canonical form."""
    return ordered(rewrite(graph, _rules))


# ---- the order of operands ------------------------------------------------------------------------------------------
def ordered(graph: Graph) -> Graph:
    """The graph with the operands of commutative ops in canonical order."""
    new: dict[Expr, Expr] = {}
    rank: dict[Expr, int] = {}
    for node in graph.order:
        with originating(node.line):
            found = rebuilt(node, tuple(new[x] for x in node.inputs))
            if node.op.name in COMMUTATIVE:
                swapped = rebuilt(found, tuple(sorted(found.inputs, key=lambda x: (_kind(x), rank[x]))))
                found = swapped if swapped.dims == node.dims else found
        new[node] = found
        rank.setdefault(found, len(rank))
    return graph.substitute(new)


def _kind(x: Expr) -> int:
    return 2 if x.op.name == "constant" else 0 if x.inputs else 1


# ---- single nodes ---------------------------------------------------------------------------------------------------
def _identity(node: Expr) -> Expr:
    return node.inputs[0]


def _as_reshape(node: Expr) -> Expr:
    return reshape(node.inputs[0], node.dims)


def _subtract_constant(node: Expr) -> Expr | None:
    """x - c = x + (-c)."""
    c = number(node.inputs[1])
    signed = is_float(node.dtype) or node.dtype.kind == "i"
    return node.inputs[0] + constant(-c, node.dtype) if c is not None and signed else None


def _square(node: Expr) -> Expr | None:
    x, y = node.inputs
    return function("square")(x) if x is y and not is_bool(x.dtype) else None


def _cast(node: Expr) -> Expr | None:
    x = node.inputs[0]
    if x.op.name == "astype" and _holds(x.dtype, x.inputs[0].dtype):
        return x.inputs[0].astype(node.dtype)
    return x if x.dtype == node.dtype else None


def _holds(wide: np.dtype, narrow: np.dtype) -> bool:
    """Whether every number of `narrow` is one of `wide`."""
    if is_float(narrow) and is_integer(wide):
        return False
    return np.can_cast(narrow, wide, "safe") and not (narrow.itemsize == 8 and is_integer(narrow) and is_float(wide))


def _uniform(node: Expr) -> Expr | None:
    """An array of one number is that number, broadcast."""
    array = node.attrs["value"].value
    if array.size > 1 and array.tobytes() == array.ravel()[:1].tobytes() * array.size:
        return broadcast_to(constant(array.ravel()[0], array.dtype), array.shape)
    return None


def _unit_axes(node: Expr) -> Expr | None:
    """A reduction over an axis of size 1 is a reshape."""
    x, axes = node.inputs[0], node.attrs["axes"]
    ones = {a for a in axes if x.dims[a] == 1}
    if not ones:
        return None
    kept = [k for k in range(x.ndim) if k not in ones]
    x = reshape(x, tuple(x.dims[k] for k in kept))
    rest = tuple(k for k, old in enumerate(kept) if old in axes)
    return make(node.op, (x,), {**node.attrs, "axes": rest}) if rest else x


# ---- chains ---------------------------------------------------------------------------------------------------------
def _reshape(node: Expr) -> Expr | None:
    x = node.inputs[0]
    if x.op.name in ("reshape", "expand_dims", "squeeze"):
        return reshape(x.inputs[0], node.dims)
    if x.op.name == "broadcast_to" and not x.inputs[0].dims:
        return broadcast_to(x.inputs[0], node.dims)
    if x.op.name == "permute_dims" and _moves_only_ones(x):
        return reshape(x.inputs[0], node.dims)
    return x if x.dims == node.dims else None


def _permute(node: Expr) -> Expr | None:
    x, axes = node.inputs[0], node.attrs["axes"]
    if x.op.name == "permute_dims":
        return permute_dims(x.inputs[0], tuple(x.attrs["axes"][a] for a in axes))
    if x.op.name == "broadcast_to" and not x.inputs[0].dims:
        return broadcast_to(x.inputs[0], node.dims)
    return reshape(x, node.dims) if _moves_only_ones(node) or axes == tuple(range(x.ndim)) else None


def _moves_only_ones(node: Expr) -> bool:
    moved = [a for a in node.attrs["axes"] if node.inputs[0].dims[a] != 1]
    return moved == sorted(moved)


def _broadcast(node: Expr) -> Expr | None:
    x = node.inputs[0]
    if x.op.name == "broadcast_to":
        return broadcast_to(x.inputs[0], node.dims)
    if _adds_leading_ones(x):
        return broadcast_to(x.inputs[0], node.dims)
    return x if x.dims == node.dims else None


def _adds_leading_ones(x: Expr) -> bool:
    added = x.ndim - x.inputs[0].ndim if x.op.name == "reshape" else 0
    return added > 0 and x.dims == (1,) * added + x.inputs[0].dims


def _slice(node: Expr) -> Expr | None:
    x = node.inputs[0]
    if node.dims == x.dims and all(s == 0 for s in node.attrs["starts"]) and all(s == 1 for s in node.attrs["steps"]):
        return x
    if x.op.name != "slice":
        return None
    inner, outer = x.attrs, node.attrs
    starts = tuple(a + b * t for a, b, t in zip(inner["starts"], outer["starts"], inner["steps"], strict=True))
    steps = tuple(a * b for a, b in zip(inner["steps"], outer["steps"], strict=True))
    return make(node.op, x.inputs, {"starts": starts, "steps": steps, "sizes": outer["sizes"]})


def _concat(node: Expr) -> Expr | None:
    if len(node.inputs) == 1:
        return node.inputs[0]
    axis = node.attrs["axis"]
    parts = [y for x in node.inputs for y in (x.inputs if x.op is node.op and x.attrs["axis"] == axis else (x,))]
    joined_at_once = len(parts) <= WIDEST or counts_operands(parts, axis)
    return make(node.op, tuple(parts), node.attrs) if len(parts) > len(node.inputs) and joined_at_once else None


# ---- elementwise ops and the ops that only move elements ------------------------------------------------------------
def _sink(node: Expr, name: str, same: Callable[[Expr], object]) -> Expr | None:
    """f(move(x), move(y)) = move(f(x, y)), for one and the same move of all operands but scalars."""
    moved = [x for x in node.inputs if x.dims]
    if not moved or any(x.op.name != name or x.dims != node.dims for x in moved):
        return None
    first = moved[0]
    if any(same(x) != same(first) for x in moved):
        return None
    y = make(node.op, tuple(x.inputs[0] if x.dims else x for x in node.inputs), node.attrs)
    return make(first.op, (y,), first.attrs)


def _sink_reshape(node: Expr) -> Expr | None:
    return _sink(node, "reshape", lambda x: x.inputs[0].dims)


def _sink_permute(node: Expr) -> Expr | None:
    return _sink(node, "permute_dims", lambda x: x.attrs["axes"])


def _unstretched(node: Expr) -> Expr | None:
    """f(broadcast(x), y) = broadcast(f(x, y)), which is f(x, y) where y has the size."""
    if not any(x.op.name == "broadcast_to" for x in node.inputs):
        return None
    return make(node.op, tuple(x.inputs[0] if x.op.name == "broadcast_to" else x for x in node.inputs), node.attrs)


def _without_leading_ones(node: Expr) -> Expr | None:
    if len(node.inputs) < 2 or not any(map(_adds_leading_ones, node.inputs)):
        return None
    y = make(node.op, tuple(x.inputs[0] if _adds_leading_ones(x) else x for x in node.inputs), node.attrs)
    return y if y.dims == node.dims else None


_ELEMENTWISE: list[Replace] = [_sink_reshape, _sink_permute, _unstretched, _without_leading_ones]
_RULES: dict[str, list[Replace]] = {
    "custom": [_identity], "stop_gradient": [_identity], "layer_output": [_identity],
    "expand_dims": [_as_reshape], "squeeze": [_as_reshape], "reshape": [_reshape], "permute_dims": [_permute],
    "broadcast_to": [_broadcast], "slice": [_slice], "concat": [_concat], "constant": [_uniform],
    "subtract": [_subtract_constant, *_ELEMENTWISE], "multiply": [_square, *_ELEMENTWISE],
    "astype": [_cast, *_ELEMENTWISE],
    **{name: [_unit_axes] for name in ("sum", "prod", "max", "min", "all", "any")},
}


def _rules(node: Expr) -> list[Replace]:
    found = _RULES.get(node.op.name)
    return found if found is not None else _ELEMENTWISE if isinstance(node.op.lower, Scalar) else []
