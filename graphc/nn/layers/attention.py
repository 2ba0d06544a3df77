"""Attention: of values, those whose keys go with a query."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops import PUBLIC_NAMES as ops
from .arguments import one_of
from .layer import Layer

FAR = {"float16": 65504.0}
FAR_ELSE = 1e9
"""What is taken from the scores of what must not be seen."""


def causal_mask(query: Expr, value: Expr) -> Expr:
    """Step t sees the steps up to t: ``[1, T, S]``, T and S the sizes of axis 1."""
    return _step(query, 2) >= _step(value, 1)


def window_mask(query: Expr, value: Expr, width: int) -> Expr:
    """Step t sees the steps less than `width` away: ``[1, T, S]``."""
    return ops["abs"](_step(query, 2) - _step(value, 1)) < width


def _step(x: Expr, axis: int) -> Expr:
    """The number of each step of x, with an axis of size 1 in front and one as `axis`."""
    return ops["expand_dims"](ops["arange"](x.dims[1]), (0, axis))


class Attention(Layer):
    """``softmax(scores(query, key)) @ value``, called on ``[query, value]`` or ``[query, value, key]``; without a key, the
    value is its own (Luong, Pham and Manning, 2015).

    query ``[n, T, d]``, value ``[n, S, e]`` and key ``[n, S, d]`` give ``[n, T, e]``, and with `return_attention_scores` the
    scores ``[n, T, S]`` after softmax. Scores are dot products, times a weight with `use_scale`; with `score_mode` "concat",
    ``w * sum(tanh(scale * (query + key)))``. Where the mask of the query is false, the result is 0; where that of the value
    is, nothing is seen. With `use_causal_mask`, a step sees none after it. `dropout` drops scores in training."""

    def __init__(self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: int | None = None,
                 **kwargs):
        super().__init__(**kwargs)
        self.use_scale, self.score_mode = use_scale, one_of("score_mode", score_mode, "dot", "concat")
        self.dropout, self.seed = dropout, seed
        self.supports_masking = True

    def build(self, input_shape):
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        self._check(inputs, mask)
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self._scores(query, key)
        seen = None if value_mask is None else ops["expand_dims"](as_expr(value_mask).astype("bool"), -2)
        if use_causal_mask:
            before = causal_mask(query, key)
            seen = before if seen is None else seen & before
        if seen is not None:
            scores = ops["where"](seen, scores, scores - FAR.get(str(scores.dtype), FAR_ELSE))
        weights = ops["softmax"](scores)
        kept = ops["dropout"](weights, self.dropout, seed=self.seed) if training and self.dropout else weights
        result = ops["matmul"](kept, value)
        if query_mask is not None:
            result = ops["where"](ops["expand_dims"](as_expr(query_mask).astype("bool"), -1), result, 0)
        return (result, weights) if return_attention_scores else result

    def _scores(self, query: Expr, key: Expr) -> Expr:
        """How much each query ``[n, T, d]`` has to do with each key ``[n, S, d]``: ``[n, T, S]``."""
        if self.concat_score_weight is None:
            products = ops["matmul"](query, ops["swapaxes"](key, -1, -2))
            return products if self.scale is None else products * self.scale
        sums = _every_sum(query, key)
        return self.concat_score_weight * ops["sum"](ops["tanh"](sums if self.scale is None else self.scale * sums), -1)

    def compute_mask(self, inputs, previous_mask=None):
        return None if previous_mask is None else previous_mask[0]

    def _check(self, inputs, mask=None) -> None:
        for what, parts in (("inputs", inputs), ("masks", mask)):
            if parts is not None and not (isinstance(parts, list) and len(parts) in (2, 3)):
                raise ArgumentError(f"{type(self).__name__} takes a list of {what}, for query and value, and perhaps the "
                                    f"key, not {parts!r}")

    def get_config(self):
        return {**super().get_config(), "use_scale": self.use_scale, "score_mode": self.score_mode,
                "dropout": self.dropout, "seed": self.seed}


class AdditiveAttention(Attention):
    """Attention with the scores ``sum(scale * tanh(query + key))``, one scale for each feature; otherwise as `Attention`
    (Bahdanau, Cho and Bengio, 2014)."""

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        self._check(input_shape)
        size = input_shape[0][-1]
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def _scores(self, query, key):
        values = ops["tanh"](_every_sum(query, key))
        return ops["sum"](values if self.scale is None else self.scale * values, -1)

    def get_config(self):
        config = super().get_config()
        del config["score_mode"]
        return config


def _every_sum(query: Expr, key: Expr) -> Expr:
    """Each query plus each key: ``[n, T, S, d]``."""
    return ops["expand_dims"](query, -2) + ops["expand_dims"](key, -3)


__all__ = ["AdditiveAttention", "Attention", "causal_mask", "window_mask"]
