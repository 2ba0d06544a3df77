"""What a caller passes, as memory that kernels can read: checked against the input's type, copied only if it must be."""
from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from .errors import CallError
from .expr import Expr
from .integer import Integer, Size, Symbol, evaluate
from .types import SHORT, bfloat16, is_bool, is_float, is_integer, show_dims


def as_input(value, x: Expr, position: int, weak: bool = False) -> np.ndarray:
    """`value` as a C-contiguous, aligned, native array of the placeholder's dtype and rank.

    Python numbers, lists, single numbers of any dtype that fit, and narrower dtypes are converted; an array whose
    dtype would lose something is an error. With `weak`, arrays convert as lists of their numbers do."""
    if type(value) is np.ndarray and value.dtype == x.dtype and value.flags.c_contiguous and value.flags.aligned \
            and value.dtype.isnative:
        array = value
    else:
        array = _converted(value, x, position, weak)
    if array.ndim != len(x.dims):
        raise CallError(f"{describe(x, position)} has {len(x.dims)} dimensions; got shape {show_dims(array.shape)}")
    return array


def _converted(value, x: Expr, position: int, weak: bool) -> np.ndarray:
    if isinstance(value, Expr):
        raise CallError(f"{describe(x, position)} takes numbers, not the expression {value}")
    if value is None:
        raise CallError(f"{describe(x, position)} takes {x.dtype}, not None")
    if isinstance(value, np.ma.MaskedArray):
        raise CallError(f"{describe(x, position)} takes no masked array: its mask would be lost; use .filled(...)")
    array = _array(value, x, position, weak)
    with np.errstate(over="ignore"):
        converted = array.astype(x.dtype, copy=False)
    return np.require(converted, x.dtype, ["C", "A"]).reshape(array.shape)


def _array(value, x: Expr, position: int, weak: bool) -> np.ndarray:
    """`value` as an array whose numbers are known to convert."""
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            value = np.from_dlpack(value)
        array = np.asarray(value)
        typed = _is_typed(value)
        if not typed and (array.dtype.kind == "O" or not is_float(x.dtype)):
            array = _exact(value, array)
    except Exception as error:  # whatever an object's own conversion raises
        raise CallError(f"{describe(x, position)} takes what NumPy makes an array of, which this "
                        f"{type(value).__name__} is not: {error}") from error
    _check_dtype(array, x, position, weak or array.ndim == 0 or not typed)
    return array


def _is_typed(value) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "__array_interface__") or isinstance(value, memoryview)


def _exact(value, array: np.ndarray) -> np.ndarray:
    """An array of Python's ints where NumPy finds no integer dtype for all of them, and makes floats, or objects."""
    if array.dtype.kind not in "fO":
        return array
    objects = np.asarray(value, object)
    return objects if _whole(objects) else array


def _check_dtype(array: np.ndarray, x: Expr, position: int, weak: bool) -> None:
    """`weak`: Python's numbers, and any single number, convert wherever the number fits."""
    given = array.dtype.newbyteorder("=")
    if given == x.dtype or (_fits(array, x.dtype) if weak else given in SHORT and _widens(given, x.dtype)):
        return
    if weak and _whole(array) and not is_bool(x.dtype):
        raise CallError(f"{describe(x, position)}: {_first_outside(array, x.dtype)} does not fit into {x.dtype}")
    advice = f"; convert it with .astype({x.dtype.name!r})" if given in SHORT and not weak else ""
    raise CallError(f"{describe(x, position)} takes {x.dtype}, not {_kind(array)}{advice}")


def _kind(array: np.ndarray) -> str:
    """The dtype; of text and of objects, what the first is that is no number."""
    strange = (type(v).__name__.removesuffix("_") for v in array.flat if not isinstance(v, (int, float)))
    return next(strange, "objects") if array.dtype.kind in "OUS" else str(array.dtype)


def _first_outside(array: np.ndarray, wanted: np.dtype) -> str:
    number = next(v for v in map(int, array.flat) if not _holds(wanted, v))
    return str(number) if abs(number) < 10**40 else f"an integer of {number.bit_length()} bits"


def _holds(wanted: np.dtype, number: int) -> bool:
    if is_integer(wanted):
        return np.iinfo(wanted).min <= number <= np.iinfo(wanted).max
    return abs(number) <= sys.float_info.max


def _widens(given: np.dtype, wanted: np.dtype) -> bool:
    if wanted == bfloat16 or given == bfloat16:
        return is_float(given) and is_float(wanted) and wanted.itemsize > given.itemsize
    return np.can_cast(given, wanted, "safe")


def _fits(array: np.ndarray, wanted: np.dtype) -> bool:
    """Whether numbers convert one by one: ints to any number that holds them, floats to any float, bools to anything."""
    if _whole(array) and array.size:
        return not is_bool(wanted) and _holds(wanted, int(array.min())) and _holds(wanted, int(array.max()))
    return array.size == 0 or array.dtype.kind == "b" or array.dtype in SHORT and is_float(array.dtype) and is_float(wanted)


def _whole(array: np.ndarray) -> bool:
    """Whether it consists of integers: of NumPy's, or of Python's."""
    return array.dtype.kind in "iu" or array.dtype.kind == "O" and all(isinstance(v, int) for v in array.flat)


def describe(x: Expr, position: int) -> str:
    return f"input {position} ({x}:{x.type})" if x.name else f"input {position} ({x.type}, made at {x.line})"


def bind(inputs: Sequence[Expr], shapes: Sequence[tuple[int, ...]]) -> dict[Symbol, int]:
    """The sizes that the inputs' shapes settle; raises CallError where one contradicts its type, or another input."""
    sizes: dict[Symbol, int] = {}
    settled_by: dict[Symbol, int] = {}
    places = [(k, axis) for k, shape in enumerate(shapes) for axis in range(len(shape))]
    for k, axis in sorted(places, key=lambda place: _symbol(inputs[place[0]].dims[place[1]]) is None):
        dim, size = inputs[k].dims[axis], shapes[k][axis]
        symbol = _symbol(dim)
        if symbol is not None and symbol not in sizes:
            sizes[symbol], settled_by[symbol] = size, k
        if evaluate(dim, sizes) != size:
            other = settled_by.get(symbol)
            reason = f", as input {other} settled" if other is not None and other != k else ""
            raise CallError(f"{describe(inputs[k], k)} got shape {show_dims(shapes[k])}: axis {axis} must be "
                            f"{evaluate(dim, sizes)}{reason}")
    return sizes


def _symbol(dim: Size) -> Symbol | None:
    """The symbol that `dim` is, if it is nothing but one."""
    if isinstance(dim, Integer) and len(dim.terms) == 1:
        ((atoms, factor),) = dim.terms.items()
        if factor == 1 and len(atoms) == 1 and isinstance(atoms[0], Symbol):
            return atoms[0]
    return None
