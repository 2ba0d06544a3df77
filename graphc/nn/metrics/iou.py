"""Intersection over union, for classes of pixels."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr, constant
from ...ops.elementwise import logical_and, where
from ...ops.index import one_hot
from ...ops.linalg import matmul
from ...ops.loss import EPSILON
from ...ops.reduce import argmax, sum
from ...ops.shape import broadcast_to, expand_dims, matrix_transpose, reshape
from .metric import REGISTRY, Metric


@REGISTRY.add
class IoU(Metric):
    """True positives over all that is positive, truly or falsely, or ought to be: the mean over the classes
    `target_class_ids`, from a confusion matrix of `num_classes` classes.

    `y_true` and `y_pred` hold class numbers, or, where they are not "sparse", a number for each class on `axis`. Targets of
    the class `ignore_class`, and numbers that are no class, do not count. Weights are whole numbers, unless `dtype` is one
    of floats."""

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name=None, dtype=None,
                 ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1):
        super().__init__(dtype or "int32", name)
        if not all(0 <= k < num_classes for k in target_class_ids):
            raise ArgumentError(f"target_class_ids lie from 0 to {num_classes - 1}; got {list(target_class_ids)}")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_variable((num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        t, p = (reshape(as_expr(y) if sparse else argmax(y, self.axis), -1).astype("int64")
                for y, sparse in ((y_true, self.sparse_y_true), (y_pred, self.sparse_y_pred)))
        counted = logical_and(self._is_class(t), self._is_class(p))
        if self.ignore_class is not None:
            counted = logical_and(counted, t != self.ignore_class)
        weight = as_expr(1 if sample_weight is None else sample_weight).astype(self.dtype)
        weight = broadcast_to(reshape(weight, -1) if weight.ndim else weight, t.dims)
        self.total_cm.assign_add(self._matrix(t, p, where(counted, weight, 0)))

    def _is_class(self, x: Expr) -> Expr:
        return logical_and(x >= 0, x < self.num_classes)

    def _matrix(self, t: Expr, p: Expr, weight: Expr) -> Expr:
        """How much weight target i and output j have in common."""
        rows, columns = (one_hot(x, self.num_classes, dtype=self.dtype) for x in (t, p))
        return matmul(matrix_transpose(rows), columns * expand_dims(weight, -1))

    def result(self):
        own = constant(np.eye(self.num_classes, dtype=self.dtype)[self.target_class_ids])
        hits = sum(own * self.total_cm[self.target_class_ids], 1).astype("float32")
        both = sum(own * (sum(self.total_cm, 0) + sum(self.total_cm, 1)), 1).astype("float32")
        union = both - hits
        there = union > 1e-9
        return sum(where(there, hits / (union + EPSILON), 0)) / (sum(there.astype("float32")) + EPSILON)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes, "target_class_ids": self.target_class_ids,
                "ignore_class": self.ignore_class, "sparse_y_true": self.sparse_y_true, "sparse_y_pred": self.sparse_y_pred,
                "axis": self.axis}

    def _config_without(self, *names: str) -> dict:
        return {key: value for key, value in IoU.get_config(self).items() if key not in names}


@REGISTRY.add
class BinaryIoU(IoU):
    """`IoU` of two classes: outputs from `threshold` on are 1."""

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, as_expr(y_pred).astype("float32") >= self.threshold, sample_weight)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "target_class_ids": self.target_class_ids,
                "threshold": self.threshold}


@REGISTRY.add
class MeanIoU(IoU):
    """`IoU` over all classes."""

    def __init__(self, num_classes: int, name=None, dtype=None, ignore_class: int | None = None, sparse_y_true: bool = True,
                 sparse_y_pred: bool = True, axis: int = -1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("target_class_ids")


@REGISTRY.add
class OneHotIoU(IoU):
    """`IoU` of one-hot targets, and outputs with a number for each class."""

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name=None, dtype=None,
                 ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("sparse_y_true")


@REGISTRY.add
class OneHotMeanIoU(MeanIoU):
    """`OneHotIoU` over all classes."""

    def __init__(self, num_classes: int, name=None, dtype=None, ignore_class: int | None = None, sparse_y_pred: bool = False,
                 axis: int = -1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("target_class_ids", "sparse_y_true")


__all__ = ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]
