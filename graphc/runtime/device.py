"""What a program runs on: the name that the user gives, and what the machine has."""
from __future__ import annotations

import difflib
import functools
import os
from dataclasses import dataclass
from pathlib import Path

from llvmlite import binding as llvm

from ..ir import locks
from ..ir.errors import ArgumentError
from ..ir.locks import Rank

KINDS = ("cpu",)
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LLVM = locks.lock(Rank.LLVM)
"""Held by whoever has LLVM work: it has locks of its own, which a fork must find free."""


@dataclass(frozen=True)
class Device:
    """A machine to compile for: the cores that this process may use, the target, the CPU's name and features in LLVM's
    words, and bytes of cache by level, where the system tells."""

    kind: str
    cores: int
    triple: str
    cpu: str
    features: str
    caches: tuple[tuple[str, int], ...]

    def cache(self, level: str) -> int | None:
        """Bytes of the cache "L1", "L2" or "L3"; None where the system does not tell."""
        return dict(self.caches).get(level)


def device(name: str | Device = "cpu") -> Device:
    """The device called `name`; ArgumentError if there is none."""
    if isinstance(name, Device):
        return name
    if name not in KINDS:
        near = difflib.get_close_matches(str(name).lower(), KINDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(f"device: expected {' or '.join(map(repr, KINDS))}, got {name!r}{hint}")
    return _host(os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES"), available_cores())


def available_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def target_machine(host: Device) -> llvm.TargetMachine:
    """LLVM's code generator for `host`, for code that this process loads."""
    _initialize()
    target = llvm.Target.from_triple(host.triple)
    relocation = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(cpu=host.cpu, features=host.features, opt=3, reloc=relocation,
                                        codemodel="jitdefault", jit=True)


@functools.cache
def _host(cpu, features, cores):
    name, found = _host_cpu()
    return Device("cpu", cores, llvm.get_process_triple(), cpu or name, found if features is None else features,
                  tuple(_cache_sizes()))


@functools.cache
def _host_cpu():
    """The name of this CPU and its features."""
    with LLVM:
        try:
            features = llvm.get_host_cpu_features()
        except RuntimeError:
            return llvm.get_host_cpu_name(), ""
        return llvm.get_host_cpu_name(), _with_full_vectors(features)


def _with_full_vectors(features: llvm.FeatureMap) -> str:
    """In LLVM's words. Left alone, it vectorizes loops for half of an AVX-512 register on Intel's CPUs."""
    flat = features.flatten()
    return f"{flat},-prefer-256-bit" if features.get("avx512f") else flat


def _cache_sizes():
    for folder in sorted(_CACHES.glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            if kind != "Instruction":
                yield f"L{level}", int(size.rstrip("KMG")) * _UNITS.get(size[-1], 1)
        except (OSError, ValueError):
            continue


@functools.cache
def _initialize():
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


__all__ = ["KINDS", "LLVM", "Device", "available_cores", "device", "target_machine"]
