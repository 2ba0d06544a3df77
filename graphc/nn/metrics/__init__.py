"""Metrics: how good a model is, in numbers for people."""
from .accuracy import SparseCategoricalAccuracy, sparse_categorical_accuracy
from .metric import REGISTRY, Mean, MeanMetricWrapper, Metric, mean_of

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier) -> Metric | None:
    """The metric of that name or configuration; a function ``f(y_true, y_pred)`` becomes the mean of it."""
    found = REGISTRY.get(identifier)
    return mean_of(found) if found is not None and not isinstance(found, Metric) else found


__all__ = ["Mean", "MeanMetricWrapper", "Metric", "SparseCategoricalAccuracy", "deserialize", "get", "serialize",
           "sparse_categorical_accuracy"]
