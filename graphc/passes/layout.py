"""Layout: copies where a kernel cannot read its operands as they lie."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ir.graph import Graph, rebuilt
from ..ir.op import Kernel
from ..ir.registry import lookup
from ..ir.types import show_dims
from ..ops.rearrange import counts_operands
from .kernels import is_row_major
from .strides import matrices


def layout(graph: Graph) -> Graph:
    """The graph with an explicit copy of each operand of a matmul whose batches have no single stride, and of each of many
    joined arrays that is not in memory of its own."""
    return graph.rewrite(_laid_out)


def _laid_out(node: Expr) -> Expr:
    if node.op.name == "concat" and counts_operands(node.inputs, node.attrs["axis"]):
        return rebuilt(node, tuple(x if is_row_major(x) else lookup("copy")(x, use="concat") for x in node.inputs))
    if not (isinstance(node.op.lower, Kernel) and node.op.lower.strided) or matrices(node) is not None:
        return node
    batch = node.dims[:-2]
    broadcast_to, copy = lookup("broadcast_to"), lookup("copy")
    return rebuilt(node, tuple(
        copy(x if x.dims[:-2] == batch else broadcast_to(x, shape=batch + x.dims[-2:]), use=f"matmul {show_dims(batch)}")
        for x in node.inputs))
