"""Optimizers: how weights follow gradients."""
from .. import schedules
from .optimizer import REGISTRY, Optimizer
from .rmsprop import RMSprop

get, serialize, deserialize = REGISTRY.get, REGISTRY.serialized, REGISTRY.restored

__all__ = ["Optimizer", "RMSprop", "deserialize", "get", "schedules", "serialize"]
