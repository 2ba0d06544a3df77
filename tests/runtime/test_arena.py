"""The arena: what is alive together lies apart, what is not may share, and little is wasted."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphc.runtime.arena import ALIGNMENT, Interval, offsets, rounded

intervals = st.lists(st.builds(lambda nbytes, first, length: Interval(nbytes, first, first + length),
                               st.integers(0, 5000), st.integers(0, 30), st.integers(0, 10)), max_size=40)


@given(intervals)
def test_what_is_alive_together_lies_apart(given):
    found, total = offsets(given)
    spans = [(start, start + max(i.nbytes, 1)) for start, i in zip(found, given, strict=True)]
    for k, (a, b) in enumerate(spans):
        assert a >= 0 and a % ALIGNMENT == 0 and b <= total
        for (c, d), other in zip(spans[:k], given[:k], strict=True):
            alive_together = set(range(given[k].first, given[k].last + 1)) & set(range(other.first, other.last + 1))
            assert not alive_together or b <= c or d <= a


@given(intervals)
def test_no_more_than_everything_apart_and_no_less_than_what_is_alive_at_once(given):
    _, total = offsets(given)
    at_once = [sum(rounded(i.nbytes) for i in given if i.first <= step <= i.last) for step in range(42)]
    assert max(at_once) <= total <= sum(rounded(i.nbytes) for i in given)


@pytest.mark.parametrize("count", [2, 3, 10, 100])
def test_a_chain_needs_two_buffers(count):
    _, total = offsets([Interval(1000, k, k + 1) for k in range(count)])
    assert total == 2 * 1024


@pytest.mark.parametrize("count", [1, 10, 3000])
def test_nested_lives_as_in_a_gradient_need_what_is_alive_at_once(count):
    sizes = [64 * (1 + k % 7) for k in range(count)]
    _, total = offsets([Interval(size, k, 2 * count - k) for k, size in enumerate(sizes)])
    assert total == sum(sizes)


def test_where_the_order_of_time_leaves_gaps_the_largest_come_first():
    _, total = offsets([Interval(256, 3, 3), Interval(64, 1, 3), Interval(128, 1, 2)])
    assert total == 256 + 64


def test_where_the_largest_first_leave_gaps_the_order_of_time_stands():
    _, total = offsets([Interval(64, 1, 2), Interval(192, 1, 1), Interval(192, 3, 6), Interval(64, 2, 3)])
    assert total == 192 + 64


def test_a_small_buffer_takes_the_tightest_gap():
    walls = [Interval(6400, 0, 9), Interval(3200, 0, 4), Interval(1600, 0, 9), Interval(704, 0, 4), Interval(640, 0, 9)]
    found, total = offsets([*walls, Interval(600, 5, 9)])
    assert found[5] == found[3] and total == offsets(walls)[1]


def test_nothing_and_empty_buffers():
    assert offsets([]) == ([], 0)
    found, total = offsets([Interval(0, 0, 1), Interval(0, 1, 2)])
    assert found[0] != found[1] and total == 2 * ALIGNMENT, "an address of its own for each"
