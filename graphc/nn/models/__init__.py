"""Models: layers that can be trained."""
from ..saving import load_model, save_model
from .configuration import clone_model, model_from_json
from .functional import Functional
from .model import Model
from .sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json",
           "save_model"]
