"""Gradient descent, theta <- theta - alpha * dJ/dtheta, down the curved valley of Rosenbrock's function.

    python -m pip install ".[plot]"
    python examples/gradient_descent.py [--steps 20000] [--alpha 0.001] [--plot descent.png]

The minimum, 0, is at (1, 1). J is steep across the valley and nearly flat along it: the classic hard case for descent
(H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960)."""
import argparse

import numpy as np
from matplotlib import pyplot

import graphc


def cost(a, b):
    """Rosenbrock's function, of numbers, arrays or nodes of a graph."""
    return (1 - a) ** 2 + 100 * (b - a**2) ** 2


def descend(steps, alpha, start=(-1.2, 1.0)):
    """The points that theta visits, shape (steps + 1, 2), and the cost at each but the last, shape (steps,)."""
    theta = graphc.Variable(np.array(start), name="theta")
    a, b = theta
    j = cost(a, b)
    step = graphc.compile([], j, updates={theta: theta - alpha * graphc.grad(j, theta)})

    path, costs = [theta.numpy()], []
    for _ in range(steps):
        costs.append(float(step()))
        path.append(theta.numpy())
    return np.array(path), np.array(costs)


def plot(path, costs, file):
    """The way down on a map of the valley, and the cost by step."""
    figure, (valley, curve) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    a, b = np.meshgrid(np.linspace(-1.6, 1.6, 300), np.linspace(-0.6, 1.8, 300))
    valley.contourf(a, b, np.log10(cost(a, b) + 1e-3), levels=30, cmap="Blues_r")
    valley.plot(*path.T, color="#d9542b", linewidth=1.5)
    valley.plot(*path[0], "o", color="#d9542b")
    valley.plot(1, 1, "*", color="white", markersize=12)
    valley.set(title="log J, and the way down", xlabel=r"$\theta_0$", ylabel=r"$\theta_1$")
    curve.semilogy(costs, color="#d9542b")
    curve.set(title=r"$J(\theta)$", xlabel="step")
    figure.savefig(file, dpi=120)
    print("plot:", file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--alpha", type=float, default=0.001, help="the length of a step, in gradients")
    parser.add_argument("--plot", metavar="FILE", default="descent.png", help="where the picture goes")
    options = parser.parse_args()
    visited, fallen = descend(options.steps, options.alpha)
    for k in np.unique(np.geomspace(1, options.steps, 10).astype(int)) - 1:
        print(f"step {k:>6}   theta = ({visited[k, 0]:+.5f}, {visited[k, 1]:+.5f})   J = {fallen[k]:.3e}")
    print(f"at last       theta = ({visited[-1, 0]:+.5f}, {visited[-1, 1]:+.5f})")
    plot(visited, fallen, options.plot)
