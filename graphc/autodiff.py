"""Symbolic differentiation: one reverse walk over the graph, and what follows from it.

The walk visits only nodes on a path from a wanted input to the output. It sums each gradient back to its operand's shape
(un-broadcasting), so that no rule has to. Forward mode is the reverse walk taken twice: a vjp is linear in its cotangent,
and the vjp of a linear function is its transpose (Townsend, "A new trick for calculating Jacobian vector products", 2017).
"""
from __future__ import annotations

from collections.abc import Sequence

from .ir.errors import ArgumentError, DTypeError, GradientError, ShapeError
from .ir.expr import Expr, originating
from .ir.graph import rebuilt, topological
from .ir.leaves import as_expr, constant, placeholder
from .ir.types import is_float, show_dims
from .ops.creation import zeros_like
from .ops.elementwise import add
from .ops.rearrange import stack
from .ops.reduce import sum
from .ops.shape import broadcast_to, reshape


def grad(cost: Expr, wrt: Expr | Sequence[Expr], *, unconnected: str = "error") -> Expr | list[Expr]:
    """The gradient of a scalar `cost` with respect to each expression of `wrt`, in that expression's shape and dtype.

    `unconnected` says what happens where the cost does not depend on one of them: "error" (GradientError) or "zeros".
    A single `wrt`, not in a list, gives a single gradient.

    >>> x, y = placeholder(name="x"), placeholder(name="y")
    >>> grad(x * y + 5 * y + 5, [x, y])
    [y, x + 5]
    """
    if not isinstance(cost, Expr):
        raise ArgumentError(f"grad takes the gradient of an expression, not of {cost!r}")
    if cost.dims:
        raise GradientError(f"the cost must be a scalar; this one has shape {cost.type}. Take its mean() or sum(), or use "
                            f"vjp or jacobian\n  cost made at {cost.line}")
    return vjp(cost, wrt, constant(1, cost.dtype) if is_float(cost.dtype) else None, unconnected=unconnected)


def vjp(outputs: Expr | Sequence[Expr], wrt: Expr | Sequence[Expr], cotangents, *, unconnected: str = "error"):
    """The cotangents pulled back: for each of `wrt`, the sum over outputs of cotangent times Jacobian."""
    if unconnected not in ("error", "zeros"):
        raise ArgumentError(f'unconnected is "error" or "zeros", not {unconnected!r}')
    outputs, cotangents = _listed(outputs, cotangents)
    wanted = [wrt] if isinstance(wrt, Expr) else list(wrt)
    for x in [*outputs, *wanted]:
        _check_differentiable(x)
    seeds = [_seed(y, g) for y, g in zip(outputs, cotangents, strict=True)]
    found = _reverse(outputs, seeds, wanted)
    result = [_settle(x, found.get(x), unconnected) for x in wanted]
    result = _tidy(result, topological([*outputs, *wanted]))
    return result[0] if isinstance(wrt, Expr) else result


def jvp(outputs: Expr | Sequence[Expr], wrt: Expr | Sequence[Expr], tangents, *, unconnected: str = "error"):
    """The tangents pushed forward: for each output, the sum over `wrt` of Jacobian times tangent."""
    many = not isinstance(outputs, Expr)
    ys = list(outputs) if many else [outputs]
    xs, tangents = _listed(wrt, tangents)
    dummies = [placeholder(y.dims, y.dtype, "cotangent") for y in ys]
    pulled = vjp(ys, xs, dummies, unconnected=unconnected)
    pushed = vjp(pulled, dummies, [_seed(x, t) for x, t in zip(xs, tangents, strict=True)], unconnected="zeros")
    return pushed if many else pushed[0]


def jacobian(output: Expr, wrt: Expr, *, unconnected: str = "error") -> Expr:
    """Every derivative of every element: shape ``output.shape + wrt.shape``. The output's sizes must be known."""
    if None in output.shape:
        raise GradientError(f"jacobian: the output's sizes must be known while the graph is built, not {output.type}")
    count = output.size
    flat = reshape(output, (count,))
    rows = [vjp(flat[i], wrt, constant(1, output.dtype), unconnected=unconnected) for i in range(count)]
    if not rows:
        return reshape(broadcast_to(zeros_like(wrt), (0, *wrt.dims)), output.dims + wrt.dims)
    return reshape(stack(rows), output.dims + wrt.dims)


def hessian(cost: Expr, wrt: Expr, *, unconnected: str = "error") -> Expr:
    """Every second derivative of a scalar: shape ``wrt.shape + wrt.shape``."""
    return jacobian(grad(cost, wrt, unconnected=unconnected), wrt, unconnected="zeros")


