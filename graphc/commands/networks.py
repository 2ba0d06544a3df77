"""The networks that ``graphc train`` knows, by name: each makes a model for images of one shape."""
from __future__ import annotations

from collections.abc import Callable

from ..nn import Input, Model, Sequential, layers

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


def linear(shape: Shape, classes: int) -> Model:
    """Softmax regression."""
    return Sequential([Input(shape), layers.Flatten(), layers.Dense(classes, activation="softmax")], name="linear")


def mlp(shape: Shape, classes: int) -> Model:
    """Two hidden layers of 512 units, with dropout."""
    hidden = [layer for _ in range(2) for layer in (layers.Dense(512, activation="relu"), layers.Dropout(0.3))]
    return Sequential([Input(shape), layers.Flatten(), *hidden, layers.Dense(classes, activation="softmax")], name="mlp")


def lenet(shape: Shape, classes: int) -> Model:
    """LeNet-5 (LeCun et al., 1998) with rectifiers and max pooling, for images of 32 x 32 pixels; those of 28 are padded,
    and smaller ones enlarged."""
    enlarge = -(-32 // min(shape[:2])) if min(shape[:2]) < 28 else 1
    padding = "same" if min(shape[:2]) * enlarge < 32 else "valid"
    return Sequential([
        Input(shape),
        *([layers.UpSampling2D(enlarge, interpolation="bilinear")] if enlarge > 1 else []),
        layers.Conv2D(6, 5, padding=padding, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"), layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ], name="lenet")


def cnn(shape: Shape, classes: int) -> Model:
    """Two convolutions, pooling, dropout, a dense layer."""
    return Sequential([
        Input(shape),
        layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Dropout(0.25), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dropout(0.5),
        layers.Dense(classes, activation="softmax"),
    ], name="cnn")


def resnet20(shape: Shape, classes: int) -> Model:
    """The residual network of 20 layers for small images (He et al., 2016)."""
    inputs = Input(shape)
    x = _normalized(inputs, 16)
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            x = _residual(x, filters, 2 if stage and not block else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(classes, activation="softmax")(x), name="resnet20")


def _normalized(x, filters: int, size: int = 3, strides: int = 1, activation: str | None = "relu"):
    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def _residual(x, filters: int, strides: int):
    y = _normalized(_normalized(x, filters, strides=strides), filters, activation=None)
    if strides != 1:
        x = _normalized(x, filters, 1, strides, activation=None)
    return layers.Activation("relu")(layers.add([x, y]))


def lstm(shape: Shape, classes: int) -> Model:
    """An LSTM of 128 units that reads an image row by row."""
    height, width, channels = shape
    return Sequential([Input(shape), layers.Reshape((height, width * channels)), layers.LSTM(128),
                       layers.Dense(classes, activation="softmax")], name="lstm")


def autoencoder(shape: Shape, classes: int) -> Model:
    """Images through 32 numbers and back; it learns without labels."""
    height, width, channels = shape
    return Sequential([
        Input(shape), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(32, activation="relu"),
        layers.Dense(128, activation="relu"), layers.Dense(height * width * channels, activation="sigmoid"),
        layers.Reshape(shape),
    ], name="autoencoder")


NETWORKS: dict[str, Callable[[Shape, int], Model]] = {
    f.__name__: f for f in (linear, mlp, lenet, cnn, resnet20, lstm, autoencoder)}

__all__ = ["NETWORKS", "Shape"]
