"""Losses: how wrong a model is."""
from collections.abc import Callable

from .absent import CTC, ctc
from .crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from .divergence import KLDivergence, Poisson, kl_divergence, poisson
from .hinge import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from .loss import REGISTRY, FunctionLoss, Loss
from .overlap import Dice, Tversky, dice, tversky
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from .similarity import Circle, circle
from .targets import resolved

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier) -> Loss | Callable | None:
    """The loss of that name or configuration: a Loss, or a function ``f(y_true, y_pred)``."""
    return None if identifier is None else REGISTRY.get(identifier)


def resolve(identifier, y_true_shape, y_pred_shape) -> Loss:
    """The Loss `identifier` stands for, by `get`; "crossentropy" is the one that fits targets and outputs of these shapes
    (None: a size not known). A loss that is given by a name has that name."""
    return resolved(_loss, "loss", identifier, y_true_shape, y_pred_shape)


def _loss(identifier) -> Loss | None:
    found = get(identifier)
    return found if found is None or isinstance(found, Loss) else FunctionLoss(found)


__all__ = [
    "CTC", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice", "FunctionLoss",
    "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "Tversky", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "categorical_hinge", "circle",
    "cosine_similarity", "ctc", "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "log_cosh",
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "poisson", "resolve", "serialize", "sparse_categorical_crossentropy", "squared_hinge", "tversky"]
