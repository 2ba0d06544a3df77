"""Attention of many heads: each sees what it has learned to look for."""
from __future__ import annotations

import math
import string

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from .. import regularizers
from .arguments import per_axis, positive
from .attention import causal_mask, window_mask
from .einsum_dense import EinsumDense
from .weighted import WeightedLayer

UNSEEN = {"float16": -3e4}
UNSEEN_ELSE = -1e9
"""The score of what must not be seen."""


class HeadedAttention(WeightedLayer):
    """What attention of many heads shares: projections to the heads and back, masks, dropout, a gate.

    Called on ``(query, value, key=value)``, ``[n, T, d]`` and ``[n, S, e]``. What may be seen: what `attention_mask`,
    ``[n, T, S]`` or with an axis for the heads, says, and the masks of query, value and key, ``[n, T]`` and ``[n, S]``; with
    `use_causal_mask`, nothing that comes later; with `sliding_window`, nothing as far away as that. A query that may see
    nothing at all gets, as in Keras, the mean of all values; and nothing where there is dropout, where scores are asked for,
    or where attention goes over more than one axis."""

    def __init__(self, dropout: float, use_bias: bool, sliding_window: int | None, use_gate: bool, seed: int | None,
                 activity_regularizer, rules: dict, kwargs: dict):
        super().__init__(**kwargs)
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window = None if sliding_window is None else positive("sliding_window", sliding_window)
        self._follow(**rules)
        self._each_activity = regularizers.get(activity_regularizer)
        self.supports_masking = True

    def _build_heads(self, query, key, value, results: tuple[int, ...], query_shape, value_shape, key_shape) -> None:
        """The projections: to (heads, features) each of query, key and value, and from the heads to `results`."""
        key_shape = key_shape or value_shape
        if any(a != b for a, b in zip(value_shape[1:-1], key_shape[1:-1], strict=True) if None not in (a, b)):
            raise ArgumentError(f"value and key have as many steps each: value {tuple(value_shape)}, key {tuple(key_shape)}")
        self._query_dense = self._projection("query", "...d,dnh->...nh", query, query_shape)
        self._key_dense = self._projection("key", "...d,dnh->...nh", key, key_shape)
        if self.use_gate:
            gate = query[0], value[1]
            self._gate_dense = self._projection("gate", "...d,dnh->...nh", gate, query_shape, "sigmoid")
        self._value_dense = self._projection("value", "...d,dnh->...nh", value, value_shape)
        letters = string.ascii_uppercase[:len(results)]
        self._output_dense = self._projection("attention_output", f"...nh,nh{letters}->...{letters}", results,
                                              (*query_shape[:-1], query[0], value[1]))

    def _projection(self, name: str, equation: str, sizes: tuple[int, ...], input_shape, activation=None) -> EinsumDense:
        rules = {rule: getattr(self, rule) for rule in self._rules}
        bias_axes = equation.rpartition("...")[2] if self.use_bias else None
        dense = EinsumDense(equation, sizes, activation, bias_axes, activity_regularizer=self._each_activity,
                            dtype=self.dtype_policy, name=name, **rules)
        dense.supports_masking = True
        dense.build(input_shape)
        return dense

    def call(self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None, attention_mask=None,
             return_attention_scores=False, training=False, use_causal_mask=False):
        key = value if key is None else key
        masks = [None if m is None else ops["expand_dims"](as_expr(m).astype("bool"), axis) for m, axis in
                 ((query_mask, -1), (value_mask, -2), (key_mask, -2))]
        masks += [causal_mask(query, value)] if use_causal_mask else []
        masks += [] if self.sliding_window is None else [window_mask(query, value, self.sliding_window)]
        masks += [None if attention_mask is None else as_expr(attention_mask).astype("bool")]
        result, scores = self._attend(self._query_dense(query), self._key_dense(key), self._value_dense(value),
                                      _all([m for m in masks if m is not None]), training, return_attention_scores)
        result = self._output_dense(result * self._gate_dense(query) if self.use_gate else result)
        return (result, scores) if return_attention_scores else result

    def _attend(self, query: Expr, key: Expr, value: Expr, mask: Expr | None, training: bool,
                with_scores: bool) -> tuple[Expr, Expr]:
        """The heads' results, and the scores, of projected queries, keys and values."""
        raise NotImplementedError

    def _dropped(self, scores: Expr, training: bool) -> Expr:
        return ops["dropout"](scores, self.dropout, seed=self.seed) if training and self.dropout else scores

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout, "use_bias": self.use_bias, "use_gate": self.use_gate,
                "sliding_window": self.sliding_window, "seed": self.seed,
                "activity_regularizer": regularizers.serialize(self._each_activity)}


