"""The derivative of a scan: a scan from the last iteration to the first.

It takes the gradients of the carries back, adds up those of what is the same for all iterations, and stacks those of the
slices. What it needs of each iteration the loop forward gives as further results: its carries, products and sums; what is
elementwise it computes again. Where a gradient that is added up is a product, as that of a matrix of weights is, its factors
are stacked instead, and the sum over all iterations is one product in the end."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..ir.expr import Expr
from ..ir.graph import Graph, substituted, topological
from ..ir.integer import Size
from ..ir.loop import Loop
from ..ir.op import Fold, Kernel
from ..ir.registry import lookup
from ..ir.types import is_float
from .capture import captured, stand_in
from .creation import zeros_like
from .linalg import matmul
from .shape import permute_dims, reshape


def scan_gradient(gs: dict[int, Expr], wanted: Sequence[bool], pull: Callable, *operands: Expr, body: Graph, carries: int,
                  slices: int, length: Size, reverse: bool) -> list[Expr | None]:
    """The gradient of each operand, from the gradients `gs` of the results; see `graphc.ir.loop.Loop`."""
    floats = [k for k in range(carries) if is_float(body.outputs[k].dtype)]
    given = [k for k in sorted(gs) if k >= carries]
    sliced = [k for k in range(carries, carries + slices) if wanted[k]]
    same = [k for k in range(carries + slices, len(operands)) if wanted[k]]
    g_states, g_given = [stand_in(body.inputs[k]) for k in floats], [stand_in(body.outputs[k]) for k in given]
    numbers = [*floats, *sliced, *same]
    pulled = pull([body.outputs[k] for k in floats + given], g_states + g_given, [body.inputs[k] for k in numbers])
    kept = _residuals(pulled, body, carries)
    stacks = {stand_in(x): y for x, y in zip(kept, _kept_rows(operands, kept, body, carries=carries, slices=slices,
                                                             length=length, reverse=reverse), strict=True)}
    pulled = dict(zip(numbers, substituted(pulled, dict(zip(kept, stacks, strict=True))), strict=True))
    stacks |= zip(body.inputs[carries:carries + slices], operands[carries:carries + slices], strict=True)
    stacks |= zip(g_given, (gs[k] for k in given), strict=True)
    products = {k: found for k in same if (found := _factors(pulled[k])) is not None}
    totals = {k: stand_in(body.inputs[k]) for k in same if k not in products}
    stacked = dict.fromkeys(x for x in (*(pulled[k] for k in sliced), *(x for pair in products.values() for x in pair))
                            if x not in stacks)
    results = [*(pulled[k] for k in floats), *(total + pulled[k] for k, total in totals.items()), *stacked]
    start = [*(gs.get(k, zeros_like(operands[k])) for k in floats), *(zeros_like(operands[k]) for k in totals)]
    outside = dict(zip(body.inputs[carries + slices:], operands[carries + slices:], strict=True))
    found = looped(start, [*g_states, *totals.values()], stacks, results, length, not reverse, outside)
    stacks |= zip(stacked, found[len(start):], strict=True)
    gradients = dict(zip([*floats, *totals], found, strict=False)) | {k: stacks[pulled[k]] for k in sliced}
    gradients |= {k: _summed(stacks[a], stacks[b]) for k, (a, b) in products.items()}
    return [gradients.get(k) for k in range(len(operands))]


def _residuals(results: Sequence[Expr], body: Graph, carries: int) -> list[Expr]:
    """What of an iteration is kept, rather than computed again: its carries, and what no elementwise op gives."""
    forward, states, kept = set(body.order), set(body.inputs[:carries]), {}
    stack, seen = list(results), set()
    while stack:
        x = stack.pop()
        if x in seen:
            continue
        seen.add(x)
        if x in states or x in forward and isinstance(x.op.lower, (Kernel, Fold, Loop)):
            kept[x] = None
        else:
            stack.extend(x.inputs)
    return list(kept)


def _kept_rows(operands: Sequence[Expr], kept: Sequence[Expr], body: Graph, **attrs) -> list[Expr]:
    """What is kept of all iterations: further results of the loop forward."""
    body, first = Graph(body.inputs, (*body.outputs, *kept)), len(body.outputs)
    return [lookup("scan")(*operands, body=body, output=first + k, **attrs) for k in range(len(kept))]


def _factors(g: Expr) -> tuple[Expr, Expr] | None:
    """a and b, where `g` is ``a.T @ b``."""
    if g.op.name != "matmul" or any(x.ndim != 2 for x in g.inputs):
        return None
    left, right = g.inputs
    return left.inputs[0] if left.op.name == "permute_dims" else permute_dims(left, (1, 0)), right


def _summed(a: Expr, b: Expr) -> Expr:
    """The sum over t of ``a[t].T @ b[t]``."""
    a, b = (reshape(x, (x.dims[0] * x.dims[1], x.dims[2])) for x in (a, b))
    return matmul(permute_dims(a, (1, 0)), b)


def looped(carries: Sequence[Expr], carried: Sequence[Expr], rows: Mapping[Expr, Expr], results: Sequence[Expr],
           length: Size, reverse: bool, outside: Mapping[Expr, Expr]) -> list[Expr]:
    """A scan whose body is there already: from `carried`, and those of `rows` that it needs, to `results`. `rows` maps what
    stands for a row to what it is a row of; `outside` says what other stand-ins stand for."""
    needed = set(topological(results))
    rows = {x: stack for x, stack in rows.items() if x in needed}
    part = captured([*carried, *rows], results)
    free = substituted(part.operands, outside)
    attrs = {"body": part.body, "carries": len(carries), "slices": len(rows), "length": length, "reverse": reverse}
    return [lookup("scan")(*carries, *rows.values(), *free, output=k, **attrs) for k in range(len(results))]
