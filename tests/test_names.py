"""What ``graphc.<name>`` offers: documented, nothing internal, and the names that the Array API has."""
import types

import numpy as np
import pytest

import graphc

ARRAY_API = """abs acos acosh add all any arange argmax argmin argsort asin asinh astype atan atan2 atanh bitwise_and
bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays broadcast_to ceil clip concat
conj copysign cos cosh count_nonzero cumulative_prod cumulative_sum diff divide e empty equal exp expand_dims expm1 eye flip
floor floor_divide full full_like greater greater_equal hypot inf isfinite isinf isnan less less_equal linspace log log10
log1p log2 logaddexp logical_and logical_not logical_or logical_xor matmul matrix_transpose max maximum mean meshgrid min
minimum moveaxis multiply nan negative newaxis not_equal ones ones_like permute_dims pi positive pow prod real reciprocal
remainder repeat reshape roll round searchsorted sign signbit sin sinh sort sqrt square squeeze stack std subtract sum take
take_along_axis tan tanh tensordot tile tril triu trunc unstack var vecdot where zeros zeros_like""".split()
"""The functions of the standard of 2024 whose results have a shape and a dtype that their operands tell."""


def test_the_array_api_is_there():
    assert [name for name in ARRAY_API if name not in dir(graphc)] == []
    assert graphc.pi == np.pi and graphc.newaxis is None


def test_nothing_internal_is_shown():
    assert not {"getitem", "matrix_transpose_all", "At", "ops", "ir", "lower"} & set(dir(graphc))
    assert [n for n in dir(graphc) if isinstance(getattr(graphc, n), types.ModuleType)] == ["random"]


@pytest.mark.parametrize("name", [n for n in dir(graphc) if callable(getattr(graphc, n))])
def test_is_documented(name):
    assert getattr(graphc, name).__doc__
