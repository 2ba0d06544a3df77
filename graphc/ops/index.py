"""Indexing: ``x[...]``, ``x.at[...]``, take and one_hot."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ir.errors import ArgumentError, DTypeError, GraphcError, ShapeError
from ..ir.expr import Expr, locate
from ..ir.integer import Integer, Size
from ..ir.leaves import as_expr
from ..ir.registry import public
from ..ir.types import as_axis, as_dtype, broadcast, is_bool, is_integer, show_dims
from .creation import full, indices, number
from .elementwise import equal, remainder, where
from .elementwise import maximum as larger
from .elementwise import minimum as smaller
from .gather import gather, scattered, scattered_along, take_along
from .keys import Key, checked, parsed
from .rearrange import placed, sliced
from .shape import broadcast_to, expand_dims, flatten, reshape, squeeze


# ---- x[...] ---------------------------------------------------------------------------------------------------------
@public
def getitem(x, key) -> Expr:
    """``x[key]`` by NumPy's rules: integers, slices, None, Ellipsis, integer arrays and expressions, booleans.

    An index that is out of range raises IndexOutOfBounds while the graph is built where both it and the size are known,
    and when the graph runs where not. A boolean array must be a constant: the result's shape depends on it."""
    x, key = parsed(as_expr(x), key)
    y = squeeze(sliced(x, key.starts, key.steps, key.sizes), key.dropped)
    if key.arrays:
        y = gather(y, key.arrays.values(), key.axes, key.at)
    return expand_dims(y, key.new)


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
        try:
            return self._made(mode, values)
        except GraphcError as error:
            locate(error, f"x.at[...].{mode}", (self.x, values))
            raise

    def _made(self, mode: str, values) -> Expr:
        if mode in ("add", "multiply") and is_bool(self.x.dtype):
            raise DTypeError(f"x.at[...].{mode}: {self.x.type} is bool; use set, min or max, or astype")
        whole, key = parsed(self.x, self.key)
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


def _scattered(mode: str, part: Expr, key: Key, values: Expr) -> Expr:
    inner = squeeze(part, key.dropped)
    return expand_dims(scattered(mode, inner, key.arrays.values(), values, key.axes, key.at), key.dropped)


def _combined(mode: str, part: Expr, values: Expr) -> Expr:
    return {"set": lambda x, v: v, "add": lambda x, v: x + v, "multiply": lambda x, v: x * v, "min": smaller,
            "max": larger}[mode](part, values)


def _put_back(x: Expr, key: Key, part: Expr) -> Expr:
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
    return gather(x, [checked(indices, x, axis)], (axis,), axis)


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
    if not isinstance(num_classes, (int, np.integer, Integer)) or isinstance(num_classes, bool) or (
            not isinstance(num_classes, Integer) and num_classes < 0):
        raise ArgumentError(f"one_hot: num_classes is the number of classes, not {num_classes!r}")
    axis = as_axis(axis, x.ndim + 1)
    classes = expand_dims(indices(num_classes), [k for k in range(x.ndim + 1) if k != axis])
    return equal(expand_dims(x, axis), classes).astype(as_dtype(dtype))


__all__ = ["one_hot", "put_along_axis", "take", "take_along_axis"]
