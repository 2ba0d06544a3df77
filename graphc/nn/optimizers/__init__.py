"""Optimizers: how weights follow gradients."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ..absent import absent
from . import schedules
from .adafactor import Adafactor
from .adagrad import Adadelta, Adagrad
from .adam import Adam, Adamax, AdamW, Lamb, Nadam
from .ftrl import Ftrl
from .lion import Lion
from .muon import Muon
from .optimizer import REGISTRY, Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier) -> Optimizer:
    """The optimizer of that name, in letters of any size, or configuration."""
    found = REGISTRY.get(identifier.lower() if isinstance(identifier, str) else identifier)
    if not isinstance(found, Optimizer):
        raise ArgumentError(f"expected an optimizer, its name or its configuration, got {identifier!r}")
    return found


@REGISTRY.add
class LossScaleOptimizer(Optimizer):
    """Not there: float16 is only how numbers are stored, so that no gradient is lost below its range."""

    def __init__(self, *args, **kwargs):
        raise ArgumentError("LossScaleOptimizer: gradients are computed in float32 here, which needs no loss scale; use the "
                            "optimizer inside by itself, with loss_scale_factor=... if a scale is wanted all the same")


__all__ = ["SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion",
           "LossScaleOptimizer", "Muon", "Nadam", "Optimizer", "RMSprop", "deserialize", "get", "schedules", "serialize"]

__getattr__ = absent(__name__, {
    "ScheduleFreeAdamW": "there is AdamW, and schedules for it",
    "MultiOptimizer OptimizerMap": "a train_step of a Model can apply several optimizers, each to weights of its own",
    "legacy": "there is nothing of former versions",
}, __all__)
