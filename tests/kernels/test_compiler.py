"""From a kernel's text to an object: callees are linked in, Numba itself stays as it was."""
import ctypes

import numba
import numpy as np
import pytest
from llvmlite import binding as llvm
from numba.core.errors import TypingError

from graphc.kernels.cpu import compiler
from graphc.kernels.cpu.jit import inlined, jit
from graphc.kernels.cpu.memory import share
from graphc.runtime.device import device, target_machine
from graphc.runtime.objects import undefined_symbols


@jit
def half(x):
    return 0.5 * x


@jit
def mean(x, y):
    return half(x) + half(y)


@inlined
def shifted(x, n):
    return mean(x, x) + n


TEXT = f'''import math

from {__name__} import half, mean, shifted
from graphc.kernels.cpu.memory import share, size, source, target


def kernel(args, tid, threads):
    x, y = source(args, 0, "f64"), target(args, 1, "f64")
    low, high = share(size(args, 2), tid, threads)
    for i in range(low, high):
        y[i] = shifted(mean(x[i], half(x[i])), 3) + math.exp(0.0) ** 2
'''


def compiled(text, name, symbol):
    """The object, of which nothing else is a part."""
    lowered = compiler.lowered(text, name, symbol, str)
    assert not lowered.parts
    return lowered.emit(machine())


def machine():
    return target_machine(device("cpu"))


def run(content, symbol, x):
    """What the object's kernel makes of `x`."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64,
                                ctypes.c_int64)(engine.get_function_address(symbol))
    y, junk = np.zeros_like(x), ctypes.c_void_p()
    words = np.array([x.ctypes.data, y.ctypes.data, len(x)])
    assert function(ctypes.byref(junk), ctypes.byref(junk), words.ctypes.data, 0, 1) == 0
    return y


def test_a_kernel_and_all_that_it_calls_are_one_object():
    x = np.linspace(-3, 3, 50)
    content = compiled(TEXT, "kernel", "some_symbol")
    np.testing.assert_allclose(run(content, "some_symbol", x), 0.75 * x + 4, rtol=1e-15)
    assert not [name for name in undefined_symbols(content) if "numba" in name.lower() or "NRT" in name]


def test_the_same_text_gives_the_same_object():
    assert len({compiled(TEXT, "kernel", "symbol") for _ in range(2)}) == 1


def test_other_numba_functions_may_call_device_functions():
    @numba.njit
    def f(n):
        return share(n, 1, 3)[1] + shifted(1.0, 2)
    assert f(9) == 9.0


def test_numba_still_finds_blas():
    pytest.importorskip("scipy")
    f = numba.njit(lambda a: a @ a)
    np.testing.assert_array_equal(f(np.eye(3) * 2), np.eye(3) * 4)


ADDING = """
from graphc.kernels.cpu.memory import source, target


def kernel(args, tid, threads):
    x, y, sum = source(args, 0, "f64"), target(args, 1, "f64"), {start}
    for i in range(tid, threads):
        sum = sum + x[i]
    y[0] = sum
"""


def test_a_variable_of_two_types_is_refused():
    compiler.lowered(ADDING.format(start="0.0"), "kernel", "kernel", str)
    with pytest.raises(TypingError, match="sum is float64 and int64"):
        compiler.lowered(ADDING.format(start="0"), "kernel", "kernel", str)
