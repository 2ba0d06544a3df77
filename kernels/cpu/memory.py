"""Typed pointers: what a kernel reads and writes through.

A kernel is called as ``kernel(args, tid, threads)``. `args` is the address of a block of 64-bit words: addresses and
sizes. ``x = source(args, 0, "f32")`` is a pointer to read from, ``y = target(args, 1, "f32")`` one to write to,
``n = size(args, 2)`` an integer. ``x[i]`` loads an element; a 16-bit float arrives as float32 and is rounded when it is
stored; a bool is a byte.

A target never overlaps a source, nor a workspace either of them: loads and stores carry that as metadata, so that loops
vectorize without run-time overlap checks. What is overwritten is read through the target; a hand-written kernel that finds
a source and its target to be the `same` does so too. A ``workspace`` is private memory of one thread.
"""
from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin, lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

_WORD = ir.IntType(64)
_BYTE_POINTER = ir.IntType(8).as_pointer()

VALUE = {
    "bool": types.boolean, "i8": types.int8, "i16": types.int16, "i32": types.int32, "i64": types.int64,
    "u8": types.uint8, "u16": types.uint16, "u32": types.uint32, "u64": types.uint64,
    "f16": types.float32, "bf16": types.float32, "f32": types.float32, "f64": types.float64,
}
"""The Numba type that an element of each dtype has in registers."""

_STORED = {
    "bool": ir.IntType(8), "i8": ir.IntType(8), "i16": ir.IntType(16), "i32": ir.IntType(32), "i64": ir.IntType(64),
    "u8": ir.IntType(8), "u16": ir.IntType(16), "u32": ir.IntType(32), "u64": ir.IntType(64),
    "f16": ir.HalfType(), "bf16": ir.IntType(16), "f32": ir.FloatType(), "f64": ir.DoubleType(),
}
"""The LLVM type that it has in memory."""

ITEMSIZE = {"bool": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "f16": 2, "bf16": 2,
            "f32": 4, "f64": 8}


class Pointer(types.Type):
    """A typed address; `role` is "source", "target", "workspace", or "finished": a workspace that is only read from here
    on."""

    def __init__(self, dtype: str, role: str):
        self.dtype, self.role, self.value = dtype, role, VALUE[dtype]
        super().__init__(f"{role}({dtype})")

    def can_convert_to(self, typingctx, other):
        """Another role is another name for the same address."""
        return Conversion.safe if isinstance(other, Pointer) and other.dtype == self.dtype else None


@register_model(Pointer)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _BYTE_POINTER)


@lower_cast(Pointer, Pointer)
def _another_role(context, builder, fromty, toty, value):
    return value


@infer_global(operator.getitem)
class _Load(AbstractTemplate):
    def generic(self, args, _):
        if isinstance(args[0], Pointer) and isinstance(args[1], types.Integer):
            return signature(args[0].value, args[0], types.int64)


@infer_global(operator.setitem)
class _Store(AbstractTemplate):
    def generic(self, args, _):
        if isinstance(args[0], Pointer) and isinstance(args[1], types.Integer):
            return signature(types.none, args[0], types.int64, args[0].value)


@infer_global(operator.add)
class _Offset(AbstractTemplate):
    def generic(self, args, _):
        if isinstance(args[0], Pointer) and isinstance(args[1], types.Integer):
            return signature(args[0], args[0], types.int64)


@lower_builtin(operator.getitem, Pointer, types.int64)
def _load(context, builder, sig, args):
    kind = sig.args[0]
    load = builder.load(_element(builder, kind, *args))
    load.align = ITEMSIZE[kind.dtype]
    load.set_metadata("alias.scope", _scopes(builder.module, kind.role))
    return _from_memory(builder, kind.dtype, load)


@lower_builtin(operator.setitem, Pointer, types.int64, types.Any)
def _store(context, builder, sig, args):
    kind = sig.args[0]
    store = builder.store(_to_memory(builder, kind.dtype, args[2]), _element(builder, kind, args[0], args[1]))
    store.align = ITEMSIZE[kind.dtype]
    store.set_metadata("noalias", _scopes(builder.module, *_NOT_STORED_TO[kind.role]))


