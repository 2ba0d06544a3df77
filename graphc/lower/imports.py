"""The first lines of a kernel's text: it imports what it uses, and nothing else."""
from __future__ import annotations

import re

_NUMBA = {"bool": "boolean", "f32": "float32", "f64": "float64", "i8": "int8", "i16": "int16", "i32": "int32",
          "i64": "int64", "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64"}
_KERNELS = "graphc.kernels.cpu"
_NAMES = {
    "numpy": ("inf", "nan"),
    f"{_KERNELS}.epilogue": ("finisher",),
    f"{_KERNELS}.fold": ("add_up", "half_vectors", "highest_of", "is_last", "lowest_of", "multiply_up", "report",
                         "rows_apart"),
    f"{_KERNELS}.jit": ("inlined",),
    f"{_KERNELS}.memory": ("as_stored", "share", "size", "source", "target", "workspace"),
}


def with_imports(text: str) -> str:
    """`text` below the imports that it needs. Modules of kernels are those that it calls as ``module.function``."""
    called = set(re.findall(r"(?<![\w.])(\w+)\.\w+\(", text))
    words = set(re.findall(r"(?<![\w.\"])\w+", text))
    lines = []
    if used := [f"{long} as {short}" for short, long in _NUMBA.items() if short in words]:
        lines.append(f"from numba import {', '.join(used)}")
    if called:
        lines.append(f"from {_KERNELS} import {', '.join(sorted(called))}")
    for module, names in _NAMES.items():
        if used := [n for n in names if n in words]:
            lines.append(f"from {module} import {', '.join(used)}")
    return "\n".join(lines) + f"\n\n\n{text.strip()}\n"
