"""What a caller passes, as memory that kernels can read: checked against the input's type, copied only if it must be."""
from __future__ import annotations

import numpy as np

from ..ir.errors import CallError
from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, evaluate
from ..ir.types import SHORT, bfloat16, is_float, show_dims


def as_input(value, x: Expr, position: int) -> np.ndarray:
    """`value` as a C-contiguous, aligned, native array of the placeholder's dtype and rank.

    Python numbers, lists and narrower dtypes are converted; an array whose dtype would lose something is an error."""
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
    if hasattr(value, "__dlpack__") and not isinstance(value, (np.ndarray, np.generic)):
        value = np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    typed = isinstance(value, (np.ndarray, np.generic))
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise CallError(f"{describe(x, position)}: {error}") from None
    _check_dtype(array, x, position, typed)
    return np.require(array.astype(x.dtype, copy=False), x.dtype, ["C", "A"]).reshape(array.shape)


def _check_dtype(array: np.ndarray, x: Expr, position: int, typed: bool) -> None:
    given = array.dtype.newbyteorder("=")
    if given == x.dtype or (given in SHORT and (_widens(given, x.dtype) if typed else _python_fits(array, x.dtype))):
        return
    advice = f"; convert it with .astype({x.dtype.name!r})" if given in SHORT else ""
    raise CallError(f"{describe(x, position)} takes {x.dtype}, not {array.dtype}{advice}")


def _widens(given: np.dtype, wanted: np.dtype) -> bool:
    if wanted == bfloat16 or given == bfloat16:
        return is_float(given) and is_float(wanted) and wanted.itemsize > given.itemsize
    return np.can_cast(given, wanted, "safe")


def _python_fits(array: np.ndarray, wanted: np.dtype) -> bool:
    """Whether Python numbers convert: ints to any number that holds them, floats to any float, bools to anything."""
    if array.dtype.kind == "f":
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
