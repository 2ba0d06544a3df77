"""Indexing: ``x[...]``, ``x.at[...]``, take and one_hot."""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, IndexOutOfBounds, ShapeError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, ceildiv, maximum, minimum
from ..ir.leaves import as_expr, constant
from ..ir.registry import public
from ..ir.types import as_axis, as_dtype, broadcast, is_bool, is_integer, show_dims
from .creation import full, indices, number
from .elementwise import equal, remainder, where
from .elementwise import maximum as larger
from .elementwise import minimum as smaller
from .gather import gather, scattered, scattered_along, take_along
from .rearrange import placed, sliced
from .shape import broadcast_to, expand_dims, flatten, reshape, squeeze


# ---- x[...] ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Key:
    """An indexing expression: a strided slice along every axis, then axes that go, that are gathered, and that come."""

    starts: tuple[Size, ...]
    steps: tuple[int, ...]
    sizes: tuple[Size, ...]
    arrays: dict[int, Expr]
    kinds: tuple[str, ...]
    """What each item of the key is: a "slice", an "integer", an "array", or "new" for None."""

    @property
    def dropped(self) -> tuple[int, ...]:
        """The axes that integers index."""
        return tuple(k for k, kind in enumerate(kind for kind in self.kinds if kind != "new") if kind == "integer")

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that arrays index, once the dropped ones are gone."""
        return tuple(a - sum(d < a for d in self.dropped) for a in self.arrays)

    @property
    def rank(self) -> int:
        """The number of dimensions of the arrays together."""
        return max(j.ndim for j in self.arrays.values())

    @property
    def before(self) -> tuple[str, ...]:
        """The kinds that stand before the arrays' axes: by NumPy's rule none where the arrays, and the integers beside
        them, are parted by a slice or None."""
        advanced = [k for k, kind in enumerate(self.kinds) if kind in ("array", "integer")]
        return self.kinds[:advanced[0]] if advanced[-1] - advanced[0] < len(advanced) else ()

    @property
    def at(self) -> int:
        """Where the arrays' axes stand once they are gathered."""
        return self.before.count("slice")

    @property
    def new(self) -> tuple[int, ...]:
        """The places of the new axes in the result."""
        kept = [kind for kind in self.kinds if kind in ("slice", "new")]
        if self.arrays:
            kept[len(self.before):len(self.before)] = ["array"] * self.rank
        return tuple(k for k, kind in enumerate(kept) if kind == "new")


@public
def getitem(x, key) -> Expr:
    """``x[key]`` by NumPy's rules: integers, slices, None, Ellipsis, integer arrays and expressions, booleans.

    An index that is out of range raises IndexOutOfBounds while the graph is built where both it and the size are known,
    and when the graph runs where not. A boolean array must be a constant: the result's shape depends on it."""
    x, key = _parsed(as_expr(x), key)
    y = squeeze(sliced(x, key.starts, key.steps, key.sizes), key.dropped)
    if key.arrays:
        y = gather(y, key.arrays.values(), key.axes, key.at)
    return expand_dims(y, key.new)


def _parsed(x: Expr, key) -> tuple[Expr, _Key]:
    x, items = _without_masks(x, _completed(x, key if isinstance(key, tuple) else (key,)))
    ranges, arrays, kinds = [], {}, []
    for item in items:
        axis = len(ranges)
        if item is None:
            kinds.append("new")
        elif isinstance(item, slice):
            ranges.append(_range(item, x.dims[axis]))
            kinds.append("slice")
        elif isinstance(item, int) and isinstance(x.dims[axis], int):
            ranges.append((_within(item, x, axis), 1, 1))
            kinds.append("integer")
        else:
            ranges.append((0, 1, x.dims[axis]))
            arrays[axis] = _checked(item, x, axis)
            kinds.append("array")
    starts, steps, sizes = zip(*ranges, strict=True) if ranges else ((), (), ())
    return x, _Key(starts, steps, sizes, arrays, tuple(kinds))


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
    """Booleans turned into integers: an array into the places where it is True, a single one into its own axis."""
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
        raise DTypeError(f"{x}:{x.type}: an index is an integer, a slice, None, '...' or an array of integers, "
                         f"not {item!r}")
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
    start, stop = (_bound(end) if end is not None else None for end in (item.start, item.stop))
    if step > 0:
        first = 0 if start is None else maximum(n + start, 0) if _is_negative(start) else start
        end = n if stop is None else n + stop if _is_negative(stop) else minimum(stop, n)
        return first, step, _length(ceildiv(end - first, step), first == 0 and (stop is None or not _is_negative(stop)))
    first = n - 1 if start is None else n + start if _is_negative(start) else minimum(start, n - 1)
    end = -1 if stop is None else maximum(n + stop, -1) if _is_negative(stop) else stop
    return first, step, _length(ceildiv(first - end, -step), start is None and stop is None)


