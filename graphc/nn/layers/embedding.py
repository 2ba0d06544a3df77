"""Sequences of words, and which of their steps count."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.types import is_float
from ...ops.elementwise import where
from ...ops.index import take
from ...ops.reduce import any
from .arguments import positive
from .layer import Layer
from .weighted import WeightedLayer


class Embedding(WeightedLayer):
    """Row ``x[...]`` of a table, for each number of x: ``[...] -> [..., output_dim]``.

    Numbers are 0 to ``input_dim - 1``; others raise IndexOutOfBounds when the program runs. With `mask_zero`, 0 stands for
    no word, and later layers leave such steps out. `weights` are the table's first values."""

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer="uniform", embeddings_regularizer=None,
                 embeddings_constraint=None, mask_zero: bool = False, weights=None, **kwargs):
        kwargs.pop("input_length", None)
        super().__init__(**{"autocast": False, **kwargs})
        self.input_dim, self.output_dim = positive("input_dim", input_dim), positive("output_dim", output_dim)
        self._follow(embeddings_initializer=embeddings_initializer, embeddings_regularizer=embeddings_regularizer,
                     embeddings_constraint=embeddings_constraint)
        self.mask_zero = self.supports_masking = bool(mask_zero)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        if not self.built:
            self.embeddings = self._add("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        numbers = inputs.astype("int32") if is_float(inputs.dtype) or inputs.dtype == bool else inputs
        return take(self.embeddings, numbers, 0).astype(self.compute_dtype)

    def compute_mask(self, inputs, previous_mask=None):
        return inputs != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {"activity_regularizer": None, **super().get_config(), "input_dim": self.input_dim,
                "output_dim": self.output_dim, "mask_zero": self.mask_zero}


class Masking(Layer):
    """Steps whose features all are `mask_value` do not count, and are set to 0: ``[batch, steps, features]``, or more
    axes."""

    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(mask_value, (int, float, np.number)):
            raise ArgumentError(f"mask_value is a number, not {mask_value!r}")
        self.mask_value = mask_value

    def call(self, inputs):
        return where(any(inputs != self.mask_value, -1, keepdims=True), inputs, 0)

    def compute_mask(self, inputs, previous_mask=None):
        return any(inputs != self.mask_value, -1)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}


__all__ = ["Embedding", "Masking"]
