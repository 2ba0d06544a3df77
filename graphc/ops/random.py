"""Random numbers that are functions of a counter: ``graphc.random.normal((3, 4))``.

The number at place `i` of an op's result is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2,
3", SC 2011) of the seed, the step, the op's stream and `i`, and of nothing else: the same on every device, for any
number of threads, inside any fused kernel, however often it is computed.

- ``seed=None``: the program's state, `state`: a seed and a step that grows by one at each call of a compiled function.
  Every op draws from a stream of its own. ``set_seed(seed)`` starts all over, so that a program repeats itself; until
  it is called the seed is 0.
- ``seed=7``: the same numbers at each call, and in every op of that seed.
- ``seed=state``: a Variable (or any expression) of your own: uint64, shape (2,), the seed and the step.
"""
from __future__ import annotations

from collections.abc import Callable
from itertools import count
from statistics import NormalDist

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, ShapeError
from ..ir.expr import Expr, locating
from ..ir.integer import Size, product
from ..ir.leaves import Variable, as_expr, constant
from ..ir.op import Case, Index, Op
from ..ir.types import SHORT, Type, as_dtype, broadcast, compute_dtype, is_float, is_integer
from .creation import zeros_like
from .elementwise import less, minimum, where
from .shape import known_dims

state = Variable(np.zeros(2, np.uint64), name="random.state", trainable=False)
_streams = count()


def set_seed(seed: int) -> None:
    """Start all random numbers over: the seed is `seed`, the step 0, and the next op draws from the first stream."""
    global _streams
    state.assign(np.array([_checked_seed(seed), 0], np.uint64))
    _streams = count()


# ---- NumPy's meaning ------------------------------------------------------------------------------------------------
_LOW = np.uint64(0xFFFFFFFF)


def philox(counter, key) -> tuple[np.ndarray, ...]:
    """Four words of 32 bits, as uint64, from four counter words and two key words that broadcast."""
    x0, x1, x2, x3 = (np.asarray(c, np.uint64) for c in counter)
    for turn in range(10):
        k0, k1 = ((int(k) + turn * step) & 0xFFFFFFFF for k, step in zip(key, (0x9E3779B9, 0xBB67AE85), strict=True))
        left, right = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = (right >> 32) ^ x1 ^ k0, right & _LOW, (left >> 32) ^ x3 ^ k1, left & _LOW
    return x0, x1, x2, x3


def _words(state, shape, stream) -> tuple[np.ndarray, ...]:
    seed, step = (int(x) for x in state)
    i = np.arange(product(shape), dtype=np.uint64).reshape(shape)
    upper = ((i >> 32) + ((step >> 32) << 16)) & _LOW
    return philox((i & _LOW, upper, step & 0xFFFFFFFF, stream), (seed & 0xFFFFFFFF, seed >> 32))


def _wide(state, shape, stream) -> np.ndarray:
    w = _words(state, shape, stream)
    return (w[0] << 32) | w[1]


_DIGITS = {np.dtype("float16"): 11, as_dtype("bfloat16"): 8, np.dtype("float32"): 24, np.dtype("float64"): 53}


def _uniform(state, *, shape, dtype, stream):
    return ((_wide(state, shape, stream) >> (64 - _DIGITS[dtype])) * 2.0**-_DIGITS[dtype]).astype(dtype)


def _tail(state, shape, dtype, stream) -> tuple[np.ndarray, np.ndarray]:
    """Uniform numbers on (0, 1/2), and a sign for each."""
    if dtype == np.float64:
        w = _wide(state, shape, stream)
        p = ((w >> 12) + 0.5) * 2.0**-53
    else:
        w = _words(state, shape, stream)[0]
        p = ((w >> 1) + 0.5) * 2.0**-32
    return p, np.where(w & 1, -1.0, 1.0)


_quantile = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


def _normal(state, *, shape, dtype, stream):
    p, sign = _tail(state, shape, dtype, stream)
    return (_quantile(p) * sign).astype(dtype)


def _truncated_normal(state, *, shape, dtype, stream):
    q, sign = _tail(state, shape, dtype, stream)
    return (np.maximum(_quantile(0.5 - q * (1 - 2 * NormalDist().cdf(-2))), -2) * sign).astype(dtype)


def _integers(state, *, shape, dtype, stream, low, size):
    bits = _wide(state, shape, stream).astype(object)
    return np.asarray(low + (bits * size >> 64), object).astype(dtype)


# ---- rows -----------------------------------------------------------------------------------------------------------
def _type(state: Type, *, shape, dtype, stream, **_) -> Type:
    if state.dtype != np.uint64 or state.dims != (2,):
        raise ShapeError(f"a state is u64[2], a seed and a step, not {state}")
    return Type(dtype, shape)


def _position(i: tuple, shape: tuple):
    """The place of the element at `i` among all, in row-major order."""
    position = 0
    for index, size in zip(i, shape, strict=True):
        position = position * size + index
    return position


