"""Random numbers that are functions of a counter.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) maps a counter of
128 bits and a key of 64 to 128 random bits. The counter is made of an element's position, the step of the program and
the stream of the op, the key is the seed: so element `i` is the same number on every thread, in every fused kernel, on
every device. All words are held in uint64, whose upper half is zero.
"""
from __future__ import annotations

import math as _scalar

import numpy as np
from numba import float32, float64, int32, int64, uint64

from .jit import inlined
from .math import log

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = (tuple(np.uint64(k * w) for k in range(10)) for w in (0x9E3779B9, 0xBB67AE85))


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """The four output words of Philox4x32-10 for four counter words and two key words."""
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[1], k1 + _W1[1])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[2], k1 + _W1[2])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[3], k1 + _W1[3])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[4], k1 + _W1[4])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[5], k1 + _W1[5])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[6], k1 + _W1[6])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[7], k1 + _W1[7])
    c0, c1, c2, c3 = _turn(c0, c1, c2, c3, k0 + _W0[8], k1 + _W1[8])
    return _turn(c0, c1, c2, c3, k0 + _W0[9], k1 + _W1[9])


@inlined
def _turn(c0, c1, c2, c3, k0, k1):
    """One of the ten."""
    p0, p1 = _M0 * c0, _M1 * c2
    return (p1 >> _HALF) ^ c1 ^ (k0 & _LOW), p1 & _LOW, (p0 >> _HALF) ^ c3 ^ (k1 & _LOW), p0 & _LOW


@inlined
def words(seed, step, stream, i):
    """The words of element `i`: positions and steps take 48 bits each, streams 32."""
    seed, step, stream, i = uint64(seed), uint64(step), uint64(stream), uint64(i)
    upper = ((i >> _HALF) + ((step >> _HALF) << np.uint64(16))) & _LOW
    return philox(i & _LOW, upper, step & _LOW, stream & _LOW, seed & _LOW, seed >> _HALF)


# ---- uniform on [0, 1): as many bits as the dtype holds, so that rounding never makes a 1 ----------------------------
@inlined
def uniform_f32(seed, step, stream, i):
    return float32(int32(words(seed, step, stream, i)[0] >> np.uint64(8))) * np.float32(2**-24)


@inlined
def uniform_f16(seed, step, stream, i):
    return float32(int32(words(seed, step, stream, i)[0] >> np.uint64(21))) * np.float32(2**-11)


@inlined
def uniform_bf16(seed, step, stream, i):
    return float32(int32(words(seed, step, stream, i)[0] >> np.uint64(24))) * np.float32(2**-8)


@inlined
def uniform_f64(seed, step, stream, i):
    return float64(int64(_wide(seed, step, stream, i) >> np.uint64(11))) * np.float64(2**-53)


@inlined
def _wide(seed, step, stream, i):
    """64 random bits."""
    w = words(seed, step, stream, i)
    return (w[0] << _HALF) | w[1]


# ---- integers -------------------------------------------------------------------------------------------------------
@inlined
def integer(seed, step, stream, i, count, low):
    """`low` + floor(bits * count / 2**64), modulo 2**64: no value's probability is off by more than 2**-64."""
    return uint64(low) + _multiply_high(_wide(seed, step, stream, i), uint64(count))