def _length(count: Size, certain: bool) -> Size:
    """A number of elements; `certain` where it is never negative, so that ``x[:]`` has the size of `x` itself."""
    return count if certain else maximum(count, 0)


def _is_negative(end: Size) -> bool:
    """Whether an end counts from the back; one known only at call time counts from the front."""
    return isinstance(end, int) and end < 0


def _bound(value) -> Size:
    if isinstance(value, Integer):
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__") or isinstance(value, Expr):
        raise ArgumentError(f"the ends and the step of a slice are integers, not {value!r}; for a computed offset, "
                            "use take or index with an integer array")
    return int(value)


# ---- x.at[...] ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class At:
    """``x.at``: index it, then say what becomes of these elements. `x` stays as it is; the result is a new array.

    >>> import graphc
    >>> x = graphc.placeholder((4,), name="x")
    >>> graphc.interpret([x], x.at[1:3].set(7), [[0, 0, 0, 0]])
    array([0., 7., 7., 0.], dtype=float32)
    """

    x: Expr

    def __getitem__(self, key) -> Target:
        return Target(self.x, key)


@dataclass(frozen=True)
class Target:
    """Elements of `x` that are to be changed. Values broadcast to the shape of ``x[key]``, in the dtype of `x`. Where
    an index comes twice, `set` keeps the last value, all others take every value, in their order."""

    x: Expr
    key: object

    def get(self) -> Expr:
        """``x[key]``."""
        return getitem(self.x, self.key)

    def set(self, values) -> Expr:
        """`x` with `values` there."""
        return self._changed("set", values)

    def add(self, values) -> Expr:
        """`x` with `values` added there."""
        return self._changed("add", values)

    def subtract(self, values) -> Expr:
        """`x` with `values` subtracted there."""
        return self._changed("add", -self._cast(values))

    def multiply(self, values) -> Expr:
        """`x` multiplied by `values` there."""
        return self._changed("multiply", values)

    def divide(self, values) -> Expr:
        """`x` divided by `values` there: a float's dtype only."""
        return self._changed("multiply", 1 / self._cast(values))

    def min(self, values) -> Expr:
        """The smaller of `x` and `values` there; NaN where one is. Equal ones share the gradient evenly."""
        return self._changed("min", values)

    def max(self, values) -> Expr:
        """The larger of `x` and `values` there; see `min`."""
        return self._changed("max", values)

    def _cast(self, values) -> Expr:
        return as_expr(values).astype(self.x.dtype)

    def _changed(self, mode: str, values) -> Expr:
        if mode in ("add", "multiply") and is_bool(self.x.dtype):
            raise DTypeError(f"x.at[...].{mode}: {self.x.type} is bool; use set, min or max, or astype")
        whole, key = _parsed(self.x, self.key)
        target = getitem(self.x, self.key)
        values = self._cast(values)
        if values.ndim > target.ndim:
            raise ShapeError(f"x.at[...].{mode}: values of shape {show_dims(values.dims)} for {show_dims(target.dims)}")
        values = squeeze(broadcast_to(values, target.dims), key.new)
        part = sliced(whole, key.starts, key.steps, key.sizes)
        if key.arrays:
            changed = _scattered(mode, part, key, values)
        else:
            changed = _combined(mode, part, expand_dims(values, key.dropped))
        return reshape(_put_back(whole, key, changed), self.x.dims)


def _scattered(mode: str, part: Expr, key: _Key, values: Expr) -> Expr:
    inner = squeeze(part, key.dropped)
    return expand_dims(scattered(mode, inner, key.arrays.values(), values, key.axes, key.at), key.dropped)


def _combined(mode: str, part: Expr, values: Expr) -> Expr:
    return {"set": lambda x, v: v, "add": lambda x, v: x + v, "multiply": lambda x, v: x * v, "min": smaller,
            "max": larger}[mode](part, values)


def _put_back(x: Expr, key: _Key, part: Expr) -> Expr:
    """`x` with its slice replaced."""
    if part.dims == x.dims and set(key.steps) <= {1}:
        return part
    inside = placed(full(part.dims, True), key.starts, key.steps, x.dims, False)
    return where(inside, placed(part, key.starts, key.steps, x.dims), x)


