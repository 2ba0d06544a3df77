"""Two ways against overfitting, L2 regularization and early stopping, beside a network that is left alone.

    python -m pip install ".[plot]"
    python examples/regularization.py [--epochs 60] [--samples 500] [--l2 0.01] [--patience 5] [--plot regularization.png]

L2 regularization adds the sum of the squared weights to what is made small: large weights must pay for themselves. Early
stopping watches images that the network does not learn from, and puts back the weights with which it read them best. Since
those images chose the weights, both are judged on a third set."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

WATCHED = 400
NOISE = 0.4


def noisy_digits(samples, seed):
    """Images as vectors of 64 numbers, and their digits: to learn from, to watch, and to judge by at last."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    x, x_test = ((images / 16 + rng.normal(0, NOISE, images.shape)).reshape(-1, 64).astype("float32")
                 for images in (x, x_test))
    rest = slice(WATCHED, WATCHED + samples)
    return (x[rest], y[rest]), (x[:WATCHED], y[:WATCHED]), (x_test, y_test)


def network(l2):
    """A probability for each digit; the squares of the hidden layers' weights count `l2` times in the loss."""
    hidden = [layers.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.L2(l2)) for _ in range(2)]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, activation="softmax")])


def train(data, options, l2=0.0, callbacks=()):
    """The history of a training, and the cross-entropy and the accuracy on the last of the three sets."""
    known, watched, new = data
    keras.utils.set_random_seed(options.seed)
    model = network(l2)
    cross_entropy = keras.metrics.SparseCategoricalCrossentropy(name="cross_entropy")  # the loss without the weights' part
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[cross_entropy, "accuracy"])
    history = model.fit(*known, epochs=options.epochs, validation_data=watched, callbacks=list(callbacks)).history
    return history, model.evaluate(*new, verbose=0)[1:]


def plot(histories, file):
    """The cross-entropy of each training by epoch, side by side, and where that of the watched images is least."""
    figure, axes = pyplot.subplots(1, len(histories), figsize=(13, 4.2), sharex=True, sharey=True, layout="constrained")
    for ax, (title, history) in zip(axes, histories.items(), strict=True):
        watched = history["val_cross_entropy"]
        epochs, least = np.arange(1, len(watched) + 1), np.argmin(watched)
        ax.plot(epochs, history["cross_entropy"], label="training")
        ax.plot(epochs, watched, label="validation")
        ax.plot(epochs[least], watched[least], "o", color="C1", label=f"least, in epoch {epochs[least]}")
        ax.set(title=title, xlabel="epoch")
        ax.grid(alpha=0.3)
        ax.legend()
    axes[0].set(ylabel="cross-entropy", ylim=(0, None))
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--samples", type=int, default=500, help="how many images there are to learn from")
    parser.add_argument("--l2", type=float, default=0.01, help="what the squares of the weights count")
    parser.add_argument("--patience", type=int, default=5, help="epochs without improvement before training is stopped")
    parser.add_argument("--seed", type=int, default=0, help="of noise, weights and order")
    parser.add_argument("--plot", metavar="FILE", default="regularization.png", help="where the picture goes")
    options = parser.parse_args()

    data = noisy_digits(options.samples, options.seed)
    stop = keras.callbacks.EarlyStopping("val_cross_entropy", patience=options.patience, restore_best_weights=True)
    trainings = {"Left alone": train(data, options),
                 f"L2 regularization, {options.l2:g}": train(data, options, l2=options.l2),
                 "Early stopping": train(data, options, callbacks=[stop])}
    plot({name: history for name, (history, _) in trainings.items()}, options.plot)
    for name, (history, (cross_entropy, accuracy)) in trainings.items():
        print(f"{name}: after {len(history['loss'])} epochs the cross-entropy on new images is {cross_entropy:.3f}, and "
              f"{accuracy:.1%} of them are read correctly.")
    print(f"The curves are in {options.plot}.")
