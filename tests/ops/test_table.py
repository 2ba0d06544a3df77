"""Every row of the op table, tested by what the row says of itself."""
import pytest

from graphc.ir.op import Loop, Op, Source
from graphc.ir.registry import OPS

from . import harness

ROWS = [op for _, op in sorted(OPS.items()) if not isinstance(op.lower, (Source, Loop))]
"""All but those that carry sub-graphs, which samples would have to be drawn for: see test_control.py."""
DIFFERENTIABLE = [op for op in ROWS if op.grad is not None]
names = {"ids": lambda op: op.name}

WITHOUT_DERIVATIVE = set(
    "all any arange argmax argmin argsort bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift "
    "bitwise_xor ceil checked_index equal floor floor_divide greater greater_equal isfinite isinf isnan less less_equal "
    "logical_and logical_not logical_or logical_xor max_pool_index not_equal pad_index random_integers "
    "random_normal random_truncated_normal random_uniform round sign size stop_gradient trunc".split())
"""Rows whose derivative is zero or nothing."""

DERIVATIVE_ELSEWHERE = {"custom", "resample"}
"""Rows whose samples are integers: `custom` has the derivative of a user (test_custom.py), and the weights of `resample`,
which its derivative takes as fixed, are operands (test_resize.py)."""

SIZES_FIXED = set("arange random_integers random_normal random_truncated_normal random_uniform size".split())
"""Rows whose attributes hold every size."""

INTEGERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64"
REFUSED = {
    "bool": "conv conv_input_gradient conv_weight_gradient cumulative_prod cumulative_sum max_pool max_pool_gather "
            "max_pool_scatter negative prod scatter_add scatter_multiply sign subtract sum sum_pool sum_pool_transpose",
    "float32 float64": "all any bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor",
    "float16 bfloat16": "all any bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor "
                        "max_pool_gather max_pool_scatter scatter_add scatter_multiply sum_pool sum_pool_transpose",
    INTEGERS: "all any max_pool_gather max_pool_scatter sum_pool sum_pool_transpose",
}
"""In which dtypes which rows take no samples: all others are tested in all of them."""


def is_refused(op: Op, dtype) -> bool:
    return any(dtype.name in dtypes.split() and op.name in rows.split() for dtypes, rows in REFUSED.items())


@pytest.mark.parametrize("op", ROWS, **names)
def test_forward(op):
    taken = {dtype for dtype in harness.DTYPES if harness.check_forward(op, dtype)}
    assert taken == {dtype for dtype in harness.DTYPES if not is_refused(op, dtype)}


@pytest.mark.parametrize("op", [op for op in ROWS if op.name not in SIZES_FIXED], **names)
def test_sizes_known_at_call_time(op):
    assert harness.check_unknown_sizes(op) > 0


def test_the_rows_without_a_derivative():
    assert {op.name for op in ROWS} - {op.name for op in DIFFERENTIABLE} == WITHOUT_DERIVATIVE


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.name not in DERIVATIVE_ELSEWHERE], **names)
def test_gradient(op, order):
    assert harness.check_gradient(op, order) > 0


@pytest.mark.parametrize("op", ROWS, **names)
def test_compiled_equals_interpreted(op):
    assert harness.check_compiled(op, harness.compiled_samples(op)) >= harness.signatures(op) > set()


@pytest.mark.parametrize("op", [op for op in ROWS if op.name not in SIZES_FIXED], **names)
def test_compiled_equals_interpreted_with_sizes_known_at_call_time(op):
    assert harness.check_compiled(op, harness.unknown_samples(op)[:3])


def test_each_row_has_a_line_of_documentation():
    assert [op.name for op in ROWS if not op.doc] == []
