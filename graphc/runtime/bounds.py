"""What to say of an index that a kernel found outside its axis: a kernel reports only which of its checks failed."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..interpreter import interpret
from ..ir.errors import GraphcError, IndexOutOfBounds
from ..ir.expr import Expr, label
from ..ir.integer import Size
from ..ir.sizes import concrete
from ..passes.kernels import root
from .plan import Plan


def out_of_bounds(plan: Plan, size: Size, node: Expr) -> IndexOutOfBounds:
    """The error for a `node` whose index into an axis of this size failed, while the inputs are where they were and no
    Variable has changed: so the wrong index is computed once more, by the interpreter."""
    operands = ", ".join(f"{label(root(x))}:{concrete(x.type, plan.sizes)}" for x in node.inputs)
    number, axis = plan.number(size), "an axis"
    found = None
    for indices, place, limit in _indices(node):
        if plan.number(limit) == number and (wrong := _first_wrong(plan, indices, number)) is not None:
            found, axis = wrong, axis if place is None else f"axis {place}"
            break
    index = "an index" if found is None else f"index {found}"
    return IndexOutOfBounds(f"{node.op.name.removeprefix('checked_')}({operands}): {index} is out of bounds for {axis} of "
                            f"size {number}\n  made at {node.line}")


def _indices(node: Expr) -> Iterator[tuple[Expr, int | None, Size]]:
    """The operands of `node` that hold indices, the axis of each, if it has one, and the axis's size."""
    if "size" in node.attrs:
        yield node.inputs[0], None, node.attrs["size"]
    else:
        x, *indices = node.inputs
        axes = node.attrs["axes"] if "axes" in node.attrs else (node.attrs["axis"],)
        yield from ((j, axis, x.dims[axis]) for j, axis in zip(indices, axes, strict=True))


def _first_wrong(plan: Plan, indices: Expr, size: int) -> int | None:
    """The first of these indices that is outside an axis of this size; None if it cannot be found out."""
    inputs = plan.program.graph.inputs
    try:
        array = interpret(inputs, indices, [plan.value(x) for x in inputs])
    except (GraphcError, MemoryError):
        return None
    wrong = (array < -size) | (array >= size)
    return int(array[wrong].flat[0]) if np.any(wrong) else None


__all__ = ["out_of_bounds"]
