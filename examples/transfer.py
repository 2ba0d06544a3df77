"""What a network learned from the digits 0 to 4 serves to learn 5 to 9 from a few images: transfer of a frozen base.

    python -m pip install ".[plot]"
    python examples/transfer.py [--per-class 1 3 10 30] [--data-dir FOLDER] [--plot transfer.png]

The convolutions of a network that reads 0 to 4 are its base. Frozen, it serves a new head as it is; fine-tuned, it then
learns on at a low rate; from scratch, the same layers know nothing but the few images. Which layers are of use for another
task: J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep neural networks?", 2014."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

HALF = 5  # the digits below are known, the others are new
WAYS = "frozen base", "fine-tuned", "from scratch"


def load(folder):
    """Images of one channel, 0 to 1, and classes 0 to 4, of the known digits and of the new ones; then the same held out."""
    for x, y in keras.datasets.mnist.load_data(folder):
        x, known = x[..., None].astype("float32") / 255, y < HALF
        yield (x[known], y[known]), (x[~known], y[~known] - HALF)


def convolutions(shape):
    """From an image to its features."""
    return keras.Sequential([
        keras.Input(shape),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Flatten(),
    ])


def with_head(base):
    """From an image to a probability for each class."""
    return keras.Sequential([base, layers.Dense(HALF, activation="softmax")])


def learn(model, images, epochs, rate=0.001):
    """Train; what is trainable is settled here, where the model is compiled."""
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*images, batch_size=32, epochs=epochs, verbose=0)


def accuracy(model, images):
    """The share of images read correctly."""
    return model.evaluate(*images, verbose=0)[1]


def few(x, y, size, rng):
    """So many images of each class, at random, one class after the other."""
    chosen = np.concatenate([rng.choice(np.flatnonzero(y == k), size, replace=False) for k in range(HALF)])
    return x[chosen], y[chosen]


def compare(learned, images, held_out, epochs):
    """The accuracies on held-out images, one for each of the ways to learn from a few; `learned` stays as it is."""
    base, blank = (keras.models.clone_model(learned) for _ in range(2))
    base.set_weights(learned.get_weights())
    base.trainable = False
    transferred, scratch = with_head(base), with_head(blank)
    learn(transferred, images, epochs, rate=0.003)
    frozen = accuracy(transferred, held_out)
    base.trainable = True
    learn(transferred, images, epochs, rate=0.0001)
    learn(scratch, images, epochs)
    return frozen, accuracy(transferred, held_out), accuracy(scratch, held_out)


def plot(sizes, accuracies, images, file):
    """The accuracies by the number of images, of each draw and their mean; and up to ten images of each new digit, a row."""
    figure = pyplot.figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.3, 1))
    ax = left.subplots()
    for k, way in enumerate(WAYS):
        ax.semilogx(sizes, accuracies[..., k].mean(axis=1), "o-", color=f"C{k}", label=way)
        ax.semilogx(sizes, accuracies[..., k], ".", color=f"C{k}", alpha=0.4)
    ax.set(title="Share of new images read correctly", xlabel="images of each digit to learn from")
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
    rows = images.reshape(HALF, -1, *images.shape[1:3])[:, :10]
    right.suptitle("Some of the new images")
    for image, ax in zip(np.concatenate(rows), right.subplots(*rows.shape[:2], squeeze=False).ravel(), strict=True):
        ax.imshow(image, cmap="gray_r")
        ax.axis("off")
    figure.savefig(file, dpi=120)
    print("plot:", file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per-class", type=int, nargs="+", default=[1, 3, 10, 30], metavar="N", help="of new digits")
    parser.add_argument("--draws", type=int, default=3, help="how often so many images are drawn")
    parser.add_argument("--samples", type=int, default=6000, help="of known digits, all together")
    parser.add_argument("--known-epochs", type=int, default=3, help="of the training on them")
    parser.add_argument("--epochs", type=int, default=50, help="of each training on new digits")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and draws")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="transfer.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    ((x, y), new), (known_held_out, held_out) = load(options.data_dir)
    base = convolutions(x.shape[1:])
    reader = with_head(base)
    learn(reader, (x[:options.samples], y[:options.samples]), options.known_epochs)
    print(f"0 to 4: {accuracy(reader, known_held_out):.1%} read correctly")
    accuracies = []
    for size in options.per_class:
        draws = [few(*new, size, rng) for _ in range(options.draws)]
        accuracies.append([compare(base, images, held_out, options.epochs) for images in draws])
        said = ", ".join(f"{share:.1%} {way}" for share, way in zip(np.mean(accuracies[-1], axis=0), WAYS, strict=True))
        print(f"5 to 9, from {size:>3} of each: {said}")
    plot(options.per_class, np.array(accuracies), draws[0][0], options.plot)
