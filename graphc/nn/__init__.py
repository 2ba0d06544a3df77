"""graphc.nn: networks, with the names, arguments and defaults of Keras 3."""
from . import activations, callbacks, constraints, initializers, layers, losses, metrics, models, optimizers, regularizers
from .layers import Input, Layer
from .models import Model, Sequential
from .seeds import set_random_seed
from .variables import Variable

__all__ = ["Input", "Layer", "Model", "Sequential", "Variable", "activations", "callbacks", "constraints", "initializers",
           "layers", "losses", "metrics", "models", "optimizers", "regularizers", "set_random_seed"]
