"""What losses are compared on: names, options, targets, outputs and weights."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import graphc
from graphc.nn import losses

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)
RNG = np.random.default_rng(0)


@dataclass
class Case:
    """One call of a loss."""

    name: str
    y_true: np.ndarray
    y_pred: np.ndarray
    weight: Any = None
    options: dict = field(default_factory=dict)

    def __str__(self) -> str:
        given = "-".join(f"{key}={value}" for key, value in self.options.items())
        weight = "" if self.weight is None else f"-weights{np.shape(self.weight)}"
        return f"{self.name}-{self.y_true.shape}{self.y_pred.shape}{weight}-{given}"

    def ours(self) -> tuple[np.ndarray, np.ndarray]:
        """The loss, and the gradient of its sum with respect to the outputs, in NumPy."""
        values = [self.y_true, self.y_pred, *([] if self.weight is None else [np.asarray(self.weight)])]
        inputs = [graphc.placeholder(tuple(None if k == 0 else n for k, n in enumerate(x.shape)), x.dtype) for x in values]
        loss = getattr(losses, self.name)(**self.options)(*inputs)
        results = graphc.interpret(inputs, [loss, graphc.grad(graphc.sum(loss), inputs[1])], values)
        return tuple(map(np.asarray, results))


def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Numbers between 0 and 1, or others."""
    return RNG.uniform(low, high, shape).astype("float32")


def labels(*shape: int, classes: int = 4) -> np.ndarray:
    """Class numbers."""
    return RNG.integers(0, classes, shape)


def one_hot(*shape: int, classes: int = 4, axis: int = -1) -> np.ndarray:
    """Class numbers as rows of zeros and a one."""
    return np.moveaxis(np.eye(classes, dtype="float32")[labels(*shape, classes=classes)], -1, axis).copy()


def answers(*shape: int) -> np.ndarray:
    """Zeros and ones."""
    return RNG.integers(0, 2, shape)


ELEMENTWISE = ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError",
               "LogCosh", "Huber", "CosineSimilarity", "KLDivergence", "Poisson", "BinaryCrossentropy",
               "BinaryFocalCrossentropy", "CategoricalHinge")
OVERLAPS = ("Dice", "Tversky")


def elementwise_cases() -> list[Case]:
    """Every reduction with every shape of weights, every rank."""
    found = []
    for name in ELEMENTWISE:
        found += [Case(name, uniform(6, 3), uniform(6, 3), weight, {"reduction": reduction})
                  for reduction in REDUCTIONS for weight in (None, uniform(6), uniform(6, 1), np.float32(2))]
        found += [Case(name, uniform(6), uniform(6, 1)), Case(name, uniform(6, 1), uniform(6), uniform(6)),
                  Case(name, uniform(4, 5, 3), uniform(4, 5, 3), uniform(4, 5)),
                  Case(name, uniform(4, 5, 3), uniform(4, 5, 3), uniform(4, 1))]
    for name in OVERLAPS:
        found += [Case(name, uniform(6, 3), uniform(6, 3), None, {"reduction": reduction}) for reduction in REDUCTIONS]
        found += [Case(name, uniform(4, 5, 3), uniform(4, 5, 3), uniform(4), {"axis": (1, 2)}),
                  Case(name, uniform(4, 5, 3), uniform(4, 5, 3), None, {"axis": -1})]
    return [*found, Case("Huber", uniform(6, 3), uniform(6, 3), None, {"delta": 0.3}),
            Case("CosineSimilarity", uniform(6, 3), uniform(6, 3), None, {"axis": 0}),
            Case("CosineSimilarity", uniform(4, 5, 3), uniform(4, 5, 3), None, {"axis": 1}),
            Case("Tversky", uniform(4, 5, 3), uniform(4, 5, 3), None, {"axis": (1, 2), "alpha": 0.3, "beta": 0.8})]


def hinge_cases() -> list[Case]:
    """Targets of 0 and 1, and of -1 and 1."""
    return [Case(name, t, uniform(6, 3, low=-2, high=2), weight) for name in ("Hinge", "SquaredHinge")
            for t in (answers(6, 3), np.sign(uniform(6, 3, low=-1))) for weight in (None, uniform(6))]


def crossentropy_cases() -> list[Case]:
    """From logits and from probabilities, smoothed or not, over each axis."""
    found = []
    for logits in (False, True):
        low, high = (-3, 3) if logits else (0.05, 1)
        for smoothing in (0.0, 0.2):
            options = {"from_logits": logits, "label_smoothing": smoothing}
            found += [Case(name, answers(4, 5, 3), uniform(4, 5, 3, low=low, high=high), None, {**options, "axis": axis})
                      for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy") for axis in (-1, 1)]
            found += [Case(name, one_hot(6), uniform(6, 4, low=low, high=high), uniform(6), options)
                      for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")]
        found += [Case(name, one_hot(6, 5, axis=1), uniform(6, 4, 5, low=low, high=high), uniform(6, 5),
                       {"from_logits": logits, "axis": 1})
                  for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")]
    return [*found, Case("BinaryFocalCrossentropy", answers(6, 3), uniform(6, 3), uniform(6),
                         {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5})]


def sparse_cases() -> list[Case]:
    """Class numbers of each dtype, in each shape; some to be ignored."""
    name, found = "SparseCategoricalCrossentropy", []
    for logits in (False, True):
        low, high = (-3, 3) if logits else (0.05, 1)
        for shape in ((6,), (6, 1), (6, 5), (6, 5, 1)):
            for ignored in (None, 2, -1):
                t = labels(*shape).astype("int64" if ignored is None else "float32")
                t.flat[1] = 2 if ignored is None else ignored
                outer = (6, 5) if 5 in shape else (6,)
                found += [Case(name, t, uniform(*outer, 4, low=low, high=high), weight,
                               {"from_logits": logits, "ignore_class": ignored}) for weight in (None, uniform(*outer))]
        found.append(Case(name, labels(6, 5), uniform(6, 4, 5, low=low, high=high), None,
                          {"from_logits": logits, "axis": 1}))
    return found + [Case(name, np.array([0, 1, 2, 2, 3, 0]), uniform(6, 4), uniform(6),
                         {"reduction": reduction, "ignore_class": 2}) for reduction in REDUCTIONS]


def other_cases() -> list[Case]:
    """Losses of embeddings and of wrong labels."""
    x = uniform(6, 4)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    t = np.array([0, 1, 1, 0, 2, 1])
    found = [Case("Circle", t, x, None, options)
             for options in ({}, {"remove_diagonal": False}, {"gamma": 20.0, "margin": 0.2}, {"reduction": "none"})]
    return [*found, Case("Circle", t[:, None] % 2, x, uniform(6)),
            Case("CategoricalGeneralizedCrossEntropy", t, uniform(6, 4), uniform(6), {"q": 0.7})]


CASES = [*elementwise_cases(), *hinge_cases(), *crossentropy_cases(), *sparse_cases(), *other_cases()]
