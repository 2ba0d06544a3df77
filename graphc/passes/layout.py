"""Layout: copies where a kernel cannot read its operands as they lie."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ir.graph import Graph, rebuilt
from ..ir.op import Kernel
from ..ir.registry import lookup
from ..ir.types import show_dims
from .strides import matrices


def layout(graph: Graph) -> Graph:
    """The graph with an explicit copy of each operand of a matmul whose batches have no single stride."""
    return graph.rewrite(_laid_out)


def _laid_out(node: Expr) -> Expr:
    if not (isinstance(node.op.lower, Kernel) and node.op.lower.strided) or matrices(node) is not None:
        return node
    batch = node.dims[:-2]
    broadcast_to, copy = lookup("broadcast_to"), lookup("copy")
    return rebuilt(node, tuple(
        copy(x if x.dims[:-2] == batch else broadcast_to(x, shape=batch + x.dims[-2:]), use=f"matmul {show_dims(batch)}")
        for x in node.inputs))
