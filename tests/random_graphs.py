"""Random graphs, drawn together with the values that they should have and the errors that rounding may bring.

Every node is evaluated in float64: once as it is, which is the reference, and `SAMPLES` times with the operands and the
result of each rounded op moved by one unit in the last place of their dtype, up, down or not, by chance (Monte Carlo
arithmetic). How far these stray bounds what any order of evaluation may do. Two more samples are rounded as arithmetic
rounds, where chance seldom meets what rounding makes equal (1 - tanh(9)**2 is 0 in float32): once to the dtype of each
node, once to float32 where that is shorter. A node that loses half of its digits, that is not finite, or whose integers
depend on the rounding of floats, is not kept: there, no answer is the right one.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import ml_dtypes
import numpy as np

import graphc
from graphc.ir.errors import GraphcError
from graphc.ir.expr import Expr
from graphc.ir.graph import Graph, topological
from graphc.ir.inputs import bind
from graphc.ir.integer import Integer
from graphc.ir.leaves import Variable
from graphc.ir.op import Index, Source, View
from graphc.ir.sizes import met, settled
from graphc.ir.types import Type, as_dtype, is_float

SAMPLES = 8
LARGE = 20_000
"""Elements of a node at most."""

LARGEST = 1e4
"""Numbers beyond are not kept: float16 ends soon after."""

EXACT = frozenset("abs negative sign maximum minimum clip where stop_gradient equal not_equal less less_equal greater "
                  "greater_equal isnan isinf isfinite floor ceil trunc round max min argmax argmin sort argsort copy "
                  "max_pool scatter_set scatter_min scatter_max custom".split())
"""Ops that round nothing."""

FLOATS = ("float32",) * 6 + ("float64", "float64", "float16", "bfloat16")
OTHERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint16", "uint32", "uint64", "bool")


class Unfit(Exception):
    """A node that the graph can do without."""


# ---- values ---------------------------------------------------------------------------------------------------------
def eps(dtype: np.dtype) -> float:
    return float(ml_dtypes.finfo(dtype).eps)


def is_exact(node: Expr) -> bool:
    if node.op.name == "astype":
        given, wanted = node.inputs[0].dtype, node.dtype
        return not is_float(wanted) or (is_float(given) and eps(given) >= eps(wanted))
    return node.op.name in EXACT or isinstance(node.op.lower, (Index, View, Source))


def rounded(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if not is_float(dtype):
        return value
    with np.errstate(over="ignore", under="ignore"):
        return value.astype(dtype).astype(np.float64)


def rounded_in_registers(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return rounded(value, as_dtype("float32") if is_float(dtype) and dtype.itemsize == 2 else dtype)


class Values:
    """The reference and the samples of every node that was asked for."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.sizes: dict = {}
        self.known: dict[Expr, list[np.ndarray]] = {}
        self.roundings = [self._as_it_is, *[self._moved] * SAMPLES, rounded, rounded_in_registers]

    def give(self, x: Expr, value: np.ndarray) -> None:
        self.sizes |= bind([x], [value.shape])
        value = value.astype(np.float64) if is_float(x.dtype) else value
        self.known[x] = [value] * len(self.roundings)

    def __getitem__(self, node: Expr) -> list[np.ndarray]:
        for x in topological([node]):
            if x not in self.known:
                self.known[x] = self._evaluated(x)
        return self.known[node]

    def _evaluated(self, node: Expr) -> list[np.ndarray]:
        if math.prod(settled(node.dims, self.sizes)) > LARGE:
            raise Unfit("large")
        exact = is_exact(node)
        found = []
        for k, rounding in enumerate(self.roundings):
            operands = [self.known[x][k] for x in node.inputs]
            if not exact:
                operands = [rounding(v, x.dtype) for v, x in zip(operands, node.inputs, strict=True)]
            value = self._meaning(node, operands)
            found.append(value if exact else rounding(value, node.dtype))
        if found[0].shape != settled(node.dims, self.sizes):
            raise Unfit(f"{node.type} has shape {found[0].shape}")
        if any(a != 1 and settled(a, self.sizes) != settled(b, self.sizes) for a, b in met(node)):
            raise Unfit("a size that is known only at call time would be broadcast")
        return found

    def _meaning(self, node: Expr, operands: list[np.ndarray]) -> np.ndarray:
        if node.op.name == "astype" and is_float(node.dtype):
            return operands[0].astype(np.float64)
        attrs = {k: settled(v, self.sizes) for k, v in node.attrs.items()}
        types = [Type(x.dtype, v.shape) for x, v in zip(node.inputs, operands, strict=True)]
        try:
            node.op.infer(*types, **attrs)
            with np.errstate(all="ignore"):
                value = node.op.numpy(*operands, **attrs)
        except (GraphcError, ValueError) as error:
            raise Unfit("a size that a call may not have") from error
        return np.asarray(value).astype(np.float64 if is_float(node.dtype) else node.dtype)

    def _as_it_is(self, value: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return value

    def _moved(self, value: np.ndarray, dtype: np.dtype) -> np.ndarray:
        if not is_float(dtype):
            return value
        return rounded(value * (1 + eps(dtype) * self.rng.choice((-1.0, 0.0, 1.0), value.shape)), dtype)

    def spread(self, node: Expr) -> np.ndarray:
        reference, *samples = self[node]
        return np.max([np.abs(s - reference) for s in samples], axis=0)

    def check(self, node: Expr) -> None:
        """Raise Unfit unless the value of `node` says anything."""
        reference, *samples = self[node]
        if not is_float(node.dtype):
            if any(np.any(s != reference) for s in samples):
                raise Unfit("an integer that depends on rounding")
        elif not (np.all(np.abs(reference) < LARGEST) and np.all(
                self.spread(node) <= eps(node.dtype) ** 0.5 * (1 + np.abs(reference)))):
            raise Unfit("not finite, or few digits left")

    def check_result(self, node: Expr, actual, context: str) -> None:
        """Assert that `actual` is the value of `node`, within what rounding explains."""
        reference, actual = self[node][0], np.asarray(actual)
        assert actual.dtype == node.dtype, f"dtype {actual.dtype} of {node.type} {context}"
        assert actual.shape == reference.shape, f"shape {actual.shape}, expected {reference.shape} {context}"
        if not is_float(node.dtype):
            np.testing.assert_array_equal(actual, reference, f"{node.op.name} {context}")
            return
        spread = self.spread(node)
        floor = 4 * float(ml_dtypes.finfo(node.dtype).smallest_normal)
        bound = 16 * spread + 4 * spread.max(initial=0) + 8 * eps(node.dtype) * np.abs(reference) + floor
        error = np.abs(actual.astype(np.float64) - reference)
        assert np.all(error <= bound), (f"{node.op.name}:{node.type} is off by {np.nanmax(error / bound):.3g} bounds, "
                                        f"{np.isnan(error).sum()} NaN, of {error.size} {context}\n"
                                        f"{actual}\n{reference}")


# ---- what is drawn --------------------------------------------------------------------------------------------------
class Program:
    """Inputs with values, Variables, and a pool of nodes over them; `outputs` are the ends of the pool, and two of its
    nodes that others may read; `updates` are chosen from it."""

    def __init__(self, random: Random, nodes: int = 25):
        self.random = random
        self.values = Values(random.randint(0, 2**32))
        self.inputs: list[Expr] = []
        self.arrays: list[np.ndarray] = []
        self.variables: list[Variable] = []
        self.sizes = [random.choice((1, 2, 3, 3, 4, 5, 7, 8, 16, 33)) for _ in range(3)] + [1]
        if random.random() < 0.1:
            self.sizes[0] = random.choice((0, 0, 523, 1031))
        self.unknown = {s: Integer.symbol("n") for s in self.sizes if random.random() < 0.35}
        self.pool = [self.input() for _ in range(2)] + [self.variable(), self.constant()]
        self.refused: list[str] = []
        for _ in range(nodes):
            self.grow()
        self.outputs = [*self.ends(), *random.choices(self.pool, k=2)]
        self.updates = {v: self.next_value(v) for v in self.variables if random.random() < 0.7}

    def ends(self) -> list[Expr]:
        """What no other node of the pool reads: with these as results, all that is drawn is compiled."""
        read = {x for node in topological(self.pool) for x in node.inputs}
        return [node for node in self.pool if node not in read]

    @property
    def graph(self) -> Graph:
        return Graph(tuple(self.inputs), tuple(self.outputs), tuple(self.updates.items()))

    def grow(self) -> None:
        make = self.random.choice(self.random.choice(FAMILIES))
        try:
            node = make(self)
            self.values.check(node)
        except (GraphcError, Unfit) as error:
            self.refused.append(f"{type(error).__name__}: {error}")
        else:
            self.pool.append(node)

    # ---- leaves
    def shape(self, rank: int | None = None) -> tuple[int, ...]:
        rank = self.random.choice((0, 1, 1, 2, 2, 2, 3, 3, 4)) if rank is None else rank
        return tuple(self.random.choice(self.sizes) for _ in range(rank))

    def array(self, shape, dtype) -> np.ndarray:
        """Multiples of 1/8, so that every float dtype holds them and equal numbers occur."""
        rng, dtype = self.values.rng, as_dtype(dtype)
        if dtype.kind == "b":
            return rng.random(shape) < 0.5
        if is_float(dtype):
            return (rng.integers(-24, 25, shape) / 8).astype(dtype)
        return rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)

    def dtype(self) -> str:
        return self.random.choice(FLOATS if self.random.random() < 0.75 else OTHERS)

    def input(self, shape=None, dtype=None, value=None) -> Expr:
        if value is None:
            value = self.array(self.shape() if shape is None else shape, self.dtype() if dtype is None else dtype)
        x = graphc.placeholder(tuple(self.dim(s) for s in value.shape), value.dtype, f"x{len(self.inputs)}")
        self.values.give(x, value)
        self.inputs.append(x)
        self.arrays.append(value)
        return x

    def dim(self, size: int):
        if size != 1 and self.random.random() < 0.05:
            return None
        return self.unknown[size] if size in self.unknown and self.random.random() < 0.6 else size

    def constant(self) -> Expr:
        value = self.array(self.shape(), self.dtype())
        c = graphc.constant(value)
        self.values.give(c, value)
        return c

    def variable(self) -> Variable:
        v = Variable(self.array(self.shape(), self.dtype()), name=f"w{len(self.variables)}")
        self.values.give(v, v.numpy())
        self.variables.append(v)
        return v

    def next_value(self, v: Variable) -> Expr:
        fits = [x for x in self.pool if x.dtype == v.dtype and self.values[x][0].shape == v.dims]
        if self.random.random() < 0.3 and is_float(v.dtype):
            other = next((x for x in reversed(self.pool) if is_float(x.dtype) and self.values[x][0].size), v)
            new = (v * 0.5 - 0.1 * graphc.mean(other)).astype(v.dtype)
            try:
                self.values.check(new)
                return new
            except Unfit:
                pass
        return self.random.choice(fits)

    # ---- operands
    def any(self, when: Callable[[Expr], bool] = lambda x: True) -> Expr:
        """A node, the later ones more often."""
        fits = [x for x in self.pool if when(x)]
        if not fits:
            raise Unfit("nothing fits")
        return self.random.choice(fits[-8:] if self.random.random() < 0.5 else fits)

    def float(self, rank: int = 0) -> Expr:
        return self.any(lambda x: is_float(x.dtype) and x.ndim >= rank)

    def integer(self) -> Expr:
        return self.any(lambda x: x.dtype.kind in "iu")

    def beside(self, x: Expr, when: Callable[[Expr], bool] = lambda x: True) -> Expr:
        """A node that broadcasts with `x`, or a new one of a part of its shape."""
        shape = self.values[x][0].shape

        def fits(y: Expr) -> bool:
            try:
                np.broadcast_shapes(shape, self.values[y][0].shape)
            except ValueError:
                return False
            return when(y)
        found = [y for y in self.pool if fits(y) and y is not x]
        if not found or self.random.random() < 0.1:
            kept = [s if self.random.random() < 0.7 else 1 for s in shape[self.random.randint(0, len(shape)):]]
            return self.input(tuple(kept), x.dtype)
        return self.random.choice(found)

    def axis(self, x: Expr) -> int:
        if not x.ndim:
            raise Unfit("0-d")
        return self.random.randint(-x.ndim, x.ndim - 1)

    def axes(self, x: Expr):
        picked = tuple(k for k in range(x.ndim) if self.random.random() < 0.5)
        return self.random.choice([None, picked, self.axis(x)]) if x.ndim else None

    def size(self, x: Expr, axis: int) -> int:
        return self.values[x][0].shape[axis]


