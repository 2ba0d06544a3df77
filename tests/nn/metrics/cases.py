"""What metrics are compared on: names, options, and batches of targets, outputs and weights."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

import graphc
from graphc.nn import metrics
from graphc.nn.metrics import Metric
from graphc.nn.trace import Trace

from ..losses.cases import answers, labels, one_hot, uniform

SIZES = (5, 3)
"""How many samples the batches have."""


@dataclass
class Case:
    """Batches of ``y_true, y_pred`` and weights (or none) for a metric."""

    name: str
    batches: list[tuple]
    options: dict = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = [None if x is None else np.shape(x) for x in self.batches[0]]
        return f"{self.name} {shapes} {self.options}"

    def ours(self) -> Iterator[np.ndarray]:
        """The result after each batch, in NumPy."""
        return streamed(getattr(metrics, self.name)(**self.options), self.batches)


def streamed(metric: Metric, batches: list[tuple]) -> Iterator[np.ndarray]:
    """The results after each batch, by NumPy, of one graph for all; the metric's state changes."""
    rows = [[np.asarray(x) for x in batch if x is not None] for batch in batches]
    inputs = [graphc.placeholder((None,) * (x.ndim > 0) + x.shape[1:], x.dtype) for x in rows[0]]
    with Trace() as trace:
        metric.update_state(*inputs)
        result = metric.result()
    for values in rows:
        after, *state = graphc.interpret(inputs, [result, *trace.updates.values()], values)
        for variable, value in zip(trace.updates, state, strict=True):
            variable.assign(value)
        yield np.asarray(after)


def batches(make: Callable[[int], tuple], weights: Callable[[int], tuple] | None = None) -> list[tuple]:
    """Two batches of what `make` gives for a number of samples, with weights of the shapes that `weights` gives."""
    return [(*make(n), None if weights is None else uniform(*weights(n))) for n in SIZES]


def numbers(n: int) -> tuple:
    return uniform(n, 3), uniform(n, 3)


def chances(n: int) -> tuple:
    return answers(n, 3).astype("float32"), uniform(n, 3)


def chance(n: int) -> tuple:
    return answers(n).astype("int32"), uniform(n, 1)


def classes(n: int) -> tuple:
    return one_hot(n), uniform(n, 4, low=0.05)


def class_numbers(n: int) -> tuple:
    return labels(n), uniform(n, 4, low=0.05)


def pixels(n: int) -> tuple:
    return labels(n, 4, classes=3), labels(n, 4, classes=3)


WEIGHTS = (None, lambda n: (n,), lambda n: (n, 1))


def mean_cases() -> list[Case]:
    """Means of numbers, with weights of each shape."""
    names = ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
             "MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError", "KLDivergence", "Poisson",
             "BinaryCrossentropy", "CategoricalCrossentropy", "PearsonCorrelation", "ConcordanceCorrelation",
             "CategoricalHinge", "R2Score")
    found = [Case(name, batches(numbers, w)) for name in names for w in WEIGHTS]
    found += [Case(name, batches(chances, w)) for name in ("Hinge", "SquaredHinge") for w in WEIGHTS]
    found += [Case("R2Score", batches(numbers, lambda n: (n,)), {"class_aggregation": how, "num_regressors": p})
              for how in (None, "uniform_average", "variance_weighted_average") for p in (0, 2)]
    for name in ("Mean", "Sum"):
        found += [Case(name, [(x, w) for x, _, w in batches(numbers, weights)])
                  for weights in (*WEIGHTS, lambda n: (n, 3), lambda n: ())]
        found.append(Case(name, [(uniform(n, 2, 3), uniform(n, 2)) for n in SIZES]))
    return found


def accuracy_cases() -> list[Case]:
    """Accuracies of all kinds; targets of each shape."""
    found = [Case(name, batches(make, w)) for name in ("BinaryAccuracy", "Accuracy") for make in (chances, chance)
             for w in WEIGHTS]
    found += [Case("CategoricalAccuracy", batches(classes, w)) for w in WEIGHTS]
    found += [Case("BinaryAccuracy", batches(chances), {"threshold": 0.8}),
              Case("TopKCategoricalAccuracy", batches(classes), {"k": 3}),
              Case("TopKCategoricalAccuracy", batches(classes, lambda n: (n,)), {"k": 2})]
    for make in (class_numbers, lambda n: (labels(n, 1), uniform(n, 4)),
                 lambda n: (labels(n, 2).astype("float32"), uniform(n, 2, 4))):
        for w in WEIGHTS[:2]:
            found += [Case("SparseTopKCategoricalAccuracy", batches(make, w), {"k": 2}),
                      Case("SparseCategoricalAccuracy", batches(make, w)),
                      Case("SparseCategoricalCrossentropy", batches(make, w))]
    found += [Case("SparseCategoricalCrossentropy", batches(make, w), {"from_logits": True, "ignore_class": 2})
              for w in (None, lambda n: (n, 2))]
    ranked = batches(lambda n: (labels(n).astype("float32"), np.argsort(-uniform(n, 4), -1).astype("float32")))
    return [*found, Case("SparseTopKCategoricalAccuracy", ranked, {"k": 2, "from_sorted_ids": True})]


