"""No kernel computes wider than it must: machine code of every elementwise row, as LLVM leaves it."""
import re

import numpy as np
import pytest

import graphc
from graphc.ir.errors import DTypeError
from graphc.ir.op import Scalar
from graphc.ir.registry import OPS
from graphc.kernels.cpu import compiler
from graphc.runtime.device import device, target_machine

from ..ops.harness import arity
from ..passes.kernels import program

WIDE = {"sin", "cos", "tan", "pow"}
"""In float32 these compute in float64 on purpose: nothing else reduces a huge argument, or takes a power, exactly enough."""

ROWS = [op for _, op in sorted(OPS.items()) if isinstance(op.lower, Scalar) and op.domain]
EXTENDED = re.compile(r"[sz]ext (<\d+ x )?i(8|16|32)>? .* to (<\d+ x )?i64")


def optimized(inputs, outputs) -> str:
    """The LLVM code of all kernels."""
    target, found = target_machine(device("cpu")), []
    for step in program(inputs, outputs).steps:
        library = compiler._library(step.source.text, step.source.name)
        found.append(str(compiler._optimized(library.link(), {library.entry: "kernel"}, target)))
    return "\n".join(found)


def applied(op, dtype):
    """The row on arrays of that dtype; skips where it takes none."""
    xs = [graphc.placeholder((64,), dtype) for _ in range(arity(op))]
    try:
        return xs, op(*xs)
    except DTypeError:
        pytest.skip(f"takes no {dtype}")


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_float32_stays_float32(op):
    code = optimized(*applied(op, "float32"))
    assert ("double" in code) == (op.name in WIDE)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_int32_stays_int32(op):
    xs, y = applied(op, "int32")
    if y.dtype in (np.dtype("int32"), np.dtype(bool)):
        assert not EXTENDED.search(optimized(xs, y))


@pytest.mark.parametrize("formula", [
    lambda x: graphc.softmax(x), lambda x: graphc.sum(x, 0) / 3, lambda x: graphc.mean(x * 0.5 + 1), graphc.std,
    lambda x: graphc.layer_normalization(x, graphc.ones(8), graphc.zeros(8)), lambda x: graphc.gelu(x, approximate=True),
    lambda x: graphc.cumulative_sum(x, 1), lambda x: graphc.where(x > 0.1, x, 0.5), lambda x: graphc.matmul(x, x.T),
    lambda x: graphc.pad(x, 1), lambda x: graphc.average_pool(graphc.reshape(x, (2, 8, 4)), 2),
    lambda x: graphc.grad(graphc.sum(graphc.tanh(x) ** 2), x)], ids=range(12))
def test_formulas_of_float32_stay_float32(formula):
    x = graphc.placeholder((8, 8))
    assert "double" not in optimized([x], formula(x))


def test_what_is_tested_is_there():
    x = graphc.placeholder((8,))
    assert "fmul" in optimized([x], x * 3) and "double" in optimized([x], x.astype("float64") * 3)
    assert EXTENDED.search(optimized([x := graphc.placeholder((8,), "int32")], x.astype("int64") * 3))
