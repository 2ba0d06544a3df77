"""The rows that read and write at computed places: gathers, and the scatters that are their reverse.

A scatter works on a matrix: it takes the number of a row for each row of values. Whatever else is indexed is brought to
that form by views and integer arithmetic, where every index is wrapped and checked once."""
from __future__ import annotations

import numpy as np

from ..ir.errors import DTypeError, IndexOutOfBounds, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.op import Case, Index, Kernel, Op
from ..ir.types import Type, broadcast, compute_dtype, is_bool, is_integer
from .creation import indices, number, ones_like, zeros, zeros_like
from .elementwise import equal, where
from .rows import in_compute_dtype
from .shape import broadcast_to, expand_dims, moveaxis, permute_dims, reshape, squeeze

_INT64 = np.dtype("int64")


# ---- checks ---------------------------------------------------------------------------------------------------------
def _wrapped(i: np.ndarray, size: int) -> np.ndarray:
    i = np.asarray(i).astype(np.int64)
    wrong = (i < -size) | (i >= size)
    if wrong.any():
        raise IndexOutOfBounds(f"index {i[wrong].flat[0]} is out of bounds for an axis of size {size}")
    return np.where(i < 0, i + size, i)


def _index_type(i: Type) -> Type:
    if not is_integer(i.dtype):
        raise DTypeError(f"an index has an integer dtype, not {i.dtype}")
    return i.with_dtype(_INT64)


def _check_index(body, i, x, *, size):
    return body.value(body.checked(body.integer(body.read(0, i)), size), _INT64)


_checked = Op("checked_index", _wrapped, lambda i, *, size: _index_type(i), Index(_check_index, checked=True),
              cases=lambda rng: [Case((np.array([0, -1, 4, -5]),), {"size": 5}),
                                 Case((np.array(2, "int8"),), {"size": 3}),
                                 Case((np.zeros((0, 2), "int32"),), {"size": 1})],
              doc="An index, counted from the front; IndexOutOfBounds where there is no such element.")


# ---- gathers --------------------------------------------------------------------------------------------------------
def _gather_type(x: Type, *js: Type, axes, at) -> Type:
    picked = broadcast(*(_index_type(j).dims for j in js))
    kept = [d for k, d in enumerate(x.dims) if k not in axes]
    return x.with_dims((*kept[:at], *picked, *kept[at:]))


def _gathered(x, *js, axes, at):
    whole = np.moveaxis(x, axes, range(len(axes)))
    picked = whole[tuple(_wrapped(j, n) for j, n in zip(js, whole.shape, strict=False))]
    rank = picked.ndim - (x.ndim - len(axes))
    return np.moveaxis(picked, range(rank), range(at, at + rank))


def _gather_index(body, i, x, *js, axes, at):
    rank = max(j.rank for j in js)
    place, kept = i[at:at + rank], iter((*i[:at], *i[at + rank:]))
    chosen = {}
    for k, (axis, j) in enumerate(zip(axes, js, strict=True)):
        own = tuple(0 if d == 1 else p for p, d in zip(place[rank - j.rank:], j.dims, strict=True))
        chosen[axis] = body.checked(body.integer(body.read(k + 1, own)), x.dims[axis])
    return body.read(0, tuple(chosen[k] if k in chosen else next(kept) for k in range(x.rank)))


def _gather_grad(g, y, x, *js, axes, at):
    return (scattered("add", zeros_like(x), js, g, axes, at), *(None for _ in js))


def _gather_cases(rng):
    x = rng.standard_normal((4, 3, 5)).astype("float32")
    i, j = np.array([0, 3, -1]), np.array([[2], [0]], "int32")
    yield Case((x, i), {"axes": (0,), "at": 0})
    yield Case((x, np.array([[1, 1], [1, 0]])), {"axes": (0,), "at": 0})
    yield Case((x, j), {"axes": (1,), "at": 1})
    yield Case((x, i, j), {"axes": (0, 2), "at": 0})
    yield Case((x, i, j, np.array(1)), {"axes": (0, 1, 2), "at": 0})
    yield Case((x, np.array(-2, "int8")), {"axes": (2,), "at": 2})
    yield Case((x, np.zeros((2, 0), int)), {"axes": (1,), "at": 1})
    yield Case((np.ones((1, 0), "float32"), np.array([0, 0])), {"axes": (0,), "at": 0})


