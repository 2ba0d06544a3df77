"""How often a model is right."""
from __future__ import annotations

from ...ir.errors import ArgumentError, ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import is_integer, show_dims
from ...ops.elementwise import isfinite, logical_and
from ...ops.loss import chosen
from ...ops.reduce import any, argmax, sum
from ...ops.shape import expand_dims, reshape, squeeze
from ..eager import eager_function
from ..losses.alignment import same_rank
from .metric import FUNCTIONS, REGISTRY
from .reduction import MeanMetricWrapper


# ---- functions ------------------------------------------------------------------------------------------------------
@FUNCTIONS.add
@eager_function
def accuracy(y_true, y_pred) -> Expr:
    """1 where `y_true` equals `y_pred`, else 0."""
    t, p = same_rank(as_expr(y_true), as_expr(y_pred))
    return (t.astype(p.dtype) == p).astype("float32")


@FUNCTIONS.add
@eager_function
def binary_accuracy(y_true, y_pred, threshold: float = 0.5) -> Expr:
    """1 where `y_true` is 1 and `y_pred` above the threshold, or 0 and not above it; else 0."""
    t, p = same_rank(as_expr(y_true), as_expr(y_pred))
    return (t == (p > threshold).astype(t.dtype)).astype("float32")


@FUNCTIONS.add
@eager_function
def categorical_accuracy(y_true, y_pred) -> Expr:
    """1 where the likeliest class, on the last axis, is that of the one-hot target; else 0."""
    _check_ranks("categorical_accuracy", y_true, y_pred, 0)
    return (argmax(y_true, -1) == argmax(y_pred, -1)).astype("float32")


@FUNCTIONS.add
@eager_function
def sparse_categorical_accuracy(y_true, y_pred) -> Expr:
    """1 where the likeliest class, on the last axis, is the label, a class number; else 0."""
    t = _labels("sparse_categorical_accuracy", y_true, y_pred)
    matches = (argmax(y_pred, -1).astype(t.dtype) == t).astype("float32")
    return squeeze(matches, -1) if matches.ndim > 1 and matches.dims[-1] == 1 else matches


@FUNCTIONS.add
@eager_function
def top_k_categorical_accuracy(y_true, y_pred, k: int = 5) -> Expr:
    """1 where the class of the one-hot target is among the `k` likeliest, else 0."""
    _check_ranks("top_k_categorical_accuracy", y_true, y_pred, 0)
    return _in_top_k(argmax(y_true, -1), y_pred, k)


@FUNCTIONS.add
@eager_function
def sparse_top_k_categorical_accuracy(y_true, y_pred, k: int = 5, from_sorted_ids: bool = False) -> Expr:
    """1 where the label, a class number, is among the `k` likeliest classes, else 0. With `from_sorted_ids`, `y_pred` holds
    class numbers, the likeliest first."""
    t = _labels("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if from_sorted_ids:
        matches = any(expand_dims(t, -1) == y_pred[..., :k], -1).astype("float32")
    else:
        matches = _in_top_k(t if is_integer(t.dtype) else t.astype("int64"), y_pred, k)
    return reshape(matches, y_true.dims)


def _in_top_k(t: Expr, p: Expr, k: int) -> Expr:
    """Fewer than `k` classes are likelier than the label's; equal ones do not count."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ArgumentError(f"k is a number of classes, at least 1, not {k!r}")
    own = chosen(t, p, p.ndim - 1)
    ahead = sum(p > expand_dims(own, -1), -1) < k
    known = logical_and(t >= 0, t < as_expr(p.dims[-1]))
    return logical_and(logical_and(ahead, known), isfinite(own)).astype("float32")


def _labels(name: str, t: Expr, p: Expr) -> Expr:
    if t.ndim == p.ndim and t.dims[-1] == 1:
        return squeeze(t, -1)
    _check_ranks(name, t, p, 1)
    return t


def _check_ranks(name: str, t: Expr, p: Expr, fewer: int) -> None:
    if p.ndim < 1 or t.ndim != p.ndim - fewer:
        expected = "has the axes of y_pred but the last, or size 1 there" if fewer else "has the axes of y_pred"
        raise ShapeError(f"{name}: y_true of shape {show_dims(t.dims)} for y_pred of shape {show_dims(p.dims)}; it "
                         f"{expected}")


# ---- metrics --------------------------------------------------------------------------------------------------------
@REGISTRY.add
class Accuracy(MeanMetricWrapper):
    """How often outputs equal targets."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


@REGISTRY.add
class BinaryAccuracy(MeanMetricWrapper):
    """How often outputs are on the targets' side of a threshold."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold: float = 0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


@REGISTRY.add
class CategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is that of the one-hot target."""

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


@REGISTRY.add
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the likeliest class is the label, a class number."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


@REGISTRY.add
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the one-hot target is among the `k` likeliest."""

    def __init__(self, k: int = 5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


@REGISTRY.add
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the label, a class number, is among the `k` likeliest classes."""

    def __init__(self, k: int = 5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids: bool = False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)


__all__ = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy",
           "TopKCategoricalAccuracy", "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy",
           "sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy"]
