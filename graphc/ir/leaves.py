"""Leaves of a graph: placeholders, constants and Variables; and Python numbers, which take the dtype of their company."""
from __future__ import annotations

from hashlib import blake2b

import numpy as np

from . import locks
from .errors import ArgumentError, DTypeError, GraphcError
from .expr import Expr, locate, locating, make
from .integer import Integer
from .locks import Rank
from .registry import lookup, with_article
from .types import Type, as_dims, as_dtype, is_float, is_integer, promote


class Array:
    """A constant's value: an ndarray that nobody writes, hashed by content."""

    __slots__ = ("value", "_key")

    def __init__(self, value: np.ndarray):
        self.value = np.array(value, order="C")
        self.value.flags.writeable = False
        self._key = (self.value.dtype.str, self.value.shape, blake2b(self.value.reshape(-1).view(np.uint8)).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        if self.value.ndim == 0:
            number = str(self.value)
            return number if number == "-0.0" else number.removesuffix(".0")
        return np.array2string(self.value, threshold=8, edgeitems=2, separator=", ").replace("\n", "")


class Variable(Expr):
    """State that lives on the device between calls: ``w = Variable(np.zeros((784, 10), "float32"), name="w")``.

    `value` is anything numpy.asarray takes (Python floats become float32). Read it with `numpy()`, set it with `assign()`,
    let a compiled function update it with ``compile(..., updates={w: new})``. `trainable` is a mark for optimizers: the
    one attribute of an expression that can be set."""

    __slots__ = ("storage", "trainable", "lock")

    @locating
    def __init__(self, value, dtype=None, name: str | None = None, trainable: bool = True):
        storage = aligned(_as_array(value, dtype))
        super().__init__(lookup("variable"), (), {}, Type(storage.dtype, storage.shape), name)
        put = object.__setattr__
        put(self, "storage", storage)
        put(self, "trainable", trainable)
        put(self, "lock", locks.lock(Rank.VARIABLE))

    def __setattr__(self, name: str, value) -> None:
        if name != "trainable":
            super().__setattr__(name, value)
        object.__setattr__(self, name, value)

    def numpy(self) -> np.ndarray:
        """A copy of the present value."""
        with self.lock:
            return self.storage.copy()

    @locating
    def assign(self, value) -> None:
        """Set the value. Its shape must be the Variable's; numbers convert as in NumPy's assignment, but not from one
        kind to a lesser one: no float into integers, no signed integer into unsigned ones, no number into bool."""
        array = _numbers(value)
        if _is_untyped(value) and is_integer(array.dtype) and is_integer(self.dtype):
            array = _numbers(value, self.dtype)
        if array.shape != self.storage.shape:
            raise ArgumentError(f"assign: got shape {array.shape} for {self.label}:{self.type}")
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise DTypeError(f"assign: got dtype {array.dtype} for {self.label}:{self.type}; use astype")
        with self.lock:
            self.storage[...] = array

    @property
    def label(self) -> str:
        return self.full_name or f"variable_{self.serial}"


def aligned(value: np.ndarray, boundary: int = 64) -> np.ndarray:
    """A C-contiguous copy of `value` that starts at a multiple of `boundary` bytes."""
    raw = np.empty(value.nbytes + boundary, np.uint8)
    start = -raw.ctypes.data % boundary
    copy = raw[start:start + value.nbytes].view(value.dtype).reshape(value.shape)
    copy[...] = value
    return copy


@locating
def placeholder(shape=(), dtype="float32", name: str | None = None) -> Expr:
    """An input of a graph. `shape`: ints, None (known at call time); ``()`` is a scalar.

    An entry of another expression's `dims` says that the two sizes are one. Raises ShapeError or DTypeError for what is
    no shape or no dtype.

    >>> placeholder((None, 784), name="x").type.shape
    (None, 784)
    """
    return Expr(lookup("placeholder"), (), {}, Type(as_dtype(dtype), as_dims(shape)), name)


@locating
def constant(value, dtype=None) -> Expr:
    """A node that holds a value: an array, a NumPy scalar, a number or nested lists (Python floats become float32).

    Raises DTypeError for what is not made of numbers or does not fit `dtype`."""
    return make(lookup("constant"), (), {"value": Array(_as_array(value, dtype))})


def _as_array(value, dtype=None) -> np.ndarray:
    """`value` as an array of `dtype`: by default its own, and float32 for Python floats."""
    array = _numbers(value, None if dtype is None else as_dtype(dtype))
    if dtype is None and array.dtype == np.float64 and _is_untyped(value):
        array = array.astype(np.float32)
    return array.astype(as_dtype(array.dtype), copy=False)


def _is_untyped(value) -> bool:
    """Whether it consists of Python's numbers, which have no dtype."""
    return not isinstance(value, (np.ndarray, np.generic))


NO_ARRAY = (ValueError, TypeError, OverflowError, RuntimeError, BufferError)
"""What NumPy, and what has an ``__array__``, raises for a value that is no array."""


def _numbers(value, dtype: np.dtype | None = None) -> np.ndarray:
    """`value` as an array, of `dtype` if one is given: one of integers or of bools must hold every number exactly."""
    if value is None or isinstance(value, (str, bytes)):
        raise DTypeError(f"takes numbers and arrays of numbers, not {value!r}")
    if isinstance(value, np.ma.MaskedArray):
        raise DTypeError("takes no masked array, whose mask would be lost: fill it with .filled(...)")
    try:
        given = np.asarray(value)
        array = given if dtype is None or given.dtype.kind in "USc" else _exactly(value, given, dtype)
    except DTypeError:
        raise
    except NO_ARRAY as error:
        raise DTypeError(f"takes numbers and arrays of numbers: {error}") from error
    if array.dtype.kind in "OUS":
        raise DTypeError(f"takes numbers and arrays of numbers, not {with_article(type(value).__name__)} with others "
                         "in it")
    return array


def _exactly(value, given: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        array = np.asarray(value, dtype)
    if not is_float(dtype) and (lost := given != array).any():
        raise DTypeError(f"the number {given[lost].flat[0]} does not fit into {dtype}")
    return array


def as_expr(value) -> Expr:
    """An expression as it is, a size known only at call time as an int64 scalar, anything else as a constant."""
    if isinstance(value, Expr):
        return value
    return make(lookup("size"), (), {"size": value}) if isinstance(value, Integer) else constant(value)


def as_operands(op: str, values: tuple) -> tuple[Expr, ...]:
    """Operands as expressions. Python's numbers and call-time sizes take the dtype of the others: they are weak."""
    try:
        strong = [None if is_weak(v) else as_expr(v) for v in values]
        dtypes = [x.dtype for x in strong if x is not None]
        return tuple(weak_constant(v, dtypes) if x is None else x for v, x in zip(values, strong, strict=True))
    except GraphcError as error:
        locate(error, op, values)
        raise


def is_weak(value) -> bool:
    return isinstance(value, (bool, int, float, Integer)) and _is_untyped(value)


def weak_constant(value, dtypes: list[np.dtype]) -> Expr:
    """A Python number, or a size, in the dtype that it takes beside operands of `dtypes`."""
    whole = isinstance(value, (int, Integer)) and not isinstance(value, bool)
    common = promote(*dtypes) if dtypes else np.dtype("bool" if isinstance(value, bool) else "int64" if whole else "float32")
    fits = isinstance(value, bool) or is_float(common) or whole and is_integer(common)
    dtype = common if fits else np.dtype("int64" if whole else "float64")
    if isinstance(value, Integer):
        return as_expr(value).astype(dtype)
    try:
        return constant(np.array(value, dtype), dtype)
    except OverflowError as error:
        raise DTypeError(f"the number {value} does not fit into {dtype}") from error
