"""What stands between the brackets of ``x[...]``: NumPy's indexing expressions, read and checked."""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, IndexOutOfBounds
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, ceildiv, maximum, minimum
from ..ir.leaves import constant
from ..ir.types import is_bool, is_integer
from .creation import number
from .shape import expand_dims, with_sizes


# ---- a key ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Key:
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


def parsed(x: Expr, key) -> tuple[Expr, Key]:
    """What ``x[key]`` means, of `x` or, where the key holds a single bool, of `x` with a new axis."""
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
            arrays[axis] = checked(item, x, axis)
            kinds.append("array")
    starts, steps, sizes = zip(*ranges, strict=True) if ranges else ((), (), ())
    return x, Key(starts, steps, sizes, arrays, tuple(kinds))


# ---- its items ------------------------------------------------------------------------------------------------------
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
            x = _as_long_as(x, item, axis)
            parts = list(np.nonzero(item))
        else:
            parts = [item]
        found += parts
        axis += sum(part is not None for part in parts)
    return x, found


def _as_long_as(x: Expr, mask: np.ndarray, axis: int) -> Expr:
    """`x`, whose axes from `axis` on have the sizes of `mask`; those that are unknown must have them in every call."""
    sizes = x.dims[axis:axis + mask.ndim]
    if len(sizes) < mask.ndim or any(isinstance(d, int) and d != n for d, n in zip(sizes, mask.shape, strict=True)):
        raise IndexOutOfBounds(f"{x}:{x.type}: a boolean index of shape {mask.shape} does not fit axis {axis}")
    return with_sizes(x, axis, mask.shape)


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


def checked(item, x: Expr, axis: int) -> Expr:
    """An array of indices as an expression; constants are checked now, all others when they are used."""
    if isinstance(item, np.ndarray) and isinstance(x.dims[axis], int) and item.size:
        _within(int(item.min()), x, axis), _within(int(item.max()), x, axis)
    return item if isinstance(item, Expr) else constant(np.asarray(item, np.int64))


# ---- slices ---------------------------------------------------------------------------------------------------------
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


__all__ = ["Key", "checked", "parsed"]