def _along_type(x: Type, j: Type, *, axis) -> Type:
    _index_type(j)
    if x.rank != j.rank or x.dims[:axis] + x.dims[axis + 1:] != j.dims[:axis] + j.dims[axis + 1:]:
        raise ShapeError(f"the shapes differ off axis {axis}")
    return x.with_dims(j.dims)


def _along_index(body, i, x, j, *, axis):
    place = body.checked(body.integer(body.read(1, i)), x.dims[axis])
    return body.read(0, (*i[:axis], place, *i[axis + 1:]))


def _along_grad(g, y, x, j, axis):
    return scattered_along("add", zeros_like(x), j, g, axis), None


def _along_cases(rng):
    for shape, length, axis in (((5,), 3, 0), ((3, 4), 6, 1), ((3, 4), 2, 0), ((2, 1, 3), 4, 1), ((0, 2), 2, 1),
                                ((2, 3), 0, 0)):
        x = rng.standard_normal(shape).astype("float32")
        n = shape[axis]
        yield Case((x, rng.integers(-n, n, (*shape[:axis], length, *shape[axis + 1:]))), {"axis": axis})


_gather = Op("gather", _gathered, _gather_type, Index(_gather_index, checked=True), _gather_grad, cases=_gather_cases,
             doc="The elements at arrays of indices along some axes; the arrays' common shape stands at axis `at`.")

_take_along = Op("take_along_axis", lambda x, j, axis: np.take_along_axis(x, _wrapped(j, x.shape[axis]), axis),
                 _along_type,
                 Index(_along_index, checked=True), _along_grad, cases=_along_cases,
                 doc="For each index the element there along an axis, at the same place along all others.")


def gather(x: Expr, js, axes, at: int = 0) -> Expr:
    """The elements of `x` at the index arrays `js` along `axes`; see the row."""
    return _gather(x, *js, axes=tuple(axes), at=at)


def take_rows(x: Expr, rows: Expr) -> Expr:
    return _gather(x, rows, axes=(0,), at=0)


# ---- scatters -------------------------------------------------------------------------------------------------------
def _scatter_type(x: Type, rows: Type, values: Type) -> Type:
    if x.rank != 2 or values.dims != (*rows.dims, x.dims[1]) or values.dtype != x.dtype or rows.dtype != _INT64:
        raise ShapeError("takes a matrix, the number of a row for each row of values, and these")
    return x


def _exact_type(x: Type, rows: Type, values: Type) -> Type:
    if is_bool(x.dtype) or compute_dtype(x.dtype) != x.dtype:
        raise DTypeError(f"does not accumulate {x.dtype}")
    return _scatter_type(x, rows, values)


def _updated(update):
    def numpy(x, rows, values):
        y = x.copy()
        update(y, rows, values)
        return y
    return in_compute_dtype(numpy)


def _set_rows(y, rows, values):
    for row, value in zip(rows, values, strict=True):
        y[row] = value


def _scatter_sizes(x: Type, rows: Type, values: Type, y: Type) -> tuple:
    return x.dims[0], x.dims[1], rows.dims[0]


def _scatter_cases(rng):
    for n, inner, rows in ((5, 3, [4, 0]), (4, 2, [1, 1, 3, 1]), (3, 1, [2, 2]), (2, 3, []), (1, 0, [0]), (6, 1, [5])):
        yield Case((rng.uniform(0.5, 2, (n, inner)).astype("float32"), np.array(rows, np.int64),
                    rng.uniform(0.5, 2, (len(rows), inner)).astype("float32")))


def _scatter(mode: str, update, infer, grad, doc: str) -> Op:
    return Op(f"scatter_{mode}", _updated(update), infer, Kernel(f"scatter.scatter_{mode}", _scatter_sizes, over=True), grad,
              cases=_scatter_cases, doc=doc)


def _set_grad(g, y, x, rows, values):
    """Only the last of several values for one row counts."""
    order = indices(rows.dims[0])
    last = _set(zeros((x.dims[0], 1), "int64"), rows, expand_dims(order, 1))
    wins = equal(squeeze(take_rows(last, rows), 1), order)
    return _set(g, rows, zeros_like(values)), None, where(expand_dims(wins, 1), take_rows(g, rows), 0)


