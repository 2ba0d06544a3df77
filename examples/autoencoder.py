"""Handwritten digits in ten numbers each: an autoencoder beside PCA (G. E. Hinton, R. R. Salakhutdinov, 2006).

    python -m pip install ".[plot]"
    python examples/autoencoder.py [--code 10] [--epochs 12] [--data-dir FOLDER] [--plot autoencoder.png]

An autoencoder learns to give back what it is shown, through a layer so narrow that it must find out what digits have in
common. Principal components are the best that maps without a bend can do with as many numbers ("Reducing the dimensionality
of data with neural networks"). Both learn from the same images, and are judged by the same measure on images held out."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers

BATCH = 100
SHOWN = 10  # one image of each digit


def load(folder, samples):
    """Images as vectors of 784 numbers, 0 to 1, to learn from and held out, and the digits that the latter show."""
    (x, _), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = (images.reshape(-1, 784).astype("float32") / 255 for images in (x, x_test))
    return x[:samples], x_test, y_test


def network(code):
    """From an image to a code of so many numbers, and back."""
    return keras.Sequential([
        keras.Input((784,)),
        layers.Dense(256, activation="relu"),
        layers.Dense(128, activation="relu"),
        layers.Dense(code, name="code"),
        layers.Dense(128, activation="relu"),
        layers.Dense(256, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
    ])


def train(model, x, epochs):
    """Learn to give back what is shown; the learning rate falls to zero."""
    rate = keras.optimizers.schedules.CosineDecay(0.002, epochs * -(-len(x) // BATCH))
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(x, x, batch_size=BATCH, epochs=epochs, verbose=2)


def principal_components(x):
    """The mean, and the directions in which `x` varies, one a row, the one in which it varies most first."""
    mean = x.mean(axis=0)
    centered = x - mean
    return mean, np.linalg.svd(centered.T @ centered, hermitian=True)[2]


def errors_of_components(x, mean, directions):
    """The mean squared error of a pixel of `x` if it is kept in no numbers, in one, in two, and so on."""
    kept = np.square((x - mean) @ directions.T).mean(axis=0).cumsum()
    return (np.square(x - mean).sum(axis=1).mean() - np.append(0, kept)) / x.shape[1]


def plot(rows, errors, code, error, file):
    """Images and what became of them, row by row; and the errors by the numbers kept of an image."""
    figure = pyplot.figure(figsize=(13, 3.3), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2.6, 1))
    axes = left.subplots(len(rows), SHOWN)
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    curve = right.subplots()
    curve.plot(errors, label="principal components")
    curve.plot(code, error, "o", color="#d9542b", label="autoencoder")
    curve.set(title="held-out images", xlabel="numbers kept of an image", ylabel="mean squared error", xlim=(0, 8 * code),
              ylim=(0, None))
    curve.grid(alpha=0.3)
    curve.legend()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=int, default=10, help="how many numbers are kept of an image")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="of weights and order")
    parser.add_argument("--samples", type=int, help="learn from so many images only")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="autoencoder.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    known, new, digits = load(options.data_dir, options.samples)
    autoencoder = network(options.code)
    autoencoder.summary()
    train(autoencoder, known, options.epochs)
    error = autoencoder.evaluate(new, new, verbose=0)
    center, components = principal_components(known)
    errors = errors_of_components(new, center, components)
    shown, best = new[[np.argmax(digits == digit) for digit in range(SHOWN)]], components[:options.code]
    plot({"original": shown, "autoencoder": autoencoder.predict(shown, verbose=0),
          "PCA": center + (shown - center) @ best.T @ best}, errors, options.code, error, options.plot)
    print(f"With {options.code} numbers an image, the mean squared error of {len(new):,} held-out images is {error:.5f}, "
          f"and {errors[options.code]:.5f} with principal components, of which {np.argmax(errors <= error)} do as well; "
          f"images are in {options.plot}.")
