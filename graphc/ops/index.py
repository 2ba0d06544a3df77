"""Indexing: ``x[...]``, take, gathers and scatters, and ``x.at[...]``."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, IndexOutOfBounds, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, ceildiv, maximum, minimum, product
from ..ir.leaves import as_expr, constant
from ..ir.op import Case, Index, Op
from ..ir.registry import public
from ..ir.types import Type, as_axis, broadcast, is_bool, is_integer
from .creation import number
from .rearrange import sliced
from .shape import expand_dims, flatten, squeeze


# ---- rows -----------------------------------------------------------------------------------------------------------
def _gather_type(x: Type, *js: Type, axes, at) -> Type:
    picked = broadcast(*(j.dims for j in js))
    kept = [d for k, d in enumerate(x.dims) if k not in axes]
    return x.with_dims((*kept[:at], *picked, *kept[at:]))


def _gather_index(body, i, x, *js, axes, at):
    """The indices broadcast to one shape, which stands at axis `at` of the result, between the axes that are kept."""
    rank = max(j.rank for j in js)
    place, kept = i[at:at + rank], iter((*i[:at], *i[at + rank:]))
    chosen = {}
    for k, (axis, j) in enumerate(zip(axes, js, strict=True)):
        own = tuple(0 if d == 1 else p for p, d in zip(place[rank - j.rank:], j.dims, strict=True))
        chosen[axis] = body.checked(body.integer(body.read(k + 1, own)), x.dims[axis])
    return body.read(0, tuple(chosen[k] if k in chosen else next(kept) for k in range(x.rank)))


def _gathered(x, *js, axes, at):
    whole = np.moveaxis(x, axes, range(len(axes)))
    picked = whole[js]
    rank = picked.ndim - (x.ndim - len(axes))
    return np.moveaxis(picked, range(rank), range(at, at + rank))


def _gather_grad(g, y, x, *js, axes, at):
    raise NotImplementedError


def _gather_cases(rng):
    x = rng.standard_normal((4, 3, 5)).astype("float32")
    i, j = np.array([0, 3, -1]), np.array([[2], [0]], "int32")
    yield Case((x, i), {"axes": (0,), "at": 0})
    yield Case((x, j), {"axes": (1,), "at": 1})
    yield Case((x, i, j), {"axes": (0, 2), "at": 0})
    yield Case((x, i, j, np.array(1)), {"axes": (0, 1, 2), "at": 0})
    yield Case((x, np.array(-2, "int8")), {"axes": (2,), "at": 2})
    yield Case((x, np.zeros((2, 0), int)), {"axes": (1,), "at": 1})


_gather = Op("gather", _gathered, _gather_type, Index(_gather_index), _gather_grad, cases=_gather_cases,
             doc="The elements at integer arrays of indices, along some axes.")


# ---- x[...] ---------------------------------------------------------------------------------------------------------
class _Key(NamedTuple):
    """An indexing expression, axis by axis of the operand: strided slices first, then what becomes of the axes."""

    starts: tuple[Size, ...]
    steps: tuple[int, ...]
    sizes: tuple[Size, ...]
    dropped: tuple[int, ...]
    arrays: dict[int, Expr]
    layout: tuple
    """One entry an item of the key: ("axis", k), ("new",), ("array", k) or ("dropped", k)."""


@public
def getitem(x, key) -> Expr:
    """``x[key]`` by NumPy's rules: integers, slices, None, Ellipsis, integer arrays and expressions, booleans.

    An index that is out of range raises IndexOutOfBounds while the graph is built where both it and the size are known,
    and when the graph runs where not. A boolean array must be a constant: the result's shape depends on it."""
    x = as_expr(x)
    x, items = _without_masks(x, _completed(x, key if isinstance(key, tuple) else (key,)))
    return _arranged(x, _parsed(x, items))


def _parsed(x: Expr, items: list) -> _Key:
    starts, steps, sizes, dropped, arrays, layout = [], [], [], [], {}, []
    for item in items:
        axis = len(starts)
        if item is None:
            layout.append(("new",))
            continue
        if isinstance(item, slice):
            a, s, n = _range(item, x.dims[axis])
            layout.append(("axis", axis))
        elif isinstance(item, int) and isinstance(x.dims[axis], int):
            a, s, n = _within(item, x, axis), 1, 1
            dropped.append(axis)
            layout.append(("dropped", axis))
        else:
            a, s, n = 0, 1, x.dims[axis]
            arrays[axis] = _checked(item, x, axis)
            layout.append(("array", axis))
        starts.append(a), steps.append(s), sizes.append(n)
    return _Key(tuple(starts), tuple(steps), tuple(sizes), tuple(dropped), arrays, tuple(layout))


class _Flag(NamedTuple):
    """A single True or False as an index: a new axis of size 1, and 1 or 0 elements of it."""

    value: bool


