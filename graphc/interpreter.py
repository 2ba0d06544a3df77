"""The oracle: a graph computed by NumPy, node by node, from each op's declared meaning."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .ir.errors import ArgumentError, GraphcError
from .ir.expr import Expr, label, locating
from .ir.graph import topological
from .ir.integer import Integer, Symbol, evaluate
from .ir.leaves import Variable, as_expr
from .ir.types import Type, show_dims


@locating
def interpret(inputs: Expr | Sequence[Expr], outputs: Expr | Sequence[Expr], values: Sequence) -> tuple | np.ndarray:
    """The outputs' values for the inputs' `values`; a single output, not in a list, comes back bare.

    Every node is computed by itself with NumPy and rounded to its dtype: slow, and the meaning of all that graphc
    compiles. `values` holds one for each of `inputs`, and is converted to its dtype. Variables have their present value,
    unless they are inputs.

    Raises ArgumentError where values are missing, too many, or of another shape.

    >>> from graphc import placeholder
    >>> x = placeholder((None,), name="x")
    >>> interpret([x], x * 2, [[1, 2, 3]])
    array([2., 4., 6.], dtype=float32)
    """
    inputs = [inputs] if isinstance(inputs, Expr) else list(inputs)
    bare = not isinstance(outputs, (list, tuple))
    results = [as_expr(y) for y in ([outputs] if bare else outputs)]
    known = _given(inputs, values)
    sizes = bind_all(known)
    with np.errstate(all="ignore"):
        for node in topological(results):
            if node not in known:
                known[node] = _value(node, known, sizes)
    found = tuple(known[y][()] for y in results)
    return found[0] if bare else found


def _given(inputs: list[Expr], values: Sequence) -> dict[Expr, np.ndarray]:
    for k, x in enumerate(inputs):
        if not isinstance(x, Expr):
            raise ArgumentError(f"input {k} is no expression but {x!r}")
    if len(set(inputs)) < len(inputs):
        raise ArgumentError("an input is given twice")
    if not isinstance(values, (list, tuple, np.ndarray)) or len(inputs) != len(values):
        count = len(values) if hasattr(values, "__len__") else repr(values)
        raise ArgumentError(f"a list of {len(inputs)} values is expected, one for each input; got {count}")
    return {x: _array(x, value) for x, value in zip(inputs, values, strict=True)}


def _array(x: Expr, value) -> np.ndarray:
    try:
        return np.asarray(value, x.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(f"the value of {label(x)}:{x.type}: {error}") from error


def _value(node: Expr, known: Mapping[Expr, np.ndarray], sizes: Mapping[Symbol, int]) -> np.ndarray:
    if isinstance(node, Variable):
        return node.numpy()
    if node.op.name == "placeholder":
        raise ArgumentError(f"no value was given for the placeholder {label(node)}:{node.type}, made at {node.line}")
    attrs = {k: concrete(v, sizes) for k, v in node.attrs.items()}
    operands = [known[x] for x in node.inputs]
    _check(node, operands, attrs)
    return np.asarray(node.op.numpy(*operands, **attrs)).astype(node.dtype)


def _check(node: Expr, operands: Sequence[np.ndarray], attrs: Mapping) -> None:
    """The type rule once more, where only now the sizes are known."""
    if any(isinstance(d, Integer) for x in node.inputs for d in x.dims):
        types = [Type(a.dtype, a.shape) for a in operands]
        try:
            node.op.infer(*types, **attrs)
        except GraphcError as error:
            given = ", ".join(f"{label(x)}:{t}" for x, t in zip(node.inputs, types, strict=True))
            raise type(error)(f"{node.op.name}({given}): {error}\n  made at {node.line}") from None


def concrete(value, sizes: Mapping[Symbol, int]):
    """An attribute with its call-time sizes filled in."""
    if isinstance(value, tuple):
        return tuple(concrete(v, sizes) for v in value)
    return evaluate(value, sizes) if isinstance(value, Integer) else value


def bind_all(arrays: Mapping[Expr, np.ndarray]) -> dict[Symbol, int]:
    """The call-time sizes that these inputs settle; raises ArgumentError where one contradicts its type or another."""
    sizes: dict[Symbol, int] = {}
    for x, array in arrays.items():
        if len(x.dims) != array.ndim:
            raise ArgumentError(f"{label(x)}:{x.type} got shape {array.shape}")
    pairs = [(dim, size, x, array) for x, array in arrays.items() for dim, size in zip(x.dims, array.shape, strict=True)]
    for dim, size, x, array in sorted(pairs, key=lambda pair: _symbol(pair[0]) is None):
        bind(dim, size, sizes, f"{label(x)}:{x.type} got shape {show_dims(array.shape)}")
    return sizes


def bind(dim, size: int, sizes: dict[Symbol, int], message: str) -> None:
    """Settle one dimension of an input; raises ArgumentError where it contradicts what is known."""
    if (symbol := _symbol(dim)) is not None:
        dim = sizes.setdefault(symbol, size)
    expected = evaluate(dim, sizes)
    if expected != size:
        raise ArgumentError(f"{message}: {expected} is expected in place of {size}")


def _symbol(dim) -> Symbol | None:
    """The unknown that a size is, all by itself."""
    if isinstance(dim, Integer) and len(dim.terms) == 1:
        (atoms, factor), = dim.terms.items()
        if factor == 1 and len(atoms) == 1 and isinstance(atoms[0], Symbol):
            return atoms[0]
    return None
