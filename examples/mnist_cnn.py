"""Handwritten digits, read by two convolutions: 99.25 % of MNIST's test images within 8 epochs.

    python -m pip install ".[plot]"
    python examples/mnist_cnn.py [--epochs 8] [--data-dir FOLDER] [--plot mnist_cnn.png]

A convolution looks at 3 x 3 pixels at a time, with the same weights wherever it looks: what it learns about a stroke in one
place it knows in all (Y. LeCun et al., 1989). Two of them have 19 thousand weights, and with them the network errs half as
often as the one in mnist_mlp.py. The picture shows the training's curves, and test images that are still misread."""
import argparse
import math

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

BATCH = 32
VALIDATION = 0.1
UNITS = {"loss": "cross-entropy", "accuracy": "share read correctly"}


def load(folder, samples):
    """Images of 28 x 28 pixels and one channel, 0 to 1, and the digits they show: to learn from, and held out."""
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = (images[..., None].astype("float32") / 255 for images in (x, x_test))
    return (x[:samples], y[:samples]), (x_test, y_test)


def network():
    """A probability for each digit."""
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ])


def train(model, x, y, epochs):
    """What the loss and the accuracy were in each epoch, by name; the learning rate falls to zero."""
    steps = epochs * math.ceil(len(x) * (1 - VALIDATION) / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.001, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, validation_split=VALIDATION).history


def plot(history, x, y, read, file):
    """Loss and accuracy by epoch, and the first images that were not read as what they show."""
    figure = pyplot.figure(figsize=(13, 4), layout="constrained")
    curves, images = figure.subfigures(1, 2, width_ratios=(2, 1))
    epochs = range(1, len(history["loss"]) + 1)
    for ax, (name, unit) in zip(curves.subplots(1, 2), UNITS.items(), strict=True):
        ax.plot(epochs, history[name], "o-", label="training, with dropout")
        ax.plot(epochs, history[f"val_{name}"], "o-", label="validation")
        ax.set(title=name.capitalize(), xlabel="epoch", ylabel=unit)
        ax.grid(alpha=0.3)
        ax.legend()
    wrong = np.flatnonzero(read != y)
    images.suptitle(f"{len(wrong)} of {len(y):,} test images misread")
    for ax in (axes := images.subplots(3, 4).ravel()):
        ax.axis("off")
    for ax, k in zip(axes, wrong, strict=False):
        ax.imshow(x[k, ..., 0], cmap="gray_r")
        ax.set_title(f"{y[k]}, read as {read[k]}", fontsize=8)
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout")
    parser.add_argument("--samples", type=int, help="learn from so many images only")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="mnist_cnn.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (images, digits), (x_test, y_test) = load(options.data_dir, options.samples)
    cnn = network()
    cnn.summary()
    history = train(cnn, images, digits, options.epochs)
    read = cnn.predict(x_test, verbose=0).argmax(axis=-1)
    plot(history, x_test, y_test, read, options.plot)
    print(f"After {options.epochs} epochs the network reads {np.mean(read == y_test):.2%} of {len(y_test):,} test images; "
          f"curves and errors are in {options.plot}.")
