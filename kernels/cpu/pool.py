"""Pooling over three spatial axes, channels last: x[n, d, h, w, c] and y[n, od, oh, ow, c]; absent axes have size 1.

All loops over channels vectorize. Work is split over rows of the result (n, then two spatial axes), and each element of
a result adds up its terms in one order, so that results are the same for any number of threads. After the pointers come

    n, d, h, w, c, od, oh, ow      the sizes of x and y,
    kd, kh, kw, sd, sh, sw         the window and its strides,
    pd, ph, pw                     the padding in front of each spatial axis.

Every window holds at least one element of x.
"""
from __future__ import annotations

import numpy as np
from numba import int32

from .jit import jit
from .memory import share


@jit
def max_pool(x, y, n, d, h, w, c, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, tid, threads):
    """y: the largest element of each window; NaN where it holds one."""
    low, high = share(n * od * oh, tid, threads)
    for row in range(low, high):
        image, i, j = row // (od * oh), row // oh % od, row % oh
        (a0, a1), (b0, b1) = _window(i, kd, sd, pd, d), _window(j, kh, sh, ph, h)
        for k in range(ow):
            e0, e1 = _window(k, kw, sw, pw, w)
            best = y + (row * ow + k) * c
            _copy(x + (((image * d + a0) * h + b0) * w + e0) * c, best, c)
            for a in range(a0, a1):
                for b in range(b0, b1):
                    for e in range(e0, e1):
                        _raise(x + (((image * d + a) * h + b) * w + e) * c, best, c)


@jit
def max_pool_index(x, y, index, n, d, h, w, c, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, tid, threads):
    """index: where, among the d*h*w positions of x, each window's maximum y first stands."""
    low, high = share(n * od * oh, tid, threads)
    for row in range(low, high):
        image, i, j = row // (od * oh), row // oh % od, row % oh
        (a0, a1), (b0, b1) = _window(i, kd, sd, pd, d), _window(j, kh, sh, ph, h)
        for k in range(ow):
            e0, e1 = _window(k, kw, sw, pw, w)
            to = (row * ow + k) * c
            for a in range(a1 - 1, a0 - 1, -1):
                for b in range(b1 - 1, b0 - 1, -1):
                    for e in range(e1 - 1, e0 - 1, -1):
                        place = (a * h + b) * w + e
                        _find(x + (image * d * h * w + place) * c, y + to, index + to, int32(place), c)


@jit
def max_pool_scatter(g, index, x, n, d, h, w, c, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, tid, threads):
    """x: at each position, the sum of g over the windows whose index names it."""
    low, high = share(n * d * h, tid, threads)
    for row in range(low, high):
        image, i, j = row // (d * h), row // h % d, row % h
        (a0, a1), (b0, b1) = _cover(i, kd, sd, pd, od), _cover(j, kh, sh, ph, oh)
        for k in range(w):
            e0, e1 = _cover(k, kw, sw, pw, ow)
            total = x + (row * w + k) * c
            place = int32((i * h + j) * w + k)
            _clear(total, c)
            for a in range(a0, a1):
                for b in range(b0, b1):
                    for e in range(e0, e1):
                        at = (((image * od + a) * oh + b) * ow + e) * c
                        _add_where(g + at, index + at, place, total, c)


@jit
def sum_pool(x, y, n, d, h, w, c, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, tid, threads):
    """y: the sum of each window."""
    low, high = share(n * od * oh, tid, threads)
    for row in range(low, high):
        image, i, j = row // (od * oh), row // oh % od, row % oh
        (a0, a1), (b0, b1) = _window(i, kd, sd, pd, d), _window(j, kh, sh, ph, h)
        for k in range(ow):
            e0, e1 = _window(k, kw, sw, pw, w)
            total = y + (row * ow + k) * c
            _clear(total, c)
            for a in range(a0, a1):
                for b in range(b0, b1):
                    for e in range(e0, e1):
                        _add(x + (((image * d + a) * h + b) * w + e) * c, total, c)


@jit
def sum_pool_transpose(g, x, n, d, h, w, c, od, oh, ow, kd, kh, kw, sd, sh, sw, pd, ph, pw, tid, threads):
    """x: at each position, the sum of g over the windows that hold it."""
    low, high = share(n * d * h, tid, threads)
    for row in range(low, high):
        image, i, j = row // (d * h), row // h % d, row % h
        (a0, a1), (b0, b1) = _cover(i, kd, sd, pd, od), _cover(j, kh, sh, ph, oh)
        for k in range(w):
            e0, e1 = _cover(k, kw, sw, pw, ow)
            total = x + (row * w + k) * c
            _clear(total, c)
            for a in range(a0, a1):
                for b in range(b0, b1):
                    for e in range(e0, e1):
                        _add(g + (((image * od + a) * oh + b) * ow + e) * c, total, c)


# ---- along an axis --------------------------------------------------------------------------------------------------
@jit
def _window(k, window, stride, padding, size):
    """The positions ``[low, high)`` that window `k` holds."""
    start = k * stride - padding
    return max(start, 0), min(start + window, size)


@jit
def _cover(position, window, stride, padding, count):
    """The windows ``[low, high)``, of `count`, that hold a position."""
    end = position + padding
    return max((end - window) // stride + 1, 0), min(end // stride + 1, count)


# ---- along the channels ---------------------------------------------------------------------------------------------
@jit
def _copy(x, y, c):
    for k in range(c):
        y[k] = x[k]


@jit
def _clear(y, c):
    for k in range(c):
        y[k] = np.float32(0)


@jit
def _raise(x, y, c):
    for k in range(c):
        v, best = x[k], y[k]
        y[k] = v if v > best or v != v else best


@jit
def _find(x, y, index, place, c):
    for k in range(c):
        v, found = x[k], index[k]
        index[k] = place if v == y[k] or v != v else found


@jit
def _add(x, y, c):
    for k in range(c):
        y[k] = y[k] + x[k]


@jit
def _add_where(g, index, place, y, c):
    for k in range(c):
        total, more = y[k], g[k]
        y[k] = total + more if index[k] == place else total