@lower_builtin(operator.add, Pointer, types.int64)
def _offset(context, builder, sig, args):
    return builder.bitcast(_element(builder, sig.args[0], *args), _BYTE_POINTER)


def _element(builder, kind, pointer, index):
    return builder.gep(builder.bitcast(pointer, _STORED[kind.dtype].as_pointer()), [index])


_NOT_STORED_TO = {"target": ("source", "finished"), "workspace": ("source", "target")}
"""What no store through a pointer of a role overlaps."""


def _scopes(module, *roles):
    """The module's alias scopes of all that is read through pointers of these roles."""
    domain = module.add_metadata([ir.MetaDataString(module, "graphc")])
    return module.add_metadata([module.add_metadata([ir.MetaDataString(module, role), domain]) for role in roles])


def _from_memory(builder, dtype, x):
    if dtype == "bool":
        return builder.icmp_unsigned("!=", x, ir.Constant(x.type, 0))
    if dtype == "f16":
        return builder.fpext(x, ir.FloatType())
    if dtype == "bf16":
        wide = builder.shl(builder.zext(x, ir.IntType(32)), ir.Constant(ir.IntType(32), 16))
        return builder.bitcast(wide, ir.FloatType())
    return x


def _to_memory(builder, dtype, x):
    if dtype == "bool":
        return builder.zext(x, ir.IntType(8))
    if dtype == "f16":
        return builder.fptrunc(x, ir.HalfType())
    if dtype == "bf16":
        return _round_to_bfloat16(builder, x)
    return x


def _round_to_bfloat16(builder, x):
    """To nearest, ties to even; a NaN stays one."""
    word = ir.IntType(32)
    bits = builder.bitcast(x, word)
    odd = builder.and_(builder.lshr(bits, ir.Constant(word, 16)), ir.Constant(word, 1))
    rounded = builder.add(bits, builder.add(odd, ir.Constant(word, 0x7FFF)))
    quiet = builder.or_(bits, ir.Constant(word, 0x400000))
    result = builder.select(builder.fcmp_unordered("uno", x, x), quiet, rounded)
    return builder.trunc(builder.lshr(result, ir.Constant(word, 16)), ir.IntType(16))


@intrinsic(prefer_literal=True)
def as_stored(typing, x, dtype):
    """A float32 as it comes back from the memory of a 16-bit dtype."""
    def code(context, builder, sig, values):
        name = dtype.literal_value
        return _from_memory(builder, name, _to_memory(builder, name, values[0]))
    return types.float32(types.float32, dtype), code


def _pointer(role):
    @intrinsic(prefer_literal=True)
    def pointer(typing, args, k, dtype):
        def code(context, builder, sig, values):
            return builder.inttoptr(_word(builder, values[0], values[1]), _BYTE_POINTER)
        return Pointer(dtype.literal_value, role)(types.int64, types.int64, dtype), code
    return pointer


def _word(builder, args, k):
    words = builder.inttoptr(args, _WORD.as_pointer())
    load = builder.load(builder.gep(words, [k]))
    load.set_metadata("invariant.load", builder.module.add_metadata([]))
    return load


source = _pointer("source")
target = _pointer("target")
workspace = _pointer("workspace")


@intrinsic
def size(typing, args, k):
    """The integer at word `k` of the argument block."""
    return types.int64(types.int64, types.int64), lambda context, builder, sig, values: _word(builder, *values)


@intrinsic
def same(typing, x, y):
    """Whether two pointers are one address."""
    def code(context, builder, sig, values):
        return builder.icmp_unsigned("==", *(builder.ptrtoint(v, _WORD) for v in values))
    return types.boolean(x, y), code


@intrinsic
def share(typing, n, tid, threads):
    """The part ``[low, high)`` of ``range(n)`` that belongs to thread `tid`."""
    def code(context, builder, sig, values):
        n, tid, threads = values
        ends = [builder.udiv(builder.mul(n, k), threads) for k in (tid, builder.add(tid, tid.type(1)))]
        return context.make_tuple(builder, sig.return_type, ends)
    number = types.int64
    return types.UniTuple(number, 2)(number, number, number), code


__all__ = ["ITEMSIZE", "VALUE", "Pointer", "as_stored", "cgutils", "same", "share", "size", "source", "target", "workspace"]
