"""From the Python text of a kernel to an object file."""
from __future__ import annotations

import gc
import linecache
import zlib
from contextlib import contextmanager

from llvmlite import binding as llvm
from numba import types
from numba.core.compiler_lock import global_compiler_lock

from .jit import jit

_SIGNATURE = types.void(types.int64, types.int64, types.int64)


def compiled(text: str, name: str, symbol: str, target: llvm.TargetMachine) -> bytes:
    """The object file of the function `name(args, tid, threads)` that `text` defines, called `symbol` in it."""
    with global_compiler_lock, _collector_paused(), _blamed(text, name):
        library, entry = _lowered(text, name)
        return target.emit_object(_optimized(library.link(), entry, symbol, target))


def _lowered(text, name):
    """The library of the function, and its name there."""
    namespace = {"__name__": f"graphc.generated.{name}"}
    exec(compile(text, _remembered(text, name), "exec"), namespace)
    dispatcher = jit(namespace[name])
    dispatcher.compile(_SIGNATURE)
    result = dispatcher.overloads[_SIGNATURE.args]
    return result.library, result.fndesc.llvm_func_name


def _remembered(text, name):
    """A file name under which tracebacks find the text."""
    filename = f"<graphc kernel {name} {zlib.crc32(text.encode()):08x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return filename


def _optimized(module, entry, symbol, target):
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name != entry:
            value.linkage = "internal"
    module.get_function(entry).name = symbol
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization, tuning.slp_vectorization = True, False
    builder = llvm.create_pass_builder(target, tuning)
    builder.getModulePassManager().run(module, builder)
    return module


@contextmanager
def _blamed(text, name):
    """An error in here says which kernel it is about."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while compiling the kernel {name}:\n{text}")
        raise


@contextmanager
def _collector_paused():
    """Numba allocates much and frees little: the collector would look through all of it again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


__all__ = ["compiled"]
