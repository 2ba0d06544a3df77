"""Loops: neighbours become one wherever all that is indexed allows it."""
import pytest

from graphc.ir.integer import Integer, evaluate, minimum
from graphc.ir.types import row_major
from graphc.passes.axes import all_axes, coefficient, joined, symbol_of, value_at_zero
from graphc.passes.kernels import LOOP

i, j, k = LOOP[:3]
n = Integer.symbol("n")


def sizes(axes):
    return [a.size for a in axes.loops]


def test_an_axis_of_size_one_is_no_loop():
    axes = all_axes((4, 1, n))
    assert sizes(axes) == [4, n] and axes.place((i, j, k)) == (i, 0, k)


def test_folded_and_kept_axes():
    axes = all_axes((4, 5, 6), {1})
    assert [a.size for a in axes.kept] == [4, 6] and [a.size for a in axes.folded] == [5]


@pytest.mark.parametrize(("dims", "used", "expected"), [
    ((4, 5, 6), lambda d: [row_major(d, LOOP[:3])], [120]),
    ((n, 5, 6), lambda d: [row_major(d, LOOP[:3])], [n * 30]),
    ((4, 5), lambda d: [i], [4, 5]),
    ((4, 5), lambda d: [row_major(d, (i, j)), j * 4 + i], [4, 5]),
    ((4, 5, 6), lambda d: [row_major(d, LOOP[:3]), j * 6 + k], [4, 30]),
    ((4, 5, 6), lambda d: [row_major(d, LOOP[:3]), k], [20, 6]),
    ((4, 5), lambda d: [], [20]),
    ((4, 5), lambda d: [(i * 5 + j) // 2], [4, 5]),
    ((4, 5), lambda d: [minimum(i * 5 + j, 3)], [4, 5]),
    ((4, 5), lambda d: [i * j], [4, 5]),
    ((4, 1, 6), lambda d: [i * 6 + k], [24]),
    ((4, 5), lambda d: [19 - i * 5 - j], [20])], ids=range(12))
def test_neighbours_are_joined_where_all_that_is_indexed_allows_it(dims, used, expected):
    axes = all_axes(dims)
    after = joined(axes, used(dims))
    assert sizes(after) == expected


def test_joined_loops_visit_the_same_places():
    dims = (3, 4, 5)
    axes = joined(all_axes(dims), [row_major(dims, LOOP[:3])])
    (loop,) = axes.loops
    place = row_major(dims, axes.place(LOOP[:3]))
    assert [evaluate(place, {loop.symbol: at}) for at in range(60)] == list(range(60))


def test_folded_and_kept_loops_are_not_joined():
    assert sizes(joined(all_axes((4, 5), {1}), [i * 5 + j])) == [4, 5]
    assert sizes(joined(all_axes((4, 5), {0, 1}), [i * 5 + j])) == [20]


def test_coefficients():
    a, b = symbol_of(i), symbol_of(j)
    assert coefficient(3 * i + n * j + 7, a) == 3 and coefficient(3 * i + n * j + 7, b) == n
    assert coefficient(n + 1, a) == 0 and coefficient(5, a) == 0
    assert coefficient(i * i, a) is None and coefficient(i // 2 + i, a) is None
    assert value_at_zero(3 * i + n * j + 7, [a, b]) == 7
