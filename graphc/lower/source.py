"""The text of a kernel: what lowering writes and the runtime compiles."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelSource:
    """Python text that declares its imports and defines one function ``name(args, tid, threads)`` of three int64."""

    name: str
    text: str


__all__ = ["KernelSource"]
