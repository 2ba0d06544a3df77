"""Rows of a matrix changed by rows of values: ``y = x``, then row ``rows[k]`` of `y` takes ``values[k]``, in order. `y` may
lie where `x` lies.

A thread owns a range of the rows of `y` and passes over all values, so that the order of updates, and every rounding,
is that of one thread. The row numbers lie in ``[0, n)``: who calls has checked them."""
from __future__ import annotations

from .jit import jit
from .memory import same, share


@jit
def _copy(x, y, low, high):
    for k in range(low, high):
        y[k] = x[k]


@jit
def _replace(old, new):
    return new


@jit
def _sum(old, new):
    return old + new


@jit
def _product(old, new):
    return old * new


@jit
def _smaller(old, new):
    return new if new < old or new != new else old


@jit
def _larger(old, new):
    return new if new > old or new != new else old


@jit
def _scatter(combine, x, rows, values, y, n, inner, count, tid, threads):
    low, high = share(n, tid, threads)
    if not same(x, y):
        _copy(x, y, low * inner, high * inner)
    for k in range(count):
        row = rows[k]
        if low <= row < high:
            to, source = row * inner, k * inner
            for j in range(inner):
                y[to + j] = combine(y[to + j], values[source + j])


@jit
def scatter_set(x, rows, values, y, n, inner, count, tid, threads):
    _scatter(_replace, x, rows, values, y, n, inner, count, tid, threads)


@jit
def scatter_add(x, rows, values, y, n, inner, count, tid, threads):
    _scatter(_sum, x, rows, values, y, n, inner, count, tid, threads)


@jit
def scatter_multiply(x, rows, values, y, n, inner, count, tid, threads):
    _scatter(_product, x, rows, values, y, n, inner, count, tid, threads)


@jit
def scatter_min(x, rows, values, y, n, inner, count, tid, threads):
    _scatter(_smaller, x, rows, values, y, n, inner, count, tid, threads)


@jit
def scatter_max(x, rows, values, y, n, inner, count, tid, threads):
    _scatter(_larger, x, rows, values, y, n, inner, count, tid, threads)


__all__ = ["scatter_add", "scatter_max", "scatter_min", "scatter_multiply", "scatter_set"]
