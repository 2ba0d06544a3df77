"""What scripts ask of Keras' backend: the same settings as in `config`, names, dtypes. Functions of tensors are in `ops`."""
from __future__ import annotations

from ..ir.expr import Expr
from ..ir.leaves import Variable, placeholder
from ..ir.types import as_dtype, is_float, is_integer
from . import naming, ops
from .config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)


class _Tensors(type):
    def __instancecheck__(cls, x) -> bool:
        return isinstance(x, Expr) and not isinstance(x, Variable)


class KerasTensor(metaclass=_Tensors):
    """What `Input` and layers give is an instance of this; ``KerasTensor((None, 3))`` is a placeholder of that shape."""

    def __new__(cls, shape, dtype="float32", sparse: bool = False, ragged: bool = False, record_history: bool = True,
                name: str | None = None) -> Expr:
        return placeholder(shape, dtype, name)


def is_keras_tensor(x) -> bool:
    """Whether `x` is an expression, such as `Input` and layers give."""
    return isinstance(x, KerasTensor)


def clear_session(free_memory: bool = True) -> None:
    """Count the names of layers from the start again: ``dense``, ``dense_1``, ..."""
    naming.forget_names()


def get_uid(prefix: str = "") -> int:
    """How often this function was called with this word: 1, 2, ..."""
    return naming.count(prefix)


def standardize_dtype(dtype) -> str:
    """The name of a dtype.

    >>> standardize_dtype("f32"), standardize_dtype(int)
    ('float32', 'int32')
    """
    if dtype is None:
        return floatx()
    python = {bool: "bool", int: "int32", float: floatx()}
    return str(as_dtype(python.get(dtype, str(dtype).removeprefix("torch.") if "torch." in str(dtype) else dtype)))


def is_float_dtype(dtype) -> bool:
    """Whether a dtype is one of floats."""
    return is_float(as_dtype(dtype))


def is_int_dtype(dtype) -> bool:
    """Whether a dtype is one of integers."""
    return is_integer(as_dtype(dtype))


def __getattr__(name: str):
    there = f": there is graphc.nn.ops.{name}" if name in ops.__all__ else ""
    raise AttributeError(f"graphc.nn.backend has no attribute {name!r}{there}")


__all__ = ["KerasTensor", "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format",
           "is_float_dtype", "is_int_dtype", "is_keras_tensor", "set_epsilon", "set_floatx", "set_image_data_format",
           "standardize_dtype"]