def _completed(x: Expr, key: tuple) -> list:
    """The items of a key with its Ellipsis spelt out."""
    items = [_item(x, item) for item in key]
    count = sum(map(_axes_taken, items))
    dots = [k for k, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise ArgumentError("an index can hold one Ellipsis ('...') only")
    if count > x.ndim:
        raise IndexOutOfBounds(f"{x}:{x.type}: {count} indices for {x.ndim} dimensions")
    at = dots[0] if dots else len(items)
    return [*items[:at], *[slice(None)] * (x.ndim - count), *items[at + 1:]]


def _axes_taken(item) -> int:
    if item is None or item is Ellipsis or isinstance(item, _Flag):
        return 0
    return item.ndim if isinstance(item, np.ndarray) and is_bool(item.dtype) else 1


def _without_masks(x: Expr, items: list) -> tuple[Expr, list]:
    """Booleans turned into integers: an array into the places where it is True, a single one into an axis of its own."""
    found, axis = [], 0
    for item in items:
        if isinstance(item, _Flag):
            x, parts = expand_dims(x, axis), [np.zeros(int(item.value), np.int64)]
        elif isinstance(item, np.ndarray) and is_bool(item.dtype):
            parts = _true_places(x, item, axis)
        else:
            parts = [item]
        found += parts
        axis += sum(part is not None for part in parts)
    return x, found


def _true_places(x: Expr, mask: np.ndarray, axis: int) -> list[np.ndarray]:
    if mask.shape != x.dims[axis:axis + mask.ndim]:
        raise IndexOutOfBounds(f"{x}:{x.type}: a boolean index of shape {mask.shape} does not fit axis {axis}")
    return list(np.nonzero(mask))


def _item(x: Expr, item):
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    if isinstance(item, Integer):
        return number(item)
    if isinstance(item, Expr):
        return _integer_expr(x, item)
    array = np.asarray(item)
    if array.size == 0 and not isinstance(item, np.ndarray):
        array = array.astype(np.int64)
    if is_bool(array.dtype):
        return _Flag(bool(array)) if array.ndim == 0 else array
    if not is_integer(array.dtype):
        raise DTypeError(f"{x}:{x.type}: an index is an integer, a slice, None, '...' or an array of integers, not {item!r}")
    return int(array) if array.ndim == 0 else array


def _integer_expr(x: Expr, item: Expr) -> Expr:
    if is_bool(item.dtype):
        raise DTypeError(f"{x}:{x.type}: the result of a boolean mask has a shape that only its numbers tell; use "
                         "graphc.where(mask, x, other), or multiply by the mask")
    if not is_integer(item.dtype):
        raise DTypeError(f"{x}:{x.type}: an index has an integer dtype, not {item.type}")
    return item


def _within(index: int, x: Expr, axis: int) -> int:
    size = x.dims[axis]
    if not -size <= index < size:
        raise IndexOutOfBounds(f"{x}:{x.type}: index {index} is out of bounds for axis {axis} of size {size}")
    return index % size


def _checked(item, x: Expr, axis: int) -> Expr:
    """An array of indices as an expression; constants are checked now, all others when they are used."""
    if isinstance(item, np.ndarray) and isinstance(x.dims[axis], int) and item.size:
        _within(int(item.min()), x, axis), _within(int(item.max()), x, axis)
    return item if isinstance(item, Expr) else constant(np.asarray(item, np.int64))


def _range(item: slice, n: Size) -> tuple[Size, int, Size]:
    """Start, step and length of a slice of an axis of size `n`."""
    step = 1 if item.step is None else _bound(item.step)
    if not isinstance(step, int) or step == 0:
        raise ArgumentError(f"the step of a slice is an integer other than 0, not {item.step!r}")
    low, high = (0, n) if step > 0 else (-1, n - 1)
    start = _end(item.start, n, low, high, low if step > 0 else high)
    stop = _end(item.stop, n, low, high, high if step > 0 else low)
    return start, step, maximum(ceildiv(stop - start, step) if step > 0 else ceildiv(start - stop, -step), 0)


def _end(end, n: Size, low: Size, high: Size, default: Size) -> Size:
    """One end of a slice, held between `low` and `high`. An end known only at call time counts from the front."""
    if end is None:
        return default
    end = _bound(end)
    if isinstance(end, int) and end < 0:
        return maximum(n + end, low)
    return minimum(end, high)


def _bound(value) -> Size:
    if isinstance(value, Integer):
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__") or isinstance(value, Expr):
        raise ArgumentError(f"the ends and the step of a slice are integers, not {value!r}; for an offset that is computed, "
                            "use take or index with an integer array")
    return int(value)


def _arranged(x: Expr, key: _Key) -> Expr:
    """Slices, then the gather, then the axes that go and the axes that come."""
    x = sliced(x, key.starts, key.steps, key.sizes)
    x = squeeze(x, key.dropped) if key.dropped else x
    left = {axis: k for k, axis in enumerate(a for a in range(len(key.starts)) if a not in key.dropped)}
    if not key.arrays:
        shape = [entry for entry in key.layout if entry[0] != "dropped"]
        new = [k for k, entry in enumerate(shape) if entry[0] == "new"]
        return expand_dims(x, new) if new else x
    front = _front(key.layout)
    if not front:
        at = sum(entry[0] == "axis" for entry in key.layout[:_first_advanced(key.layout)])
    else:
        at = 0
    axes = tuple(left[a] for a in key.arrays)
    js = tuple(key.arrays.values())
    y = _gather(x, *js, axes=axes, at=at)
    return _with_new(y, key.layout, front, max(j.ndim for j in js))


def _first_advanced(layout: tuple) -> int:
    return min(k for k, entry in enumerate(layout) if entry[0] in ("array", "dropped"))


def _front(layout: tuple) -> bool:
    """NumPy's rule: indices that are parted by a slice or None put their axes first."""
    advanced = [k for k, entry in enumerate(layout) if entry[0] in ("array", "dropped")]
    return advanced[-1] - advanced[0] + 1 > len(advanced)


def _with_new(y: Expr, layout: tuple, front: bool, rank: int) -> Expr:
    """The new axes of a key that holds arrays, put among the others; the arrays' own axes stand first or together."""
    picked = ["picked"] * rank
    rest = [entry[0] for entry in layout if entry[0] in ("axis", "new")]
    before = 0 if front else sum(entry[0] in ("axis", "new") for entry in layout[:_first_advanced(layout)])
    shape = [*rest[:before], *picked, *rest[before:]]
    new = [k for k, kind in enumerate(shape) if kind == "new"]
    return expand_dims(y, new) if new else y


__all__ = ["getitem"]