class MultiHeadAttention(HeadedAttention):
    """For each of `num_heads` heads ``softmax(q @ k.T / sqrt(key_dim)) @ v``, where q, k and v are projections of query, key
    and value to `key_dim`, `key_dim` and `value_dim` features; then a projection of all heads to `output_shape`, the
    query's features if nothing is said (Vaswani et al., "Attention is all you need", 2017).

    ``[n, T, d] -> [n, T, d]``, with `return_attention_scores` also the scores ``[n, heads, T, S]``. Inputs may have more
    axes; attention goes over `attention_axes`, all between the first and the last if nothing is said. With `use_gate`, each
    head's result is multiplied by a sigmoid of the query's projection. `HeadedAttention` says what masks do."""

    def __init__(self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0,
                 use_bias: bool = True, output_shape=None, attention_axes=None, sliding_window: int | None = None,
                 flash_attention=None, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, use_gate: bool = False, seed: int | None = None, **kwargs):
        super().__init__(dropout, use_bias, sliding_window, use_gate, seed, activity_regularizer, {
            "kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer, "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint, "bias_constraint": bias_constraint}, kwargs)
        self.num_heads, self.key_dim = positive("num_heads", num_heads), positive("key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else positive("value_dim", value_dim)
        self._output_shape = None if not output_shape else _sizes(output_shape)
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        if not (attention_axes is None or isinstance(self.attention_axes, (list, tuple))):
            raise ArgumentError(f"attention_axes is an int or a list of them, not {attention_axes!r}")

    def build(self, query_shape, value_shape, key_shape=None):
        self._build_heads((self.num_heads, self.key_dim), (self.num_heads, self.key_dim), (self.num_heads, self.value_dim),
                          self._output_shape or (query_shape[-1],), query_shape, value_shape, key_shape)

    def _attend(self, query, key, value, mask, training, with_scores):
        axes = self._axes(query.ndim - 1)
        dot, combine = _equations(query.ndim, axes)
        scores = ops["einsum"](dot, key, query * (1 / math.sqrt(self.key_dim)))
        scores = _masked_softmax(scores, mask, len(axes), with_scores or self.dropout > 0 or query.ndim != 4)
        return ops["einsum"](combine, self._dropped(scores, training), value), scores

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes of attention, for inputs of this rank."""
        return tuple(a % rank for a in self.attention_axes) if self.attention_axes else tuple(range(1, rank - 1))

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "key_dim": self.key_dim, "value_dim": self.value_dim,
                "output_shape": self._output_shape, "attention_axes": self.attention_axes}


class GroupQueryAttention(HeadedAttention):
    """Attention of `num_query_heads` heads, of which each `num_query_heads / num_key_value_heads` share their keys and
    values; otherwise as `MultiHeadAttention` over one axis (Ainslie et al., "GQA", 2023)."""

    def __init__(self, head_dim: int, num_query_heads: int, num_key_value_heads: int, dropout: float = 0.0,
                 use_bias: bool = True, sliding_window: int | None = None, flash_attention=None,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None,
                 use_gate: bool = False, seed: int | None = None, **kwargs):
        super().__init__(dropout, use_bias, sliding_window, use_gate, seed, activity_regularizer, {
            "kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer, "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint, "bias_constraint": bias_constraint}, kwargs)
        self.head_dim, self.num_query_heads = positive("head_dim", head_dim), positive("num_query_heads", num_query_heads)
        self.num_key_value_heads = positive("num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ArgumentError(f"{num_query_heads} query heads cannot share {num_key_value_heads} heads of keys evenly")

    def build(self, query_shape, value_shape, key_shape=None):
        query, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self._build_heads(query, shared, shared, (query_shape[-1],), query_shape, value_shape, key_shape)

    def _attend(self, query, key, value, mask, training, with_scores):
        n, steps, _, size = query.dims
        shared = self.num_query_heads // self.num_key_value_heads
        query = ops["reshape"](query, (n, steps, self.num_key_value_heads, shared, size)) * (1 / math.sqrt(self.head_dim))
        scores = ops["einsum"]("btgrh,bsgh->bgrts", query, key)
        scores = ops["reshape"](scores, (n, self.num_query_heads, steps, key.dims[1]))
        scores = _masked_softmax(scores, mask, 1, with_scores or self.dropout > 0)
        kept = ops["reshape"](self._dropped(scores, training),
                              (n, self.num_key_value_heads, shared, steps, key.dims[1]))
        result = ops["einsum"]("bgrts,bsgh->btgrh", kept, value)
        return ops["reshape"](result, (n, steps, self.num_query_heads, size)), scores

    def get_config(self):
        return {**super().get_config(), "head_dim": self.head_dim, "num_query_heads": self.num_query_heads,
                "num_key_value_heads": self.num_key_value_heads}


def _equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """The sums that make scores of keys and queries, and results of scores and values, all of this rank: batch axes, heads
    and features; over `axes` the queries' steps are others than the keys'."""
    query = string.ascii_lowercase[:rank]
    key = "".join(c.upper() if k in axes else c for k, c in enumerate(query))
    batch = [k for k in range(rank - 1) if k not in axes]
    scores = "".join([*(query[k] for k in batch), *(query[k] for k in axes), *(key[k] for k in axes)])
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"


def _masked_softmax(scores: Expr, mask: Expr | None, axes: int, empty: bool) -> Expr:
    """Softmax over the last `axes` axes, of what the mask leaves; 0 elsewhere. Where it leaves nothing, scores are 0 if they
    may be `empty`, else equal. A mask gets axes of size 1 for the heads."""
    over = tuple(range(-axes, 0))
    if mask is None:
        return ops["softmax"](scores, over)
    while mask.ndim < scores.ndim:
        mask = ops["expand_dims"](mask, -2 * axes - 1)
    hidden = UNSEEN.get(str(scores.dtype), UNSEEN_ELSE)
    found = ops["softmax"](ops["where"](mask, scores, hidden), over)
    return ops["where"](mask, found, 0) if empty else found


def _all(masks: list[Expr]) -> Expr | None:
    """What all of them leave."""
    found = masks[0] if masks else None
    for mask in masks[1:]:
        found = found & mask
    return found


def _sizes(output_shape) -> tuple[int, ...]:
    sizes = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
    return per_axis("output_shape", sizes, len(sizes))


__all__ = ["GroupQueryAttention", "MultiHeadAttention"]