def _draw(function: Callable[[np.dtype], str]) -> Index:
    def rule(body, i, state, *, shape, dtype, stream):
        return body.scalar(f"random.{function(dtype)}({{0}}, {{1}}, {{2}}, {{3}})", body.read(0, (0,)),
                           body.read(0, (1,)), stream, _position(i, shape), dtype=dtype)
    return Index(rule)


def _integers_index(body, i, state, *, shape, dtype, stream, low, size):
    low, size = (body.constant(number % 2**64, np.dtype("uint64")) for number in (low, size))
    return body.scalar("random.integer({0}, {1}, {2}, {3}, {4}, {5})", body.read(0, (0,)), body.read(0, (1,)), stream,
                       _position(i, shape), size, low, dtype=dtype)


def _cases(*dtypes: str, **attrs) -> Callable:
    """Samples of every dtype of `dtypes`, with positions, steps, streams and seeds that fill their words."""
    def cases(rng):
        for k, dtype in enumerate(dtypes):
            for shape in ((), (7, 5), (0, 3)):
                numbers = np.array([rng.integers(2**63), (5 << 32) + k], np.uint64)
                yield Case((numbers,), {"shape": shape, "dtype": as_dtype(dtype), "stream": 2**31 + k, **attrs})
    return cases


_FLOATS = ("float32", "float64", "float16", "bfloat16")


def _half(dtype: np.dtype) -> str:
    return SHORT[compute_dtype(dtype)]


_uniform_row = Op("random_uniform", _uniform, _type, _draw(lambda dtype: f"uniform_{SHORT[dtype]}"),
                  cases=_cases(*_FLOATS), doc="Uniform on [0, 1), in steps of the dtype's epsilon / 2.")
_normal_row = Op("random_normal", _normal, _type, _draw(lambda dtype: f"normal_{_half(dtype)}"), cases=_cases(*_FLOATS),
                 doc="Normal of mean 0 and variance 1, by its quantile.")
_truncated_row = Op("random_truncated_normal", _truncated_normal, _type,
                    _draw(lambda dtype: f"truncated_normal_{_half(dtype)}"), cases=_cases(*_FLOATS), tolerance=4,
                    doc="Normal of mean 0 and variance 1, given that it lies in [-2, 2], by its quantile.")
_integers_row = Op("random_integers", _integers, _type, Index(_integers_index),
                   cases=_cases("int32", "int8", "int64", low=-3, size=100),
                   doc="`size` integers from `low`, equally likely.")


# ---- functions ------------------------------------------------------------------------------------------------------
def _public(function: Callable) -> Callable:
    """Decorator: errors that `function` raises name it and the user's line."""
    return locating(function, f"random.{function.__name__}")


@_public
def uniform(shape=(), minval=0.0, maxval=1.0, dtype="float32", seed=None) -> Expr:
    """Uniform numbers on [`minval`, `maxval`). The bounds are numbers, or expressions that broadcast to `shape`, and
    gradients flow to them. (Between expressions, rounding may give `maxval` itself.)"""
    unit = _float_draw("uniform", _uniform_row, shape, dtype, seed)
    if _is(minval, 0) and _is(maxval, 1):
        return unit
    y = _scaled("uniform", unit, as_expr(maxval).astype(unit.dtype) - as_expr(minval).astype(unit.dtype), minval)
    if not isinstance(minval, Expr) and not isinstance(maxval, Expr) and not np.all(np.less(minval, maxval)):
        raise ArgumentError(f"random.uniform: minval must lie below maxval; they are {minval!r} and {maxval!r}")
    return y if isinstance(maxval, Expr) else minimum(y, constant(_before(maxval, unit.dtype)))


@_public
def normal(shape=(), mean=0.0, stddev=1.0, dtype="float32", seed=None) -> Expr:
    """Normal numbers. `mean` and `stddev` are numbers, or expressions that broadcast to `shape`, and gradients flow to
    them."""
    return _located("normal", _normal_row, shape, mean, stddev, dtype, seed)


@_public
def truncated_normal(shape=(), mean=0.0, stddev=1.0, dtype="float32", seed=None) -> Expr:
    """Normal numbers, given that they lie within two standard deviations of the mean (a conditional distribution,
    sampled by its quantile: nothing is clipped)."""
    return _located("truncated_normal", _truncated_row, shape, mean, stddev, dtype, seed)


@_public
def bernoulli(shape=(), p=0.5, dtype="bool", seed=None) -> Expr:
    """True with probability `p`, a number or an expression that broadcasts to `shape`; met to 2**-24."""
    if not isinstance(p, Expr) and not _within(p, 0, 1):
        raise ArgumentError(f"random.bernoulli: p is a probability, not {p!r}")
    unit = _float_draw("bernoulli", _uniform_row, shape, "float32", seed)
    _check_broadcast("bernoulli", unit, p)
    return less(unit, p).astype(dtype)


