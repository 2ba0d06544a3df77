"""Handwritten digits, read by two layers of 512 units with dropout: 98.3 % of MNIST's test images within 10 epochs.

    python -m pip install ".[plot]"
    python examples/mnist_mlp.py [--epochs 10] [--data-dir FOLDER] [--plot mnist_mlp.png]

Each unit sees every pixel and knows nothing of which are neighbours. Dropout (N. Srivastava et al., 2014) silences units at
random while the network learns, so that none relies on another; the learning rate falls to zero along half a cosine, which
lets the weights come to rest."""
import argparse
import math

from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

BATCH = 32
VALIDATION = 0.1
UNITS = {"loss": "cross-entropy", "accuracy": "share read correctly"}


def load(folder, samples):
    """Images as vectors of 784 numbers from 0 to 1, and the digits they show: to learn from, and held out."""
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = (images.reshape(-1, 784).astype("float32") / 255 for images in (x, x_test))
    return (x[:samples], y[:samples]), (x_test, y_test)


def network():
    """A probability for each digit."""
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ])


def train(model, x, y, epochs):
    """What the loss and the accuracy were in each epoch, by name; the learning rate falls to zero."""
    steps = epochs * math.ceil(len(x) * (1 - VALIDATION) / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.001, steps)
    model.compile(keras.optimizers.RMSprop(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, validation_split=VALIDATION).history


def plot(history, file):
    """Loss and accuracy by epoch."""
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for ax, (name, unit) in zip(axes, UNITS.items(), strict=True):
        ax.plot(epochs, history[name], "o-", label="training, with dropout")
        ax.plot(epochs, history[f"val_{name}"], "o-", label="validation")
        ax.set(title=name.capitalize(), xlabel="epoch", ylabel=unit)
        ax.grid(alpha=0.3)
        ax.legend()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout")
    parser.add_argument("--samples", type=int, help="learn from so many images only")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="mnist_mlp.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (images, digits), held_out = load(options.data_dir, options.samples)
    mlp = network()
    mlp.summary()
    plot(train(mlp, images, digits, options.epochs), options.plot)
    loss, accuracy = mlp.evaluate(*held_out, verbose=0)
    print(f"After {options.epochs} epochs the network reads {accuracy:.2%} of {len(held_out[0]):,} test images; "
          f"curves are in {options.plot}.")
