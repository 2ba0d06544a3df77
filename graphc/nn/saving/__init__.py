"""Models in files."""
from ..registry import custom_object_scope, get_custom_objects, get_registered_name, register_keras_serializable
from .archive import load_model, save_model
from .weights import SavingError, load_weights, save_weights

CustomObjectScope = custom_object_scope

__all__ = ["CustomObjectScope", "SavingError", "custom_object_scope", "get_custom_objects", "get_registered_name",
           "load_model", "load_weights", "register_keras_serializable", "save_model", "save_weights"]
