"""A network of 64, 128 and 10 units that reads handwritten digits, by hand: no layers, no losses, no optimizers.

    python examples/mlp_by_hand.py [--epochs 20] [--rate 0.2]
"""
import argparse

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import graphc
from graphc.datasets import digits

BATCH = 32


def parameters(rng):
    """Weights drawn after He et al. (2015), biases of zero."""
    def weights(inputs, outputs, name):
        drawn = rng.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs)
        return graphc.Variable(drawn.astype("float32"), name=name)

    return [weights(64, 128, "w1"), graphc.Variable(np.zeros(128, "float32"), name="b1"),
            weights(128, 10, "w2"), graphc.Variable(np.zeros(10, "float32"), name="b2")]


def network(x, w1, b1, w2, b2):
    """One score for each digit: shape (batch, 10)."""
    hidden = graphc.maximum(graphc.matmul(x, w1) + b1, 0)
    return graphc.matmul(hidden, w2) + b2


def cross_entropy(scores, digit):
    """The mean of -log softmax(scores)[digit]."""
    chosen = graphc.sum(scores * graphc.one_hot(digit, 10), axis=1)
    return graphc.mean(graphc.logsumexp(scores, axis=1) - chosen)


def build(rate, rng):
    """``step(images, digits) -> cost`` changes the weights; ``read(images) -> digits`` uses them."""
    x = graphc.placeholder((None, 64), name="x")
    digit = graphc.placeholder((None,), "int64", name="digit")
    weights = parameters(rng)
    scores = network(x, *weights)
    cost = cross_entropy(scores, digit)
    gradients = graphc.grad(cost, weights)
    step = graphc.compile([x, digit], cost, updates={w: w - rate * g for w, g in zip(weights, gradients, strict=True)})
    return step, graphc.compile([x], graphc.argmax(scores, axis=1))


def train(epochs, rate, seed=0):
    """The share of held-out images that the trained network reads correctly."""
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    x_train, x_test = (x.reshape(-1, 64).astype("float32") / 8 - 1 for x in (x_train, x_test))
    rng = np.random.default_rng(seed)
    step, read = build(rate, rng)
    columns = (TextColumn("epoch {task.completed:>3}/{task.total}"), BarColumn(), TimeElapsedColumn(),
               TextColumn("cost {task.fields[cost]:.4f}  held out {task.fields[accuracy]:.1%}"))
    with Progress(*columns) as progress:
        bar = progress.add_task("training", total=epochs, cost=float("nan"), accuracy=0.0)
        for _ in range(epochs):
            order = rng.permutation(len(x_train))
            batches = [order[k:k + BATCH] for k in range(0, len(order), BATCH)]
            costs = [step(x_train[batch], y_train[batch]) for batch in batches]
            accuracy = np.mean(read(x_test) == y_test)
            progress.update(bar, advance=1, cost=np.mean(costs), accuracy=accuracy)
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.2, help="the length of a step, in gradients")
    options = parser.parse_args()
    print(f"held-out images read correctly: {train(options.epochs, options.rate):.1%}")
