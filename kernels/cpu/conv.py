"""Convolutions and their two gradients, channels last, on the register tile.

A convolution is a product: its rows are output pixels, its columns output channels, the terms of a sum the taps and
channels that a pixel sees. The tile reads them where they lie, tap by tap, so that there are no patches; only where a
window reaches beyond the border are the lines that a band of pixels sees copied first, with zeros around them. The
gradient with respect to x is a convolution of g with the transposed weights; with strides, one for each remainder of a
pixel's place, with the taps that reach it. The gradient with respect to the weights is a product whose rows are taps and
channels and whose terms are pixels. (Where every channel is a group of its own there is no product: see `channelwise`.)

Shapes are x ``[n, d, h, w, c]``, weights ``[kd, kh, kw, c / groups, o]``, output ``[n, od, oh, ow, o]``; a convolution
over fewer axes has sizes of 1 in front. Every kernel takes the same sizes, in the order of `Geometry`, and the padding
before the first element only: what lies behind the last one follows from the sizes.
"""
from __future__ import annotations

from collections import namedtuple

from .epilogue import finish
from .geometry import Geometry, backward_axes, forward_axes, tap_number
from .jit import jit, separate
from .matmul import pack, panel_of
from .memory import share
from .tile import HEIGHT, SPARE, VECTORS, element_size, lane_count, multiply, words
from .window import LINES, PIXELS, band_size, is_inside, viewed

ROWS = 96
"""Rows of a block of results."""

Parts = namedtuple("Parts", "rows terms c panel band")
"""A thread's scratch: where a block's rows begin, and later where they go; where the terms of a sum begin; a block of sums;
a panel of the right operand; the lines that a band of results sees."""


