"""graphc.nn: networks, with the names, arguments and defaults of Keras 3."""
from . import (
    activations,
    applications,
    backend,
    callbacks,
    config,
    constraints,
    datasets,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    tree,
    utils,
)
from .absent import absent
from .backend import KerasTensor
from .dtype_policies import DTypePolicy, FloatDTypePolicy
from .initializers import Initializer
from .layers import Input, InputSpec, Layer
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .optimizers import Optimizer
from .places import device, name_scope
from .regularizers import Regularizer
from .seeds import set_random_seed
from .variables import Variable

__version__ = "3.15.0"
"""The version of Keras whose names these are."""


def version() -> str:
    """The version of Keras whose names these are."""
    return __version__


__all__ = ["DTypePolicy", "FloatDTypePolicy", "Initializer", "Input", "InputSpec", "KerasTensor", "Layer", "Loss", "Metric",
           "Model", "Optimizer", "Regularizer", "Sequential", "Variable", "activations", "applications", "backend",
           "callbacks", "config", "constraints", "datasets", "device", "dtype_policies", "initializers", "layers", "losses",
           "metrics", "mixed_precision", "models", "name_scope", "ops", "optimizers", "preprocessing", "random",
           "regularizers", "saving", "set_random_seed", "tree", "utils", "version"]

__getattr__ = absent(__name__, {
    "Function Operation StatelessScope SymbolicScope": "expressions are functions already: see Layer, Model, "
                                                       "Layer.stateless_call and graphc.compile",
    "RematScope remat": "what is cheap to compute anew in the gradient is found by the compiler",
    "distribution": "a model trains on one machine",
    "distillation": "write the teacher's part into compute_loss or train_step of a Model",
    "export": "model.save keeps a model; graphc.compile(model.inputs, model.outputs) makes it a function",
    "quantizers Quantizer": "graphc has no quantized layers",
    "visualization": "graphc.draw draws graphs, and matplotlib images",
    "wrappers": "graphc has no wrappers for scikit-learn",
    "legacy": "there is nothing of former versions",
}, __all__)
