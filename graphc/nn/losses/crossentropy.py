"""Cross-entropies: how surprising targets are to a model that gives probabilities.

Outputs are probabilities, or logits if the arguments say so. Outputs that a softmax (or sigmoid) has just made count by the
logits that it was given: the loss keeps its slope where a probability rounds to 0 or 1. Other probabilities are clipped to
[1e-7, 1 - 1e-7]."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import as_axis, is_integer
from ...ops import loss as functions
from ...ops.activation import sigmoid
from ...ops.elementwise import clip, log, pow, where
from ...ops.loss import EPSILON
from ...ops.reduce import mean, sum
from ...ops.shape import expand_dims, squeeze
from ...ops.softmax import log_softmax, softmax, softmax_operand
from ..eager import eager_function
from ..trace import Trace
from .alignment import floats, operands
from .loss import REGISTRY, FunctionLoss


# ---- functions ------------------------------------------------------------------------------------------------------
@REGISTRY.add("bce", "BCE")
@eager_function
def binary_crossentropy(y_true, y_pred, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Expr:
    """-mean(t * log(p) + (1 - t) * log(1 - p)) over `axis`; `label_smoothing` s draws targets t to 1/2:
    t * (1 - s) + s / 2."""
    t, x, logits = _binary("binary_crossentropy", y_true, y_pred, from_logits, label_smoothing)
    return mean(functions.binary_crossentropy(t, x, logits), axis)


@REGISTRY.add
@eager_function
def binary_focal_crossentropy(y_true, y_pred, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
                              from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Expr:
    """The mean of (1 - q)**gamma times the binary cross-entropy, where q is the probability of what is true: what is easy
    counts less (Lin et al., 2017). With `apply_class_balancing`, class 1 counts `alpha` and class 0 1 - `alpha`."""
    t, x, logits = _binary("binary_focal_crossentropy", y_true, y_pred, from_logits, label_smoothing)
    p = sigmoid(x) if logits else x
    missing = 1 - (t * p + (1 - t) * (1 - p))
    loss = pow(missing, gamma) * functions.binary_crossentropy(t, x, logits)
    return mean((t * alpha + (1 - t) * (1 - alpha)) * loss if apply_class_balancing else loss, axis)


@REGISTRY.add
@eager_function
def categorical_crossentropy(y_true, y_pred, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Expr:
    """-sum(t * log(p)) over the classes on `axis`; `label_smoothing` s draws targets t to 1/n for n classes:
    t * (1 - s) + s / n."""
    t, x, logits = _categorical(y_true, y_pred, from_logits, label_smoothing, axis)
    return functions.categorical_crossentropy(t, x, logits, axis)


@REGISTRY.add
@eager_function
def categorical_focal_crossentropy(y_true, y_pred, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
                                   label_smoothing: float = 0.0, axis: int = -1) -> Expr:
    """-alpha * sum((1 - p)**gamma * t * log(p)) over the classes on `axis`: what is easy counts less (Lin et al., 2017)."""
    t, x, logits = _categorical(y_true, y_pred, from_logits, label_smoothing, axis)
    t, x = operands("categorical_focal_crossentropy", t, x)
    p = clip(softmax(x, axis) if logits else x / sum(x, axis, keepdims=True), EPSILON, 1 - EPSILON)
    return -alpha * sum(pow(1 - p, gamma) * t * (log_softmax(x, axis) if logits else log(p)), axis)


@REGISTRY.add
@eager_function
def sparse_categorical_crossentropy(y_true, y_pred, from_logits: bool = False, ignore_class: int | None = None,
                                    axis: int = -1) -> Expr:
    """-log(p[y_true]), the classes on `axis`: `categorical_crossentropy` for class numbers.

    Targets of the class `ignore_class` have the loss 0 and do not count in a mean. A number that is no class has the loss
    NaN. `y_true` has the shape of `y_pred` without `axis`, or with size 1 there."""
    _, p = floats(0, y_pred)
    x, logits = _logits(p, from_logits, axis)
    t = _class_numbers(as_expr(y_true), x, as_axis(axis, x.ndim))
    if ignore_class is None:
        return functions.sparse_categorical_crossentropy(t, x, logits, axis)
    valid = t != ignore_class
    kept = where(expand_dims(valid, as_axis(axis, x.ndim)), x, 1)
    loss = functions.sparse_categorical_crossentropy(where(valid, t, 0), kept, logits, axis)
    loss = where(valid, loss, 0)
    if Trace.active() is not None:
        Trace.active().masks[loss] = valid
    return loss


@REGISTRY.add
@eager_function
def categorical_generalized_cross_entropy(y_true, y_pred, q: float) -> Expr:
    """(1 - p[y_true]**q) / q for class numbers: robust to wrong labels (Zhang and Sabuncu, 2018)."""
    _, p = floats(0, y_pred)
    t = _class_numbers(as_expr(y_true), p, p.ndim - 1)
    return (1 - pow(functions.chosen(t, p, p.ndim - 1), q)) / q


# ---- parts ----------------------------------------------------------------------------------------------------------
def _binary(name: str, y_true, y_pred, from_logits: bool, smoothing: float) -> tuple[Expr, Expr, bool]:
    """Smoothed targets, outputs, and whether these are logits."""
    t, p = operands(name, y_true, y_pred)
    t = t * (1 - smoothing) + 0.5 * smoothing if smoothing else t
    return (t, p.inputs[0], True) if p.op is sigmoid and not from_logits else (t, p, from_logits)


def _categorical(y_true, y_pred, from_logits: bool, smoothing: float, axis: int) -> tuple[Expr, Expr, bool]:
    t, p = floats(y_true, y_pred)
    classes = as_expr(t.dims[as_axis(axis, t.ndim)]).astype(t.dtype)
    t = t * (1 - smoothing) + smoothing / classes if smoothing else t
    return t, *_logits(p, from_logits, axis)


def _logits(p: Expr, from_logits: bool, axis: int) -> tuple[Expr, bool]:
    """The outputs, as logits where they are known, and whether they are."""
    found = None if from_logits else softmax_operand(p, axis)
    return (p, from_logits) if found is None else (found, True)


def _class_numbers(t: Expr, x: Expr, axis: int) -> Expr:
    t = squeeze(t, axis) if t.ndim == x.ndim and t.dims[axis] == 1 else t
    return t if is_integer(t.dtype) else t.astype("int64")


# ---- losses ---------------------------------------------------------------------------------------------------------
@REGISTRY.add
class BinaryCrossentropy(FunctionLoss):
    """`binary_crossentropy` as a loss."""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction="sum_over_batch_size", name="binary_crossentropy", dtype=None):
        super().__init__(binary_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


@REGISTRY.add
class BinaryFocalCrossentropy(FunctionLoss):
    """`binary_focal_crossentropy` as a loss."""

    def __init__(self, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
                 from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction="sum_over_batch_size", name="binary_focal_crossentropy", dtype=None):
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, apply_class_balancing=apply_class_balancing,
                         alpha=alpha, gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@REGISTRY.add
class CategoricalCrossentropy(FunctionLoss):
    """`categorical_crossentropy` as a loss."""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction="sum_over_batch_size", name="categorical_crossentropy", dtype=None):
        super().__init__(categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         label_smoothing=label_smoothing, axis=axis)


@REGISTRY.add
class CategoricalFocalCrossentropy(FunctionLoss):
    """`categorical_focal_crossentropy` as a loss."""

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                 axis: int = -1, reduction="sum_over_batch_size", name="categorical_focal_crossentropy", dtype=None):
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma,
                         from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@REGISTRY.add
class SparseCategoricalCrossentropy(FunctionLoss):
    """`sparse_categorical_crossentropy` as a loss."""

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None, reduction="sum_over_batch_size",
                 axis: int = -1, name="sparse_categorical_crossentropy", dtype=None):
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, from_logits=from_logits,
                         ignore_class=ignore_class, axis=axis)


@REGISTRY.add
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """`categorical_generalized_cross_entropy` as a loss, with 0 < q < 1."""

    def __init__(self, q: float = 0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy",
                 dtype=None):
        if not 0 < q < 1:
            raise ArgumentError(f"q lies between 0 and 1, not {q!r}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


__all__ = ["BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
           "CategoricalGeneralizedCrossEntropy", "SparseCategoricalCrossentropy", "binary_crossentropy",
           "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
           "categorical_generalized_cross_entropy", "sparse_categorical_crossentropy"]
