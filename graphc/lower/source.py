"""The text of a kernel: what lowering writes and the runtime compiles."""
from __future__ import annotations

import re
from dataclasses import dataclass

from .text import RESERVED


@dataclass(frozen=True)
class KernelSource:
    """Python text that declares its imports and defines one function ``name(args, tid, threads)`` of three int64."""

    name: str
    text: str


def renamed(text: str) -> str:
    """The text with its own names numbered: kernels that differ in nothing but names are one kernel.

    >>> renamed("def f(args, tid, threads):\\n    x = source(args, 0, 'f32')") == renamed(
    ...     "def g(args, tid, threads):\\n    rate = source(args, 0, 'f32')")
    True
    """
    imported = "\n".join(line for line in text.splitlines() if re.match(r"\s*(from|import)\b", line))
    known = RESERVED | set(re.findall(r"\w+", imported))
    functions = {name: f"_function_{k}" for k, name in enumerate(re.findall(r"(?m)^def (\w+)", text))}
    return "".join(_numbered(part, known, dict(functions)) for part in re.split(r"(?m)^(?=@|def )", text))


def _numbered(function: str, known: set[str], numbers: dict[str, str]) -> str:
    """The text of a function, in which names count from 0 anew."""
    def number(match: re.Match) -> str:
        word = match[0]
        return word if word[0] in "\"'" or word in known else numbers.setdefault(word, f"_{len(numbers)}")
    return re.sub(r"\"[^\"]*\"|'[^']*'|(?<![\w.])[A-Za-z_]\w*", number, function)


__all__ = ["KernelSource", "renamed"]
