"""Elements taken from one place and put into another: slices, their reverse, joining and splitting, diagonals."""
from __future__ import annotations

from functools import partial
from itertools import accumulate

import numpy as np

from ..ir.errors import ArgumentError, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, maximum, minimum
from ..ir.leaves import as_expr
from ..ir.op import Case, Index, Op
from ..ir.registry import public
from ..ir.types import Type, as_axes, as_axis, broadcast, promote, show_dims
from .creation import indices, zeros_like
from .elementwise import less_equal, where
from .shape import expand_dims, flatten, moveaxis, reshape, squeeze


# ---- rows -----------------------------------------------------------------------------------------------------------
def _places(starts, steps, sizes) -> tuple:
    """What NumPy calls an open mesh: the elements at start + step * k along every axis."""
    return np.ix_(*(a + s * np.arange(n) for a, s, n in zip(starts, steps, sizes, strict=True)))


def _placed(g, starts, steps, shape, fill):
    y = np.full(shape, fill, g.dtype)
    y[_places(starts, steps, g.shape)] = g
    return y


def _slice_index(body, i, x, *, starts, steps, sizes):
    return body.read(0, tuple(a + k * s for a, k, s in zip(starts, i, steps, strict=True)))


def _place_index(body, i, g, *, starts, steps, shape, fill):
    """Inside: element (i - start) / step of `g`. Conditions that hold everywhere are not tested."""
    conditions, operands = [], []
    for k, a, s, n, whole in zip(i, starts, steps, g.dims, shape, strict=True):
        if (a, s, n) != (0, 1, whole):
            conditions += _inside(k, a, s, n, operands)
    source = tuple((k - a) // s for k, a, s in zip(i, starts, steps, strict=True))
    if not conditions:
        return body.read(0, source)
    return body.choose(body.test(" and ".join(conditions), *operands), lambda: body.read(0, source),
                       lambda: body.constant(fill, g.dtype))


def _inside(k: Size, start: Size, step: Size, size: Size, operands: list) -> list[str]:
    """The conditions under which index `k` is start + step * j for some j below `size`; `operands` collects theirs.
    A step known only at call time is positive."""
    first, last = start, start + step * (size - 1)
    if isinstance(step, int) and step < 0:
        first, last, step = last, first, -step
    at = len(operands)
    operands += [first, k, last]
    conditions = [f"{{{at}}} <= {{{at + 1}}}", f"{{{at + 1}}} <= {{{at + 2}}}"]
    if step != 1:
        operands.append((k - start) % step)
        conditions.append(f"{{{at + 3}}} == 0")
    return conditions


def _concat_type(*xs: Type, axis) -> Type:
    first = xs[0]
    if any(x.rank != first.rank for x in xs):
        raise ShapeError(f"all must have as many dimensions: {_shapes(xs)}")
    common = _agreed([x.dims[:axis] + (1,) + x.dims[axis + 1:] for x in xs])
    if common is None:
        raise ShapeError(f"sizes off axis {axis} must be equal: {_shapes(xs)}")
    total = xs[0].dims[axis]
    for x in xs[1:]:
        total = total + x.dims[axis]
    return first.with_dims(common[:axis] + (total,) + common[axis + 1:])


def _agreed(shapes: list[tuple[Size, ...]]) -> tuple[Size, ...] | None:
    """The shape that all of these are; None where they differ."""
    try:
        common = broadcast(*shapes)
    except ShapeError:
        return None
    return common if all((a == 1) == (b == 1) for dims in shapes for a, b in zip(dims, common, strict=True)) else None


def _shapes(xs) -> str:
    return " and ".join(dict.fromkeys(show_dims(x.dims) for x in xs))


WIDEST = 16
"""Arrays that are told apart one by one."""


def counts_operands(xs, axis: int) -> bool:
    """Whether so many arrays are joined that a kernel finds them by number, in a table: they must be equally long."""
    return len(xs) > WIDEST and len({x.dims[axis] for x in xs}) == 1 and xs[0].dims[axis] != 0


def _concat_index(body, i, *xs, axis):
    if counts_operands(xs, axis):
        size = xs[0].dims[axis]
        return body.among(i[axis] // size, (*i[:axis], i[axis] % size, *i[axis + 1:]))
    starts = list(accumulate((x.dims[axis] for x in xs), initial=0))

    def pick(first: int, last: int):
        """The element, which lies in one of these operands: halves of them are told apart until one is left."""
        if last - first == 1:
            return body.read(first, (*i[:axis], i[axis] - starts[first], *i[axis + 1:]))
        middle = (first + last) // 2
        return body.choose(body.test("{0} < {1}", i[axis], starts[middle]), partial(pick, first, middle),
                           partial(pick, middle, last))
    return pick(0, len(xs))


def _concat_grad(g, y, *xs, axis):
    parts, start = [], 0
    for x in xs:
        parts.append(slice_axis(g, axis, start, x.dims[axis]))
        start = start + x.dims[axis]
    return tuple(parts)


def _roll_index(body, i, x, *, shifts, axes):
    move = dict(zip(axes, shifts, strict=True))
    return body.read(0, tuple((k - move[a]) % d if a in move else k
                              for a, (k, d) in enumerate(zip(i, x.dims, strict=True))))


def _random(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def _slice_cases(rng):
    for shape, starts, steps, sizes in (
            ((5,), (1,), (1,), (3,)), ((5,), (4,), (-1,), (5,)), ((7, 3), (1, 2), (2, -2), (3, 2)),
            ((4, 1), (0, 0), (1, 1), (0, 1)), ((), (), (), ()), ((3, 5), (2, 0), (-2, 3), (2, 2))):
        yield Case((_random(rng, *shape),), {"starts": starts, "steps": steps, "sizes": sizes})


def _place_cases(rng):
    for shape, starts, steps, whole in (
            ((3,), (1,), (1,), (5,)), ((5,), (4,), (-1,), (5,)), ((3, 2), (1, 2), (2, -2), (7, 3)),
            ((0, 1), (0, 0), (1, 1), (4, 1)), ((), (), (), ()), ((2, 3), (1, 0), (1, 1), (4, 3))):
        for fill in (0, 2.5):
            yield Case((_random(rng, *shape),), {"starts": starts, "steps": steps, "shape": whole, "fill": fill})


def _concat_cases(rng):
    yield Case((_random(rng, 2, 3), _random(rng, 1, 3)), {"axis": 0})
    yield Case((_random(rng, 2, 3), _random(rng, 2, 0), _random(rng, 2, 1)), {"axis": 1})
    yield Case((_random(rng, 4),), {"axis": 0})
    yield Case((_random(rng, 0, 2), _random(rng, 0, 2)), {"axis": 0})


def _roll_cases(rng):
    for shape, shifts, axes in (
            ((5,), (2,), (0,)), ((3, 4), (-1, 6), (0, 1)), ((2, 1), (3,), (1,)), ((0,), (1,), (0,))):
        yield Case((_random(rng, *shape),), {"shifts": shifts, "axes": axes})


_slice = Op("slice", lambda x, starts, steps, sizes: x[_places(starts, steps, sizes)],
            lambda x, *, starts, steps, sizes: x.with_dims(sizes), Index(_slice_index, affine=True),
            lambda g, y, x, starts, steps, sizes: (_place(g, starts=starts, steps=steps, shape=x.dims, fill=0),),
            cases=_slice_cases, doc="The elements at start + step * k along every axis.")

_place = Op("place", _placed, lambda g, *, starts, steps, shape, fill: g.with_dims(shape), Index(_place_index),
            lambda gg, y, g, starts, steps, shape, fill: (_slice(gg, starts=starts, steps=steps, sizes=g.dims),),
            cases=_place_cases, doc="The reverse of slice: the operand at start + step * k, `fill` elsewhere.")

_concat = Op("concat", lambda *xs, axis: np.concatenate(xs, axis), _concat_type, Index(_concat_index), _concat_grad,
             cases=_concat_cases, doc="Joined along an axis.")

_roll = Op("roll", lambda x, shifts, axes: np.roll(x, shifts, axes), lambda x, *, shifts, axes: x, Index(_roll_index),
           lambda g, y, x, shifts, axes: (_roll(g, shifts=tuple(-s for s in shifts), axes=axes),),
           cases=_roll_cases, doc="Moved along axes; what leaves at one end enters at the other.")


# ---- slices ---------------------------------------------------------------------------------------------------------
def sliced(x: Expr, starts, steps, sizes) -> Expr:
    """The elements of `x` at start + step * k, for k below size, along every axis."""
    starts, steps, sizes = tuple(starts), tuple(steps), tuple(sizes)
    whole = sizes == x.dims and all(a == 0 and s == 1 for a, s in zip(starts, steps, strict=True))
    return x if whole else _slice(x, starts=starts, steps=steps, sizes=sizes)


def slice_axis(x: Expr, axis: int, start: Size, size: Size, step: int = 1) -> Expr:
    """As `sliced`, along one axis."""
    starts, steps, sizes = [0] * x.ndim, [1] * x.ndim, list(x.dims)
    starts[axis], steps[axis], sizes[axis] = start, step, size
    return sliced(x, starts, steps, sizes)


def placed(x: Expr, starts, steps, shape, fill=0) -> Expr:
    """`x` at start + step * k along every axis of `shape`, `fill` elsewhere."""
    return _place(x, starts=tuple(starts), steps=tuple(steps), shape=tuple(shape), fill=fill)


def shifted(x: Expr, axis: int, fill, forward: bool = True) -> Expr:
    """`x` moved by one place along an axis: the element that leaves is dropped, `fill` enters at the other end."""
    n = x.dims[axis]
    rest = slice_axis(x, axis, 0 if forward else 1, maximum(n - 1, 0))
    starts = [0] * x.ndim
    starts[axis] = int(forward)
    return placed(rest, starts, (1,) * x.ndim, x.dims, fill)


@public
def flip(x, axis=None) -> Expr:
    """`x` reversed along `axis` (all, one or several)."""
    x = as_expr(x)
    axes = as_axes(axis, x.ndim)
    return sliced(x, [d - 1 if k in axes else 0 for k, d in enumerate(x.dims)],
                  [-1 if k in axes else 1 for k in range(x.ndim)], x.dims)


@public
def roll(x, shift, axis=None) -> Expr:
    """`x` moved by `shift` places along `axis`; over all elements in row-major order where `axis` is None."""
    x = as_expr(x)
    if axis is None:
        return reshape(roll(flatten(x), shift, 0), x.dims)
    axes = [as_axis(a, x.ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    shifts = [_as_shift(s) for s in (shift if isinstance(shift, (tuple, list)) else (shift,))]
    count = max(len(axes), len(shifts))
    if {len(axes), len(shifts)} - {1, count}:
        raise ArgumentError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    total: dict[int, int] = {}
    for a, s in zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True):
        total[a] = total.get(a, 0) + s
    return _roll(x, shifts=tuple(total.values()), axes=tuple(total)) if x.ndim else x


def _as_shift(shift) -> int:
    if isinstance(shift, bool) or not isinstance(shift, (int, np.integer)):
        raise ArgumentError(f"roll: a shift is an int, not {shift!r}")
    return int(shift)


# ---- joining and splitting ------------------------------------------------------------------------------------------
@public
def concat(arrays, axis=0) -> Expr:
    """The arrays joined along an axis, in their common dtype; flattened first where `axis` is None."""
    arrays = _list("concat", arrays)
    if axis is None:
        arrays, axis = [flatten(x) for x in arrays], 0
    if not arrays[0].ndim:
        raise ShapeError("concat: 0-d arrays cannot be joined; use stack")
    dtype = promote(*(x.dtype for x in arrays))
    if len(arrays) == 1:
        return arrays[0]
    return _joined([x.astype(dtype) for x in arrays], as_axis(axis, arrays[0].ndim))


def _joined(arrays: list[Expr], axis: int) -> Expr:
    """Many arrays are joined in groups first, unless they are equally long: a kernel tells `WIDEST` apart at most."""
    if counts_operands(arrays, axis):
        return _concat(*arrays, axis=axis)
    while len(arrays) > 1:
        groups = [arrays[k:k + WIDEST] for k in range(0, len(arrays), WIDEST)]
        arrays = [_concat(*group, axis=axis) if len(group) > 1 else group[0] for group in groups]
    return arrays[0]


@public
def concatenate(arrays, axis=0) -> Expr:
    """NumPy's name of `concat`."""
    return concat(arrays, axis)


@public
def stack(arrays, axis=0) -> Expr:
    """The arrays, all of one shape, joined along a new axis."""
    arrays = _list("stack", arrays)
    axis = as_axis(axis, arrays[0].ndim + 1)
    if len({x.ndim for x in arrays}) > 1 or _agreed([x.dims for x in arrays]) is None:
        raise ShapeError(f"all must have one shape, to be joined along a new axis {axis}: {_shapes(arrays)}")
    return concat([expand_dims(x, axis) for x in arrays], axis)


@public
def hstack(arrays) -> Expr:
    """Joined along the second axis; along the first where all are 1-D."""
    arrays = [reshape(x, (-1,)) if not x.ndim else x for x in _list("hstack", arrays)]
    return concat(arrays, axis=0 if arrays[0].ndim == 1 else 1)


@public
def vstack(arrays) -> Expr:
    """Joined along the first axis; 1-D arrays are rows."""
    return concat([reshape(x, (1, -1)) if x.ndim < 2 else x for x in _list("vstack", arrays)], axis=0)


def _list(name: str, arrays) -> list[Expr]:
    arrays = [as_expr(x) for x in arrays]
    if not arrays:
        raise ArgumentError(f"{name}: there is nothing to join")
    return arrays


@public
def split(x, indices_or_sections, axis=0) -> list[Expr]:
    """`x` cut along an axis into so many equal parts, or before each of the given indices."""
    x = as_expr(x)
    axis = as_axis(axis, x.ndim)
    n = x.dims[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        cuts = _equal_cuts(x, int(indices_or_sections), axis)
    else:
        cuts = [_clamped(_cut(c), n) for c in indices_or_sections]
    ends = [*cuts, n]
    return [slice_axis(x, axis, a, maximum(b - a, 0)) for a, b in zip([0, *cuts], ends, strict=True)]


def _equal_cuts(x: Expr, sections: int, axis: int) -> list[Size]:
    n = x.dims[axis]
    if sections < 1 or n % sections != 0:
        raise ShapeError(f"split {x.type}: axis {axis} of size {n} does not divide into {sections} equal parts")
    return [k * (n // sections) for k in range(1, sections)]


def _cut(place) -> int:
    if not isinstance(place, (int, np.integer)):
        raise ArgumentError(f"split: the places to cut at are ints, not {place!r}")
    return int(place)


def _clamped(cut: int, n: Size) -> Size:
    return minimum(cut, n) if cut >= 0 else maximum(n + cut, 0)


@public
def unstack(x, axis=0) -> tuple[Expr, ...]:
    """The parts of `x` along an axis, without that axis; its size must be known."""
    x = as_expr(x)
    axis = as_axis(axis, x.ndim)
    if isinstance(x.dims[axis], Integer):
        raise ShapeError(f"unstack {x.type}: the size of axis {axis} must be known while the graph is built")
    return tuple(squeeze(slice_axis(x, axis, k, 1), axis) for k in range(x.dims[axis]))


# ---- diagonals ------------------------------------------------------------------------------------------------------
def _matrix(name: str, x) -> Expr:
    x = as_expr(x)
    if x.ndim < 2:
        raise ShapeError(f"{name} {x.type}: needs at least 2 dimensions")
    return x


def _triangle(x: Expr, k: int) -> Expr:
    """Where column <= row + k."""
    return less_equal(indices(x.dims[-1]), expand_dims(indices(x.dims[-2], int(k)), 1))


@public
def tril(x, k=0) -> Expr:
    """The matrices in the last two axes with zeros above the `k`-th diagonal."""
    x = _matrix("tril", x)
    return where(_triangle(x, k), x, zeros_like(x))


@public
def triu(x, k=0) -> Expr:
    """The matrices in the last two axes with zeros below the `k`-th diagonal."""
    x = _matrix("triu", x)
    return where(_triangle(x, k - 1), zeros_like(x), x)


@public
def diagonal(x, offset=0, axis1=0, axis2=1) -> Expr:
    """The `offset`-th diagonal of the matrices in two axes; it becomes the last axis."""
    x = moveaxis(_matrix("diagonal", x), (axis1, axis2), (-2, -1))
    rows, columns = x.dims[-2:]
    size = maximum(minimum(rows, columns - offset) if offset >= 0 else minimum(rows + offset, columns), 0)
    start = offset if offset >= 0 else -offset * columns
    flat = reshape(x, (*x.dims[:-2], rows * columns))
    return slice_axis(flat, flat.ndim - 1, start, size, columns + 1)


@public
def diag(x, k=0) -> Expr:
    """A matrix with the vector `x` on its `k`-th diagonal; for a matrix, that diagonal of it."""
    x = as_expr(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(f"diag {x.type}: takes a vector or a matrix")
    n = x.dims[0] + abs(k)
    flat = placed(x, (k if k >= 0 else -k * n,), (n + 1,), (n * n,))
    return reshape(flat, (n, n))


@public
def trace(x, offset=0, axis1=0, axis2=1, dtype=None) -> Expr:
    """The sum of a diagonal."""
    return diagonal(x, offset, axis1, axis2).sum(axis=-1, dtype=dtype)


__all__ = ["concat", "concatenate", "diag", "diagonal", "flip", "hstack", "roll", "split", "stack", "trace",
           "tril", "triu", "unstack", "vstack"]
