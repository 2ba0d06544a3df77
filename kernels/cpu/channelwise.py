"""Convolutions in which every channel is a group of its own: no products of matrices, but vectors of channels."""
from __future__ import annotations

from .epilogue import epilogue
from .geometry import pixel_above, pixel_below
from .jit import jit
from .memory import share
from .tile import finished

CHANNELS = 256
"""Neighbouring channels that are summed at a time."""


@jit
def channelwise(sums_of, s, rows, x, y, out, args, scratch, tid, threads):
    """Every channel by itself, in blocks of neighbours: `sums_of` leaves a block of a row of the result in scratch."""
    blocks = -(-s.c // CHANNELS)
    low, high = share(rows * blocks, tid, threads)
    for unit in range(low, high):
        row, first = unit // blocks, unit % blocks * CHANNELS
        count = min(CHANNELS, s.c - first)
        sums_of(s, row, first, count, x, y, scratch)
        sums = finished(scratch)
        for i in range(count):
            epilogue(args, out, sums[i], row, first + i)


@jit
def sums_below(s, pixel, first, count, x, weights, sums):
    """An output pixel: over its taps."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = pixel_below(s, pixel, tap)
        if met >= 0:
            _add_products(x + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def sums_above(s, pixel, first, count, g, weights, sums):
    """A pixel of x: over the taps through which it reached the output."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = pixel_above(s, pixel, tap)
        if met >= 0:
            _add_products(g + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def sums_across(s, tap, first, count, x, g, sums):
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


__all__ = ["channelwise", "sums_above", "sums_across", "sums_below"]
