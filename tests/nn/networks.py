"""Networks that a course on deep learning begins with, written once for Keras and for graphc: `k` is either of them."""
from __future__ import annotations


def lenet(k, shape=(28, 28, 1), classes=10):
    """LeNet-5 (LeCun et al., 1998), with a softmax at its end."""
    return k.Sequential([
        k.Input(shape),
        k.layers.Conv2D(6, 5, padding="same", activation="tanh"),
        k.layers.AveragePooling2D(2),
        k.layers.Conv2D(16, 5, activation="tanh"),
        k.layers.AveragePooling2D(2),
        k.layers.Flatten(),
        k.layers.Dense(120, activation="tanh"),
        k.layers.Dense(84, activation="tanh"),
        k.layers.Dense(classes, activation="softmax"),
    ])


def cnn(k, shape=(28, 28, 1), classes=10, widths=(32, 64, 128), rates=(0.25, 0.5)):
    """Two convolutions, one pooling, two dense layers, with dropout."""
    return k.Sequential([
        k.Input(shape),
        k.layers.Conv2D(widths[0], 3, activation="relu"),
        k.layers.Conv2D(widths[1], 3, activation="relu"),
        k.layers.MaxPooling2D(2),
        k.layers.Dropout(rates[0]),
        k.layers.Flatten(),
        k.layers.Dense(widths[2], activation="relu"),
        k.layers.Dropout(rates[1]),
        k.layers.Dense(classes, activation="softmax"),
    ])


def resnet20(k, shape=(32, 32, 3), classes=10, width=16, blocks=3):
    """ResNet-20 for small images (He et al., 2015): three stages of residual blocks, each half as large
    and twice as wide as the one before."""
    inputs = k.Input(shape)
    x = k.layers.ReLU()(normalized(k, inputs, width))
    for stage in range(3):
        for block in range(blocks):
            x = residual(k, x, width * 2 ** stage, 2 if stage and not block else 1)
    x = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(inputs, k.layers.Dense(classes, activation="softmax")(x))


def residual(k, x, width, strides):
    """Two convolutions beside a way around them."""
    around = x if strides == 1 else normalized(k, x, width, strides, 1)
    y = k.layers.ReLU()(normalized(k, x, width, strides))
    return k.layers.ReLU()(k.layers.Add()([normalized(k, y, width), around]))


def normalized(k, x, width, strides=1, size=3):
    """A convolution, then batch normalization."""
    y = k.layers.Conv2D(width, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return k.layers.BatchNormalization()(y)