# ---- families: functions of a program that make a node ----------------------------------------------------------------
g = graphc


def unary(f: Callable) -> Callable:
    return lambda p: f(p.float())


def whole(f: Callable) -> Callable:
    return lambda p: f(p.integer())


def binary(f: Callable) -> Callable:
    def make(p: Program) -> Expr:
        x = p.any()
        operands = (x, p.beside(x))
        return f(*(operands if p.random.random() < 0.5 else operands[::-1]))
    return make


def whole_binary(f: Callable) -> Callable:
    def make(p: Program) -> Expr:
        x = p.any(lambda x: not is_float(x.dtype))
        return f(x, p.beside(x, lambda y: not is_float(y.dtype)))
    return make


def reduction(f: Callable) -> Callable:
    def make(p: Program) -> Expr:
        x = p.any()
        return f(x, axis=p.axes(x), keepdims=p.random.random() < 0.4)
    return make


def along(f: Callable) -> Callable:
    def make(p: Program) -> Expr:
        x = p.any(lambda x: x.ndim > 0)
        return f(x, p.axis(x))
    return make


UNARY = [unary(f) for f in (
    g.tanh, g.sigmoid, g.relu, g.gelu, g.silu, g.softplus, g.softsign, g.erf, g.sin, g.cos, g.square, g.abs, g.sign,
    g.floor, g.ceil, g.round, g.trunc, g.leaky_relu, g.hard_tanh, g.mish, g.elu, g.relu6, g.log_sigmoid, g.atan, g.asinh,
    lambda x: -x, lambda x: x + 1, lambda x: 3 - x, lambda x: x * 0.5, lambda x: x / 3, lambda x: x**2, lambda x: 2 * x,
    lambda x: g.exp(-g.abs(x)), lambda x: g.log1p(x * x), lambda x: g.sqrt(g.abs(x) + 1), lambda x: g.rsqrt(x * x + 1),
    lambda x: g.reciprocal(g.abs(x) + 1), lambda x: g.expm1(g.tanh(x)), lambda x: g.log(g.sigmoid(x)),
    lambda x: 1 / (1 + g.exp(-x)), lambda x: x > 0, lambda x: g.where(x > 0, x, 0.1 * x), g.stop_gradient, g.isfinite,
    lambda x: g.clip(x, -1, 1.5), lambda x: g.log2(g.abs(x) + 2), lambda x: g.exp2(g.tanh(x)))]
