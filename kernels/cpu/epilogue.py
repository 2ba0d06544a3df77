"""What becomes of each element of a product: a function that every kernel brings along.

The products that call it are compiled without knowing it: to them it is a symbol, ``epilogue(args, out, value, row,
column)``. `finish_with` defines that symbol where a kernel's parts are linked, so that it is inlined into their loops."""
from __future__ import annotations

import operator
from contextlib import contextmanager

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _operands(out, value):
    return types.int64, out, value, types.int64, types.int64


def _symbol(context, module, out, value):
    """The function to be called, as a declaration."""
    kind = ir.FunctionType(ir.VoidType(), [context.get_value_type(x) for x in _operands(out, value)])
    return cgutils.get_or_insert_function(module, kind, f"graphc.epilogue.{out.dtype}.{value}")


@intrinsic
def epilogue(typing, args, out, value, row, column):
    """Do with an element of the product what the kernel wants: `out` is where the product itself would go."""
    def code(context, builder, sig, values):
        builder.call(_symbol(context, builder.module, out, value), values)
        return context.get_dummy_value()
    return types.void(*_operands(out, value)), code


@intrinsic
def finish_row(typing, args, out, sums, columns, row, column):
    """The epilogue of ``sums[j]``, for each j below `columns`, as the element at `row` and column ``column + j``.

    The loop asks for vectors with lanes left out, so that a few columns are one vector and not a loop of single ones."""
    def code(context, builder, sig, values):
        kind = sig.args[2]
        load = context.get_function(operator.getitem, kind.value(kind, types.int64))
        args, out, sums, columns, row, column = values
        with _masked_loop(builder, columns) as j:
            value = load(builder, (sums, j))
            callee = _symbol(context, builder.module, sig.args[1], kind.value)
            builder.call(callee, [args, out, value, row, builder.add(column, j)])
        return context.get_dummy_value()
    n = types.int64
    return types.void(n, out, sums, n, n, n), code


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


@intrinsic
def finish_with(typing, function, out, scratch):
    """Let `function` be the epilogue of this kernel's products with this result and sums of the dtype of `scratch`."""
    operands = _operands(out, scratch.value)
    function.dispatcher.compile(operands)
    overload = function.dispatcher.overloads[operands]

    def code(context, builder, sig, values):
        symbol = _symbol(context, builder.module, out, scratch.value)
        symbol.attributes.add("alwaysinline")
        inside = ir.IRBuilder(symbol.append_basic_block())
        context.call_internal_no_propagate(inside, overload.fndesc, overload.signature, symbol.args)
        inside.ret_void()
        context.active_code_library.add_linking_library(overload.library)
        return context.get_dummy_value()
    return types.void(function, out, scratch), code


__all__ = ["epilogue", "finish_row", "finish_with"]