@public
def at(x) -> At:
    """``x.at[i].set(v)``, and ``add subtract multiply divide min max``: `x` with other elements at some places."""
    return At(as_expr(x))


# ---- take -----------------------------------------------------------------------------------------------------------
_MODES = ("raise", "wrap", "clip")


@public
def take(x, indices, axis=None, *, mode="raise") -> Expr:
    """The elements at `indices` along `axis` (of the flattened array where it is None).

    The shape of `indices` replaces the axis. An index outside raises IndexOutOfBounds (negative ones count from the
    end), is taken modulo the size (mode "wrap"), or moved to the nearest end ("clip")."""
    x = as_expr(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = as_axis(axis, x.ndim)
    if mode not in _MODES:
        raise ArgumentError(f"take: mode is one of {_MODES}, not {mode!r}")
    if not isinstance(indices, Expr):
        indices = np.asarray(indices)
        indices = indices.astype(np.int64) if not indices.size else indices
    if not is_integer(indices.dtype):
        raise DTypeError(f"take {x.type}: indices have an integer dtype, not {indices.dtype}")
    if mode != "raise":
        indices = _limited(as_expr(indices), x.dims[axis], mode)
    return gather(x, [_checked(indices, x, axis)], (axis,), axis)


def _limited(j: Expr, size: Size, mode: str) -> Expr:
    j = j.astype("int64")
    return remainder(j, number(size)) if mode == "wrap" else smaller(larger(j, 0), number(size) - 1)


@public
def take_along_axis(x, indices, axis=-1) -> Expr:
    """For each index the element there along `axis`; along all other axes `x` and `indices` broadcast."""
    x, j, axis = _aligned("take_along_axis", x, indices, axis)
    return take_along(x, j, axis)


@public
def put_along_axis(x, indices, values, axis=-1, mode="set") -> Expr:
    """`x` with `values` at `indices` along `axis`: undoes take_along_axis. `mode`: set, add, multiply, min, max."""
    x, j, axis = _aligned("put_along_axis", x, indices, axis)
    if mode not in ("set", "add", "multiply", "min", "max"):
        raise ArgumentError(f"put_along_axis: mode is set, add, multiply, min or max, not {mode!r}")
    return scattered_along(mode, x, j, broadcast_to(as_expr(values).astype(x.dtype), j.dims), axis)


def _aligned(name: str, x, j, axis) -> tuple[Expr, Expr, int]:
    x, j = as_expr(x), as_expr(j)
    if axis is None:
        x, j, axis = flatten(x), flatten(j), 0
    if x.ndim != j.ndim:
        raise ShapeError(f"{name}: {x.type} and indices {j.type} have different numbers of dimensions")
    axis = as_axis(axis, x.ndim)
    if not is_integer(j.dtype):
        raise DTypeError(f"{name} {x.type}: indices have an integer dtype, not {j.type}")
    try:
        common = broadcast(x.dims[:axis] + (1,) + x.dims[axis + 1:], j.dims[:axis] + (1,) + j.dims[axis + 1:])
    except ShapeError:
        raise ShapeError(f"{name}: {x.type} and indices {j.type} do not broadcast off axis {axis}") from None
    shapes = [(*common[:axis], v.dims[axis], *common[axis + 1:]) for v in (x, j)]
    return broadcast_to(x, shapes[0]), broadcast_to(j, shapes[1]), axis


@public
def one_hot(x, num_classes, axis=-1, dtype="float32") -> Expr:
    """A new axis of `num_classes`: 1 at the place that the integer names, 0 elsewhere (everywhere where it names none).

    Shape ``(2, 3)`` with 5 classes gives ``(2, 3, 5)``."""
    x = as_expr(x)
    if not is_integer(x.dtype):
        raise DTypeError(f"one_hot {x.type}: takes integers")
    if not isinstance(num_classes, Integer) and (isinstance(num_classes, bool) or int(num_classes) < 0):
        raise ArgumentError(f"one_hot: num_classes is the number of classes, not {num_classes!r}")
    axis = as_axis(axis, x.ndim + 1)
    classes = expand_dims(indices(num_classes), [k for k in range(x.ndim + 1) if k != axis])
    return equal(expand_dims(x, axis), classes).astype(as_dtype(dtype))


__all__ = ["one_hot", "put_along_axis", "take", "take_along_axis"]
