"""Kernels along one axis: running sums and products, recurrences, the place of an extreme, sorting.

An array is ``[outer, n, inner]``: a column is one run along the axis of `n` elements, `inner` apart. Threads share the
columns. NaN is larger than all numbers when sorting, and the extreme of either kind, as in NumPy."""
from __future__ import annotations

from .jit import jit
from .memory import share

RUN = 16
"""Up to so many elements are sorted by insertion."""


@jit
def _start(column, n, inner):
    return column // inner * n * inner + column % inner


@jit
def _walk(column, n, inner, reverse):
    """The first element of a column, and the step to the next, from either end."""
    start = _start(column, n, inner)
    return (start + (n - 1) * inner, -inner) if reverse else (start, inner)


# ---- running -------------------------------------------------------------------------------------------------------
@jit
def cumulative_sum(x, y, outer, n, inner, reverse, tid, threads):
    low, high = share(outer * inner, tid, threads)
    if n > 0:
        for column in range(low, high):
            at, step = _walk(column, n, inner, reverse)
            total = x[at]
            y[at] = total
            for _ in range(1, n):
                at += step
                total = total + x[at]
                y[at] = total


@jit
def cumulative_prod(x, y, outer, n, inner, reverse, tid, threads):
    low, high = share(outer * inner, tid, threads)
    if n > 0:
        for column in range(low, high):
            at, step = _walk(column, n, inner, reverse)
            total = x[at]
            y[at] = total
            for _ in range(1, n):
                at += step
                total = total * x[at]
                y[at] = total


@jit
def linear_recurrence(b, a, y, outer, n, inner, reverse, tid, threads):
    """``y[k] = b[k] + a[k] * y[k - 1]``; the first is b's."""
    low, high = share(outer * inner, tid, threads)
    if n > 0:
        for column in range(low, high):
            at, step = _walk(column, n, inner, reverse)
            total = b[at]
            y[at] = total
            for _ in range(1, n):
                at += step
                total = b[at] + a[at] * total
                y[at] = total


# ---- the place of an extreme ---------------------------------------------------------------------------------------
@jit
def argmax(x, y, outer, n, inner, tid, threads):
    low, high = share(outer * inner, tid, threads)
    for column in range(low, high):
        start = _start(column, n, inner)
        place = 0
        for k in range(1, n):
            new, best = x[start + k * inner], x[start + place * inner]
            if new > best or (new != new and best == best):
                place = k
        y[column] = place


@jit
def argmin(x, y, outer, n, inner, tid, threads):
    low, high = share(outer * inner, tid, threads)
    for column in range(low, high):
        start = _start(column, n, inner)
        place = 0
        for k in range(1, n):
            new, best = x[start + k * inner], x[start + place * inner]
            if new < best or (new != new and best == best):
                place = k
        y[column] = place


# ---- sorting -------------------------------------------------------------------------------------------------------
@jit
def _precedes(a, b, descending):
    """Whether `a` stands before `b`, and is not its equal."""
    if descending:
        return a > b or (a != a and b == b)
    return a < b or (b != b and a == a)


@jit
def _by_value(x, start, inner, a, b, descending):
    return _precedes(a, b, descending)


@jit
def _by_key(x, start, inner, a, b, descending):
    return _precedes(x[start + a * inner], x[start + b * inner], descending)


@jit
def _insert(items, low, high, before, x, start, inner, descending):
    for k in range(low + 1, high):
        item = items[k]
        at = k
        while at > low and before(x, start, inner, item, items[at - 1], descending):
            items[at] = items[at - 1]
            at -= 1
        items[at] = item


@jit
def _merge(items, merged, low, middle, high, before, x, start, inner, descending):
    left, right = low, middle
    for k in range(low, high):
        if right < high and (left >= middle or before(x, start, inner, items[right], items[left], descending)):
            merged[k] = items[right]
            right += 1
        else:
            merged[k] = items[left]
            left += 1


@jit
def _merge_sort(items, n, before, x, start, inner, descending):
    """Sorts ``items[:n]``, with ``items[n:2 * n]`` as room to work in; a pointer to the half that holds the result."""
    spare = items + n
    for low in range(0, n, RUN):
        _insert(items, low, min(low + RUN, n), before, x, start, inner, descending)
    width = min(RUN, n)
    while width < n:
        for low in range(0, n, 2 * width):
            _merge(items, spare, low, min(low + width, n), min(low + 2 * width, n), before, x, start, inner, descending)
        items, spare = spare, items
        width *= 2
    return items


@jit
def sort(x, y, outer, n, inner, descending, scratch, tid, threads):
    """`scratch` holds 2 n elements of the dtype of `y`."""
    low, high = share(outer * inner, tid, threads)
    for column in range(low, high):
        start = _start(column, n, inner)
        for k in range(n):
            scratch[k] = x[start + k * inner]
        items = _merge_sort(scratch, n, _by_value, x, start, inner, descending)
        for k in range(n):
            y[start + k * inner] = items[k]


@jit
def argsort(x, y, outer, n, inner, descending, scratch, tid, threads):
    """`scratch` holds 2 n integers of 64 bits."""
    low, high = share(outer * inner, tid, threads)
    for column in range(low, high):
        start = _start(column, n, inner)
        for k in range(n):
            scratch[k] = k
        items = _merge_sort(scratch, n, _by_key, x, start, inner, descending)
        for k in range(n):
            y[start + k * inner] = items[k]


__all__ = ["argmax", "argmin", "argsort", "cumulative_prod", "cumulative_sum", "linear_recurrence", "sort"]
