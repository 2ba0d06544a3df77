"""x*y + 5*y + 5: the expression, its gradients, its graph before and after, its kernel, and its time against NumPy.

    python examples/expression.py [--elements 10000000] [--draw expression.svg]
"""
import argparse
import timeit

import numpy as np

import graphc


def expression(shape):
    """Two inputs of `shape`, and [z, dz/dx, dz/dy]: all four are nodes of one graph."""
    x = graphc.placeholder(shape, name="x")
    y = graphc.placeholder(shape, name="y")
    z = x * y + 5 * y + 5
    dx, dy = graphc.grad(z.sum(), [x, y])
    return [x, y], [z, dx, dy]


def by_numpy(x, y):
    """The same by hand: three new arrays, as the compiled function returns them."""
    return x * y + 5 * y + 5, y.copy(), x + 5


def show():
    """Everything that there is to see about the scalar expression."""
    x = graphc.placeholder((), name="x")
    y = graphc.placeholder((), name="y")
    z = x * y + 5 * y + 5
    dx, dy = graphc.grad(z, [x, y])
    title("The expression and its gradients")
    print(f"z     = {z}\ndz/dx = {dx}\ndz/dy = {dy}")

    f = graphc.compile([x, y], [z, dx, dy])
    print("f(2, 3) =", *(float(value) for value in f(2.0, 3.0)))
    title("The graph, before and after the passes")
    print(f.dump())
    title("The generated kernel")
    print(f.source())
    return f


def race(f, elements):
    """Times of one call with numbers, and of one call with vectors of `elements`."""
    title("Time, value and both gradients, the best of several")
    report("two numbers", seconds(lambda: f(2.0, 3.0)), seconds(lambda: by_numpy(np.float32(2), np.float32(3))))

    inputs, outputs = expression((None,))
    g = graphc.compile(inputs, outputs)
    rng = np.random.default_rng(0)
    x, y = rng.random(elements, np.float32), rng.random(elements, np.float32)
    for compiled, expected in zip(g(x, y), by_numpy(x, y), strict=True):
        np.testing.assert_allclose(compiled, expected, rtol=1e-6)
    report(f"{elements:,} elements", seconds(lambda: g(x, y)), seconds(lambda: by_numpy(x, y)))


def seconds(call):
    """The shortest time of one call, after a first one that does not count."""
    timer = timeit.Timer(call)
    calls, _ = timer.autorange()
    return min(timer.repeat(5, calls)) / calls


def report(what, graphc_seconds, numpy_seconds):
    """One line of the table."""
    print(f"{what:>22}: graphc {graphc_seconds * 1e6:12,.2f} us    NumPy {numpy_seconds * 1e6:12,.2f} us    "
          f"{numpy_seconds / graphc_seconds:5.1f} x")


def title(text):
    """A heading."""
    print(f"\n{text}\n{'-' * len(text)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=10_000_000, help="length of the vectors of the race")
    parser.add_argument("--draw", metavar="FILE", help="draw the compiled graph into FILE (.svg or .dot)")
    options = parser.parse_args()
    compiled = show()
    if options.draw:
        graphc.draw(compiled, options.draw)
    race(compiled, options.elements)
