"""Constant folding: what depends on constants alone is computed once, by the interpreter."""
from __future__ import annotations

from ..interpreter import interpret
from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import Integer
from ..ir.leaves import constant
from ..ir.loop import is_loop
from .rules import rewrite

LARGEST = 1 << 16
"""Bytes of a result that is larger than its operands, at most. A stretched scalar is never written out."""

_LEFT = frozenset(("broadcast_to", "custom"))


def fold(graph: Graph) -> Graph:
    """The graph with constants for the nodes whose operands are constants."""
    return rewrite(graph, lambda node: (folded,) if node.inputs else ())


def folded(node: Expr) -> Expr | None:
    """The constant that `node` is, or None."""
    if any(x.op.name != "constant" for x in node.inputs) or node.op.name in _LEFT or "stream" in node.attrs or is_loop(node):
        return None
    if not _is_known(node):
        return None
    if node.type.nbytes > max(LARGEST, *(x.type.nbytes for x in node.inputs)):
        return None
    return constant(interpret([], node, []), node.dtype)


def _is_known(node: Expr) -> bool:
    return not any(isinstance(d, Integer) for d in node.dims) and not any(map(_is_unknown, node.attrs.values()))


def _is_unknown(value) -> bool:
    return any(map(_is_unknown, value)) if isinstance(value, tuple) else isinstance(value, Integer)
