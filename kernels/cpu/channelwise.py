"""Convolutions in which every channel is a group of its own: no products of matrices, but vectors of channels.

The three kernels take what those of `conv` take."""
from __future__ import annotations

from .epilogue import finish
from .geometry import Geometry, pixel_above, pixel_below
from .jit import jit, separate
from .memory import share
from .tile import element_size, words

CHANNELS = 256
"""Neighbouring channels that are summed at a time."""


@separate
def forward(x, weights, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
            finisher, args, scratch, tid, threads):
    """The convolution: rows are output pixels."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    _channelwise(_sums_below, s, n * od * oh * ow, x, weights, finisher, args, scratch, tid, threads)


@separate
def input_gradient(g, weights, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew,
                   groups, finisher, args, scratch, tid, threads):
    """The gradient with respect to x: rows are pixels of x."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    _channelwise(_sums_above, s, n * d * h * w, g, weights, finisher, args, scratch, tid, threads)


@separate
def weight_gradient(x, g, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
                    finisher, args, scratch, tid, threads):
    """The gradient with respect to the weights: rows are taps."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    _channelwise(_sums_across, s, kd * kh * kw, x, g, finisher, args, scratch, tid, threads)


@jit
def _channelwise(sums_of, s, rows, x, y, finisher, args, scratch, tid, threads):
    """Every channel by itself, in blocks of neighbours: `sums_of` leaves a block of a row of the result in scratch."""
    blocks, table, sums = -(-s.c // CHANNELS), words(scratch), scratch + 64 // element_size(scratch)
    low, high = share(rows * blocks, tid, threads)
    for unit in range(low, high):
        row, first = unit // blocks, unit % blocks * CHANNELS
        count = min(CHANNELS, s.c - first)
        sums_of(s, row, first, count, x, y, sums)
        table[0] = row
        finish(finisher, args, sums, CHANNELS, count, table, 1, first)


@jit
def _sums_below(s, pixel, first, count, x, weights, sums):
    """An output pixel: over its taps."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = pixel_below(s, pixel, tap)
        if met >= 0:
            _add_products(x + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def _sums_above(s, pixel, first, count, g, weights, sums):
    """A pixel of x: over the taps through which it reached the output."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = pixel_above(s, pixel, tap)
        if met >= 0:
            _add_products(g + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def _sums_across(s, tap, first, count, x, g, sums):
    """A tap: over the output pixels."""
    _clear(sums, count)
    for pixel in range(s.n * s.od * s.oh * s.ow):
        met = pixel_below(s, pixel, tap)
        if met >= 0:
            _add_products(x + (met * s.c + first), g + (pixel * s.c + first), count, sums)


@jit
def _clear(x, n):
    for i in range(n):
        x[i] = 0


@jit
def _add_products(x, y, n, sums):
    for i in range(n):
        sums[i] = sums[i] + x[i] * y[i]


__all__ = ["forward", "input_gradient", "weight_gradient"]