CASTS = [unary(lambda x, d=d: x.astype(d)) for d in ("float32", "float64", "bfloat16", "float16")]
CASTS += [unary(lambda x, d=d: g.clip(x, -100, 100).astype(d)) for d in ("int8", "int16", "int32", "int64")]
CASTS += [unary(lambda x, d=d: g.clip(g.abs(x), 0, 100).astype(d)) for d in ("uint8", "uint16", "uint32", "uint64", "bool")]
CASTS += [whole(lambda x, d=d: x.astype(d)) for d in (
    "float32", "float64", "bfloat16", "int8", "int16", "int64", "uint8", "uint32", "uint64", "bool")]
WHOLE = [whole(f) for f in (lambda x: -x, g.square, g.abs, g.sign, lambda x: x + 1, lambda x: x * 3, g.bitwise_invert,
                            lambda x: x // 3, lambda x: x % 4, lambda x: x > 2, g.floor, lambda x: g.clip(x, 0, 5))]
BINARY = [binary(f) for f in (
    g.add, g.add, g.subtract, g.multiply, g.multiply, g.maximum, g.minimum, lambda a, b: a / (g.abs(b) + 1),
    lambda a, b: a + 0.5 * b, lambda a, b: g.where(a > b, a, b), g.less, g.equal, g.not_equal, g.greater_equal, g.atan2,
    g.hypot, g.logaddexp, lambda a, b: a * b + 3 * b, lambda a, b: g.remainder(a, g.abs(b) + 1),
    lambda a, b: g.floor_divide(a, g.abs(b) + 1), lambda a, b: (g.abs(a) + 0.5) ** g.tanh(b), g.logical_and,
    g.logical_or, g.logical_xor, lambda a, b: g.where(b.astype("bool"), a, 1 - a),
    lambda a, b: (a + b) * (b + a))]
WHOLE_BINARY = [whole_binary(f) for f in (
    g.bitwise_and, g.bitwise_or, g.bitwise_xor, g.floor_divide, g.remainder, lambda a, b: a << (b & 3),
    lambda a, b: a >> (b & 3), lambda a, b: a * b - a)]
REDUCTIONS = [reduction(f) for f in (
    g.sum, g.sum, g.mean, g.max, g.min, g.prod, g.var, g.std, g.logsumexp, g.ptp, g.count_nonzero,
    lambda x, **k: g.all(x > 0, **k), lambda x, **k: g.any(x > 0, **k))]
ALONG = [along(f) for f in (
    g.argmax, g.argmin, g.softmax, g.log_softmax, g.cumulative_sum, g.cumulative_prod, g.sort, g.argsort, g.flip,
    lambda x, k: g.sum(x, k, keepdims=True) + x,
    lambda x, k: (x - g.mean(x, k, keepdims=True)) / (g.std(x, k, keepdims=True) + 1),
    lambda x, k: x - g.max(x, k, keepdims=True), lambda x, k: g.concat([x, x], k), lambda x, k: g.stack([x, x + x], k),
    lambda x, k: g.roll(x, 2, k), lambda x, k: g.expand_dims(x, k), lambda x, k: g.cumulative_sum(g.flip(x, k), k),
    lambda x, k: g.moveaxis(x, k, 0), lambda x, k: g.repeat(x, 2, k), lambda x, k: g.one_hot(g.argmax(x, k), 4))]


# ---- shapes ---------------------------------------------------------------------------------------------------------
def _permuted(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 1)
    return g.permute_dims(x, tuple(p.random.sample(range(x.ndim), x.ndim)))


def _reshaped(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)
    k = p.random.randint(0, x.ndim - 1)
    return g.reshape(x, p.random.choice([(-1,), (*x.dims[:k], -1), (-1, *x.dims[k + 1:]), (1, *x.dims), (*x.dims, 1)]))


def _sliced(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)

    def bound():
        return p.random.choice((None, None, None, 0, 1, 2, -1, -2, 5))
    index = tuple(p.random.choice((slice(bound(), bound(), p.random.choice((None, None, 1, 2, -1, -2, 3))), slice(None),
                                   p.random.choice((0, -1)))) for _ in range(p.random.randint(1, x.ndim)))
    return x[index]


def _padded(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)
    widths = [(p.random.randint(0, 2), p.random.randint(0, 2)) for _ in range(x.ndim)]
    return g.pad(x, widths, p.random.choice(("constant", "reflect", "edge")))


def _concat(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)
    y = p.any(lambda y: y.dims == x.dims)
    return g.concat([x, y, x] if p.random.random() < 0.3 else [x, y], p.axis(x))


def _broadcast(p: Program) -> Expr:
    x = p.any()
    return g.broadcast_to(x, (*p.shape(1), *x.dims))


def _tiled(p: Program) -> Expr:
    x = p.any()
    return g.tile(x, tuple(p.random.randint(1, 2) for _ in range(max(x.ndim, 1))))


def _squeezed(p: Program) -> Expr:
    x = p.any(lambda x: 1 in x.dims)
    return g.squeeze(x, x.dims.index(1))


def _triangle(p: Program) -> Expr:
    return p.random.choice((g.tril, g.triu))(p.any(lambda x: x.ndim > 1), p.random.randint(-1, 1))


def _split(p: Program) -> Expr:
    x = p.any(lambda x: any(isinstance(d, int) and d > 0 and d % 2 == 0 for d in x.dims))
    axis = next(k for k, d in enumerate(x.dims) if isinstance(d, int) and d > 0 and d % 2 == 0)
    return g.split(x, 2, axis)[p.random.randint(0, 1)]


def _diagonal(p: Program) -> Expr:
    return g.diagonal(p.any(lambda x: x.ndim > 1))


SHAPES = [_permuted, _permuted, _reshaped, _reshaped, _sliced, _sliced, _sliced, _padded, _concat, _concat, _broadcast,
          _tiled, _squeezed, _triangle, _split, _diagonal]


# ---- indices --------------------------------------------------------------------------------------------------------
def _places(p: Program, size: int, shape: tuple[int, ...]) -> Expr:
    if size == 0:
        raise Unfit("an empty axis")
    return p.input(value=p.values.rng.integers(-size, size, shape).astype(p.random.choice(("int32", "int64", "int8"))
                                                                          if size < 120 else "int64"))


def _taken(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)
    k = p.axis(x)
    return g.take(x, _places(p, p.size(x, k), p.shape(p.random.randint(0, 2))), axis=k)


def _taken_along(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0)
    k = p.axis(x)
    if p.random.random() < 0.3:
        return g.take_along_axis(x, g.argsort(x, k), k)
    shape = list(p.values[x][0].shape)
    size, shape[k] = shape[k], p.random.choice((1, 2, 3))
    index = _places(p, size, tuple(shape))
    return g.take_along_axis(x, index, k)


def _indexed(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 1)
    i, j = (_places(p, p.size(x, k), p.shape(1)[:1]) for k in (0, 1))
    return p.random.choice((lambda: x[i], lambda: x[i, :1], lambda: x[:, j], lambda: x[i[:1], j]))()


def _scattered(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0 and x.dtype.kind != "b")
    index = _places(p, p.size(x, 0), p.shape(1))
    part = x.at[index]
    return p.random.choice((lambda: part.add(1), lambda: part.set(0), lambda: part.add(x[index]),
                            lambda: part.max(0), lambda: part.multiply(2)))()


def _one_hot(p: Program) -> Expr:
    return g.one_hot(p.integer(), p.random.randint(1, 5), dtype=p.random.choice(("float32", "float64", "int32")))


def _top(p: Program) -> Expr:
    x = p.any(lambda x: x.ndim > 0 and x.dtype.kind != "b")
    return g.top_k(x, min(2, p.size(x, -1)))[p.random.randint(0, 1)]


INDICES = [_taken, _taken_along, _indexed, _scattered, _one_hot, _top]


# ---- products -------------------------------------------------------------------------------------------------------
def _product(p: Program) -> Expr:
    x = p.float(1)
    if p.random.random() < 0.3:
        x = g.permute_dims(x, tuple(p.random.sample(range(x.ndim), x.ndim)))
        p.values.check(x)
    k, n = p.size(x, -1), p.random.choice(p.sizes)
    batch = p.values[x][0].shape[:-2][p.random.randint(0, max(x.ndim - 2, 0)):]
    batch = tuple(b if p.random.random() < 0.6 else 1 for b in batch) if p.random.random() < 0.4 else ()
    fits = [y for y in p.pool if is_float(y.dtype) and y.ndim in (1, 2) and p.size(y, 0) == k]
    if fits and p.random.random() < 0.5:
        w = p.random.choice(fits)
    elif p.random.random() < 0.3:
        w = g.matrix_transpose(p.input((*batch, n, k), x.dtype))
    else:
        w = p.input((*batch, k, n), x.dtype)
    y = 0.25 * g.matmul(x, w) if p.random.random() < 0.5 else g.matmul(x, w)
    return p.random.choice((lambda: y, lambda: g.relu(y + p.input(p.values[y][0].shape[-1:], y.dtype)),
                            lambda: g.tanh(y) + y, lambda: g.sum(y, -1)))()


def _outer(p: Program) -> Expr:
    x = p.float(2)
    return g.matmul(x, g.matrix_transpose(x)) / 8


def _stacked(p: Program) -> Expr:
    """Products whose batches lie in memory in another order."""
    x = p.input((2, 3, *p.shape(2)))
    x = g.permute_dims(x if is_float(x.dtype) else x.astype("float32") / 8, (1, 0, 2, 3))
    return g.matmul(x, g.matrix_transpose(x)) / 8


def _convolved(p: Program) -> Expr:
    x = p.float(3)
    rank = p.random.choice((1, 1, 2)) if x.ndim == 4 else 1
    x = x if rank == x.ndim - 2 else x[0] if x.ndim == 4 else x
    channels = p.size(x, -1)
    kernel = tuple(p.random.randint(1, 3) for _ in range(rank))
    w = p.input((*kernel, channels, p.random.choice((1, 2, 5))), x.dtype)
    y = g.conv(x, w, strides=p.random.randint(1, 2), padding=p.random.choice(("same", "valid"))) * 0.25
    return g.relu(y) if p.random.random() < 0.5 else y


def _pooled(p: Program) -> Expr:
    x = p.float(3)
    x = x if x.ndim == 3 else x[..., 0] if x.ndim == 4 else x
    pool = p.random.choice((g.max_pool, g.average_pool))
    return pool(x, p.random.randint(1, 3), strides=p.random.randint(1, 2), padding=p.random.choice(("same", "valid")))


def _einsum(p: Program) -> Expr:
    x = p.float(2)
    return g.einsum("...ij,...kj->...ik", x, x) / 8 if p.random.random() < 0.5 else g.einsum("...ij->...j", x)


PRODUCTS = [_product, _product, _product, _outer, _stacked, _convolved, _pooled, _einsum]


# ---- gradients ------------------------------------------------------------------------------------------------------
def _gradient(p: Program) -> Expr:
    y = p.float()
    leaves = [x for x in topological([y]) if x.op.name in ("placeholder", "variable") and is_float(x.dtype)]
    if not leaves:
        raise Unfit("no float below")
    return g.grad(g.sum(g.tanh(y) * 0.5), p.random.choice(leaves), unconnected="zeros")


FAMILIES = [UNARY, UNARY, UNARY, CASTS, WHOLE, BINARY, BINARY, BINARY, WHOLE_BINARY, REDUCTIONS, REDUCTIONS, ALONG, SHAPES,
            SHAPES, INDICES, PRODUCTS, [_gradient]]