@inlined
def _multiply_high(a, b):
    """The upper 64 of the 128 bits of ``a * b``."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a1 * b0 + ((a0 * b0) >> _HALF)
    return a1 * b1 + (middle >> _HALF) + ((a0 * b1 + (middle & _LOW)) >> _HALF)


# ---- normal: the quantile of the lower half, and a sign -------------------------------------------------------------
# A tail probability p in (0, 1/2) and q = 1/2 - p, each to full relative precision: tails reach 6.3 standard deviations
# in float32 and 8.2 in float64.
@inlined
def normal_f32(seed, step, stream, i):
    w = words(seed, step, stream, i)[0]
    m = int32(w >> np.uint64(1))
    z = _quantile_f32(_midpoint_f32(m), _midpoint_f32(int32(0x7FFFFFFF) - m))
    return z if w & np.uint64(1) else -z


@inlined
def normal_f64(seed, step, stream, i):
    w = _wide(seed, step, stream, i)
    p = _midpoint_f64(w)
    z = _quantile_f64(p, np.float64(0.5) - p)
    return z if w & np.uint64(1) else -z


_WITHIN_TWO = _scalar.erf(_scalar.sqrt(2))
"""The probability that a normal number lies within two standard deviations."""


@inlined
def truncated_normal_f32(seed, step, stream, i):
    w = words(seed, step, stream, i)[0]
    q = _midpoint_f32(int32(w >> np.uint64(1))) * np.float32(_WITHIN_TWO)
    z = min(_quantile_f32(np.float32(0.5) - q, q), np.float32(2))
    return z if w & np.uint64(1) else -z


@inlined
def truncated_normal_f64(seed, step, stream, i):
    w = _wide(seed, step, stream, i)
    p = np.float64(0.5) - _midpoint_f64(w) * np.float64(_WITHIN_TWO)
    z = min(_quantile_f64(p, np.float64(0.5) - p), np.float64(2))
    return z if w & np.uint64(1) else -z


@inlined
def _midpoint_f32(m):
    """(m + 1/2) / 2**32."""
    return float32(m) * np.float32(2**-32) + np.float32(2**-33)


@inlined
def _midpoint_f64(bits):
    """(m + 1/2) / 2**53 for the upper 52 bits m: exact, and so is its distance from 1/2."""
    return (float64(int64(bits >> np.uint64(12))) + np.float64(0.5)) * np.float64(2**-53)


# Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988): one
# rational function of 0.425**2 - q**2 in the middle, others of sqrt(-log p) in the tail.
def _f32(*numbers):
    return tuple(map(np.float32, numbers))


_MIDDLE = _f32(3.3871327179, 50.434271938, 159.29113202, 59.109374720)
_MIDDLE_UNDER = _f32(1, 17.895169469, 78.757757664, 67.187563600)
_TAIL = _f32(1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103)
_TAIL_UNDER = _f32(1, 0.73700164250, 0.12021132975, 0)

_MIDDLE_64 = (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
              45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727)
_MIDDLE_UNDER_64 = (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
                    39307.895800092710610, 28729.085735721942674, 5226.4952788528545610)
_TAIL_64 = (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
            1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4)
_TAIL_UNDER_64 = (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
                  0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
                  1.05075007164441684324e-9)
_FAR_64 = (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
           0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7)
_FAR_UNDER_64 = (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
                 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                 2.04426310338993978564e-15)


@inlined
def _cubic(x, a, b, c, d):
    return ((d * x + c) * x + b) * x + a


@inlined
def _septic(x, a, b, c, d, e, f, g, h):
    return ((((((h * x + g) * x + f) * x + e) * x + d) * x + c) * x + b) * x + a


@inlined
def _quantile_f32(p, q):
    """The number that a normal one exceeds with probability `p` = 1/2 - `q`."""
    middle = q <= np.float32(0.425)
    r = np.float32(0.180625) - q * q
    t = np.float32(_scalar.sqrt(-log(p))) - np.float32(1.6)
    over, over_tail = q * _cubic(r, *_MIDDLE), _cubic(t, *_TAIL)
    under, under_tail = _cubic(r, *_MIDDLE_UNDER), _cubic(t, *_TAIL_UNDER)
    return (over if middle else over_tail) / (under if middle else under_tail)


@inlined
def _quantile_f64(p, q):
    middle = q <= 0.425
    r = 0.180625 - q * q
    root = _scalar.sqrt(-log(p))
    t, far = root - 1.6, root - 5.0
    over, over_tail, over_far = q * _septic(r, *_MIDDLE_64), _septic(t, *_TAIL_64), _septic(far, *_FAR_64)
    under, under_tail = _septic(r, *_MIDDLE_UNDER_64), _septic(t, *_TAIL_UNDER_64)
    under_far = _septic(far, *_FAR_UNDER_64)
    over_tail, under_tail = over_tail if far <= 0.0 else over_far, under_tail if far <= 0.0 else under_far
    return (over if middle else over_tail) / (under if middle else under_tail)
