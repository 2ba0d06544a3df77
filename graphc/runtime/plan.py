"""A program bound to the sizes of one call: every buffer has its place, every argument block its words.

New sizes cost a new plan, milliseconds; nothing is compiled."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import Symbol, evaluate
from ..ir.leaves import Variable
from ..lower.program import Counter, Program, Scratch, Status, Step
from ..passes.kernels import root
from .arena import Arena, Interval, offsets, rounded
from .threads import runner

PARALLEL = 1 << 18
"""Elementary operations from which on several threads are worth their barriers."""


class Plan:
    """`words` are the argument blocks of all steps, one after the other; `table` is what the executor runs.

    `slots` says which words hold the address of each input and output: every call fills them in. Where a step may fail,
    `run` stops before the first Variable changes, and `finish` does the rest."""

    def __init__(self, program: Program, addresses: Sequence[int], sizes: Mapping[Symbol, int], threads: int,
                 arena: Arena):
        self.program, self.sizes = program, sizes
        self.work = sum(self.number(step.work) for step in program.steps)
        self.threads = threads if self.work >= PARALLEL else 1
        self.intervals: dict[Expr, Interval] = {}
        self.place = self._places()
        self.moved = arena.reserve(self.arena_bytes)
        self.memory, self.base = arena.block, arena.base
        self.statuses = np.zeros(len(program.steps), np.int64)
        self.counters = np.zeros(len(program.steps), np.int64)
        self.slots: dict[Expr, list[int]] = {}
        self.pointed: dict[Expr, int] = {}
        self.words, self.starts = self._words()
        self.output_shapes = [self.shape(y) for y in program.graph.outputs]
        self.checked = any(step.checks for step in program.steps)
        self.table = np.zeros((len(program.steps), 3), np.int64)
        self.table[:, 0] = addresses
        self.table[:, 1] = self.words.ctypes.data + 8 * np.array(self.starts, np.int64)
        self.table[:, 2] = self._barriers()
        commit = program.commit if self.checked else len(program.steps)
        self.run = runner(self.table[:commit], self.threads)
        self.finish = runner(self.table[commit:], self.threads) if commit < len(program.steps) else None

    def quick_run(self) -> Callable[[], None]:
        """As `run`, without letting other Python threads in: for programs of a few microseconds."""
        return runner(self.table, 1, keep_gil=True)

    def run_step(self, k: int, times: int = 1) -> Callable[[], None]:
        """A function that runs step `k` alone, so many times over."""
        steps = np.repeat(self.table[k:k + 1], times, axis=0)
        steps[1:, 2] = 1
        return runner(steps, self.threads)

    def point(self, node: Expr, address: int) -> None:
        """Say where an input or an output lies."""
        if self.pointed.get(node) != address:
            self.pointed[node] = address
            for slot in self.slots.get(node, ()):
                self.words[slot] = address

    def value(self, x: Expr) -> np.ndarray:
        """What the caller's memory of an input or an output holds."""
        return addressed(self.pointed[root(x)], self.shape(x), x.dtype)

    def number(self, size) -> int:
        return evaluate(size, self.sizes)

    def nbytes(self, node: Expr) -> int:
        return self.number(node.type.nbytes)

    def shape(self, node: Expr) -> tuple[int, ...]:
        return tuple(self.number(d) for d in node.dims)

    # ---- memory
    def _places(self) -> dict[Expr, int]:
        """The offset in the arena of every intermediate result; then of each step's scratch."""
        outside = {root(x) for x in self.program.graph.outputs} | set(self.program.in_place)
        lives = {node: life for node, life in self._lives().items() if node not in outside}
        self.intervals.update((node, Interval(self.nbytes(node), *life)) for node, life in lives.items())
        owners = self._owners(lives)
        last = {owner: lives[node][1] for node, owner in owners.items()}
        found, self.scratch_start = offsets(replace(self.intervals[x], last=end) for x, end in last.items())
        scratch = max((self._scratch(step) for step in self.program.steps), default=0)
        self.arena_bytes = self.scratch_start + scratch
        start = dict(zip(last, found, strict=True))
        return {node: start[owner] for node, owner in owners.items()}

    def _owners(self, nodes: Iterable[Expr]) -> dict[Expr, Expr]:
        """The first to have the memory of each node; the nodes are in the order in which they are written."""
        owners: dict[Expr, Expr] = {}
        for node in nodes:
            owners[node] = owners.get(self.program.over.get(node), node)
        return owners

    def _lives(self) -> dict[Expr, tuple[int, int]]:
        lives: dict[Expr, tuple[int, int]] = {}
        for k, step in enumerate(self.program.steps):
            for node in step.writes:
                lives[node] = (k, k)
            for node in map(root, step.reads):
                if node in lives:
                    lives[node] = (lives[node][0], k)
        return lives

    def _scratch(self, step: Step) -> int:
        return sum(self._scratch_bytes(w) for w in step.words if isinstance(w, Scratch))

    def _scratch_bytes(self, word: Scratch) -> int:
        return rounded(self.number(word.nbytes)) * (1 if word.shared else self.threads)

    # ---- words
    def _words(self) -> tuple[np.ndarray, list[int]]:
        words: list[int] = []
        starts = []
        for k, step in enumerate(self.program.steps):
            starts.append(len(words))
            scratch = self.base + self.scratch_start
            for word in step.words:
                if isinstance(word, Scratch):
                    words.append(scratch)
                    scratch += self._scratch_bytes(word)
                else:
                    words.append(self._word(word, k, len(words)))
        return np.array(words, np.int64), starts

    def _word(self, word, step: int, position: int) -> int:
        if isinstance(word, Status):
            return self.statuses.ctypes.data + 8 * step
        if isinstance(word, Counter):
            return self.counters.ctypes.data + 8 * step
        if not isinstance(word, Expr):
            return self.number(word)
        node = self.program.in_place.get(root(word), root(word))
        if isinstance(node, Variable):
            return node.storage.ctypes.data
        if node.op.name == "constant":
            return node.attrs["value"].value.ctypes.data
        if node in self.place:
            return self.base + self.place[node]
        self.slots.setdefault(node, []).append(position)
        return 0

    # ---- barriers
    def _barriers(self) -> list[int]:
        """1 for each step that must wait for the steps before it: it reads what they write, or writes what they use."""
        flags, reads, writes = [], [], []
        for step in self.program.steps:
            mine = [self._range(x) for x in step.reads], [self._range(x) for x in step.writes]
            scratch = any(isinstance(w, Scratch) for w in step.words)
            wait = scratch or _meet(mine[0], writes) or _meet(mine[1], reads) or _meet(mine[1], writes)
            if wait:
                reads, writes = [], []
            reads += mine[0]
            writes += mine[1]
            flags.append(int(wait))
        return flags

    def _range(self, x: Expr) -> tuple:
        node = self.program.in_place.get(root(x), root(x))
        start = self.place.get(node)
        return (node,) if start is None else (None, start, start + rounded(self.nbytes(node)))


def addressed(address: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array that lies at `address`; it keeps nothing alive."""
    interface = {"data": (address, False), "shape": shape, "typestr": f"|V{dtype.itemsize}", "version": 3}
    holder = type("Memory", (), {"__array_interface__": interface})()
    return np.asarray(holder).view(dtype)


def _meet(some: list[tuple], others: list[tuple]) -> bool:
    return any(a[0] is b[0] and (a[0] is not None or (a[1] < b[2] and b[1] < a[2])) for a in some for b in others)
