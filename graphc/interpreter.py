"""The oracle: a graph computed by NumPy, node by node, from each op's declared meaning."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .ir.errors import ArgumentError
from .ir.expr import Expr
from .ir.graph import topological
from .ir.integer import Integer, Symbol, evaluate
from .ir.leaves import Variable
from .ir.types import show_dims


def interpret(inputs: Sequence[Expr], outputs: Expr | Sequence[Expr], values: Sequence) -> tuple | np.ndarray:
    """The outputs' values for the inputs' `values`; a single output, not in a list, comes back bare.

    Every node is computed by itself with NumPy and rounded to its dtype: slow, and the meaning of all that graphc
    compiles."""
    if len(inputs) != len(values):
        raise ArgumentError(f"{len(inputs)} inputs, but {len(values)} values")
    bare = isinstance(outputs, Expr)
    known = {x: np.asarray(v, x.dtype) for x, v in zip(inputs, values, strict=True)}
    sizes = bind_all(known)
    with np.errstate(all="ignore"):
        for node in topological((outputs,) if bare else outputs):
            if node not in known:
                known[node] = _value(node, known, sizes)
    return known[outputs][()] if bare else tuple(known[x][()] for x in outputs)


def _value(node: Expr, known: Mapping[Expr, np.ndarray], sizes: Mapping[Symbol, int]) -> np.ndarray:
    if isinstance(node, Variable):
        return node.numpy()
    if node.op.name == "placeholder":
        raise ArgumentError(f"no value was given for the placeholder {node}, made at {node.line}")
    attrs = {k: concrete(v, sizes) for k, v in node.attrs.items()}
    return np.asarray(node.op.numpy(*(known[x] for x in node.inputs), **attrs)).astype(node.dtype)


def concrete(value, sizes: Mapping[Symbol, int]):
    """An attribute with its call-time sizes filled in."""
    if isinstance(value, tuple):
        return tuple(concrete(v, sizes) for v in value)
    return evaluate(value, sizes) if isinstance(value, Integer) else value


def bind_all(arrays: Mapping[Expr, np.ndarray]) -> dict[Symbol, int]:
    """The call-time sizes that these inputs settle."""
    sizes: dict[Symbol, int] = {}
    for x, array in arrays.items():
        if len(x.dims) != array.ndim:
            raise ArgumentError(f"{x}:{x.type} got shape {array.shape}")
        for dim, size in zip(x.dims, array.shape, strict=True):
            bind(dim, size, sizes, f"{x}:{x.type} got shape {show_dims(array.shape)}")
    return sizes


def bind(dim, size: int, sizes: dict[Symbol, int], message: str) -> None:
    """Settle one dimension of an input; raises ArgumentError where it contradicts what is known."""
    if isinstance(dim, Integer) and len(dim.terms) == 1:
        (atoms, factor), = dim.terms.items()
        if len(atoms) == 1 and factor == 1 and isinstance(atoms[0], Symbol):
            dim = sizes.setdefault(atoms[0], size)
    if evaluate(dim, sizes) != size:
        raise ArgumentError(message)