def confusion_cases() -> list[Case]:
    """Counts and shares, at thresholds of each kind, by rank and by class."""
    counts = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
    found = [Case(name, batches(make, w)) for name in counts for make in (chances, chance) for w in WEIGHTS]
    found += [Case(name, batches(chances, w), {"thresholds": at}) for name in counts for w in WEIGHTS[:2]
              for at in (0.3, [0.2, 0.5, 0.9], [0.0, 0.25, 0.5, 0.75, 1.0])]
    found += [Case(name, batches(classes, w), options) for name in ("Precision", "Recall") for w in WEIGHTS[:2]
              for options in ({"top_k": 2}, {"class_id": 1}, {"class_id": 3, "top_k": 1})]
    for name, key in (("SensitivityAtSpecificity", "specificity"), ("SpecificityAtSensitivity", "sensitivity"),
                      ("PrecisionAtRecall", "recall"), ("RecallAtPrecision", "precision")):
        found += [Case(name, batches(chances, w), {key: 0.5, **options}) for w in WEIGHTS[:2]
                  for options in ({}, {"num_thresholds": 7}, {"num_thresholds": 1}, {"class_id": 2})]
    found += [Case(name, batches(classes, w), {"average": average, "threshold": threshold, **options})
              for name, options in (("F1Score", {}), ("FBetaScore", {"beta": 2.0})) for w in WEIGHTS[:2]
              for average in (None, "micro", "macro", "weighted") for threshold in (None, 0.5)]
    return found


def curve_cases() -> list[Case]:
    """Areas under each curve, by each method."""
    found = [Case("AUC", batches(make, w)) for make in (chances, chance) for w in WEIGHTS]
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            options = {"curve": curve, "summation_method": method}
            found += [Case("AUC", batches(chances, lambda n: (n,)), {**options, "num_thresholds": 20}),
                      Case("AUC", batches(chances), {**options, "multi_label": True, "num_thresholds": 11}),
                      Case("AUC", batches(chances), {**options, "multi_label": True, "num_labels": 3, "num_thresholds": 11,
                                                     "label_weights": [1.0, 2.0, 0.5]})]
    found += [Case("AUC", batches(chances), {"thresholds": [0.1, 0.4, 0.8], "multi_label": several})
              for several in (False, True)]
    return [*found, Case("AUC", batches(chances), {"thresholds": [0.25, 0.5, 0.75]}),
            Case("AUC", batches(lambda n: (answers(n, 3), uniform(n, 3, low=-3, high=3))), {"from_logits": True}),
            Case("AUC", batches(lambda n: (answers(n, 3), uniform(n, 3, low=-1, high=2))), {"num_thresholds": 5}),
            Case("AUC", batches(chances), {"label_weights": [1.0, 2.0, 0.5]})]


def overlap_cases() -> list[Case]:
    """Intersections over unions, of class numbers and of scores."""
    weighted = [(t, p, labels(*t.shape)) for t, p, _ in batches(pixels)]
    return [Case("MeanIoU", batches(pixels), {"num_classes": 3}), Case("MeanIoU", weighted, {"num_classes": 3}),
            Case("IoU", batches(pixels), {"num_classes": 3, "target_class_ids": [0, 2]}),
            Case("MeanIoU", batches(pixels), {"num_classes": 4, "ignore_class": 1}),
            Case("MeanIoU", batches(pixels, lambda n: (n, 4)), {"num_classes": 3, "dtype": "float32"}),
            Case("BinaryIoU", batches(chances), {"threshold": 0.4}),
            Case("OneHotIoU", batches(classes), {"num_classes": 4, "target_class_ids": [1, 2]}),
            Case("OneHotMeanIoU", batches(classes), {"num_classes": 4})]


CASES = [*mean_cases(), *accuracy_cases(), *confusion_cases(), *curve_cases(), *overlap_cases()]
