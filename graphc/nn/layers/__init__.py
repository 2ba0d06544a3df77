"""Layers: functions with weights."""
from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .core import Dense, Identity, Input, InputLayer, Lambda
from .embedding import Embedding, Masking
from .input_spec import InputSpec
from .layer import REGISTRY, Layer
from .merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .padding import Cropping1D, Cropping2D, Cropping3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D
from .regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from .sampling import UpSampling1D, UpSampling2D, UpSampling3D
from .shaping import Flatten, Permute, RepeatVector, Reshape

serialize, deserialize = REGISTRY.serialized, REGISTRY.restored

__all__ = ["Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "Concatenate", "Cropping1D",
           "Cropping2D", "Cropping3D", "Dense", "Dot", "Dropout", "ELU", "Embedding", "Flatten", "GaussianDropout",
           "GaussianNoise", "Identity", "Input", "InputLayer", "InputSpec", "Lambda", "Layer", "LeakyReLU",
           "Masking", "Maximum", "Minimum", "Multiply", "PReLU", "Permute", "ReLU", "RepeatVector", "Reshape",
           "Softmax", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Subtract", "UpSampling1D",
           "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "add", "average",
           "concatenate", "deserialize", "dot", "maximum", "minimum", "multiply", "serialize", "subtract"]
