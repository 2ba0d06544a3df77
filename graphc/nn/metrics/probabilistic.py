"""How surprising targets are to a model."""
from __future__ import annotations

from .. import losses
from .metric import FUNCTIONS, REGISTRY
from .reduction import MeanMetricWrapper

for function in (losses.binary_crossentropy, losses.binary_focal_crossentropy, losses.categorical_crossentropy,
                 losses.categorical_focal_crossentropy, losses.sparse_categorical_crossentropy, losses.kl_divergence,
                 losses.poisson):
    FUNCTIONS.add(function)


@REGISTRY.add("bce", "BCE")
class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of -(t * log(p) + (1 - t) * log(1 - p))."""

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits: bool = False, label_smoothing: float = 0):
        super().__init__(losses.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


@REGISTRY.add
class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of -sum(t * log(p)) over the classes on `axis`."""

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits: bool = False, label_smoothing: float = 0,
                 axis: int = -1):
        super().__init__(losses.categorical_crossentropy, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


@REGISTRY.add
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of -log(p[y_true]), the classes on `axis`. Targets of the class `ignore_class` count as 0 if there are no
    weights, and not at all if there are."""

    def __init__(self, name="sparse_categorical_crossentropy", dtype=None, from_logits: bool = False,
                 ignore_class: int | None = None, axis: int = -1):
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)


@REGISTRY.add("kld", "KLD")
class KLDivergence(MeanMetricWrapper):
    """The mean of sum(t * log(t / p))."""

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name, dtype)


@REGISTRY.add
class Poisson(MeanMetricWrapper):
    """The mean of p - t * log(p)."""

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype)


__all__ = ["BinaryCrossentropy", "CategoricalCrossentropy", "KLDivergence", "Poisson", "SparseCategoricalCrossentropy"]
