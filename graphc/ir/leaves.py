"""Leaves of a graph: placeholders, constants and Variables; and Python numbers, which take the dtype of their company."""
from __future__ import annotations

import threading

import numpy as np

from .errors import ArgumentError, DTypeError
from .expr import Expr, make, user_line
from .registry import lookup
from .types import Type, as_dims, as_dtype, is_bool, is_float, promote


class Array:
    """A constant's value: an ndarray that nobody writes, hashed by content."""

    __slots__ = ("value", "_key")

    def __init__(self, value: np.ndarray):
        self.value = np.array(value, order="C")
        self.value.flags.writeable = False
        self._key = (self.value.dtype.str, self.value.shape, self.value.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return np.array2string(self.value, threshold=8, edgeitems=2, separator=", ").replace("\n", "")


class Variable(Expr):
    """State that lives on the device between calls: ``w = Variable(np.zeros((784, 10), "float32"), name="w")``.

    `value` is anything numpy.asarray takes (Python floats become float32). Read it with `numpy()`, set it with `assign()`,
    let a compiled function update it with ``compile(..., updates={w: new})``. `trainable` is a mark for optimizers."""

    __slots__ = ("storage", "trainable", "lock")

    def __init__(self, value, dtype=None, name: str | None = None, trainable: bool = True):
        storage = np.array(value, dtype=None if dtype is None else as_dtype(dtype))
        if dtype is None and not isinstance(value, (np.ndarray, np.generic)) and storage.dtype == np.float64:
            storage = storage.astype(np.float32)
        storage = aligned(storage.astype(as_dtype(storage.dtype)))
        super().__init__(lookup("variable"), (), {}, Type(storage.dtype, storage.shape), name)
        self.storage, self.trainable, self.lock = storage, trainable, threading.RLock()

    def numpy(self) -> np.ndarray:
        """A copy of the present value."""
        with self.lock:
            return self.storage.copy()

    def assign(self, value) -> None:
        """Set the value; its shape must be the Variable's, and its dtype must convert within its kind."""
        array = np.asarray(value)
        if array.shape != self.storage.shape:
            raise ArgumentError(f"assign to {self.label}:{self.type}: got shape {array.shape}")
        if not np.can_cast(array.dtype, self.dtype, "same_kind") and array.dtype.kind not in "iub":
            raise DTypeError(f"assign to {self.label}:{self.type}: got dtype {array.dtype}")
        with self.lock:
            self.storage[...] = array

    @property
    def label(self) -> str:
        return self.name or f"variable_{self.serial}"


def aligned(value: np.ndarray, boundary: int = 64) -> np.ndarray:
    """A C-contiguous copy of `value` that starts at a multiple of `boundary` bytes."""
    raw = np.empty(value.nbytes + boundary, np.uint8)
    start = -raw.ctypes.data % boundary
    copy = raw[start:start + value.nbytes].view(value.dtype).reshape(value.shape)
    copy[...] = value
    return copy


def placeholder(shape=(), dtype="float32", name: str | None = None) -> Expr:
    """An input of a graph. `shape`: ints, None (known at call time); ``()`` is a scalar.

    >>> placeholder((None, 784), name="x").type.shape
    (None, 784)
    """
    return Expr(lookup("placeholder"), (), {}, Type(as_dtype(dtype), as_dims(shape)), name)


def constant(value, dtype=None) -> Expr:
    """A node that holds a value: an array, a NumPy scalar, a number or nested lists (Python floats become float32)."""
    array = np.asarray(value, dtype=None if dtype is None else as_dtype(dtype))
    if dtype is None and array.dtype == np.float64 and not isinstance(value, (np.ndarray, np.generic)):
        array = array.astype(np.float32)
    return make(lookup("constant"), (), {"value": Array(array.astype(as_dtype(array.dtype)))})


def as_expr(value) -> Expr:
    return value if isinstance(value, Expr) else constant(value)


def as_operands(op: str, values: tuple) -> tuple[Expr, ...]:
    """Operands as expressions. A Python number takes the dtype of the others, as in NumPy: it is weak."""
    for value in values:
        if value is None or isinstance(value, (str, bytes, complex)):
            raise DTypeError(f"{op}: an operand cannot be {value!r}\n  at {user_line()}")
    strong = [v if isinstance(v, Expr) else constant(v) for v in values if not _is_weak(v)]
    dtypes = [x.dtype for x in strong]
    rest = iter(strong)
    return tuple(weak_constant(v, dtypes) if _is_weak(v) else next(rest) for v in values)


def _is_weak(value) -> bool:
    return isinstance(value, (bool, int, float)) and not isinstance(value, np.generic)


def weak_constant(value, dtypes: list[np.dtype]) -> Expr:
    """A Python number in the dtype that it takes beside operands of `dtypes`."""
    if not dtypes:
        return constant(value, {bool: "bool", int: "int64", float: "float32"}[type(value)])
    common = promote(*dtypes)
    fits = isinstance(value, bool) or is_float(common) or (isinstance(value, int) and not is_bool(common))
    dtype = common if fits else np.result_type(common, value)
    try:
        return constant(np.array(value, dtype), dtype)
    except OverflowError as error:
        raise DTypeError(f"the number {value} does not fit into {dtype}\n  at {user_line()}") from error
