"""From the Python text of a kernel to an object file."""
from __future__ import annotations

import linecache
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from llvmlite import binding as llvm
from numba import types
from numba.core.compiler_lock import global_compiler_lock

from .jit import jit

_SIGNATURE = types.void(types.int64, types.int64, types.int64)


@dataclass(frozen=True)
class Lowered:
    """What Numba made of a function. `emit` has LLVM make an object file of it, on any thread; `parts` are the objects
    that it calls into: for the symbol of each, how to lower it."""

    emit: Callable[[llvm.TargetMachine], bytes]
    parts: dict[str, Callable[[], Lowered]]


def lowered(text: str, name: str, symbol: str, naming: Callable[[str], str]) -> Lowered:
    """The function `name(args, tid, threads)` that `text` defines, called `symbol` in its object.

    `naming` gives the symbol of a part from what identifies it."""
    with _blamed(text, name), global_compiler_lock:
        return _emitting(_library(text, name), symbol, naming, partial(_blamed, text, name))


def _emitting(library, symbol, naming, blamed):
    parts = {part.entry: (naming(part.identity), part) for part in library.separate()}
    names = {library.entry: symbol, **{entry: name for entry, (name, _) in parts.items()}}
    unrolled = not (parts or library.identity)

    def emit(target):
        with blamed():
            return target.emit_object(_optimized(library.link(), names, target, unrolled))

    return Lowered(emit, {name: partial(_emitting, part, name, naming, blamed) for name, part in parts.values()})


def _library(text, name):
    """Numba's work on the function."""
    namespace = {"__name__": f"graphc.generated.{name}"}
    exec(compile(text, _remembered(text, name), "exec"), namespace)
    function = jit(namespace[name])
    function.compile(_SIGNATURE)
    return function.overloads[_SIGNATURE.args].library


def _remembered(text, name):
    """A file name under which tracebacks find the text."""
    filename = f"<graphc kernel {name} {zlib.crc32(text.encode()):08x}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return filename


def _optimized(module, names, target, unrolled=True):
    """The module as machine code needs it; `names` maps functions that other objects know to their symbols.

    Parts are unrolled by hand, and kernels spend their time in them: to unroll more takes a third of all that LLVM
    does."""
    for value in (*module.functions, *module.global_variables):
        if value.name in names:
            value.name = names[value.name]
        elif not value.is_declaration:
            value.linkage = "internal"
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization, tuning.slp_vectorization, tuning.loop_unrolling = True, False, unrolled
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


__all__ = ["Lowered", "lowered"]
