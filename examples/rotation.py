"""Learning without labels: who can tell how digits were turned needs fewer of them to read (S. Gidaris et al., 2018).

    python -m pip install ".[plot]"
    python examples/rotation.py [--epochs 3] [--samples 20000] [--labels 10 30 100 300 1000] [--plot rotation.png]

Whoever turns an image knows by how much, so there is something to learn from images alone: "Unsupervised representation
learning by predicting image rotations". What the base of a network has learned is then frozen, and one layer on top of it
learns to read digits from few labels. Beside it stand the same layer on a base that has learned nothing, and a network all
of which learns from the labels."""
import argparse
import math

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

BATCH = 32
QUARTERS = 4
SHOWN = 6
KINDS = {"frozen after learning rotations": "o-", "all learned from the labels": "s--", "frozen, never trained": "^:"}


def load(folder):
    """Images and the digits they show: to learn from, and held out. Ink has its center of mass in pixel 14 of 28, from where
    a turn moves it by one pixel. Without the first row and column the middle is in place, and only the digit can tell."""
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = (images[:, 1:, 1:, None].astype("float32") / 255 for images in (x, x_test))
    return (x, y), (x_test, y_test)


def balanced(x, y, n):
    """So many of these images in all, as many of each digit, and the digits."""
    picked = np.concatenate([np.flatnonzero(y == digit)[:n // 10] for digit in range(10)])
    return x[picked], y[picked]


def rotated(images):
    """Images in all four positions, and the quarter turns of each."""
    turned = [np.rot90(images, turns, axes=(1, 2)) for turns in range(QUARTERS)]
    return np.concatenate(turned), np.repeat(np.arange(QUARTERS), len(images))


def new_base():
    """From an image to features."""
    return keras.Sequential([
        keras.Input((27, 27, 1)),
        layers.Conv2D(32, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
    ])


def learn(model, x, y, epochs, verbose=0):
    """The model, trained to tell classes apart; the learning rate falls to zero."""
    rate = keras.optimizers.schedules.CosineDecay(0.001, epochs * math.ceil(len(x) / BATCH))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=verbose)
    return model


def reader(base):
    """A probability for each digit, by one layer, which is given features of the same scale whatever the base."""
    return keras.Sequential([base, layers.LayerNormalization(), layers.Dense(10, activation="softmax")])


def compare(base, known, test, labels, steps):
    """The share of test images read correctly by each kind, by the number of labels: shape (numbers, kinds)."""
    found = []
    print(f"{'labels':>6}", *KINDS, sep="   ")
    for n in labels:
        scratch, untrained = new_base(), new_base()
        base.trainable = untrained.trainable = False
        epochs = math.ceil(steps / math.ceil(n / BATCH))
        models = [learn(reader(part), *balanced(*known, n), epochs) for part in (base, scratch, untrained)]
        found.append([model.evaluate(*test, verbose=0)[1] for model in models])
        print(f"{n:>6}", *(f"{share:{len(kind)}.1%}" for kind, share in zip(KINDS, found[-1], strict=True)), sep="   ")
    return np.array(found)


def plot(images, guessed, labels, found, file):
    """Images in four positions and how the network takes them to be turned; and accuracies by the number of labels."""
    figure = pyplot.figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1))
    left.suptitle("By how many degrees was it turned?")
    for turns, row in enumerate(left.subplots(QUARTERS, SHOWN)):
        for ax, image, guess in zip(row, images[turns], guessed[turns], strict=True):
            ax.imshow(image, cmap="gray_r")
            ax.set(xticks=[], yticks=[])
            ax.set_xlabel(f"{90 * guess}", color="black" if guess == turns else "#d9542b", labelpad=2)
    curve = right.subplots()
    for (kind, style), shares in zip(KINDS.items(), found.T, strict=True):
        curve.plot(labels, shares, style, label=kind)
    curve.set(title="Reading held-out digits", xlabel="labels", ylabel="share read correctly", xscale="log", ylim=(0, 1))
    curve.grid(alpha=0.3)
    curve.legend(loc="lower right")
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3, help="of learning rotations")
    parser.add_argument("--samples", type=int, default=20000, help="images to learn rotations from")
    parser.add_argument("--labels", type=int, nargs="+", default=[10, 30, 100, 300, 1000], help="multiples of ten")
    parser.add_argument("--steps", type=int, default=600, help="of learning digits")
    parser.add_argument("--seed", type=int, default=0, help="of weights and order")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="rotation.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    digits, held_out = load(options.data_dir)
    learned = new_base()
    network = keras.Sequential([learned, layers.Dense(128, activation="relu"), layers.Dense(QUARTERS, activation="softmax")])
    learn(network, *rotated(digits[0][:options.samples]), options.epochs, verbose=2)
    seen, turned_by = rotated(held_out[0])
    guesses = network.predict(seen, verbose=0).argmax(axis=-1)
    print(f"The network tells by how much {np.mean(guesses == turned_by):.1%} of {len(seen):,} held-out images were turned.")
    shares_read = compare(learned, digits, held_out, options.labels, options.steps)
    shown, answers = (a.reshape(QUARTERS, -1, *a.shape[1:])[:, :SHOWN] for a in (seen, guesses))
    plot(shown, answers, options.labels, shares_read, options.plot)
    print(f"Images and curves are in {options.plot}.")
