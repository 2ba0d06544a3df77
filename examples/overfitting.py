"""Overfitting, and dropout against it: one network learns few noisy digits by heart, its twin with dropout less so.

    python -m pip install ".[plot]"
    python examples/overfitting.py [--epochs 60] [--samples 500] [--noise 0.4] [--plot overfitting.png]

After some epochs the loss on new images rises while that on known ones still falls: what the network learns from there on is
the noise in its examples. Dropout (N. Srivastava et al., 2014) silences half of the units, drawn anew in every step, so that
no unit can count on another to hold its part of an image."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers


def noisy_digits(noise, seed):
    """The digits that come with graphc, as vectors of 64 numbers, 0 to 1, under noise of that standard deviation."""
    rng = np.random.default_rng(seed)
    known, new = keras.datasets.digits.load_data()
    return [((images / 16 + rng.normal(0, noise, images.shape)).reshape(-1, 64).astype("float32"), digits)
            for images, digits in (known, new)]


def network(dropout):
    """A probability for each digit; `dropout` is the share of units that are silent in a step."""
    return keras.Sequential([
        keras.Input((64,)),
        layers.Dense(128, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(128, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(10, activation="softmax"),
    ])


def train(dropout, known, new, epochs, seed):
    """The losses and accuracies of each epoch, by name; the weights to begin with are the same for each `dropout`."""
    keras.utils.set_random_seed(seed)
    model = network(dropout)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(*known, epochs=epochs, validation_data=new).history


def plot(histories, file):
    """The losses of each network by epoch, side by side, and where the one on new images is least."""
    figure, axes = pyplot.subplots(1, len(histories), figsize=(10, 4.2), sharey=True, layout="constrained")
    for ax, (title, history) in zip(axes, histories.items(), strict=True):
        epochs, least = np.arange(1, len(history["loss"]) + 1), np.argmin(history["val_loss"])
        ax.plot(epochs, history["loss"], label="training")
        ax.plot(epochs, history["val_loss"], label="validation")
        ax.plot(epochs[least], history["val_loss"][least], "o", color="C1", label=f"least, in epoch {epochs[least]}")
        ax.set(title=title, xlabel="epoch")
        ax.grid(alpha=0.3)
        ax.legend()
    axes[0].set(ylabel="cross-entropy", ylim=(0, None))
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--samples", type=int, default=500, help="how many images there are to learn from")
    parser.add_argument("--noise", type=float, default=0.4, help="added to each pixel: the standard deviation, ink being 1")
    parser.add_argument("--seed", type=int, default=0, help="of noise, weights, order and dropout")
    parser.add_argument("--plot", metavar="FILE", default="overfitting.png", help="where the picture goes")
    options = parser.parse_args()

    (images, digits), new = noisy_digits(options.noise, options.seed)
    known = images[:options.samples], digits[:options.samples]
    histories = {name: train(dropout, known, new, options.epochs, options.seed)
                 for name, dropout in (("Without dropout", 0), ("With dropout", 0.5))}
    plot(histories, options.plot)
    for name, history in histories.items():
        least, last = min(history["val_loss"]), history["val_loss"][-1]
        print(f"{name}, the validation loss falls to {least:.3f} and ends at {last:.3f}, where "
              f"{history['val_accuracy'][-1]:.1%} of the new images are read correctly.")
    print(f"The curves are in {options.plot}.")
