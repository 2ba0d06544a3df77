"""Functions of keras.ops that apply other functions, or attention: composed of what graphc has."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as g
from .composed import map as over_rows

UNSEEN = -1e9
"""The score of what must not be seen."""


def dot_product_attention(query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None,
                          attn_logits_soft_cap=None) -> Expr:
    """``softmax(scale * query @ key.T + bias) @ value`` for each head: query ``[n, T, heads, d]``, key and value
    ``[n, S, heads, d]``, where several heads of the query may share one of key and value; bias, and mask of what may be
    seen, ``[n, heads, T, S]``. `scale` is ``1 / sqrt(d)`` if nothing is said; with `is_causal`, nothing later is seen."""
    query, key, value = map(as_expr, (query, key, value))
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ShapeError(f"dot_product_attention takes query, key and value of 4 axes, not {query.shape}, {key.shape}, "
                         f"{value.shape}")
    if bias is not None and mask is not None:
        raise ArgumentError("dot_product_attention takes a bias or a mask, not both")
    if query.shape[2] != key.shape[2]:
        key, value = (g["repeat"](x, query.shape[2] // key.shape[2], 2) for x in (key, value))
    scores = g["einsum"]("btnh,bsnh->bnts", query * (scale or 1 / math.sqrt(query.shape[-1])), key)
    scores = scores if bias is None else scores + bias
    if attn_logits_soft_cap is not None:
        scores = attn_logits_soft_cap * g["tanh"](scores / attn_logits_soft_cap)
    seen = None if mask is None else as_expr(mask).astype("bool")
    if is_causal:
        before = g["expand_dims"](g["arange"](query.dims[1]), 1) >= g["arange"](key.dims[1])
        seen = before if seen is None else seen & before
    scores = scores if seen is None else g["where"](seen, scores, UNSEEN)
    return g["einsum"]("bnts,bsnh->btnh", g["softmax"](scores), value)


def switch(index, branches: Sequence[Callable], *operands):
    """``branches[index](*operands)``; beyond the ends, the first or the last. Only that one is computed."""
    if len(branches) == 1:
        return branches[0](*operands)
    first, *others = branches
    return g["cond"](as_expr(index) <= 0, lambda: first(*operands),
                     lambda: switch(as_expr(index) - 1, others, *operands))


def vectorized_map(function: Callable, elements):
    """``function`` of each row, or of the rows of several arrays, and the results as rows."""
    return over_rows(function, elements)


FUNCTIONS = {"dot_product_attention": dot_product_attention, "switch": switch, "vectorized_map": vectorized_map}
"""All of them, by name."""

__all__ = ["FUNCTIONS"]
