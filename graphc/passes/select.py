"""Kernels as simple as a node allows: convolutions, products and pooling that are something plainer in their sizes.

Each rule is a function from a node to its replacement, or None. `EXACT` rules keep the order of every sum; the others
are in `SUMS`.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping

from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import product
from ..ir.registry import lookup
from ..ir.types import compute_dtype
from ..ops.linalg import stacked_product, total
from ..ops.shape import broadcast_to, reshape, swapaxes

Rule = Callable[[Expr], Expr | None]


def select(graph: Graph) -> Graph:
    """The graph with the plainest op for each of its convolutions, products and poolings."""
    return graph.rewrite(lambda node: _selected(node, EXACT | SUMS))


def select_exactly(graph: Graph) -> Graph:
    """As `select`, where that changes the order of no sum."""
    return graph.rewrite(lambda node: _selected(node, EXACT))


def _selected(node: Expr, rules: Mapping[str, tuple[Rule, ...]]) -> Expr:
    for rule in rules.get(node.op.name, ()):
        if (found := rule(node)) is not None:
            return found
    return node


# ---- convolutions ---------------------------------------------------------------------------------------------------
def _is_pointwise(kernel: tuple, strides: tuple, padding: tuple, groups: int, **_) -> bool:
    """Whether a convolution meets every pixel alone: its kernel has one tap, and moves by one pixel."""
    return product(kernel) == 1 == product(strides) and groups == 1 and not any(low or high for low, high in padding)


def _pointwise_conv(node: Expr) -> Expr | None:
    """Channels times weights, for every pixel: ``[n, h, w, c] @ [1, 1, c, o]``. The product takes all pixels as rows."""
    x, w = node.inputs
    if _is_pointwise(w.dims[:-2], **node.attrs):
        return _product(x, reshape(w, (1,) * (x.ndim - 2) + w.dims[-2:]))


def _pointwise_input_gradient(node: Expr) -> Expr | None:
    """The convolution with the transposed weights."""
    g, w = node.inputs
    if _is_pointwise(w.dims[:-2], **node.attrs):
        return _product(g, swapaxes(reshape(w, (1,) * (g.ndim - 2) + w.dims[-2:]), -1, -2))


def _pointwise_weight_gradient(node: Expr) -> Expr | None:
    """Channels times gradients, summed over all pixels: ``[1, 1, c, pixels] @ [1, 1, pixels, o]``."""
    if _is_pointwise(**node.attrs):
        x, g = (reshape(x, (1,) * (x.ndim - 2) + (product(x.dims[:-1]), x.dims[-1])) for x in node.inputs)
        return _product(swapaxes(x, -1, -2), g)


# ---- products -------------------------------------------------------------------------------------------------------
def _product(a: Expr, b: Expr) -> Expr:
    y = stacked_product(a, b)
    outer = _outer_product(y)
    return y if outer is None else outer


def _outer_product(node: Expr) -> Expr | None:
    """A column times a row is a multiplication, which fuses with its neighbours: sums of one term need no tile."""
    a, b = node.inputs
    if a.dims[-1] == 1 == b.dims[-2]:
        return a * b


def _inner_product(node: Expr) -> Expr | None:
    """A row times a column is a sum; a tile would use one of its lanes."""
    a, b = node.inputs
    if node.dims[-2:] == (1, 1):
        return reshape(_sum_of_products(a, swapaxes(b, -1, -2), -1), node.dims)


def _matrix_times_vector(node: Expr) -> Expr | None:
    """A matrix times a column is a sum along rows, at the speed of memory; or down columns if what lies in memory is the
    transposed matrix. A row times a matrix fills the lanes of a tile: it becomes a sum only if that runs along rows."""
    a, b = node.inputs
    if product(node.dims[:-2]) != 1:
        return None
    if node.dims[-1] == 1:
        terms = (_transposed(a), b, -2) if _is_transposed(a) else (a, swapaxes(b, -1, -2), -1)
    elif node.dims[-2] == 1 and _is_transposed(b):
        terms = a, _transposed(b), -1
    else:
        return None
    return reshape(_sum_of_products(*terms), node.dims)


def _is_transposed(x: Expr) -> bool:
    return x.op.name == "permute_dims" and x.attrs["axes"] == (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def _transposed(x: Expr) -> Expr:
    return x.inputs[0]


def _sum_of_products(a: Expr, b: Expr, axis: int) -> Expr:
    kind = compute_dtype(a.dtype)
    return total(a.astype(kind) * b.astype(kind), (axis,)).astype(a.dtype)


# ---- pooling --------------------------------------------------------------------------------------------------------
def _is_global(spatial: tuple, window: tuple, padding: tuple, **_) -> bool:
    """Whether there is one window, the whole."""
    return tuple(spatial) == window and not any(low or high for low, high in padding)


def _global_pool(fold: str) -> Rule:
    """A fold over all pixels: it fuses with what makes them, and with what follows."""
    def rule(node: Expr) -> Expr | None:
        x, = node.inputs
        if _is_global(x.dims[1:-1], **node.attrs):
            return reshape(lookup(fold)(x, axes=tuple(range(1, x.ndim - 1))), node.dims)
    return rule


def _global_transpose(node: Expr) -> Expr | None:
    """Every pixel gets the gradient of the one window: no memory at all."""
    if _is_global(**node.attrs):
        return broadcast_to(node.inputs[0], node.dims)


def _subsampled(node: Expr) -> Expr | None:
    """Windows of one element pick: a strided view."""
    x, attrs = node.inputs[0], node.attrs
    if product(attrs["window"]) == 1 and not any(low or high for low, high in attrs["padding"]):
        return x[(slice(None), *(slice(None, None, s) for s in attrs["strides"]))]


EXACT: dict[str, tuple[Rule, ...]] = {
    "conv": (_pointwise_conv,),
    "conv_input_gradient": (_pointwise_input_gradient,),
    "conv_weight_gradient": (_pointwise_weight_gradient,),
    "matmul": (_outer_product,),
    "max_pool": (_subsampled, _global_pool("max")),
    "sum_pool": (_subsampled,),
    "sum_pool_transpose": (_global_transpose,),
}

SUMS: dict[str, tuple[Rule, ...]] = {
    "matmul": (_outer_product, _inner_product, _matrix_times_vector),
    "sum_pool": (_subsampled, _global_pool("sum")),
}
