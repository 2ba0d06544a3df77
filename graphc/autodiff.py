"""Symbolic differentiation: one reverse walk over the graph, and what follows from it.

The walk visits only nodes on a path from a wanted input to an output. It brings each gradient back to the type of the
operand that it belongs to (un-broadcasting), so that no rule has to. Forward mode is the reverse walk taken twice: a vjp is
linear in its cotangent, and the vjp of a linear function is its transpose (Townsend, "A new trick for calculating Jacobian
vector products", 2017).
"""
from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from .ir.errors import ArgumentError, DTypeError, GradientError, GraphcError, ShapeError
from .ir.expr import Expr, locating, originating
from .ir.graph import rebuilt, topological
from .ir.infix import infix
from .ir.integer import Integer, Size
from .ir.leaves import as_expr, constant, placeholder
from .ir.loop import is_loop, shared, units
from .ir.types import is_float, show_dims
from .ops.creation import zeros, zeros_like
from .ops.elementwise import add
from .ops.rearrange import stack
from .ops.reduce import sum
from .ops.shape import broadcast_to, reshape


# ---- what users call ------------------------------------------------------------------------------------------------
@locating
def grad(cost: Expr, wrt: Expr | Sequence[Expr], *, unconnected: str = "error") -> Expr | list[Expr]:
    """The gradient of a scalar `cost` with respect to each expression of `wrt`, in that expression's shape and dtype.

    A single `wrt`, not in a list, gives a single gradient. `wrt` may hold any float expressions that the cost is computed
    from, not only placeholders and Variables. `unconnected` says what happens where the cost does not depend on one of
    them: "error" (GradientError) or "zeros".

    Raises GradientError for a cost that is not a scalar, DTypeError where cost or `wrt` are not floats, ArgumentError
    where they are no expressions.

    >>> x, y = placeholder(name="x"), placeholder(name="y")
    >>> grad(x * y + 5 * y + 5, [x, y])
    [y, x + 5]
    """
    _check_float(cost, "the cost")
    if cost.dims:
        raise GradientError(f"the cost must be a scalar, not {_shown(cost)}: take its mean() or sum(), or use vjp or "
                            f"jacobian\n  made at {cost.line}")
    return _as_given(wrt, _pulled([cost], [constant(1, cost.dtype)], _wanted(wrt), unconnected))


@locating
def vjp(outputs: Expr | Sequence[Expr], wrt: Expr | Sequence[Expr], cotangents, *,
        unconnected: str = "error") -> Expr | list[Expr]:
    """The cotangents pulled back: for each of `wrt`, the sum over outputs of cotangent times Jacobian.

    There is one cotangent for each output, in its shape and dtype: an expression, or numbers, which are converted. As for
    `wrt`, and for outputs and cotangents together, what is not in a list stands for itself. See `grad` for `unconnected`
    and what is raised; a cotangent that does not fit is a ShapeError or DTypeError."""
    pairs = list(_paired("cotangent", outputs, cotangents))
    return _as_given(wrt, _pulled([y for y, _ in pairs], [g for _, g in pairs], _wanted(wrt), unconnected))


@locating
def jvp(outputs: Expr | Sequence[Expr], wrt: Expr | Sequence[Expr], tangents, *,
        unconnected: str = "error") -> Expr | list[Expr]:
    """The tangents pushed forward: for each output, the sum over `wrt` of Jacobian times tangent, in the output's shape.

    There is one tangent for each of `wrt`, in its shape and dtype: see `vjp`. `unconnected` is about each of `wrt` that no
    output depends on; an output that depends on none of them has the tangent 0."""
    ys = _listed(outputs, "outputs")
    pairs = list(_paired("tangent", wrt, tangents))
    pushed = _pushed(ys, [x for x, _ in pairs], [[t for _, t in pairs]], unconnected)
    return _as_given(outputs, next(pushed))


@locating
def jacobian(output: Expr, wrt: Expr, *, unconnected: str = "error") -> Expr:
    """Every derivative of every element: shape ``output.shape + wrt.shape``.

    It is put together from one vjp for each element of `output`, or one jvp for each element of `wrt`, whichever are
    fewer; each is a graph of its own, as large as that of `output`. For a hundred and more of both, ask instead for the
    products with the Jacobian that are really needed. One of the two sizes must be known: GradientError."""
    return _jacobian(output, wrt, unconnected)


@locating
def hessian(cost: Expr, wrt: Expr, *, unconnected: str = "error") -> Expr:
    """Every second derivative of a scalar: shape ``wrt.shape + wrt.shape``. The Jacobian of the gradient: see there for
    what it takes. The product of a Hessian with a vector needs one more vjp only: ``vjp(grad(cost, x), x, v)``."""
    return _jacobian(grad(cost, wrt, unconnected=unconnected), wrt, "zeros")


