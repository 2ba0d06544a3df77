"""A device function that is an object of its own, and kernels that call it."""
from graphc.kernels.cpu.jit import jit, separate
from graphc.lower.source import KernelSource


@jit
def square(x):
    return x * x


@separate
def cube(f, x):
    return f(x) * x


TEXT = '''from tests.runtime.parts import cube, square
from graphc.kernels.cpu.memory import source, target


def {name}(args, tid, threads):
    x, y = source(args, 0, "f64"), target(args, 1, "f64")
    for i in range(100):
        y[i] = cube(square, x[i]) * {factor}
'''


def cubes(factor):
    """A kernel ``y = x**3 * factor`` over 100 float64."""
    return KernelSource("cubes", TEXT.format(name="cubes", factor=float(factor)))
