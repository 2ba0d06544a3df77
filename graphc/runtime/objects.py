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
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import llvmlite
import numpy as np
from llvmlite import binding as llvm

from ..ir.collector import collector_paused
from ..ir.errors import GraphcError
from ..lower.source import KernelSource, renamed
from .cache import default_cache
from .device import LLVM, device, target_machine

_PART = "graphc_part_"
_KERNELS = Path(__file__).resolve().parent.parent / "kernels" / "cpu"


@dataclass(frozen=True)
class _Unit:
    """One object file: its key, the symbols that are wanted of it, and how it is made. `lower()` says how LLVM makes
    it for a target machine, and for the symbol of each part that it calls into, how that is lowered."""

    key: str
    symbols: tuple[str, ...]
    lower: Callable[[], tuple[Callable[[llvm.TargetMachine], bytes], dict[str, Callable]]]


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
                                 lambda: (functools.partial(_assembled, text), {}))])[0]


def _kernel(source):
    key = _digest("kernel", renamed(source.text), _toolchain(), *_target())
    symbol = f"kernel_{key[:16]}"
    return _Unit(key, (symbol,), functools.partial(_lowered, source, symbol))


def _lowered(source, symbol):
    with collector_paused():
        lowered = _compiler().lowered(source.text, source.name, symbol, _part_symbol)
    compiled.append(source.name)
    return lowered.emit, lowered.parts


def _part_symbol(identity):
    return _PART + _digest("part", identity, _toolchain(), *_target())


def _part(symbol, lower):
    """The unit of a part; the symbol of a part is its key."""
    def made():
        part = lower()
        return part.emit, part.parts
    return _Unit(symbol.removeprefix(_PART), (symbol,), made)


def _assembled(text, target):
    module = llvm.parse_assembly(text)
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    return target.emit_object(module)


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
    return host.triple, host.cpu, host.features


def _digest(*parts):
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()


class _Linker:
    """The machine code of this process: it stays where it is for good, so that addresses stay valid."""

    def __init__(self):
        self._addresses = {}
        with LLVM:
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine(device("cpu")))
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._engine))

    def load(self, units: Iterable[_Unit]) -> list[tuple[int, ...]]:
        with LLVM:
            with _Batch(self._addresses) as batch:
                for unit in units:
                    batch.add(unit)
                found = batch.contents()
            self._link(found)
            return [self._addresses[unit.key] for unit in units]

    def _link(self, found):
        known = {_PART + key for key in (*found, *self._addresses)}
        for _, content in found.values():
            _require_symbols(content, known)
        for _, content in found.values():
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(content))
        self._engine.finalize_object()
        for key, (symbols, _) in found.items():
            self._addresses[key] = tuple(map(self._engine.get_function_address, symbols))


class _Batch:
    """The objects of one load, from the cache or the compiler, without those that are `linked`.

    LLVM needs no GIL. It works on a thread of its own, while this one has Numba lower the next kernel. Between LLVM's
    calls that thread needs the GIL for a moment: it shall not wait 5 ms for it each time."""

    SWITCH = 2e-4

    def __init__(self, linked):
        self._linked = linked
        self._objects: dict[str, tuple[tuple, Callable[[], bytes]]] = {}
        self._llvm = ThreadPoolExecutor(1, "graphc-llvm")
        self._unkept: list[tuple[str, tuple[str, ...], Future]] = []

    def __enter__(self):
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(self.SWITCH)
        return self

    def __exit__(self, *_):
        sys.setswitchinterval(self._interval)
        self._llvm.shutdown(cancel_futures=True)
        self._keep()

    def contents(self) -> dict[str, tuple[tuple, bytes]]:
        """The symbols and the machine code of each object, by key."""
        return {key: (symbols, content()) for key, (symbols, content) in self._objects.items()}

    def add(self, unit: _Unit) -> None:
        """Add the unit's object, and those of its parts."""
        if not self._has(unit):
            self._objects.update(self._cached(unit) or self._made(unit))

    def _has(self, unit):
        return unit.key in self._linked or unit.key in self._objects

    def _cached(self, unit):
        """The objects of the unit and its parts from the cache, if all are there."""
        payload = default_cache().get(unit.key)
        if payload is None:
            return None
        parts, content = _unpacked(payload)
        objects = {unit.key: (unit.symbols, lambda: content)}
        for part in (_part(symbol, None) for symbol in parts):
            if not self._has(part):
                below = self._cached(part)
                if below is None:
                    return None
                objects |= below
        return objects

    def _made(self, unit):
        self._keep()
        emit, parts = unit.lower()
        for symbol, lower in parts.items():
            self.add(_part(symbol, lower))
        content = self._llvm.submit(_emitted, emit)
        self._unkept.append((unit.key, tuple(parts), content))
        return {unit.key: (unit.symbols, content.result)}

    def _keep(self):
        """Put what is made by now into the cache."""
        done = [made for made in self._unkept if made[2].done()]
        self._unkept = self._unkept[len(done):]
        for key, parts, content in done:
            if not content.cancelled() and content.exception() is None:
                default_cache().put(key, _packed(parts, content.result()))


def _emitted(emit):
    return emit(target_machine(device("cpu")))


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
