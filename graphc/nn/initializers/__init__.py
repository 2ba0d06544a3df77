"""Initializers: what weights are before training."""
from __future__ import annotations

import numpy as np

from ...ir.errors import ShapeError
from ..absent import absent
from .constant import Constant, Identity, Ones, Zeros
from .initializer import REGISTRY, Initializer
from .random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


def get(identifier):
    """The initializer of that name or configuration; an array stands for itself."""
    if not isinstance(identifier, (np.ndarray, np.generic)):
        return REGISTRY.get(identifier)

    def itself(shape, dtype=None):
        if tuple(shape) != identifier.shape:
            raise ShapeError(f"initializer: an array of shape {identifier.shape} for a weight of shape {tuple(shape)}")
        return identifier.astype(dtype or "float32")
    return itself


constant, identity, ones, zeros = Constant, Identity, Ones, Zeros
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, orthogonal, variance_scaling = LecunNormal, LecunUniform, Orthogonal, VarianceScaling
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal

__all__ = ["Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
           "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
           "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize", "get",
           "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
           "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "truncated_normal", "variance_scaling",
           "zeros"]

__getattr__ = absent(__name__, {
    "STFT STFTInitializer stft": "an initializer may be any function of shape and dtype that gives an array",
}, __all__)
