"""What a band of a convolution's results sees of an image: where it lies, or copied, with zeros for what is beyond."""
from __future__ import annotations

from collections import namedtuple

from .jit import jit, separate
from .tile import retyped, same_dtype

BAND = 1 << 16
"""Elements of an image that a band sees, at most, if one result does not see more: they stay in the L2 cache."""
LINES = 64
PIXELS = 1024
"""Lines and pixels of a band, at most."""

View = namedtuple("View", "start plane line pixel")
"""Where the first tap of the first result of a band reads, and how far apart in memory are the planes of neighbouring taps,
neighbouring lines of a plane and neighbouring pixels of a line."""


@jit
def band_size(z, y, x, channels):
    """Lines and columns of a band of one plane: whole lines if they are not too long."""
    lines, columns = max(y.high - y.low, 1), max(x.high - x.low, 1)
    whole = columns
    planes, tall, wide = max(z.taps, 1), _span(y, 1), _span(x, 1)
    column = planes * tall * channels
    columns = min(columns, PIXELS, max(1, (BAND // max(column, 1) - wide) // x.step + 1))
    if columns < whole:
        return 1, columns
    line = planes * _span(x, columns) * channels
    return max(1, min(lines, LINES, PIXELS // columns, (BAND // max(line, 1) - tall) // y.step + 1)), columns


@jit
def _span(axis, results):
    """How much of an axis so many results see."""
    return (results - 1) * axis.step + (axis.taps - 1) * axis.dilation + 1


@jit
def is_inside(z, y, x):
    """Whether no result sees anything beyond the image."""
    return _is_inside(z) and _is_inside(y) and _is_inside(x)


@jit
def _is_inside(axis):
    first, last = axis.low * axis.step + axis.origin, (axis.high - 1) * axis.step + axis.origin
    return first >= 0 and last + (axis.taps - 1) * axis.dilation < axis.size


@separate
def viewed(image, inside, z, y, x, plane, line, column, lines, columns, channels, all_channels, buffer):
    """What the results from (plane, line, column) on, in so many lines and columns, see of an image ``[d, h, w,
    all_channels]`` in its first `channels`; copied to `buffer` unless all of it lies `inside`."""
    i, j, k = plane * z.step + z.origin, line * y.step + y.origin, column * x.step + x.origin
    if inside and same_dtype(image, buffer):
        start = image + ((i * y.size + j) * x.size + k) * all_channels
        return View(retyped(start, buffer), z.dilation * y.size * x.size * all_channels, x.size * all_channels, all_channels)
    tall, wide = _span(y, lines), _span(x, columns)
    for tap in range(z.taps if y.taps and x.taps else 0):
        for row in range(tall):
            at, number = i + tap * z.dilation, j + row
            there = 0 <= at < z.size and 0 <= number < y.size
            source = image + ((at * y.size + number) * x.size + k) * all_channels
            low = min(max(0, -k), wide) if there else wide
            high = max(low, min(wide, x.size - k)) if there else wide
            target = buffer + (tap * tall + row) * wide * channels
            if channels == all_channels:
                _copy(source, low * channels, high * channels, wide * channels, target)
            else:
                for pixel in range(wide):
                    end = channels if low <= pixel < high else 0
                    _copy(source + pixel * all_channels, 0, end, channels, target + pixel * channels)
    return View(buffer, tall * wide * channels, wide * channels, channels)


@jit
def _copy(x, low, high, end, y):
    """y[:end] = x[:end] between `low` and `high`, 0 elsewhere."""
    for i in range(low):
        y[i] = 0
    for i in range(low, high):
        y[i] = x[i]
    for i in range(high, end):
        y[i] = 0


__all__ = ["BAND", "LINES", "PIXELS", "View", "band_size", "is_inside", "viewed"]