# ---- the three kernels ----------------------------------------------------------------------------------------------
@separate
def forward(x, weights, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
            finisher, args, scratch, tid, threads):
    """The convolution; the epilogue's row is an output pixel, its column an output channel."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    axes, filters, depth = forward_axes(s), o // groups, kd * kh * kw * (c // groups)
    width, parts = VECTORS * lane_count(scratch), _parts(s, scratch, ROWS, depth)
    for unit in range(groups * -(-filters // width)):
        group, column = unit % groups, unit // groups * width
        columns, first = min(width, filters - column), group * filters + column
        right, right_row = panel_of(weights + first, o, 1, depth, columns, parts.panel)
        _convolve(x, n, c, c // groups, group, axes, right, right_row, first, columns, parts, finisher, args, tid, threads)


@separate
def input_gradient(g, weights, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew,
                   groups, finisher, args, scratch, tid, threads):
    """The gradient with respect to x: the transposed convolution. Rows are pixels of x, columns its channels."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    channels, filters = c // groups, o // groups
    width, parts = VECTORS * lane_count(scratch), _parts(s, scratch, ROWS, kd * kh * kw * filters)
    for unit in range(sd * sh * sw * groups * -(-channels // width)):
        axes, group = backward_axes(s, unit % (sd * sh * sw)), unit // (sd * sh * sw) % groups
        column = unit // (sd * sh * sw) // groups * width
        columns, first = min(width, channels - column), group * channels + column
        _transpose(weights, s, axes, group, column, columns, parts.panel)
        _convolve(g, n, o, filters, group, axes, parts.panel, width, first, columns, parts, finisher, args, tid, threads)


@separate
def weight_gradient(x, g, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
                    finisher, args, scratch, tid, threads):
    """The gradient with respect to the weights; rows are taps and channels, columns output channels."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    filters, rows = o // groups, kd * kh * kw * (c // groups)
    width, parts = VECTORS * lane_count(scratch), _parts(s, scratch, rows, PIXELS)
    low, high = share(-(-rows // HEIGHT), tid, threads)
    low, high = low * HEIGHT, min(high * HEIGHT, rows)
    for unit in range(groups * -(-filters // width)):
        group, column = unit % groups, unit // groups * width
        columns, first = min(width, filters - column), group * filters + column
        _correlate(x, g, s, group, first, columns, low, high, parts)
        for start in range(low, high, ROWS):
            count = min(ROWS, high - start)
            for row in range(count):
                parts.rows[row] = start + row
            finish(finisher, args, parts.c + (start - low) * width, width, columns, parts.rows, count, first)


@jit
def _parts(s, scratch, rows, depth):
    """Scratch for blocks of so many rows and panels of so many; see `graphc.ops.conv` for its size."""
    entries = ROWS + SPARE + max(s.kd * s.kh * s.kw, LINES) + 7
    c = scratch + entries // 8 * 64 // element_size(scratch)
    width, table = VECTORS * lane_count(scratch), words(scratch)
    panel = c + (rows + SPARE) * width
    return Parts(table, table + (ROWS + SPARE), c, panel, panel + depth * width)


# ---- results from what they see -------------------------------------------------------------------------------------
@jit
def _convolve(image, n, all_channels, channels, group, axes, right, right_row, first, columns, parts, finisher, args,
              tid, threads):
    """All results of a panel of columns, from the channels of one group, each through the epilogue."""
    z, y, x = axes
    size, width = z.size * y.size * x.size * all_channels, VECTORS * lane_count(parts.c)
    inside, (lines, wide) = is_inside(z, y, x), band_size(z, y, x, channels)
    deep, down, across = max(z.high - z.low, 0), -(-max(y.high - y.low, 0) // lines), -(-max(x.high - x.low, 0) // wide)
    low, high = share(n * deep * down * across, tid, threads)
    for unit in range(low, high):
        number, plane = unit // across // down // deep, z.low + unit // across // down % deep
        line, column = y.low + unit // across % down * lines, x.low + unit % across * wide
        tall, long = min(lines, y.high - line), min(wide, x.high - column)
        view = viewed(image + (number * size + group * channels), inside, z, y, x, plane, line, column, tall, long, channels,
                      all_channels, parts.band)
        i, j, base = line, column, number * z.out + plane * z.scale + z.shift
        for start in range(0, tall * long, ROWS):
            count = min(ROWS, tall * long - start)
            _block(view, z, y, x, channels, start, count, long, right, right_row, columns, parts)
            for row in range(count):
                parts.rows[row] = (base * y.out + i * y.scale + y.shift) * x.out + j * x.scale + x.shift
                j += 1
                if j == column + long:
                    i, j = i + 1, column
            finish(finisher, args, parts.c, width, columns, parts.rows, count, first)


@separate
def _block(view, z, y, x, channels, start, count, long, right, right_row, columns, parts):
    """The sums of `count` results of a band, from number `start` on."""
    i, j = start // long, start % long
    for row in range(count + SPARE):
        parts.rows[row] = i * y.step * view.line + j * x.step * view.pixel
        if row < count - 1:
            j += 1
            if j == long:
                i, j = i + 1, 0
    joined = x.taps if x.dilation == 1 and view.pixel == channels else 1
    runs = 0
    for a in range(z.taps):
        for b in range(y.taps):
            for c in range(x.taps // joined if joined else 0):
                parts.terms[runs] = a * view.plane + b * y.dilation * view.line + c * x.dilation * view.pixel
                runs += 1
    multiply(view.start, parts.rows, count, parts.terms, runs, joined * channels, 1, right, right_row, columns, parts.c,
             True)


@separate
def _transpose(weights, s, axes, group, column, columns, panel):
    """Rows are taps, in the order in which they are walked, and output channels; columns are channels of x."""
    z, y, x = axes
    filters, channels, width = s.o // s.groups, s.c // s.groups, VECTORS * lane_count(panel)
    place = panel
    for i in range(z.taps):
        for j in range(y.taps):
            for k in range(x.taps):
                tap = tap_number(s, z, y, x, i, j, k)
                pack(weights + ((tap * channels + column) * s.o + group * filters), 1, s.o, filters, columns, place, width)
                place = place + filters * width


# ---- weights from pixels --------------------------------------------------------------------------------------------
@separate
def _correlate(x, g, s, group, first, columns, low, high, parts):
    """Rows `low` to `high` of the gradient of the weights of a group, in columns from `first` on."""
    deep, tall, wide = forward_axes(s)
    channels, width = s.c // s.groups, VECTORS * lane_count(parts.c)
    inside, (lines, long) = is_inside(deep, tall, wide), band_size(deep, tall, wide, channels)
    down, across = -(-s.oh // lines), -(-s.ow // long)
    for i in range((high - low) * width):
        parts.c[i] = 0
    for unit in range(s.n * s.od * down * across if low < high else 0):
        number, plane = unit // across // down // s.od, unit // across // down % s.od
        line, column = unit // across % down * lines, unit % across * long
        many, few = min(lines, s.oh - line), min(long, s.ow - column)
        view = viewed(x + (number * s.d * s.h * s.w * s.c + group * channels), inside, deep, tall, wide, plane, line, column,
                      many, few, channels, s.c, parts.band)
        pixel = ((number * s.od + plane) * s.oh + line) * s.ow + column
        right, right_row = panel_of(g + (pixel * s.o + first), s.o, 1, many * few, columns, parts.panel)
        for k in range(many):
            parts.terms[k] = k * tall.step * view.line
        for start in range(low, high, ROWS):
            count = min(ROWS, high - start)
            _locate(view, s, start, count, channels, parts.rows)
            multiply(view.start, parts.rows, count, parts.terms, many, few, wide.step * view.pixel, right, right_row,
                     columns, parts.c + (start - low) * width, False)


@jit
def _locate(view, s, start, count, channels, rows):
    """Where the pixels of a tap and channel begin, from row `start` on."""
    tap, channel = start // channels, start % channels
    i, j, k = tap // s.kw // s.kh, tap // s.kw % s.kh, tap % s.kw
    for row in range(count + SPARE):
        rows[row] = i * view.plane + j * s.eh * view.line + k * s.ew * view.pixel + channel
        if row < count - 1:
            channel += 1
            if channel == channels:
                channel, k = 0, k + 1
            if k == s.kw:
                k, j = 0, j + 1
            if j == s.kh:
                j, i = 0, i + 1


__all__ = ["Geometry", "forward", "input_gradient", "weight_gradient"]
