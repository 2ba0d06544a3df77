"""Every row of the op table, tested by what the row says of itself."""
import numpy as np
import pytest

from graphc.ir.op import Source
from graphc.ir.registry import OPS

from . import harness

ROWS = [op for _, op in sorted(OPS.items()) if not isinstance(op.lower, Source)]
FLOAT32 = np.dtype("float32")
names = {"ids": lambda op: op.name}


@pytest.mark.parametrize("op", ROWS, **names)
def test_forward(op):
    assert sum(harness.check_forward(op, dtype) for dtype in harness.DTYPES) > 0, "its samples take no dtype"


@pytest.mark.parametrize("op", ROWS, **names)
def test_sizes_known_at_call_time(op):
    harness.check_unknown_sizes(op, FLOAT32)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("op", [op for op in ROWS if op.grad is not None], **names)
def test_gradient(op, order):
    harness.check_gradient(op, order)


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("op", ROWS, **names)
def test_compiled_equals_interpreted(op, unknown):
    harness.check_compiled(op, unknown)


def test_each_row_has_a_line_of_documentation():
    assert [op.name for op in ROWS if not op.doc] == []
