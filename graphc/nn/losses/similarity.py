"""Losses of embeddings: equal labels near each other, others apart."""
from __future__ import annotations

from ...ir.errors import ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import show_dims
from ...ops.activation import softplus
from ...ops.creation import arange
from ...ops.elementwise import logical_and, logical_not, maximum, stop_gradient, where
from ...ops.linalg import matmul
from ...ops.reduce import logsumexp
from ...ops.shape import matrix_transpose, reshape
from ..eager import eager_function
from ..trace import Trace
from .alignment import floats
from .loss import REGISTRY, FunctionLoss


@REGISTRY.add
@eager_function
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal: bool = True, gamma: float = 80,
           margin: float = 0.4) -> Expr:
    """The circle loss of unit vectors `y_pred` (n, d) with class numbers `y_true` (Sun et al., 2020), of each against all,
    or against `ref_embeddings` of `ref_labels`; with `remove_diagonal` not against itself. Rows with the loss 0 do not
    count in a mean."""
    _, p = floats(0, y_pred)
    if p.ndim != 2:
        raise ShapeError(f"circle: y_pred is of shape (samples, features), not {show_dims(p.dims)}")
    references = p if ref_embeddings is None else floats(0, ref_embeddings)[1]
    labels = y_true if ref_labels is None else as_expr(ref_labels)
    distance = maximum(1 - matmul(p, matrix_transpose(references)), 0)
    same = _row(y_true, 1) == _row(labels, 0)
    near = logical_and(same, _others(distance)) if remove_diagonal else same
    pull = -gamma * maximum(margin + distance, 0) * (margin - distance)
    push = gamma * maximum(1 + margin - distance, 0) * (1 - margin - distance)
    loss = softplus(_soft_maximum(pull, near) + _soft_maximum(push, logical_not(same)))
    if Trace.active() is not None:
        Trace.active().masks[loss] = stop_gradient(loss) > 0
    return loss


def _row(labels: Expr, axis: int) -> Expr:
    """The labels as whole numbers, alone on the other of two axes."""
    return reshape(labels.astype("int32"), (1, -1) if axis == 0 else (-1, 1))


def _others(distance: Expr) -> Expr:
    rows, columns = (arange(n, dtype="int32") for n in distance.dims)
    return _row(rows, 1) != _row(columns, 0)


def _soft_maximum(x: Expr, counted: Expr) -> Expr:
    return logsumexp(where(counted, x, -float("inf")), 1)


@REGISTRY.add
class Circle(FunctionLoss):
    """`circle` as a loss."""

    def __init__(self, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True,
                 reduction="sum_over_batch_size", name="circle", dtype=None):
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)


__all__ = ["Circle", "circle"]