def _jacobian(output: Expr, wrt: Expr, unconnected: str) -> Expr:
    for x, role in ((output, "the output"), (wrt, "wrt")):
        _check_float(x, role)
    dims = output.dims + wrt.dims
    rows, columns = output.size, wrt.size
    if isinstance(rows, Integer) and isinstance(columns, Integer):
        raise GradientError(f"the sizes of the output, or those of wrt, must be known while the graph is built, not "
                            f"{output.type} and {wrt.type}")
    if rows == 0 or columns == 0:
        return zeros(dims, wrt.dtype)
    if isinstance(columns, Integer) or isinstance(rows, int) and rows <= columns:
        parts = [_pulled([output], [g], [wrt], unconnected)[0] for g in _unit_vectors(output)]
        return reshape(stack(parts), dims)
    parts = [part for part, in _pushed([output], [wrt], [[t] for t in _unit_vectors(wrt)], unconnected)]
    return reshape(stack(parts, axis=-1), dims).astype(wrt.dtype)


def _unit_vectors(x: Expr) -> Iterator[Expr]:
    """For each element of `x`, an array with 1 there and 0 elsewhere."""
    for k in range(x.size):
        unit = np.zeros(x.size, x.dtype)
        unit[k] = 1
        yield constant(unit.reshape(x.dims))


# ---- what users give ------------------------------------------------------------------------------------------------
def _listed(given, role: str) -> list:
    if isinstance(given, Expr):
        return [given]
    if not isinstance(given, Iterable):
        raise ArgumentError(f"{role}: an expression or a list of them is expected, not {given!r}")
    return list(given)


def _as_given(given, results: list[Expr]) -> Expr | list[Expr]:
    """Bare where what they belong to was given bare."""
    return results[0] if isinstance(given, Expr) else results


def _wanted(wrt) -> list[Expr]:
    wanted = _listed(wrt, "wrt")
    for x in wanted:
        _check_float(x, "wrt")
    return wanted


def _check_float(x: Expr, role: str) -> None:
    if not isinstance(x, Expr):
        raise ArgumentError(f"{role}: a gradient is taken of, and with respect to, expressions, not {x!r}")
    if not is_float(x.dtype):
        raise DTypeError(f"{role}: there is no gradient for {_shown(x)}: only floats have one; use astype where it is "
                         f"made\n  made at {x.line}")


def _paired(role: str, nodes, vectors) -> Iterator[tuple[Expr, Expr]]:
    """Each node with the vector that was given for it."""
    if isinstance(nodes, Expr):
        nodes, vectors = [nodes], [vectors]
    nodes = _listed(nodes, f"what the {role}s belong to")
    if not isinstance(vectors, (list, tuple)):
        raise ArgumentError(f"{role}s: a list is expected, one for each of {len(nodes)} expressions, not "
                            f"{type(vectors).__name__}")
    if len(nodes) != len(vectors):
        raise ArgumentError(f"{len(vectors)} {role}s are given for {len(nodes)} expressions: one for each is expected")
    for x, v in zip(nodes, vectors, strict=True):
        _check_float(x, f"what a {role} belongs to")
        yield x, _vector(role, v, x)


def _vector(role: str, v, x: Expr) -> Expr:
    """`v` as an expression of the type of `x`."""
    dtype = v.dtype if isinstance(v, Expr) else np.asarray(v).dtype
    if dtype != x.dtype if isinstance(v, Expr) else dtype.kind == "c":
        raise DTypeError(f"the {role} for {_shown(x)} has dtype {dtype}, not {x.dtype}; use astype")
    v = v if isinstance(v, Expr) else constant(v, x.dtype)
    if v.ndim != x.ndim or not all(map(_agree, v.dims, x.dims)):
        raise ShapeError(f"the {role} for {_shown(x)} has shape {show_dims(v.dims)}, not {show_dims(x.dims)}")
    return broadcast_to(v, x.dims)


def _agree(a: Size, b: Size) -> bool:
    """Whether two sizes are one, as far as is known; a size that is not known is not taken for 1."""
    return a == b or (isinstance(a, Integer) or isinstance(b, Integer)) and 1 not in (a, b)


def _shown(x: Expr) -> str:
    return f"{infix(x, depth=4)}:{x.type}"


# ---- the walk -------------------------------------------------------------------------------------------------------
def _pulled(outputs: list[Expr], cotangents: list[Expr], wanted: list[Expr], unconnected: str) -> list[Expr]:
    if unconnected not in ("error", "zeros"):
        raise ArgumentError(f'unconnected is "error" or "zeros", not {unconnected!r}')
    gradient = _reverse(outputs, cotangents, wanted)
    results = [gradient[x] if x in gradient else _zero(x, unconnected) for x in wanted]
    return _tidy(results, topological([*outputs, *wanted, *cotangents]))


