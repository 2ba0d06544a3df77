"""Each layer in a network that trains: three compiled steps leave the weights that Keras' leave, and come to its losses."""
from __future__ import annotations

import numpy as np
import pytest

import graphc.nn as nn

from .oracle import RNG, arrays

LINES, IMAGES, VOLUMES, SEQUENCES = (7, 3), (7, 6, 3), (5, 4, 6, 2), (5, 3)
CASES = [
    ("Dense", (5,), {"units": 3, "activation": "gelu", "kernel_regularizer": "l2", "bias_constraint": "non_neg"}),
    ("EinsumDense", LINES, {"equation": "abc,bcd->abd", "output_shape": (7, 4), "bias_axes": "d"}),
    ("PReLU", LINES, {"shared_axes": [1]}),
    ("Conv1D", LINES, {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    ("Conv2D", IMAGES, {"filters": 4, "kernel_size": (3, 2), "padding": "same", "strides": (2, 1), "activation": "relu"}),
    ("Conv3D", VOLUMES, {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}),
    ("DepthwiseConv2D", IMAGES, {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    ("SeparableConv2D", IMAGES, {"filters": 5, "kernel_size": 3, "depth_multiplier": 2}),
    ("Conv1DTranspose", LINES, {"filters": 4, "kernel_size": 3, "strides": 2}),
    ("Conv2DTranspose", IMAGES, {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
    *((f"{kind}Pooling{len(shape) - 1}D", shape, {"pool_size": 2}) for kind in ("Max", "Average")
      for shape in (LINES, IMAGES, VOLUMES)),
    *((f"Global{kind}Pooling{len(shape) - 1}D", shape, {}) for kind in ("Max", "Average")
      for shape in (LINES, IMAGES, VOLUMES)),
    ("UpSampling2D", IMAGES, {"size": (2, 3)}),
    ("ZeroPadding2D", IMAGES, {"padding": ((1, 2), (0, 3))}),
    ("Cropping2D", IMAGES, {"cropping": ((1, 2), (0, 3))}),
    ("Flatten", LINES, {}),
    ("Reshape", LINES, {"target_shape": (3, -1)}),
    ("Permute", LINES, {"dims": (2, 1)}),
    ("RepeatVector", (4,), {"n": 3}),
    ("BatchNormalization", IMAGES, {"momentum": 0.8}),
    ("LayerNormalization", LINES, {"axis": [1, 2]}),
    ("GroupNormalization", (4, 6), {"groups": 2}),
    ("RMSNormalization", LINES, {}),
    ("UnitNormalization", LINES, {}),
    ("Rescaling", LINES, {"scale": 0.5, "offset": 1}),
    ("SimpleRNN", SEQUENCES, {"units": 4, "return_sequences": True}),
    ("GRU", SEQUENCES, {"units": 4}),
    ("GRU", SEQUENCES, {"units": 4, "reset_after": False, "go_backwards": True, "return_sequences": True}),
    ("LSTM", SEQUENCES, {"units": 4, "recurrent_activation": "hard_sigmoid"}),
    ("LSTM", SEQUENCES, {"units": 4, "unroll": True, "go_backwards": True}),
]


def network(k, name: str, shape: tuple, options: dict):
    """The layer over another one, which learns by what comes through it."""
    return k.Sequential([k.Input(shape), k.layers.Dense(shape[-1]), getattr(k.layers, name)(**options)])


def masked(k, layer, merged):
    """Sequences of several lengths, read by a recurrent layer from both ends, and by attention."""
    x = k.Input((5,))
    embedded = k.layers.Embedding(6, 4, mask_zero=True)(x)
    read = k.layers.Bidirectional(getattr(k.layers, layer)(2, return_sequences=True))(embedded)
    attended = k.layers.MultiHeadAttention(2, 3)(read, embedded, use_causal_mask=True)
    each = k.layers.TimeDistributed(k.layers.Dense(4))(getattr(k.layers, merged)()([read, attended]))
    return k.Model(x, k.layers.GlobalAveragePooling1D()(each))


def check_steps(keras, build, inputs) -> None:
    """Three steps of both, the last of them with fewer samples."""
    theirs, ours = build(keras), build(nn)
    ours.set_weights(theirs.get_weights())
    shape = theirs.output_shape[1:]
    batches = [(x, *arrays((len(x), *shape))) for x in inputs]
    for k, model in ((keras, theirs), (nn, ours)):
        model.compile(k.optimizers.SGD(0.05, momentum=0.9), "mse")
    losses = [[model.train_on_batch(*batch) for batch in batches] for model in (ours, theirs)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for w, a, b in zip(ours.weights, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5, err_msg=w.path)


@pytest.mark.parametrize(("name", "shape", "options"), CASES)
def test_steps_as_in_keras(name, shape, options):
    keras = pytest.importorskip("keras")
    check_steps(keras, lambda k: network(k, name, shape, options), arrays((4, *shape), (4, *shape), (3, *shape)))


@pytest.mark.parametrize(("layer", "merged"), [("SimpleRNN", "Add"), ("GRU", "Multiply"), ("LSTM", "Subtract"),
                                               ("LSTM", "Average"), ("GRU", "Maximum"), ("GRU", "Minimum"),
                                               ("GRU", "Concatenate")])
def test_steps_of_masked_sequences_as_in_keras(layer, merged):
    keras = pytest.importorskip("keras")
    words = [np.where(np.arange(5) < lengths[:, None], RNG.integers(1, 6, (len(lengths), 5)), 0)
             for lengths in (np.array([5, 3, 1, 4]), np.array([2, 2, 5, 1]), np.array([1, 5, 3]))]
    check_steps(keras, lambda k: masked(k, layer, merged), words)
