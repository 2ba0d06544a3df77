"""What folds and index checks need beyond Python's operators."""
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .jit import jit

_FREE = ("reassoc", "contract", "nsz")


def _reassociated(operation: str):
    """Float arithmetic that LLVM may reorder: what lets a sum run in vector lanes."""
    @intrinsic
    def apply(typing, x, y):
        def code(context, builder, sig, args):
            return getattr(builder, operation)(*args, flags=_FREE)
        return x(x, x), code
    return apply


def _extreme(name: str):
    """The larger or the smaller of two floats, NaN if either is: an instruction that LLVM folds in vector lanes."""
    @intrinsic
    def apply(typing, x, y):
        def code(context, builder, sig, args):
            kind = args[0].type
            function = builder.module.declare_intrinsic(f"llvm.{name}", [kind], ir.FunctionType(kind, [kind, kind]))
            return builder.call(function, args, fastmath=("nsz",))
        return x(x, x), code
    return apply


add_up = _reassociated("fadd")
multiply_up = _reassociated("fmul")
highest_of = _extreme("maximum")
lowest_of = _extreme("minimum")


@intrinsic
def rows_apart(typing):
    """Compute one row after the other. Else LLVM may take rows of few elements several at a time, and add in one order
    where it does, in another in the rows left over; and which are left over hangs on the number of threads."""
    def code(context, builder, sig, args):
        builder.asm(ir.FunctionType(ir.VoidType(), []), "", "", [], side_effect=True)
        return context.get_dummy_value()
    return types.void(), code


@intrinsic
def half_vectors(typing):
    """Let the loops of this function run in vectors of 32 bytes, where 64 are to be had. Sums of rows that come from memory
    are faster by a twentieth and more: most loads of 64 bytes touch two cache lines."""
    def code(context, builder, sig, args):
        set.add(builder.function.attributes, '"prefer-vector-width"="256"')
        return context.get_dummy_value()
    return types.void(), code


@intrinsic
def _or_store(typing, status, number):
    """Keep the first failure that was reported."""
    def code(context, builder, sig, args):
        word = builder.bitcast(args[0], ir.IntType(64).as_pointer())
        with builder.if_then(builder.icmp_signed("==", builder.load(word), ir.Constant(ir.IntType(64), 0))):
            builder.store(args[1], word)
        return context.get_dummy_value()
    return types.void(status, types.int64), code


@intrinsic
def is_last(typing, counter, threads):
    """Whether this is the last of so many threads to ask: it sees all that the others stored before. `counter` is 0
    before the first asks, and again after the last did."""
    def code(context, builder, sig, args):
        word, one = builder.bitcast(args[0], ir.IntType(64).as_pointer()), ir.Constant(ir.IntType(64), 1)
        count = builder.add(builder.atomic_rmw("add", word, one, "acq_rel"), one)
        last = builder.icmp_signed("==", count, args[1])
        with builder.if_then(last):
            builder.store(ir.Constant(ir.IntType(64), 0), word)
        return last
    return types.boolean(counter, types.int64), code


@jit
def report(status, number, index, size):
    """`index` counted from the end where it is negative; outside of its axis it is reported, and 0."""
    place = index + size if index < 0 else index
    if place < 0 or place >= size:
        _or_store(status, number)
        return 0
    return place


__all__ = ["add_up", "half_vectors", "highest_of", "is_last", "lowest_of", "multiply_up", "report", "rows_apart"]
