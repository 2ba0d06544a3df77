"""The oracle: a graph computed by NumPy, node by node, from each op's declared meaning."""
from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from .ir.errors import ArgumentError, IndexOutOfBounds
from .ir.expr import Expr, label, locating
from .ir.graph import Graph, topological
from .ir.inputs import as_input, bind
from .ir.integer import Symbol
from .ir.leaves import Variable, as_expr
from .ir.loop import family, is_loop, shared
from .ir.sizes import check, concrete, located, settled, unsettled


@locating
def interpret(inputs: Expr | Sequence[Expr], outputs: Expr | Sequence[Expr], values: Sequence) -> tuple | np.ndarray:
    """The outputs' values for the inputs' `values`; a single output, not in a list, comes back bare.

    Every node is computed by itself with NumPy and rounded to its dtype: slow, and the meaning of all that graphc
    compiles. `values` holds one for each of `inputs`, checked as a compiled function checks it; arrays convert to the
    input's dtype where lists of the same numbers would. Variables have their present value, unless they are inputs.

    Raises ArgumentError where values are missing or too many, CallError where one does not fit its input, or sizes that
    only values tell do not fit together, IndexOutOfBounds where an index is outside its axis.

    >>> from graphc import placeholder
    >>> x = placeholder((None,), name="x")
    >>> interpret([x], x * 2, [[1, 2, 3]])
    array([2., 4., 6.], dtype=float32)
    """
    inputs = [inputs] if isinstance(inputs, Expr) else list(inputs)
    bare = not isinstance(outputs, (list, tuple))
    results = [as_expr(y) for y in ([outputs] if bare else outputs)]
    known = _given(inputs, values)
    sizes = bind(inputs, [known[x].shape for x in inputs])
    check(unsettled(topological(results)), sizes)
    with np.errstate(all="ignore"):
        found = tuple(y[()] for y in _values(results, known, sizes))
    return found[0] if bare else found


def _values(results: Sequence[Expr], known: dict[Expr, np.ndarray], sizes: Mapping[Symbol, int]) -> list[np.ndarray]:
    """The values of `results`, from those that are `known`."""
    loops: dict[Hashable, Sequence] = {}
    for node in topological(results):
        if node not in known:
            known[node] = _loop_value(node, known, sizes, loops) if is_loop(node) else _value(node, known, sizes)
    return [known[y] for y in results]


def _loop_value(node: Expr, known: Mapping[Expr, np.ndarray], sizes: Mapping[Symbol, int], loops: dict) -> np.ndarray:
    """The value of one result of a loop: `loops` holds all results of those that have run."""
    def run(body: Graph, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        return _values(body.outputs, dict(zip(body.inputs, values, strict=True)), sizes)

    if (which := family(node)) not in loops:
        attrs = {k: settled(v, sizes) for k, v in shared(node).items()}
        loops[which] = node.op.numpy(run, *(known[x] for x in node.inputs), **attrs)
    found = loops[which][node.attrs["output"]]
    return np.empty(concrete(node.type, sizes).dims, node.dtype) if found is None else np.asarray(found, node.dtype)


def _given(inputs: list[Expr], values: Sequence) -> dict[Expr, np.ndarray]:
    for k, x in enumerate(inputs):
        if not isinstance(x, Expr):
            raise ArgumentError(f"input {k} is no expression but {x!r}")
    if len(set(inputs)) < len(inputs):
        raise ArgumentError("an input is given twice")
    if not isinstance(values, (list, tuple, np.ndarray)) or len(inputs) != len(values):
        count = len(values) if hasattr(values, "__len__") else repr(values)
        raise ArgumentError(f"a list of {len(inputs)} values is expected, one for each input; got {count}")
    return {x: as_input(value, x, k, weak=True) for k, (x, value) in enumerate(zip(inputs, values, strict=True))}


def _value(node: Expr, known: Mapping[Expr, np.ndarray], sizes: Mapping[Symbol, int]) -> np.ndarray:
    if isinstance(node, Variable):
        return node.numpy()
    if node.op.name == "placeholder":
        raise ArgumentError(f"no value was given for the placeholder {label(node)}:{node.type}, made at {node.line}")
    attrs = {k: settled(v, sizes) for k, v in node.attrs.items()}
    try:
        return np.asarray(node.op.numpy(*(known[x] for x in node.inputs), **attrs)).astype(node.dtype)
    except IndexOutOfBounds as error:
        raise IndexOutOfBounds(located(error, node, sizes)) from None
