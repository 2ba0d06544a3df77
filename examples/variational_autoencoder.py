"""A plane of handwritten digits: a variational autoencoder of two latent numbers (D. P. Kingma, M. Welling, 2013).

    python -m pip install ".[plot]"
    python examples/variational_autoencoder.py [--epochs 30] [--data-dir FOLDER] [--plot variational_autoencoder.png]

An encoder says of each image where in the plane it may lie, as a normal distribution; a decoder gives the probability of ink
at each pixel for a point drawn from there. What is made small bounds the negative log-likelihood of an image from above: how
badly it is decoded, and how far its distribution is from the standard normal one, from which new digits are drawn then
("Auto-encoding variational Bayes")."""
import argparse
from statistics import NormalDist

import numpy as np
from matplotlib import pyplot

import graphc.nn as keras
from graphc.nn import layers, ops

BATCH = 100
GRID = 18  # digits to a side


def load(folder, samples):
    """Images as vectors of 784 pixels, 1 where there is ink, to learn from and held out; the digits the latter show."""
    (x, _), (x_test, y_test) = keras.datasets.mnist.load_data(folder)
    x, x_test = ((images.reshape(-1, 784) > 127).astype("float32") for images in (x, x_test))
    return x[:samples], x_test, y_test


class VariationalAutoencoder(keras.Model):
    """From images to distributions in the plane, and from points of the plane to probabilities of ink."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([
            keras.Input((784,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(4),  # the mean, and the logarithm of the variance
        ])
        self.decoder = keras.Sequential([
            keras.Input((2,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(256, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ])
        self.parts = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "divergence")]

    def losses_of(self, x):
        """The bound for each image, and its two parts, in nats; the point is drawn as mean + deviation * noise."""
        mean, log_variance = ops.split(self.encoder(x), 2, axis=1)
        point = mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean))
        reconstruction = 784 * keras.losses.binary_crossentropy(x, self.decoder(point))
        divergence = ops.sum(ops.square(mean) + ops.exp(log_variance) - log_variance - 1, axis=1) / 2
        return reconstruction + divergence, reconstruction, divergence

    def train_step(self, x):
        losses = self.losses_of(x)
        self.optimizer.minimize(ops.mean(losses[0]), self.trainable_weights)
        return self.logs(losses)

    def test_step(self, x):
        return self.logs(self.losses_of(x))

    def logs(self, losses):
        """The means over the epoch, by name."""
        for metric, loss in zip(self.parts, losses, strict=True):
            metric.update_state(loss)
        return {metric.name: metric.result() for metric in self.parts}


def nats_of_independent_pixels(x, new):
    """The mean negative log-likelihood of new images if each pixel is ink as often as in `x`, whatever the others are."""
    ink = (x.sum(axis=0) + 1) / (len(x) + 2)
    return -(new @ np.log(ink) + (1 - new) @ np.log(1 - ink)).mean()


def plot(points, digits, decoded, file):
    """Where the encoder places images, by the digit they show; and what the decoder makes of the places, each as likely."""
    figure, (plane, images) = pyplot.subplots(1, 2, figsize=(12, 5.6), width_ratios=(1.15, 1), layout="constrained")
    dots = plane.scatter(*points.T, c=digits, cmap="tab10", vmin=-0.5, vmax=9.5, s=4)
    plane.set(title="held-out images, encoded", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), xlabel="first latent number",
              ylabel="second latent number", aspect="equal")
    figure.colorbar(dots, ax=plane, label="digit", ticks=range(10))
    images.imshow(decoded, cmap="gray_r", vmin=0, vmax=1)
    images.set(title="points of the plane, decoded", xticks=[], yticks=[])
    figure.savefig(file, dpi=120)


def decoded_plane(decoder):
    """One picture of what the decoder makes of points that share the standard normal distribution evenly."""
    places = [NormalDist().inv_cdf((k + 0.5) / GRID) for k in range(GRID)]
    points = np.array([(first, second) for second in places[::-1] for first in places], "float32")
    return decoder.predict(points, verbose=0).reshape(GRID, GRID, 28, 28).swapaxes(1, 2).reshape(GRID * 28, GRID * 28)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and noise")
    parser.add_argument("--samples", type=int, help="learn from so many images only")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where MNIST's four files are; else they are downloaded")
    parser.add_argument("--plot", metavar="FILE", default="variational_autoencoder.png", help="where the picture goes")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    known, held_out, shown = load(options.data_dir, options.samples)
    model = VariationalAutoencoder()
    rate = keras.optimizers.schedules.CosineDecay(0.002, options.epochs * -(-len(known) // BATCH))
    model.compile(keras.optimizers.Adam(rate))
    model.fit(known, batch_size=BATCH, epochs=options.epochs, verbose=2)
    nats = model.evaluate(held_out, batch_size=BATCH, verbose=0, return_dict=True)
    means = model.encoder.predict(held_out, verbose=0)[:, :2]
    plot(means, shown, decoded_plane(model.decoder), options.plot)
    print(f"Of {len(held_out):,} held-out images, one costs at most {nats['loss']:.1f} nats: {nats['reconstruction']:.1f} "
          f"to decode it and {nats['divergence']:.1f} for its place. With independent pixels it costs "
          f"{nats_of_independent_pixels(known, held_out):.1f}. The plane is in {options.plot}.")
