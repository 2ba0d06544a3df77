"""graphc.nn: networks, with the names, arguments and defaults of Keras 3."""
from . import (
    activations,
    callbacks,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from .layers import Input, Layer
from .models import Model, Sequential
from .seeds import set_random_seed
from .variables import Variable

__all__ = ["Input", "Layer", "Model", "Sequential", "Variable", "activations", "callbacks", "config", "constraints",
           "initializers", "layers", "losses", "metrics", "models", "optimizers", "regularizers", "set_random_seed", "utils"]
