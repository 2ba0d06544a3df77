"""Conversions between numbers that do not fit: see `math`."""
from __future__ import annotations

from llvmlite import ir
from numba import types

from .formats import magnitude
from .scalar import Number, elementary, select

_DROPPED = 12
"""Bits that a whole number of 64 has more than a float64 surely holds."""


def _saturated(kind: types.Integer):
    """A float cut to a whole number of `kind`: its lowest or highest one where that is nearest, 0 for NaN."""
    def cut(x: Number) -> Number:
        code, given = ir.IntType(kind.bitwidth), x.value.type
        name = f"llvm.fpto{'s' if kind.signed else 'u'}i.sat"
        function = x.builder.module.declare_intrinsic(name, [code, given], ir.FunctionType(code, [given]))
        return Number(x.builder, x.builder.call(function, [x.value]), kind)
    return elementary(cut, returns=kind)


to_i8, to_i16, to_i32, to_i64 = map(_saturated, (types.int8, types.int16, types.int32, types.int64))
to_u8, to_u16, to_u32, to_u64 = map(_saturated, (types.uint8, types.uint16, types.uint32, types.uint64))


@elementary(returns=types.float32)
def to_odd(x):
    """The float32 that `x` is, or else the one of its two neighbours whose last bit is 1: rounded once more to 16 bits,
    it gives what rounding `x` itself gives (Boldo and Melquiond, 2008)."""
    x = x if x.is_float else _whole_to_odd(x)
    near = x.converted(types.float32)
    back = near.converted(types.float64)
    away = magnitude(back) > magnitude(x)
    odd = ((near.bits() - select(away, near.bits().constant(1), near.bits().constant(0))) | 1).from_bits()
    return select((back == x) | (x != x), near, odd)


def _whole_to_odd(x: Number) -> Number:
    """A whole number as a float64: where it has too many bits, an odd one of fewer."""
    if x.width < 64:
        return x.converted(types.float64)
    lost = (x & ((1 << _DROPPED) - 1)) != 0
    shorter = (x >> _DROPPED) | select(lost, x.constant(1), x.constant(0))
    long = (x >> 53) != 0 if not x.is_signed else ((x >> 53) != 0) & ((x >> 53) != -1)
    return select(long, shorter.converted(types.float64) * 2.0 ** _DROPPED, x.converted(types.float64))


__all__ = ["to_i16", "to_i32", "to_i64", "to_i8", "to_odd", "to_u16", "to_u32", "to_u64", "to_u8"]