def _multiply_grad(g, y, x, rows, values):
    """A zero among the values leaves the product of the others, which no division gives back."""
    zero = equal(values, 0)
    factors = where(zero, ones_like(values), values)
    zeros_there = take_rows(_add(zeros(x.dims, "int64"), rows, zero.astype("int64")), rows)
    single = where(equal(zeros_there, 1), take_rows(g * _multiply(x, rows, factors), rows), 0)
    return g * _multiply(ones_like(x), rows, values), None, where(zero, single, take_rows(g * y, rows) / factors)


def _extreme_grad(g, y, x, rows, values):
    """Shared evenly among all that are the extreme."""
    own, theirs = equal(x, y).astype(g.dtype), equal(values, take_rows(y, rows)).astype(g.dtype)
    part = g / _add(own, rows, theirs)
    return part * own, None, take_rows(part, rows) * theirs


_set = _scatter("set", _set_rows, _scatter_type, _set_grad, "Rows replaced; the last of several for one row stays.")
_add = _scatter("add", np.add.at, _exact_type, lambda g, y, x, rows, values: (g, None, take_rows(g, rows)),
                "Values added to rows, in their order.")
_multiply = _scatter("multiply", np.multiply.at, _exact_type, _multiply_grad, "Rows times values, in their order.")
_min = _scatter("min", np.minimum.at, _scatter_type, _extreme_grad, "The smaller of row and values; NaN stays.")
_max = _scatter("max", np.maximum.at, _scatter_type, _extreme_grad, "The larger of row and values; NaN stays.")

SCATTERS = {"set": _set, "add": _add, "multiply": _multiply, "min": _min, "max": _max}


def _scatter_rows(mode: str, x: Expr, rows: Expr, values: Expr) -> Expr:
    """16-bit floats accumulate in float32."""
    wide = compute_dtype(x.dtype) if mode in ("add", "multiply") else x.dtype
    return SCATTERS[mode](x.astype(wide), rows, values.astype(wide)).astype(x.dtype)


def scattered(mode: str, x: Expr, js, values: Expr, axes, at: int = 0) -> Expr:
    """`x` with `values`, of the shape that `gather` gives, brought in at the index arrays `js` along `axes`."""
    rest = [k for k in range(x.ndim) if k not in axes]
    order = (*axes, *rest)
    dims = [x.dims[k] for k in order]
    n, inner = product(dims[:len(axes)]), product(dims[len(axes):])
    rows = _row_numbers(js, dims[:len(axes)])
    places = range(at, at + rows.ndim)
    values = reshape(moveaxis(values, list(places), list(range(rows.ndim))), (rows.size, inner))
    y = _scatter_rows(mode, reshape(permute_dims(x, order), (n, inner)), reshape(rows, (rows.size,)), values)
    return permute_dims(reshape(y, dims), [order.index(k) for k in range(x.ndim)])


def _row_numbers(js, dims) -> Expr:
    """The places in row-major order over axes of sizes `dims`."""
    total, stride = None, 1
    for j, size in reversed(list(zip(js, dims, strict=True))):
        term = _times(_checked(j, size=size), stride)
        total, stride = term if total is None else total + term, stride * size
    return total


def _times(x: Expr, size: Size) -> Expr:
    return x if size == 1 else x * number(size)


def scattered_along(mode: str, x: Expr, j: Expr, values: Expr, axis: int) -> Expr:
    """`x` with `values` brought in at the indices `j` along an axis: the reverse of take_along_axis."""
    stride, rows = 1, None
    for k in range(x.ndim - 1, -1, -1):
        place = _checked(j, size=x.dims[k]) if k == axis else _ramp(j.dims[k], k, x.ndim)
        rows, stride = _times(place, stride) if rows is None else rows + _times(place, stride), stride * x.dims[k]
    rows = reshape(broadcast_to(rows, j.dims), (j.size,))
    return reshape(_scatter_rows(mode, reshape(x, (x.size, 1)), rows, reshape(values, (j.size, 1))), x.dims)


def _ramp(size: Size, axis: int, rank: int) -> Expr:
    return reshape(indices(size), [size if k == axis else 1 for k in range(rank)])


def take_along(x: Expr, j: Expr, axis: int) -> Expr:
    return _take_along(x, j, axis=axis)
