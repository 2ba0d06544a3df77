"""What only a call's sizes settle: every type rule once more, and nothing that depends on no call."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import CallError
from graphc.ir.graph import topological
from graphc.ir.sizes import check, concrete, settled, unsettled


@pytest.fixture
def sizes():
    """Two sizes that a call settles, and what it does: 6 and 4."""
    x = graphc.placeholder((None, None), name="x")
    n, m = x.dims
    return x, n, m, {next(iter(n.symbols())): 6, next(iter(m.symbols())): 4}


def test_sizes_are_filled_in(sizes):
    x, n, m, found = sizes
    assert concrete(x.type, found).dims == (6, 4)
    assert settled((n, (n * m, 7), "add"), found) == (6, (24, 7), "add")


def test_what_is_settled_already_is_not_looked_at(sizes):
    x, *_ = sizes
    w = graphc.Variable(np.ones((3, 3), "float32"))
    apart, together = graphc.exp(w) * 2, x * 2
    found = set(unsettled(topological([apart, together])))
    assert together in found and found.isdisjoint([apart, x, w])


@pytest.mark.parametrize("build", [lambda x, n: graphc.reshape(x, (3, n * 4 // 3)), lambda x, n: x + x[::-1],
                                   lambda x, n: x @ x.T])
def test_what_fits_passes(sizes, build):
    x, n, _, found = sizes
    check(unsettled(topological([build(x, n)])), found)


def test_what_does_not_fit_names_the_operation_its_operands_and_the_line(sizes):
    x, n, _, found = sizes
    y = graphc.reshape(x, (n, 4))
    check(unsettled(topological([y])), found)
    with pytest.raises(CallError, match=r"^reshape\(x:f32\[6,5\]\): .*\n  made at .*test_sizes.py:\d+: y = "):
        check(unsettled(topological([y])), dict(zip(found, (6, 5), strict=True)))