def _listed(nodes, companions) -> tuple[list[Expr], list]:
    if isinstance(nodes, Expr):
        return [nodes], [companions]
    nodes, companions = list(nodes), list(companions)
    if len(nodes) != len(companions):
        raise ArgumentError(f"{len(nodes)} expressions, but {len(companions)} vectors for them")
    return nodes, companions


def _check_differentiable(x: Expr) -> None:
    if not isinstance(x, Expr):
        raise ArgumentError(f"a gradient is taken of and with respect to expressions, not {x!r}")
    if not is_float(x.dtype):
        raise DTypeError(f"there is no gradient for {x}:{x.type}: only floats have one; use astype first\n"
                         f"  made at {x.line}")


def _seed(y: Expr, g) -> Expr:
    g = as_expr(g).astype(y.dtype)
    if len(g.dims) != len(y.dims):
        raise ShapeError(f"a vector for {y}:{y.type} has shape {show_dims(g.dims)}")
    return g


def _reverse(outputs: list[Expr], seeds: list[Expr], wanted: list[Expr]) -> dict[Expr, Expr]:
    """The gradient of every node on a path from `wanted` to `outputs`."""
    order = topological(outputs)
    useful = set(wanted)
    for node in order:
        if node.op.grad is not None and any(x in useful for x in node.inputs):
            useful.add(node)
    gradient: dict[Expr, Expr] = {}
    for y, g in zip(outputs, seeds, strict=True):
        _accumulate(gradient, y, g)
    for node in reversed(order):
        if node in useful and node in gradient and node.inputs:
            _pull(node, gradient, useful)
    return gradient


def _pull(node: Expr, gradient: dict[Expr, Expr], useful: set[Expr]) -> None:
    if node.op.grad is None:
        return
    with originating(node.line):
        parts = node.op.grad(gradient[node], node, *node.inputs, **node.attrs)
        for x, g in zip(node.inputs, parts, strict=True):
            if g is not None and x in useful and is_float(x.dtype):
                _accumulate(gradient, x, unbroadcast(as_expr(g).astype(x.dtype), x))


def _accumulate(gradient: dict[Expr, Expr], x: Expr, g: Expr) -> None:
    gradient[x] = add(g, gradient[x]) if x in gradient else g


def unbroadcast(g: Expr, x: Expr) -> Expr:
    """`g` summed over the axes along which `x` was stretched."""
    added = g.ndim - x.ndim
    stretched = [added + k for k, d in enumerate(x.dims) if d == 1 and g.dims[added + k] != 1] if added >= 0 else []
    if added > 0 or stretched:
        g = reshape(sum(g, axis=(*range(added), *stretched), keepdims=True), (1,) * added + tuple(
            1 if added + k in stretched else g.dims[added + k] for k in range(x.ndim)))
        g = reshape(g, g.dims[added:])
    return g


def _settle(x: Expr, g: Expr | None, unconnected: str) -> Expr:
    if g is None and unconnected == "error":
        raise GradientError(f'the output does not depend on {x}:{x.type} through differentiable ops; pass '
                            f'unconnected="zeros" for a zero gradient\n  made at {x.line}')
    if g is None:
        return zeros_like(x)
    return g if len(g.dims) == len(x.dims) and all(a == b or a != 1 for a, b in zip(g.dims, x.dims, strict=True)) \
        else broadcast_to(g, x.dims)


def _tidy(results: list[Expr], given: Sequence[Expr]) -> list[Expr]:
    """The gradients without the ones that seeded them: neutral operands of nodes that the walk made are dropped."""
    keep = set(given)
    new: dict[Expr, Expr] = {}
    for node in topological(results):
        if node in keep:
            new[node] = node
        else:
            with originating(node.line):
                new[node] = _without_neutral(rebuilt(node, tuple(new[x] for x in node.inputs)))
    return [new[x] for x in results]


def _without_neutral(node: Expr) -> Expr:
    if len(node.inputs) == 2:
        for k, other in ((0, 1), (1, 0)):
            unit, x = node.op.unit[k], node.inputs[other]
            if unit is not None and _is_number(node.inputs[k], unit) and x.type == node.type:
                return x
    return node


def _is_number(x: Expr, number: float) -> bool:
    return x.op.name == "constant" and not x.dims and x.attrs["value"].value == number


__all__ = ["grad", "hessian", "jacobian", "jvp", "vjp"]
