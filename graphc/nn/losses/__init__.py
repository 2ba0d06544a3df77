"""Losses: how wrong a model is."""
from .crossentropy import SparseCategoricalCrossentropy, sparse_categorical_crossentropy
from .loss import REGISTRY, FunctionLoss, Loss

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier) -> Loss | None:
    """The loss of that name or configuration; a function ``f(y_true, y_pred)`` becomes one."""
    found = REGISTRY.get(identifier)
    return FunctionLoss(found) if found is not None and not isinstance(found, Loss) else found


__all__ = ["Loss", "SparseCategoricalCrossentropy", "deserialize", "get", "serialize", "sparse_categorical_crossentropy"]