@_public
def randint(shape=(), minval=0, maxval=None, dtype="int32", seed=None) -> Expr:
    """Integers on [`minval`, `maxval`), ints with ``minval < maxval``; `maxval` is past the dtype's largest by default.

    64 random bits are multiplied up: no value's probability is off by more than 2**-64."""
    dtype = as_dtype(dtype)
    if not is_integer(dtype):
        raise DTypeError(f"random.randint gives integers, not {dtype}")
    info = np.iinfo(dtype)
    maxval = int(info.max) + 1 if maxval is None else maxval
    if not all(isinstance(v, (int, np.integer)) for v in (minval, maxval)):
        raise ArgumentError(f"random.randint: minval and maxval are ints, not {minval!r} and {maxval!r}")
    if not info.min <= minval < maxval <= int(info.max) + 1 or maxval - minval >= 2**64:
        raise ArgumentError(f"random.randint: [{minval}, {maxval}) is not a range of 1 to 2**64 - 1 values of {dtype}")
    return _drawn("randint", _integers_row, shape, dtype, seed, low=int(minval), size=int(maxval) - int(minval))


@locating
def dropout(x, rate, noise_shape=None, seed=None) -> Expr:
    """`x` with each element zeroed with probability `rate`, the others divided by ``1 - rate``: its mean stays.

    `rate` is a number in [0, 1], or a scalar expression. `noise_shape` broadcasts to the shape of `x` (None in it: as
    x): what lies along a size of 1 is kept or dropped together."""
    x = as_expr(x)
    if not is_float(x.dtype):
        raise DTypeError(f"dropout takes floats, not {x.type}")
    if not isinstance(rate, Expr) and not _within(rate, 0, 1):
        raise ArgumentError(f"dropout: rate is a probability, not {rate!r}")
    if _is(rate, 0) or _is(rate, 1):
        return x if rate == 0 else zeros_like(x)
    kept = bernoulli(_noise_dims(x, noise_shape), 1 - rate, seed=seed)
    return where(kept, x * (1 / (1 - rate)), 0)


def _noise_dims(x: Expr, shape) -> tuple:
    if shape is None:
        return x.dims
    if len(shape) != x.ndim or any(d not in (None, 1, size) for d, size in zip(shape, x.dims, strict=True)):
        raise ShapeError(f"dropout: noise_shape {shape!r} does not broadcast to {x.type}")
    return tuple(size if d is None else d for d, size in zip(shape, x.dims, strict=True))


# ---- their parts ----------------------------------------------------------------------------------------------------
def _drawn(name: str, row: Op, shape, dtype: np.dtype, seed, **attrs) -> Expr:
    dims = known_dims(f"random.{name}", shape)
    stream = next(_streams) % 2**32 if seed is None else 0
    return row(_state(seed), shape=dims, dtype=dtype, stream=stream, **attrs)


def draw_state(base: Expr, shape: tuple[Size, ...]) -> Expr:
    """States drawn from the state `base`: u64[*shape, 2]."""
    stream = next(_streams) % 2**32 if base is state else 0
    return _integers_row(base, shape=(*shape, 2), dtype=np.dtype("uint64"), stream=stream, low=0, size=2**64 - 1)


def _float_draw(name: str, row: Op, shape, dtype, seed) -> Expr:
    dtype = as_dtype(dtype)
    if not is_float(dtype):
        raise DTypeError(f"random.{name} gives floats, not {dtype}; use random.randint, or astype")
    return _drawn(name, row, shape, dtype, seed)


def _located(name: str, row: Op, shape, mean, stddev, dtype, seed) -> Expr:
    if not isinstance(stddev, Expr) and not _within(stddev, 0, np.inf):
        raise ArgumentError(f"random.{name}: stddev is a standard deviation, 0 or more, not {stddev!r}")
    return _scaled(name, _float_draw(name, row, shape, dtype, seed), stddev, mean)


def _scaled(name: str, z: Expr, scale, shift) -> Expr:
    _check_broadcast(name, z, scale, shift)
    y = z if _is(scale, 1) else z * as_expr(scale).astype(z.dtype)
    return y if _is(shift, 0) else y + as_expr(shift).astype(z.dtype)


def _check_broadcast(name: str, z: Expr, *parameters) -> None:
    for x in map(as_expr, parameters):
        if broadcast(z.dims, x.dims) != z.dims:
            raise ShapeError(f"random.{name}: a parameter of shape {x.type} does not broadcast to the shape {z.type}")


def _before(maxval: float, dtype: np.dtype) -> np.ndarray:
    """The largest number of `dtype` below `maxval`."""
    return np.nextafter(np.asarray(maxval).astype(dtype), np.asarray(-np.inf).astype(dtype))


def _within(value, low: float, high: float) -> bool:
    """Whether it is a number, or are numbers, of [`low`, `high`]."""
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return False
    return bool(((low <= numbers) & (numbers <= high)).all())


def _is(value, number: float) -> bool:
    return isinstance(value, (int, float)) and value == number


def _state(seed) -> Expr:
    if seed is None:
        return state
    return seed if isinstance(seed, Expr) else constant(np.array([_checked_seed(seed), 0], np.uint64))


def _checked_seed(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ArgumentError(f"a seed is an int, None, or an expression u64[2], not {seed!r}")
    return int(seed) % 2**64


__all__ = ["bernoulli", "dropout", "normal", "randint", "set_seed", "state", "truncated_normal", "uniform"]
