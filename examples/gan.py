"""Handwritten digits out of noise: two networks that learn by playing against each other (I. J. Goodfellow et al., 2014).

    python examples/gan.py [--epochs 400] [--plot gan.png]     # needs the extra "plot"

A generator makes images of random numbers; a discriminator learns to tell them from real ones, and the generator to be taken
for real. Neither loss says how good the images are, as each depends on the other network. So they are judged by themselves:
among as many held-out digits, how often is the nearest neighbour of an image of its own kind? Of images that cannot be told
apart, half of the time; always, if they are blurred or few of a kind (D. Lopez-Paz, M. Oquab, "Revisiting classifier
two-sample tests", 2017)."""
import argparse
from itertools import pairwise

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers, ops

NOISE = 32  # random numbers that an image is made of
SIDE = 7  # images to a side of a panel
STAGES = 9  # at which images are judged


def load():
    """The digits that come with graphc, as vectors of 64 numbers, -1 (paper) to 1 (ink): to learn from, and held out."""
    (x, _), (x_test, _) = keras.datasets.digits.load_data()
    return [(images.reshape(-1, 64) / 8 - 1).astype("float32") for images in (x, x_test)]


def generator():
    """From noise to an image."""
    hidden = [layer for units in (128, 256)
              for layer in (layers.Dense(units), layers.BatchNormalization(momentum=0.9), layers.ReLU())]
    return keras.Sequential([keras.Input((NOISE,)), *hidden, layers.Dense(64, activation="tanh")])


def discriminator():
    """From an image to a score: the higher, the more it looks real."""
    hidden = [layer for units in (256, 128)
              for layer in (layers.Dense(units), layers.LeakyReLU(0.2), layers.Dropout(0.3))]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(1)])


class GAN(keras.Model):
    """The two, and a step in which first the discriminator learns, then the generator."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator(), discriminator()
        self.played = {name: keras.metrics.Mean(name=name) for name in ("generator_loss", "discriminator_loss")}

    def compile(self, rate):
        super().compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
        self.optimizers = {name: keras.optimizers.Adam(rate, beta_1=0.5) for name in self.played}

    def descend(self, name, loss, network):
        """One step of one of the two."""
        self.optimizers[name].minimize(loss, network.trainable_weights)
        self.played[name].update_state(loss)

    def train_step(self, real):
        made = self.generator(keras.random.normal((ops.shape(real)[0], NOISE)), training=True)
        scores = [self.discriminator(images, training=True) for images in (real, ops.stop_gradient(made))]
        self.descend("discriminator_loss", self.loss(ops.ones_like(scores[0]), scores[0])
                     + self.loss(ops.zeros_like(scores[1]), scores[1]), self.discriminator)
        score = self.discriminator(made, training=True)
        self.descend("generator_loss", self.loss(ops.ones_like(score), score), self.generator)
        return {name: metric.result() for name, metric in self.played.items()}


def told_apart(images, others):
    """The share of images whose nearest neighbour, among both, is of their own kind."""
    both = np.concatenate([images, others])
    squares = np.square(both).sum(axis=1)
    distances = squares[:, None] + squares - 2 * both @ both.T
    np.fill_diagonal(distances, np.inf)
    own = np.arange(len(both)) < len(images)
    return np.mean(own[distances.argmin(axis=1)] == own)


def train(gan, known, held_out, epochs):
    """After some epochs, about twice as many each time: what was made of the same noise, and how well it was told apart."""
    noise = np.random.default_rng(0).normal(size=(len(held_out), NOISE)).astype("float32")
    ends = np.unique([0, *np.geomspace(min(4, epochs), epochs, STAGES - 1).round().astype(int)])
    stages = {}
    for start, end in pairwise([0, *ends]):
        gan.fit(known, batch_size=32, initial_epoch=start, epochs=end, verbose=0)
        made = gan.generator.predict(noise, verbose=0)
        stages[end] = made, told_apart(held_out, made)
        print(f"after {end:>4} epochs, samples are told apart from held-out digits in {stages[end][1]:.1%} of cases")
    return stages


def show(ax, title, images):
    """The first of them, in rows, with paper between them."""
    framed = np.pad(images[:SIDE**2].reshape(SIDE, SIDE, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)
    ax.imshow(framed.swapaxes(1, 2).reshape(SIDE * 10, SIDE * 10), cmap="gray_r", vmin=-1, vmax=1)
    ax.set(title=title, xticks=[], yticks=[])


def plot(stages, held_out, chance, file):
    """Samples at four stages, real digits, and how well the two are told apart."""
    figure, axes = pyplot.subplots(2, 3, figsize=(11, 7.4), layout="constrained")
    epochs = list(stages)
    for ax, k in zip(axes.ravel(), np.linspace(0, len(epochs) - 1, 4).astype(int), strict=False):
        show(ax, f"after {epochs[k]} epochs", stages[epochs[k]][0])
    show(axes[1, 1], "held-out digits", held_out)
    curve = axes[1, 2]
    curve.plot(list(map(str, epochs)), [share for _, share in stages.values()], "o-", label="samples")
    curve.axhline(chance, color="black", linestyle=":", label="other real digits")
    curve.set(title="told apart from held-out digits", xlabel="epoch", ylim=(0, 1.03))
    curve.grid(alpha=0.3)
    curve.legend(loc="lower left")
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--rate", type=float, default=0.001, help="the learning rate of both networks")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order, noise and dropout")
    parser.add_argument("--plot", metavar="FILE", default="gan.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    real, unseen = load()
    players = GAN()
    players.compile(options.rate)
    reached = train(players, real, unseen, options.epochs)
    between = told_apart(unseen, real[:len(unseen)])
    plot(reached, unseen, between, options.plot)
    print(f"Other real digits are told apart from them in {between:.1%} of cases. Samples are in {options.plot}.")
