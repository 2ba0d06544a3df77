"""Handwritten digits, read row by row by an LSTM of 128 units: 98.5 % of MNIST's test images within 6 epochs.

    python -m pip install ".[plot]"
    python examples/mnist_lstm.py [--epochs 6] [--data-dir FOLDER] [--plot mnist_lstm.png]

To an LSTM (S. Hochreiter and J. Schmidhuber, 1997) an image is a sequence of 28 rows of 28 pixels. It sees each row once and
must remember of it what matters; only after the last row is it asked for the digit. The picture shows the curves of the
training, and what the network would have said after each row."""
import argparse
import math

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

BATCH = 32
VALIDATION = 0.1


def load(folder, samples):
    """Images of 28 rows, each of 28 numbers from 0 to 1, and the digits they show: to learn from, and held out."""
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = (images.astype("float32") / 255 for images in (x, x_test))
    return (x[:samples], y[:samples]), (x_test, y_test)


def network(every_row=False):
    """A probability for each digit, after the last row or after every row."""
    return keras.Sequential([
        keras.Input((28, 28)),
        layers.LSTM(128, return_sequences=every_row),
        layers.Dense(10, activation="softmax"),
    ])


def train(model, x, y, epochs):
    """What the loss and the accuracy were in each epoch, by name; the learning rate falls to zero."""
    steps = epochs * math.ceil(len(x) * (1 - VALIDATION) / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.002, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, validation_split=VALIDATION).history


def beliefs(model, images):
    """What the network holds of an image after each of its rows: an array of shape (images, 28, 10)."""
    twin = network(every_row=True)
    twin.set_weights(model.get_weights())
    return twin.predict(images, verbose=0)


def plot(history, images, believed, file):
    """Accuracy by epoch, and images, each beside the probabilities after each row."""
    figure = pyplot.figure(figsize=(12, 4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 2))
    curve = left.subplots()
    for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        curve.plot(range(1, len(history[name]) + 1), history[name], "o-", label=label)
    curve.set(title="Accuracy", xlabel="epoch", ylabel="share of images read correctly")
    curve.grid(alpha=0.3)
    curve.legend()
    right.suptitle("What the network believes after each row")
    axes = right.subplots(1, 2 * len(images), width_ratios=[2.8, 1.5] * len(images))
    for k, (image, probabilities) in enumerate(zip(images, believed, strict=True)):
        axes[2 * k].imshow(image, cmap="gray_r", aspect="auto")
        axes[2 * k].set(xlabel="pixel", ylabel="row")
        shown = axes[2 * k + 1].imshow(probabilities, cmap="viridis", aspect="auto", vmin=0, vmax=1)
        axes[2 * k + 1].set(xlabel="digit", xticks=range(0, 10, 3))
    right.colorbar(shown, ax=axes, label="probability")
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="of weights and order")
    parser.add_argument("--samples", type=int, help="learn from so many images only")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="mnist_lstm.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (images, digits), (x_test, y_test) = load(options.data_dir, options.samples)
    lstm = network()
    lstm.summary()
    history = train(lstm, images, digits, options.epochs)
    loss, accuracy = lstm.evaluate(x_test, y_test, verbose=0)
    shown = x_test[[np.argmax(y_test == digit) for digit in (5, 8)]]
    plot(history, shown, beliefs(lstm, shown), options.plot)
    print(f"After {options.epochs} epochs the network reads {accuracy:.2%} of {len(y_test):,} test images; "
          f"curves and beliefs are in {options.plot}.")
