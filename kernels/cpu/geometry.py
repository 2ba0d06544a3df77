"""Where a convolution's pixels meet, axis by axis."""
from __future__ import annotations

from collections import namedtuple

from .jit import jit

Geometry = namedtuple("Geometry", "n d h w c kd kh kw od oh ow o sd sh sw pd ph pw ed eh ew groups")
"""Batch, input, channels, kernel, output, its channels, strides, padding, dilation, groups."""

Axis = namedtuple("Axis", "taps step dilation origin first each low high scale shift size out")
"""One axis of a convolution: result t, from `low` to `high`, sees what is read at ``t * step + origin + j * dilation``, for
j below `taps`, through the weights' tap ``first + j * each``. `size` elements can be read; t stands for element
``t * scale + shift`` of `out`."""


@jit
def forward_axes(s):
    """What an output pixel sees of x."""
    return (Axis(s.kd, s.sd, s.ed, -s.pd, 0, 1, 0, s.od, 1, 0, s.d, s.od),
            Axis(s.kh, s.sh, s.eh, -s.ph, 0, 1, 0, s.oh, 1, 0, s.h, s.oh),
            Axis(s.kw, s.sw, s.ew, -s.pw, 0, 1, 0, s.ow, 1, 0, s.w, s.ow))


@jit
def backward_axes(s, phase):
    """What a pixel of x sees of the gradient of the output, if it lies in one of the ``sd * sh * sw`` phases: where its
    place, padding counted, leaves a certain remainder by the strides."""
    return (_backward(phase // s.sw // s.sh, s.kd, s.sd, s.pd, s.ed, s.d, s.od),
            _backward(phase // s.sw % s.sh, s.kh, s.sh, s.ph, s.eh, s.h, s.oh),
            _backward(phase % s.sw, s.kw, s.sw, s.pw, s.ew, s.w, s.ow))


@jit
def _backward(remainder, kernel, stride, padding, dilation, size, out):
    """Tap a takes output i to place ``i * stride + a * dilation``: every `period`-th tap reaches a place of this phase. They
    are walked backward, so that what is read lies forward."""
    period = stride // _divisor(stride, dilation)
    first = 0
    while first < kernel and first * dilation % stride != remainder:
        first += 1
    taps = -(-(kernel - first) // period)
    apart, behind = period * dilation // stride, (first * dilation - remainder) // stride
    last = taps - 1
    return Axis(taps, 1, apart, -behind - last * apart, first + last * period, -period, -((remainder - padding) // stride),
                (size - 1 + padding - remainder) // stride + 1, stride, remainder - padding, out, size)


@jit
def _divisor(a, b):
    """The greatest common one."""
    while b:
        a, b = b, a % b
    return a


@jit
def tap_number(s, z, y, x, i, j, k):
    """The number, in the weights, of the taps i, j and k of three axes."""
    return ((z.first + i * z.each) * s.kh + y.first + j * y.each) * s.kw + x.first + k * x.each


@jit
def unravel(pixel, d, h, w):
    return pixel // w // h // d, pixel // w // h % d, pixel // w % h, pixel % w


@jit
def pixel_below(s, pixel, tap):
    """The pixel of x under a tap of the kernel at an output pixel; -1 in the padding."""
    n, i, j, k = unravel(pixel, s.od, s.oh, s.ow)
    _, a, b, c = unravel(tap, s.kd, s.kh, s.kw)
    i, j, k = i * s.sd - s.pd + a * s.ed, j * s.sh - s.ph + b * s.eh, k * s.sw - s.pw + c * s.ew
    inside = 0 <= i < s.d and 0 <= j < s.h and 0 <= k < s.w
    return ((n * s.d + i) * s.h + j) * s.w + k if inside else -1


@jit
def pixel_above(s, pixel, tap):
    """The output pixel that a pixel of x reaches through a tap; -1 where there is none."""
    n, i, j, k = unravel(pixel, s.d, s.h, s.w)
    _, a, b, c = unravel(tap, s.kd, s.kh, s.kw)
    i, j, k = i + s.pd - a * s.ed, j + s.ph - b * s.eh, k + s.pw - c * s.ew
    if i < 0 or j < 0 or k < 0 or i % s.sd or j % s.sh or k % s.sw:
        return -1
    i, j, k = i // s.sd, j // s.sh, k // s.sw
    return ((n * s.od + i) * s.oh + j) * s.ow + k if i < s.od and j < s.oh and k < s.ow else -1


__all__ = ["Axis", "Geometry", "backward_axes", "forward_axes", "pixel_above", "pixel_below", "tap_number", "unravel"]
