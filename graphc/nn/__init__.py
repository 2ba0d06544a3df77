"""graphc.nn: networks, with the names, arguments and defaults of Keras 3."""
from .. import datasets
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
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from .initializers import Initializer
from .layers import Input, Layer
from .models import Model, Sequential
from .optimizers import Optimizer
from .regularizers import Regularizer
from .seeds import set_random_seed
from .variables import Variable

__all__ = ["Initializer", "Input", "Layer", "Model", "Optimizer", "Regularizer", "Sequential", "Variable",
           "activations", "callbacks", "config", "constraints", "datasets", "initializers", "layers", "losses",
           "metrics", "models", "ops", "optimizers", "random", "regularizers", "saving", "set_random_seed", "utils"]
