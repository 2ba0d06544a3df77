"""Vectors: what the CPU offers, and LLVM vector code for register tiles.

Numba's loops become vector code where LLVM sees how; it never sees how to keep a block of a matrix product in
registers. `Vector` writes that code, inside Numba intrinsics.
"""
from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config

_LANE_INDEX = ir.IntType(32)


def _features() -> set[str]:
    """The names of the CPU's features: the host's, or what NUMBA_CPU_FEATURES says."""
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    return {name for name, present in binding.get_host_cpu_features().items() if present}


_FOUND = _features()

VECTOR_BYTES = 64 if "avx512f" in _FOUND else 32 if "avx2" in _FOUND else 16
"""The size of a vector register."""

REGISTERS = 32 if _FOUND & {"avx512f", "neon"} else 16

MASKED = "avx2" in _FOUND
"""Whether a load can leave lanes out: where it cannot, a load must not reach past its row."""


def lanes(dtype: types.Type) -> int:
    """How many elements of a Numba type fill a vector."""
    return VECTOR_BYTES // (1 if dtype == types.boolean else dtype.bitwidth // 8)


class Vector:
    """Code for vectors of one Numba number type, written through an llvmlite builder.

    A bool is a byte, and any byte but 0 is true."""

    def __init__(self, context, builder, dtype: types.Type):
        self.context, self.builder, self.dtype = context, builder, dtype
        self.lanes = lanes(dtype)
        self.element = context.get_data_type(dtype)
        self.type = ir.VectorType(self.element, self.lanes)
        self.zero = ir.Constant(self.type, [0] * self.lanes)
        self._bytes = VECTOR_BYTES // self.lanes

    def splat(self, number):
        """A number in every lane."""
        if self.dtype == types.boolean:
            number = self.builder.sext(number, self.element)
        return self._splat(number, self.type)

    def multiply_add(self, x, y, z):
        """``x * y + z``: floats in one rounding, integers modulo their range, bools as and, or."""
        if isinstance(self.dtype, types.Float):
            return self._call(f"llvm.fma.{self._suffix()}", self.type, [x, y, z])
        if self.dtype == types.boolean:
            return self.builder.or_(self.builder.and_(x, y), z)
        return self.builder.add(self.builder.mul(x, y), z)

    def mask(self, count, first: int):
        """The lanes whose index, from `first` on, is below `count`; None where the CPU has no masks."""
        if not MASKED:
            return None
        indices = ir.VectorType(_LANE_INDEX, self.lanes)
        limit = self._splat(self.builder.trunc(count, _LANE_INDEX), indices)
        return self.builder.icmp_signed("<", ir.Constant(indices, list(range(first, first + self.lanes))), limit)

    def load(self, pointer, offset, mask=None):
        """The elements at ``pointer[offset:]``; 0 in the lanes that the mask leaves out, which are not touched."""
        address = self._address(pointer, offset)
        if mask is not None:
            alignment = ir.Constant(_LANE_INDEX, self._bytes)
            return self._call(f"llvm.masked.load.{self._suffix()}.p0", self.type, [address, alignment, mask, self.zero])
        load = self.builder.load(address)
        load.align = self._bytes
        return load

    def store(self, vector, pointer, offset):
        self.builder.store(vector, self._address(pointer, offset)).align = self._bytes

    def variable(self):
        """A place for a vector, which LLVM keeps in a register."""
        return cgutils.alloca_once(self.builder, self.type)

    def _address(self, pointer, offset):
        first = self.builder.gep(self.builder.bitcast(pointer, self.element.as_pointer()), [offset])
        return self.builder.bitcast(first, self.type.as_pointer())

    def _splat(self, number, kind):
        nothing = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(nothing, number, ir.Constant(_LANE_INDEX, 0))
        first = ir.Constant(ir.VectorType(_LANE_INDEX, kind.count), [0] * kind.count)
        return self.builder.shuffle_vector(one, nothing, first)

    def _suffix(self) -> str:
        letter = "f" if isinstance(self.dtype, types.Float) else "i"
        return f"v{self.lanes}{letter}{8 * self._bytes}"

    def _call(self, name, result, operands):
        kind = ir.FunctionType(result, [x.type for x in operands])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), operands)


__all__ = ["MASKED", "REGISTERS", "VECTOR_BYTES", "Vector", "lanes"]
