"""From kernel sources to addresses: memory, then disk, then the compiler.

Machine code is kept as object files and linked into this process by LLVM itself; Numba is imported when something must
be compiled, and only then. The key of an object covers all that it depends on: its text, every file of the kernels'
package, the versions of the compilers, the CPU.
"""
from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import llvmlite
import numpy as np
from llvmlite import binding as llvm

from ..ir.errors import GraphcError
from ..lower.source import KernelSource, renamed
from .cache import default_cache
from .device import device, target_machine

_PART = "graphc_part_"
_KERNELS = Path(__file__).resolve().parent.parent / "kernels" / "cpu"


@dataclass(frozen=True)
class _Unit:
    """One object file: its key, the symbols that are wanted of it, and how it is made for a target machine, together
    with the parts that it calls into: for the symbol of each, how to make it."""

    key: str
    symbols: tuple[str, ...]
    make: Callable[[llvm.TargetMachine], tuple[bytes, dict[str, Callable]]]


compiled: list[str] = []
"""The names of the kernels that this process has compiled, as opposed to found in the cache."""


def load(sources: Sequence[KernelSource]) -> list[int]:
    """The addresses of the kernels' functions ``int32 f(void* ret, void* exc, int64 args, int64 tid, int64 threads)``.

    Any thread may call it. An interrupt leaves what is already compiled in the cache.
    """
    units = [_kernel(source) for source in sources]
    return [addresses[0] for addresses in _linker().load(units)]


def load_ir(text: str, symbols: Sequence[str]) -> tuple[int, ...]:
    """The addresses of `symbols` in the LLVM assembly `text`."""
    return _linker().load([_Unit(_digest("ir", text, llvmlite.__version__, *_target()), tuple(symbols),
                                 functools.partial(_assembled, text))])[0]


def _kernel(source):
    key = _digest("kernel", renamed(source.text), _toolchain(), *_target())
    symbol = f"kernel_{key[:16]}"
    return _Unit(key, (symbol,), functools.partial(_compiled, source, symbol))


def _compiled(source, symbol, target):
    made = _compiler().compiled(source.text, source.name, symbol, target, _part_symbol)
    compiled.append(source.name)
    return made.content, made.parts


def _part_symbol(identity):
    return _PART + _digest("part", identity, _toolchain(), *_target())


def _part(symbol, make):
    """The unit of a part; the symbol of a part is its key."""
    def made(_):
        part = make()
        return part.content, part.parts
    return _Unit(symbol.removeprefix(_PART), (symbol,), made)


def _assembled(text, target):
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    return target.emit_object(module), {}


def _compiler():
    """Imported at the first kernel that has to be compiled: a process that finds all of them in the cache starts its
    first step without the quarter of a second that Numba takes to import."""
    return importlib.import_module("graphc.kernels.cpu.compiler")


@functools.cache
def _toolchain():
    """A digest of the code that compiles kernels."""
    files = sorted(path for path in _KERNELS.rglob("*.py"))
    return _digest(sys.version, llvmlite.__version__, np.__version__, metadata.version("numba"),
                   *(f"{path.relative_to(_KERNELS)}\0{path.read_text()}" for path in files))


def _target():
    host = device("cpu")
    return llvm.get_process_triple(), host.cpu, host.features


def _digest(*parts):
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()


class _Linker:
    """The machine code of this process: it stays where it is for good, so that addresses stay valid."""

    def __init__(self):
        self._lock = threading.RLock()
        self._addresses = {}
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine(device("cpu")))
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._engine))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def load(self, units: Iterable[_Unit]) -> list[tuple[int, ...]]:
        with self._lock:
            found: dict[str, tuple[tuple, bytes]] = {}
            for unit in units:
                self._gather(unit, found)
            self._link(found)
            return [self._addresses[unit.key] for unit in units]

    def _gather(self, unit, found):
        """Add the unit's object to `found`, and those of its parts, unless they are there or linked."""
        if unit.key in self._addresses or unit.key in found:
            return
        cached = self._cached(unit, found)
        if cached is None:
            cached = self._made(unit, found)
        found.update(cached)

    def _cached(self, unit, found):
        """The objects of the unit and its parts from the cache, if all are there."""
        payload = default_cache().get(unit.key)
        if payload is None:
            return None
        parts, content = _unpacked(payload)
        objects = {unit.key: (unit.symbols, content)}
        for part in (_part(symbol, None) for symbol in parts):
            if part.key not in self._addresses and part.key not in found:
                below = self._cached(part, found)
                if below is None:
                    return None
                objects |= below
        return objects

    def _made(self, unit, found):
        content, parts = unit.make(target_machine(device("cpu")))
        for symbol, make in parts.items():
            self._gather(_part(symbol, make), found)
        default_cache().put(unit.key, _packed(parts, content))
        return {unit.key: (unit.symbols, content)}

    def _link(self, found):
        known = {_PART + key for key in (*found, *self._addresses)}
        for _, content in found.values():
            _require_symbols(content, known)
        for _, content in found.values():
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(content))
        self._engine.finalize_object()
        for key, (symbols, _) in found.items():
            self._addresses[key] = tuple(map(self._engine.get_function_address, symbols))

    def _renew_lock(self):
        """In a child process: the thread that held the lock at the fork is not there."""
        self._lock = threading.RLock()


@functools.cache
def _linker():
    return _Linker()


def _packed(parts, content):
    """What the cache keeps of an object: a line with the symbols of its parts, then the object itself."""
    return " ".join(parts).encode() + b"\n" + content


def _unpacked(payload):
    line, content = payload.split(b"\n", 1)
    return line.decode().split(), content


def _require_symbols(content, known):
    """LLVM's linker calls address 0 where a symbol is missing; so look before it links."""
    missing = [name for name in undefined_symbols(content)
               if name not in known and llvm.address_of_symbol(name) is None]
    if missing:
        raise GraphcError(f"compiled code calls {', '.join(missing)}, which this process does not have")


def undefined_symbols(content: bytes) -> list[str]:
    """The names that a 64-bit ELF object leaves open (of other formats: none)."""
    if content[:6] != b"\x7fELF\x02\x01":
        return []
    table, = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", content, table + i * size) for i in range(count)]
    symbols = next((s for s in sections if s[1] == 2), None)
    if symbols is None:
        return []
    names = sections[symbols[6]][4]
    rows = struct.iter_unpack("<IBBHQQ", content[symbols[4]:symbols[4] + symbols[5]])
    starts = [names + row[0] for row in rows if row[3] == 0 and row[0]]
    return [content[start:content.index(b"\0", start)].decode() for start in starts]


__all__ = ["load", "load_ir", "undefined_symbols"]
