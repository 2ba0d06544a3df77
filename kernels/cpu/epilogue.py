"""What becomes of each element of a product: a function that every kernel brings along.

Products are objects of their own, which all kernels share. A kernel hands them the address of a function that finishes a
block of sums; in that one, ``epilogue(args, value, row, column)`` is inlined into the loop along the columns."""
from __future__ import annotations

import operator
from contextlib import contextmanager

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .memory import Pointer

_WORD, _ADDRESS = ir.IntType(64), ir.IntType(8).as_pointer()
_BLOCK = ir.FunctionType(ir.VoidType(), [_WORD, _ADDRESS, _WORD, _WORD, _ADDRESS, _WORD, _WORD])
"""``finish(args, sums, width, columns, places, rows, first)``."""
_PLACES = Pointer("i64", "finished")


@intrinsic
def finisher(typing, epilogue, scratch):
    """The address of the code that takes a block of sums, of the dtype of `scratch`, through a jitted function."""
    operands = types.int64, scratch.value, types.int64, types.int64
    epilogue.dispatcher.compile(operands)
    overload = epilogue.dispatcher.overloads[operands]

    def code(context, builder, sig, values):
        function = ir.Function(builder.module, _BLOCK, "graphc.finish")
        context.active_code_library.add_linking_library(overload.library)
        _write(context, function, Pointer(scratch.dtype, "finished"), overload)
        return builder.ptrtoint(function, _WORD)
    return types.int64(epilogue, scratch), code


def _write(context, function, kind, overload):
    """``for i in range(rows): for j in range(columns): epilogue(args, sums[i * width + j], places[i], first + j)``.

    The loop along the columns asks for vectors with lanes left out, so that a few columns are one vector and not a loop of
    single ones."""
    args, sums, width, columns, places, rows, first = function.args
    builder = ir.IRBuilder(function.append_basic_block())

    def element(pointer, address, index):
        load = context.get_function(operator.getitem, pointer.value(pointer, types.int64))
        return load(builder, (address, index))

    with cgutils.for_range(builder, rows) as row:
        place, start = element(_PLACES, places, row.index), builder.mul(row.index, width)
        with _masked_loop(builder, columns) as j:
            operands = args, element(kind, sums, builder.add(start, j)), place, builder.add(first, j)
            context.call_internal_no_propagate(builder, overload.fndesc, overload.signature, operands)
    builder.ret_void()


@intrinsic
def finish(typing, finisher, args, sums, width, columns, places, rows, first):
    """Hand over a block of `rows` rows and `columns` columns: ``sums[i * width + j]`` is the element of the result at row
    ``places[i]``, column ``first + j``."""
    def code(context, builder, sig, values):
        builder.call(builder.inttoptr(values[0], _BLOCK.as_pointer()), values[1:])
        return context.get_dummy_value()
    n = types.int64
    return types.void(n, n, sums, n, n, places, n, n), code


@contextmanager
def _masked_loop(builder, count):
    """A loop that LLVM is told to vectorize with masks for what is left over."""
    before, body, after = builder.block, builder.append_basic_block("row"), builder.append_basic_block("row.end")
    zero, one = count.type(0), count.type(1)
    builder.cbranch(builder.icmp_signed(">", count, zero), body, after)
    builder.position_at_end(body)
    index = builder.phi(count.type)
    index.add_incoming(zero, before)
    yield index
    following = builder.add(index, one)
    index.add_incoming(following, builder.block)
    again = builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    again.set_metadata("llvm.loop", _hints(builder.module))
    builder.position_at_end(after)


def _hints(module):
    """What LLVM's loop vectorizer is told. A loop's metadata begin with themselves, so that no two loops share theirs."""
    name = ir.MetaDataString(module, "llvm.loop.vectorize.predicate.enable")
    hint = module.add_metadata([name, ir.Constant(ir.IntType(1), 1)])
    loop = module.add_metadata([ir.MetaDataString(module, f"graphc.loop.{len(module.metadata)}"), hint])
    loop.operands = (loop, hint)
    return loop


__all__ = ["finish", "finisher"]
