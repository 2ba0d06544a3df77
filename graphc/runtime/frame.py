"""The memory and the argument blocks of a program, of a whole one or of one inside a loop, for the sizes of one call."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..ir.errors import CallError
from ..ir.expr import Expr, label
from ..ir.integer import Symbol, evaluate
from ..ir.leaves import Variable
from ..ir.sizes import concrete
from ..lower.program import Counter, Program, Region, Scratch, Status
from ..passes.kernels import root
from .arena import Interval, offsets, rounded
from .loop import Loop

_ADDRESSABLE = 2**48
"""The bytes for which a process can have addresses."""


class Frame:
    """`words` are the argument blocks of all steps, one after the other; `table` is what the executor runs.

    `slots` says which words hold the address of each input and output, which somebody else fills in. A frame is made first,
    so that it is known how many bytes it needs, and then bound to where these lie."""

    def __init__(self, program: Program, sizes: Mapping[Symbol, int], threads: int):
        self.program, self.sizes, self.threads = program, sizes, threads
        self.loops = {k: Loop(program.steps[k], self) for k in program.loops}
        self.intervals: dict[Expr, Interval] = {}
        self._check_sizes()
        self.place = self._places()

    def inside(self, program: Program) -> Frame:
        """The frame of a program inside a loop of this one."""
        return Frame(program, self.sizes, self.threads)

    def bind(self, base: int, addresses: Sequence[int], statuses: np.ndarray, counters: np.ndarray) -> None:
        """Fill in words and table for memory at `base`. `addresses`, `statuses` and `counters` have an entry for each of the
        program's `every_step`."""
        self.base, self.statuses, self.counters = base, statuses, counters
        self.slots: dict[Expr, list[int]] = {}
        self._descriptions = self._bound_loops(addresses)
        self.words, self.starts = self._words()
        self.table = np.zeros((len(self.program.steps), 3), np.int64)
        self.table[:, 0] = addresses[:len(self.program.steps)]
        self.table[:, 1] = self.words.ctypes.data + 8 * np.array(self.starts, np.int64)
        self.table[:, 2] = self._barriers()

    def _bound_loops(self, addresses: Sequence[int]) -> dict[int, int]:
        """The description of each loop."""
        start, found = len(self.program.steps), {}
        for k, loop in self.loops.items():
            given = []
            for program in loop.step.programs:
                these = slice(start, start := start + len(program.every_step))
                given.append((addresses[these], self.statuses[these], self.counters[these]))
            found[k] = loop.bind(self.base + self.scratch_start, given)
        return found

    def number(self, size) -> int:
        return evaluate(size, self.sizes)

    def nbytes(self, node: Expr) -> int:
        return self.number(node.type.nbytes)

    def shape(self, node: Expr) -> tuple[int, ...]:
        return tuple(self.number(d) for d in node.dims)

    # ---- memory
    def _check_sizes(self) -> None:
        """Raise CallError for the first result that no memory could hold."""
        for node in (node for step in self.program.steps for node in step.writes):
            if (nbytes := self.nbytes(node)) >= _ADDRESSABLE:
                raise CallError(f"{label(node)}:{concrete(node.type, self.sizes)} takes {nbytes:,} bytes, more than can be "
                                f"addressed\n  made at {node.line}")

    def _places(self) -> dict[Expr, int]:
        """The offset in the arena of every intermediate result; then of each step's scratch."""
        outside = {root(x) for x in self.program.graph.outputs} | set(self.program.in_place)
        lives = {node: life for node, life in self._lives().items() if node not in outside}
        self.intervals.update((node, Interval(self.nbytes(node), *life)) for node, life in lives.items())
        owners = self._owners(lives)
        last = {owner: lives[node][1] for node, owner in owners.items()}
        found, self.scratch_start = offsets(replace(self.intervals[x], last=end) for x, end in last.items())
        scratch = max((self._scratch(k) for k in range(len(self.program.steps))), default=0)
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

    def _scratch(self, k: int) -> int:
        return sum(self._scratch_bytes(k, w) for w in self.program.steps[k].words if isinstance(w, Scratch))

    def _scratch_bytes(self, k: int, word: Scratch) -> int:
        if isinstance(word, Region):
            return rounded(self.loops[k].nbytes)
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
                    words.append(self._descriptions[k] if isinstance(word, Region) else scratch)
                    scratch += self._scratch_bytes(k, word)
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


def _meet(some: list[tuple], others: list[tuple]) -> bool:
    return any(a[0] is b[0] and (a[0] is not None or (a[1] < b[2] and b[1] < a[2])) for a in some for b in others)
