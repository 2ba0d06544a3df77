"""The argument block of a kernel while it is written: which word holds what."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, ceildiv
from ..ir.types import SHORT
from .program import Counter, Scratch, Status
from .text import Names

SHARED = 256
"""Numbers from here on are words. A loop that is long anyway gains nothing by the compiler's knowing how long, and kernels
that differ in nothing else are one kernel: layers of many sizes, compiled once."""


@dataclass
class Arguments:
    """Words in the order of their first use, and the names that the kernel's first lines give them. Numbers from `limit`
    on are words too. `over` maps results to the operands whose memory they take: these are read through the pointers of
    the results, so that no load of an element is moved behind the store of what replaces it."""

    names: Names
    limit: int = SHARED
    words: list = field(default_factory=list)
    over: dict[Expr, Expr] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    pointers: dict[Expr, str] = field(default_factory=dict)
    reading: list[Expr] = field(default_factory=list)
    writing: list[Expr] = field(default_factory=list)
    _numbers: dict[int, str] = field(default_factory=dict)
    _status: str | None = None
    _tables: dict[tuple[Expr, ...], int] = field(default_factory=dict)

    def has(self, node: Expr) -> bool:
        return node in self.pointers

    def read(self, node: Expr) -> str:
        """The name of the pointer through which `node` is read."""
        if node not in self.pointers:
            self.reading.append(node)
            result = next((y for y, x in self.over.items() if x is node), None)
            self.pointers[node] = self._pointer("source", node) if result is None else self.write(result)
        return self.pointers[node]

    def table(self, nodes: Sequence[Expr]) -> int:
        """The first of the words, one after the other, that hold the addresses of `nodes`."""
        if tuple(nodes) not in self._tables:
            self._tables[tuple(nodes)] = len(self.words)
            self.words += nodes
            self.reading += dict.fromkeys(nodes)
        return self._tables[tuple(nodes)]

    def write(self, node: Expr) -> str:
        """The name of the pointer through which `node` is written."""
        if node not in self.pointers:
            self.writing.append(node)
            self.pointers[node] = self._pointer("target", node)
        return self.pointers[node]

    def _pointer(self, role: str, node: Expr) -> str:
        name = self.names.new(f"{node.op.name}_out" if role == "target" else node.name or node.op.name)
        return self._word(name, node, f'{role}(args, {len(self.words)}, "{SHORT[node.dtype]}")')

    def size(self, symbol: Symbol) -> str:
        """The name of a size that only a call knows."""
        word = Integer({(symbol,): 1})
        return self._word(self.names.new("n"), word, f"size(args, {len(self.words)})")

    def number(self, k: int) -> str:
        """The number `k` >= 0 as code."""
        if k < self.limit:
            return str(k)
        if k not in self._numbers:
            self._numbers[k] = self._size(k)
        return self._numbers[k]

    def own(self, size: Size, code: Callable[[Size], str]) -> str:
        """A size as code, a number by a word of its own: that it equals another one here means nothing in other shapes."""
        return self._size(size) if isinstance(size, int) and size >= self.limit else code(size)

    def _size(self, k: int) -> str:
        return self._word(self.names.new(f"size_{k}"), k, f"size(args, {len(self.words)})")

    def scratch(self, nbytes: Size, dtype: np.dtype, code: Callable[[Size], str], wanted: str = "scratch") -> str:
        """The name of private memory; `code` writes out an Integer."""
        stride = ceildiv(nbytes, 64) * 64 // dtype.itemsize
        offset = self.own(stride, code)
        start = f'workspace(args, {len(self.words)}, "{SHORT[dtype]}")'
        return self._word(self.names.new(wanted), Scratch(stride * dtype.itemsize), f"{start} + tid * ({offset})")

    def shared(self, nbytes: Size, dtype: np.dtype, wanted: str) -> str:
        """The name of memory that all threads share."""
        start = f'workspace(args, {len(self.words)}, "{SHORT[dtype]}")'
        return self._word(self.names.new(wanted), Scratch(nbytes, shared=True), start)

    def counter(self) -> str:
        """The name of a word that is 0 when the kernel starts."""
        return self._word(self.names.new("counter"), Counter(), f'workspace(args, {len(self.words)}, "i64")')

    def status(self) -> str:
        """The name of the word in which failed checks are reported."""
        if self._status is None:
            self._status = self.names.new("status")
            self._word(self._status, Status(), f'workspace(args, {len(self.words)}, "i64")')
        return self._status

    def _word(self, name: str, word, code: str) -> str:
        self.words.append(word)
        self.lines.append(f"{name} = {code}")
        return name
