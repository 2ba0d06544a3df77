"""Convolutions and their two gradients, channels last: matrix products whose left operand is gathered.

A convolution multiplies patches of x (a row for each output pixel, a column for each tap and channel) by the weights.
The gradient with respect to the weights multiplies the transposed patches by g; the gradient with respect to x, patches
of g (for each pixel of x, what reached it through each tap) by the transposed weights. Patches exist only block by
block, in scratch. Where every channel is a group of its own there is no product: channels side by side are a vector.

Shapes are x ``[n, d, h, w, c]``, weights ``[kd, kh, kw, c / groups, o]``, output ``[n, od, oh, ow, o]``; a convolution
over fewer axes has sizes of 1 in front. Every kernel takes the same sizes, in the order of `Geometry`, and the padding
before the first element only: what lies behind the last one follows from the sizes.
"""
from __future__ import annotations

from collections import namedtuple

from .epilogue import epilogue
from .jit import jit
from .matmul import DEPTH, ROWS, VECTORS, columns_of, finished, lane_count, pack, product
from .memory import share

Geometry = namedtuple("Geometry", "n d h w c kd kh kw od oh ow o sd sh sw pd ph pw ed eh ew groups")
"""Batch, input, channels, kernel, output, its channels, strides, padding, dilation, groups."""


