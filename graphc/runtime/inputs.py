"""What a caller passes, as memory that kernels can read: checked against the input's type, copied only if it must be."""
from __future__ import annotations

import numpy as np

from ..ir.errors import CallError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, evaluate
from ..ir.leaves import NO_ARRAY
from ..ir.types import SHORT, bfloat16, is_float, is_integer, show_dims


def as_input(value, x: Expr, position: int) -> np.ndarray:
    """`value` as a C-contiguous, aligned, native array of the placeholder's dtype and rank.

    Python numbers, lists, single numbers of any dtype that fit, and narrower dtypes are converted; an array whose
    dtype would lose something is an error."""
    if type(value) is np.ndarray and value.dtype == x.dtype and value.flags.c_contiguous and value.flags.aligned \
            and value.dtype.isnative:
        array = value
    else:
        array = _converted(value, x, position)
    if array.ndim != len(x.dims):
        raise CallError(f"{describe(x, position)} has {len(x.dims)} dimensions; got shape {show_dims(array.shape)}")
    return array


def _converted(value, x: Expr, position: int) -> np.ndarray:
    if isinstance(value, Expr):
        raise CallError(f"{describe(x, position)} takes numbers, not the expression {value}")
    if value is None:
        raise CallError(f"{describe(x, position)} takes {x.dtype}, not None")
    if isinstance(value, np.ma.MaskedArray):
        raise CallError(f"{describe(x, position)} takes no masked array: its mask would be lost; use .filled(...)")
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            value = np.from_dlpack(value)
        array = np.asarray(value)
    except NO_ARRAY as error:
        raise CallError(f"{describe(x, position)} takes what NumPy makes an array of, which this "
                        f"{type(value).__name__} is not: {error}") from error
    _check_dtype(array, x, position, weak=array.ndim == 0 or not _is_typed(value))
    with np.errstate(over="ignore"):
        converted = array.astype(x.dtype, copy=False)
    return np.require(converted, x.dtype, ["C", "A"]).reshape(array.shape)


def _is_typed(value) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "__array_interface__") or isinstance(value, memoryview)


def _check_dtype(array: np.ndarray, x: Expr, position: int, weak: bool) -> None:
    """`weak`: Python's numbers, and any single number, convert wherever the number fits."""
    given = array.dtype.newbyteorder("=")
    if given == x.dtype or (given in SHORT and (_fits(array, x.dtype) if weak else _widens(given, x.dtype))):
        return
    if weak and is_integer(given) and is_integer(x.dtype):
        raise CallError(f"{describe(x, position)}: {_first_outside(array, x.dtype)} does not fit into {x.dtype}")
    if given.kind == "O" and array.ndim == 0 and isinstance(array[()], int):
        raise CallError(f"{describe(x, position)}: {array} does not fit into {x.dtype}")
    advice = f"; convert it with .astype({x.dtype.name!r})" if given in SHORT and not weak else ""
    raise CallError(f"{describe(x, position)} takes {x.dtype}, not {array.dtype}{advice}")


def _first_outside(array: np.ndarray, wanted: np.dtype) -> int:
    info = np.iinfo(wanted)
    return array[(array < info.min) | (array > info.max)].flat[0]


def _widens(given: np.dtype, wanted: np.dtype) -> bool:
    if wanted == bfloat16 or given == bfloat16:
        return is_float(given) and is_float(wanted) and wanted.itemsize > given.itemsize
    return np.can_cast(given, wanted, "safe")


def _fits(array: np.ndarray, wanted: np.dtype) -> bool:
    """Whether numbers convert one by one: ints to any number that holds them, floats to any float, bools to anything."""
    if is_float(array.dtype):
        return is_float(wanted)
    if array.dtype.kind in "iu" and wanted.kind in "iu":
        info = np.iinfo(wanted)
        return array.size == 0 or (array.min() >= info.min and array.max() <= info.max)
    return array.dtype.kind == "b" or is_float(wanted)


def describe(x: Expr, position: int) -> str:
    return f"input {position} ({x}:{x.type})" if x.name else f"input {position} ({x.type}, made at {x.line})"


def bind(inputs: tuple[Expr, ...], shapes: list[tuple[int, ...]]) -> dict[Symbol, int]:
    """The sizes that the inputs' shapes settle; raises CallError where one contradicts its type, or another input."""
    sizes: dict[Symbol, int] = {}
    settled_by: dict[Symbol, int] = {}
    for k, (x, shape) in enumerate(zip(inputs, shapes, strict=True)):
        for axis, (dim, size) in enumerate(zip(x.dims, shape, strict=True)):
            symbol = _symbol(dim)
            if symbol is not None and symbol not in sizes:
                sizes[symbol], settled_by[symbol] = size, k
            if evaluate(dim, sizes) != size:
                other = settled_by.get(symbol)
                reason = f", as input {other} settled" if other is not None and other != k else ""
                raise CallError(f"{describe(x, k)} got shape {show_dims(shape)}: axis {axis} must be "
                                f"{evaluate(dim, sizes)}{reason}")
    return sizes


def _symbol(dim: Size) -> Symbol | None:
    """The symbol that `dim` is, if it is nothing but one."""
    if isinstance(dim, Integer) and len(dim.terms) == 1:
        ((atoms, factor),) = dim.terms.items()
        if factor == 1 and len(atoms) == 1 and isinstance(atoms[0], Symbol):
            return atoms[0]
    return None