def _pushed(outputs: list[Expr], wanted: list[Expr], tangents: Iterable[list[Expr]],
            unconnected: str) -> Iterator[list[Expr]]:
    """For each list of tangents the outputs' tangents: the transpose of what pulls cotangents back."""
    for y in outputs:
        _check_float(y, "outputs")
    cotangents = [placeholder(y.dims, y.dtype, "cotangent") for y in outputs]
    pulled = _pulled(outputs, cotangents, wanted, unconnected)
    for each in tangents:
        yield _pulled(pulled, each, cotangents, "zeros")


def _zero(x: Expr, unconnected: str) -> Expr:
    if unconnected == "error":
        raise GradientError(f"what is differentiated does not depend on {_shown(x)} through ops that have a gradient; pass "
                            f'unconnected="zeros" for a gradient of zeros\n  made at {x.line}')
    return zeros_like(x)


def _reverse(outputs: list[Expr], cotangents: list[Expr], wanted: list[Expr]) -> dict[Expr, Expr]:
    """The gradient, in its own type, of every node on a path from `wanted` to `outputs`."""
    order = topological(outputs)
    useful = set(wanted)
    for node in order:
        if node.op.grad is not None and is_float(node.dtype) and any(x in useful for x in node.inputs):
            useful.add(node)
    gradient: dict[Expr, Expr] = {}
    for y, g in zip(outputs, cotangents, strict=True):
        _accumulate(gradient, y, g)
    for nodes in reversed(units(order)):
        reached = [y for y in nodes if y in useful and y in gradient and y.op.grad is not None]
        if reached:
            node = nodes[0]
            for x, g in zip(node.inputs, _parts(reached, gradient, useful), strict=True):
                if g is not None and x in useful:
                    _accumulate(gradient, x, _belonging(g, x, node))
    return gradient


def _parts(nodes: Sequence[Expr], gradient: Mapping[Expr, Expr], useful: Container[Expr]) -> Sequence[Expr | None]:
    """What the rule of a node, or of the results of a loop, says of each operand."""
    node = nodes[0]
    with _differentiating(node):
        try:
            if is_loop(node):
                return node.op.grad({y.attrs["output"]: gradient[y] for y in nodes}, [x in useful for x in node.inputs],
                                    partial(_pulled, unconnected="zeros"), *node.inputs, **shared(node))
            return node.op.grad(gradient[node], node, *node.inputs, **node.attrs)
        except GraphcError as error:
            error.reason = str(error)  # it names the op and its line, and not the call that differentiates
            raise


def _belonging(g: Expr, x: Expr, node: Expr) -> Expr:
    """A part that the rule of `node` gave, in the type of the operand `x`."""
    with _differentiating(node):
        g = as_expr(g).astype(x.dtype)
        try:
            return unbroadcast(g, x)
        except ShapeError:
            raise GradientError(f"the gradient rule of {_shown(node)} gives {g.type} for its operand {_shown(x)}\n"
                                f"  made at {node.line}") from None


def _differentiating(node: Expr) -> originating:
    """Context: what is made in here belongs to the gradient of `node`."""
    return originating(node.line and node.line.differentiated)


def _accumulate(gradient: dict[Expr, Expr], x: Expr, g: Expr) -> None:
    with _differentiating(x):
        gradient[x] = add(g, gradient[x]) if x in gradient else g


def unbroadcast(g: Expr, x: Expr) -> Expr:
    """`g` summed over the axes along which `x` was stretched, in the shape of `x`."""
    added = max(g.ndim - x.ndim, 0)
    dims = (1,) * added + x.dims
    stretched = [k for k, size in enumerate(g.dims) if g.ndim == len(dims) and dims[k] == 1 != size]
    axes = sorted({*range(added), *stretched})
    if axes:
        g = reshape(sum(g, axis=tuple(axes)), tuple(1 if k in axes else size for k, size in enumerate(g.dims))[added:])
    return broadcast_to(g, x.dims)


# ---- the gradients, without what seeded them ------------------------------------------------------------------------
def _tidy(results: list[Expr], given: Iterable[Expr]) -> list[Expr]:
    """The results with neutral operands dropped, such as the 1 that a gradient starts from, but not in `given` nodes."""
    new: dict[Expr, Expr] = {node: node for node in given}
    for node in topological(results):
        if node not in new:
            with originating(node.line):
                new[node] = _without_neutral(rebuilt(node, tuple(new[x] for x in node.inputs)))
    return [new[x] for x in results]


def _without_neutral(node: Expr) -> Expr:
    if len(node.inputs) == 2:
        for number, x, unit in zip(node.inputs, reversed(node.inputs), node.op.unit, strict=True):
            if unit is not None and x.type == node.type and _is_number(number, unit):
                return x
    return node


def _is_number(x: Expr, number: float) -> bool:
    """Whether every element of `x` is this number."""
    while x.op.name in ("broadcast_to", "expand_dims", "reshape"):
        x, = x.inputs
    return x.op.name == "constant" and not x.dims and x.attrs["value"].value == number


__all__ = ["grad", "hessian", "jacobian", "jvp", "vjp"]
