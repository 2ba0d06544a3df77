"""The algebra of reductions: what `simplify` knows about sums of sums, of stretched operands and of moved axes."""
from __future__ import annotations

from ..ir.expr import Expr, make
from ..ir.integer import Integer, product
from ..ir.types import is_integer
from ..ops.creation import number as size_number
from ..ops.shape import broadcast_to, permute_dims, reshape
from .rules import Replace, is_wide, number


def _over(node: Expr, x: Expr, axes) -> Expr:
    """The reduction of `node`, of `x` over `axes`; `x` itself over none."""
    return make(node.op, (x,), {"axes": tuple(sorted(axes))}) if axes else x


def _of_reduction(node: Expr) -> Expr | None:
    """sum(sum(x)) = sum(x) over the axes of both."""
    x = node.inputs[0]
    if x.op is not node.op:
        return None
    inner = x.attrs["axes"]
    kept = [k for k in range(x.inputs[0].ndim) if k not in inner]
    return _over(node, x.inputs[0], (*inner, *(kept[a] for a in node.attrs["axes"])))


def _of_permuted(node: Expr) -> Expr | None:
    """sum(transpose(x)) = transpose(sum(x)), over the same axes."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if x.op.name != "permute_dims":
        return None
    order = x.attrs["axes"]
    kept = [order[k] for k in range(x.ndim) if k not in axes]
    return permute_dims(_over(node, x.inputs[0], [order[a] for a in axes]), tuple(sorted(kept).index(k) for k in kept))


def _of_reshaped(node: Expr) -> Expr | None:
    """A reduction over every axis does not see the shape."""
    x = node.inputs[0]
    return _over(node, x.inputs[0], range(x.inputs[0].ndim)) if x.op.name == "reshape" and not node.dims else None


def _sum_of_scaled(node: Expr) -> Expr | None:
    """sum(x * c) = sum(x) * c."""
    x = node.inputs[0]
    if x.op.name != "multiply" or not is_wide(x):
        return None
    for y, c in (x.inputs, x.inputs[::-1]):
        if number(c) is not None and y.dims == x.dims:
            return _over(node, y, node.attrs["axes"]) * c
    return None


def _sum_of_negative(node: Expr) -> Expr | None:
    """sum(-x) = -sum(x)."""
    x = node.inputs[0]
    return -_over(node, x.inputs[0], node.attrs["axes"]) if x.op.name == "negative" else None


def _sum_of_stretched(node: Expr) -> Expr | None:
    """The sum over an axis along which x was stretched is x, times the size of that axis."""
    split = _unstretched(node)
    if split is None or not is_wide(node):
        return None
    rest, count = split
    return rest * (size_number(count).astype(node.dtype) if isinstance(count, Integer) else count)


def _extreme_of_stretched(node: Expr) -> Expr | None:
    """The largest along a stretched axis is any of them, where there is one."""
    split = _unstretched(node)
    return split[0] if split is not None and isinstance(split[1], int) and split[1] > 0 else None


def _unstretched(node: Expr) -> tuple[Expr, object] | None:
    """The reduction without the axes along which its operand was stretched, and how many elements those have."""
    x, axes = node.inputs[0], node.attrs["axes"]
    if x.op.name != "broadcast_to":
        return None
    source = (1,) * (x.ndim - x.inputs[0].ndim) + x.inputs[0].dims
    dropped = [a for a in axes if source[a] == 1 and x.dims[a] != 1]
    if not dropped:
        return None
    kept = [k for k in range(x.ndim) if k not in dropped]
    thin = broadcast_to(reshape(x.inputs[0], tuple(source[k] for k in kept)), tuple(x.dims[k] for k in kept))
    return _over(node, thin, [kept.index(a) for a in axes if a not in dropped]), product(x.dims[a] for a in dropped)


def _on_integers(rule: Replace) -> Replace:
    return lambda node: rule(node) if is_integer(node.dtype) else None


_MOVED: tuple[Replace, ...] = (_of_reduction, _of_permuted, _of_reshaped)
_SUMS: tuple[Replace, ...] = (_sum_of_scaled, _sum_of_stretched, *_MOVED)

EXACT_REDUCTIONS: list[tuple[str, Replace]] = [
    ("sum", _sum_of_negative),
    *((name, rule) for name in ("max", "min", "all", "any") for rule in (_extreme_of_stretched, *_MOVED)),
    *(("sum", _on_integers(rule)) for rule in _SUMS),
    *(("prod", _on_integers(rule)) for rule in _MOVED),
]
REDUCTIONS: list[tuple[str, Replace]] = [*(("sum", rule) for rule in _SUMS), *(("prod", rule) for rule in _MOVED)]
"""Those that change how a result is rounded."""
