"""How rows are made: the dtype rules that families share, and the constructors that fill in what they share."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ir.errors import DTypeError
from ..ir.op import Op, Scalar
from ..ir.types import Type, as_dtype, bfloat16, broadcast, compute_dtype, is_bool, is_float, is_integer, promote

BOOL = np.dtype(bool)

Rule = Callable[..., tuple[np.dtype, ...]]
"""A dtype rule: the dtypes of the operands -> the dtypes they are converted to, then that of the result."""


def same(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """All operands in their common dtype, and so the result."""
    common = promote(*dtypes)
    return (common,) * (len(dtypes) + 1)


def numeric(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `same`; booleans are refused, as NumPy refuses them for negative and subtract."""
    if is_bool(promote(*dtypes)):
        raise DTypeError("takes numbers, not bool; use logical_not or bitwise_xor, or astype")
    return same(*dtypes)


def floating(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `same`; integers become the float that NumPy takes for them (8 bits: float16, 16: float32, wider: float64)."""
    common = promote(*dtypes)
    if not is_float(common):
        common = np.sqrt.resolve_dtypes((common, None))[-1]
    return (common,) * (len(dtypes) + 1)


def dividing(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `same`; integers become float64, as NumPy divides them."""
    common = promote(*dtypes)
    return (common if is_float(common) else np.dtype("float64"),) * (len(dtypes) + 1)


def counting(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `same`; booleans become int8, as NumPy counts them in power, square and floor_divide."""
    common = promote(*dtypes)
    return (np.dtype("int8") if is_bool(common) else common,) * (len(dtypes) + 1)


def comparison(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `same`, to bool; signed integers and uint64, which have no common integer dtype, are compared exactly."""
    if all(map(is_integer, dtypes)) and is_float(promote(*dtypes)):
        return *(np.dtype("uint64" if d.kind == "u" else "int64") for d in dtypes), BOOL
    return *same(*dtypes)[1:], BOOL


def classification(dtype: np.dtype) -> tuple[np.dtype, ...]:
    return dtype, BOOL


def logical(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    return (BOOL,) * (len(dtypes) + 1)


def choosing(condition: np.dtype, *dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """A condition, then as `same`."""
    return BOOL, *same(*dtypes)


def shifting(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    """As `bitwise`; booleans become int8."""
    return counting(*bitwise(*dtypes)[1:])


def bitwise(*dtypes: np.dtype) -> tuple[np.dtype, ...]:
    common = promote(*dtypes)
    if not (is_integer(common) or is_bool(common)):
        raise DTypeError(f"takes integers or bool, not {common}")
    return (common,) * (len(dtypes) + 1)


def elementwise(name: str, numpy: Callable, expression: str | Scalar, grad: Callable | None = None, *,
                dtypes: Rule = floating, **fields) -> Op:
    """A row of the elementwise table.

    `numpy` is the meaning, `expression` the scalar form (see `graphc.ir.op.Scalar`), ``grad(g, y, *operands)`` the
    derivative rule, without un-broadcasting: the reverse walk does that. `domain` is ``(low, high)`` for all operands,
    or one such pair an operand: where tests draw from."""
    def infer(*types: Type) -> Type:
        return Type(dtypes(*(t.dtype for t in types))[-1], broadcast(*(t.dims for t in types)))

    lower = expression if isinstance(expression, Scalar) else Scalar(expression)
    return Op(name, in_compute_dtype(numpy), infer, lower, grad, cast=lambda *d: dtypes(*d)[:-1], **fields)


def in_compute_dtype(numpy: Callable) -> Callable:
    """NumPy's meaning with 16-bit floats widened for the arithmetic; the interpreter rounds the result once."""
    def wide(*operands, **attrs):
        return numpy(*(widen(x) for x in operands), **attrs)
    return wide


def widen(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x)
    return x.astype(compute_dtype(x.dtype), copy=False)


__all__ = ["BOOL", "Rule", "as_dtype", "bfloat16", "bitwise", "choosing", "classification", "comparison", "counting",
           "dividing", "elementwise", "floating", "in_compute_dtype", "logical", "numeric", "same", "shifting", "widen"]
