"""What becomes of each element of a product: a function that every kernel brings along.

The products that call it are compiled without knowing it: to them it is a symbol, ``epilogue(args, out, value, row,
column)``. `finish_with` defines that symbol where a kernel's parts are linked, so that it is inlined into their loops."""
from __future__ import annotations

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


__all__ = ["epilogue", "finish_with"]
