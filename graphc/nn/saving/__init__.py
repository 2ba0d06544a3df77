"""Models in files."""
from ..absent import absent
from ..registry import (
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from .archive import load_model, save_model
from .weights import SavingError, load_weights, save_weights

CustomObjectScope = custom_object_scope

__all__ = ["CustomObjectScope", "SavingError", "custom_object_scope", "deserialize_keras_object", "get_custom_objects",
           "get_registered_name", "get_registered_object", "load_model", "load_weights", "register_keras_serializable",
           "save_model", "save_weights", "serialize_keras_object"]

__getattr__ = absent(__name__, {"KerasFileEditor": "weights are in safetensors files, which the library safetensors reads"},
                     __all__)