# ---- the three kernels ----------------------------------------------------------------------------------------------
@jit
def forward(x, weights, out, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
            args, scratch, tid, threads):
    """The convolution; the epilogue's row is an output pixel, its column an output channel."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    if c == groups and o == groups:
        _channelwise(_sums_below, s, n * od * oh * ow, x, weights, out, args, scratch, tid, threads)
    else:
        filters = o // groups
        product(_patches, (x, s), columns_of, (weights, filters, o, 1), out, groups, n * od * oh * ow, filters,
                kd * kh * kw * (c // groups), 0, filters, args, scratch, tid, threads)


@jit
def input_gradient(g, weights, out, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew,
                   groups, args, scratch, tid, threads):
    """The gradient with respect to x: the transposed convolution. Rows are pixels of x, columns its channels."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    if c == groups and o == groups:
        _channelwise(_sums_above, s, n * d * h * w, g, weights, out, args, scratch, tid, threads)
    else:
        channels = c // groups
        product(_reached, (g, s), _transposed_weights, (weights, s), out, groups, n * d * h * w, channels,
                kd * kh * kw * (o // groups), 0, channels, args, scratch, tid, threads)


@jit
def weight_gradient(x, g, out, n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups,
                    args, scratch, tid, threads):
    """The gradient with respect to the weights; rows are taps and channels, columns output channels."""
    s = Geometry(n, d, h, w, c, kd, kh, kw, od, oh, ow, o, sd, sh, sw, pd, ph, pw, ed, eh, ew, groups)
    if c == groups and o == groups:
        _channelwise(_sums_across, s, kd * kh * kw, x, g, out, args, scratch, tid, threads)
    else:
        filters = o // groups
        product(_patches_across, (x, s), columns_of, (g, filters, o, 1), out, groups, kd * kh * kw * (c // groups),
                filters, n * od * oh * ow, 0, filters, args, scratch, tid, threads)


# ---- which pixel meets which ----------------------------------------------------------------------------------------
@jit
def _unravel(pixel, d, h, w):
    return pixel // w // h // d, pixel // w // h % d, pixel // w % h, pixel % w


@jit
def _pixel_below(s, pixel, tap):
    """The pixel of x under a tap of the kernel at an output pixel; -1 in the padding."""
    n, i, j, k = _unravel(pixel, s.od, s.oh, s.ow)
    _, a, b, c = _unravel(tap, s.kd, s.kh, s.kw)
    i, j, k = i * s.sd - s.pd + a * s.ed, j * s.sh - s.ph + b * s.eh, k * s.sw - s.pw + c * s.ew
    inside = 0 <= i < s.d and 0 <= j < s.h and 0 <= k < s.w
    return ((n * s.d + i) * s.h + j) * s.w + k if inside else -1


@jit
def _pixel_above(s, pixel, tap):
    """The output pixel that a pixel of x reaches through a tap; -1 where there is none."""
    n, i, j, k = _unravel(pixel, s.d, s.h, s.w)
    _, a, b, c = _unravel(tap, s.kd, s.kh, s.kw)
    i, j, k = i + s.pd - a * s.ed, j + s.ph - b * s.eh, k + s.pw - c * s.ew
    if i < 0 or j < 0 or k < 0 or i % s.sd or j % s.sh or k % s.sw:
        return -1
    i, j, k = i // s.sd, j // s.sh, k // s.sw
    return ((n * s.od + i) * s.oh + j) * s.ow + k if i < s.od and j < s.oh and k < s.ow else -1


# ---- gathered operands ----------------------------------------------------------------------------------------------
@jit
def _patches(operand, scratch, g, row, rows, step, depth):
    """Rows are output pixels, columns taps and channels."""
    x, s = operand
    for i in range(rows):
        _patch(x, s, g, row + i, step, depth, scratch + i * DEPTH)
    return scratch, DEPTH, 1


@jit
def _patches_across(operand, scratch, g, row, rows, step, depth):
    """Rows are taps and channels, columns output pixels."""
    x, s = operand
    for i in range(depth):
        _patch(x, s, g, step + i, row, rows, scratch + i * ROWS)
    return scratch, 1, ROWS


@jit
def _patch(x, s, g, pixel, first, count, patch):
    """Elements `first` to ``first + count`` of what an output pixel sees, in the order of taps and channels.

    Taps side by side in memory are copied in one run."""
    channels = s.c // s.groups
    span = s.kw if s.groups == 1 and s.ew == 1 else 1
    run = span * channels
    n, i, j, k = _unravel(pixel, s.od, s.oh, s.ow)
    done = 0
    while done < count:
        start = (first + done) % run
        end = min(run, start + count - done)
        _, a, b, c = _unravel((first + done) // run, s.kd, s.kh, s.kw // span)
        z, y, left = i * s.sd - s.pd + a * s.ed, j * s.sh - s.ph + b * s.eh, k * s.sw - s.pw + c * s.ew
        low, high = end, end
        if 0 <= z < s.d and 0 <= y < s.h:
            low = min(max(start, -left * channels), end)
            high = max(min(end, (s.w - left) * channels), low)
        source = x + ((((n * s.d + z) * s.h + y) * s.w + left) * s.c + g * channels)
        _copy(source, start, low, high, end, patch + (done - start))
        done += end - start


@jit
def _copy(x, start, low, high, end, y):
    """y[start:end] = x[start:end] between `low` and `high`, 0 elsewhere."""
    for i in range(start, low):
        y[i] = 0
    for i in range(low, high):
        y[i] = x[i]
    for i in range(high, end):
        y[i] = 0


@jit
def _reached(operand, scratch, group, row, rows, step, depth):
    """Rows are pixels of x, columns taps and output channels."""
    g, s = operand
    filters = s.o // s.groups
    for i in range(rows):
        done = 0
        while done < depth:
            tap, start = (step + done) // filters, (step + done) % filters
            end = min(filters, start + depth - done)
            above = _pixel_above(s, row + i, tap)
            high = end if above >= 0 else start
            _copy(g + (above * s.o + group * filters), start, start, high, end, scratch + (i * DEPTH + done - start))
            done += end - start
    return scratch, DEPTH, 1


@jit
def _transposed_weights(operand, panel, group, column, columns, step, depth):
    """Rows are taps and output channels, columns channels of x."""
    weights, s = operand
    filters, channels = s.o // s.groups, s.c // s.groups
    width = VECTORS * lane_count(panel)
    done = 0
    while done < depth:
        tap, start = (step + done) // filters, (step + done) % filters
        count = min(filters - start, depth - done)
        first = (tap * channels + column) * s.o + group * filters + start
        pack(weights + first, 1, s.o, count, columns, panel + done * width, width)
        done += count
    return panel, width


# ---- a group for each channel ---------------------------------------------------------------------------------------
@jit
def _channelwise(sums_of, s, rows, x, y, out, args, scratch, tid, threads):
    """Every channel by itself, in blocks of neighbours: `sums_of` leaves a block of a row of the result in scratch."""
    blocks = -(-s.c // DEPTH)
    low, high = share(rows * blocks, tid, threads)
    for unit in range(low, high):
        row, first = unit // blocks, unit % blocks * DEPTH
        count = min(DEPTH, s.c - first)
        sums_of(s, row, first, count, x, y, scratch)
        sums = finished(scratch)
        for i in range(count):
            epilogue(args, out, sums[i], row, first + i)


@jit
def _sums_below(s, pixel, first, count, x, weights, sums):
    """An output pixel: over its taps."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = _pixel_below(s, pixel, tap)
        if met >= 0:
            _add_products(x + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def _sums_above(s, pixel, first, count, g, weights, sums):
    """A pixel of x: over the taps through which it reached the output."""
    _clear(sums, count)
    for tap in range(s.kd * s.kh * s.kw):
        met = _pixel_above(s, pixel, tap)
        if met >= 0:
            _add_products(g + (met * s.c + first), weights + (tap * s.c + first), count, sums)


@jit
def _sums_across(s, tap, first, count, x, g, sums):
    """A tap: over the output pixels."""
    _clear(sums, count)
    for pixel in range(s.n * s.od * s.oh * s.ow):
        met = _pixel_below(s, pixel, tap)
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


__all__ = ["Geometry", "forward", "input_gradient", "weight_gradient"]
