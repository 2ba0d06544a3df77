"""Kernels run in Python, on memory that holds no numbers: it remembers which thread has read and written which bytes.

A step may read what it overwrites. Then every element is to be read by the thread that writes it, and never after it was
written. Text that `graphc.lower` wrote is run as it is, turn by turn; a hand-written kernel is said to read all of its
operands in every thread, and to hand each element of its result to the epilogue on a thread of its own.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import count
from math import prod

from graphc.ir.expr import Expr
from graphc.ir.op import Kernel
from graphc.ir.types import SHORT
from graphc.runtime.plan import Plan

DTYPES = {short: dtype for dtype, short in SHORT.items()}


class Unknown:
    """A number that is not known."""

    def __init__(self, of: Callable[[], bool]):
        self.of = of

    def __bool__(self) -> bool:
        return self.of()


def _unknown(self, *_) -> Unknown:
    return self


for _name in ("add sub mul truediv floordiv mod pow and or xor lshift rshift lt le gt ge eq ne radd rsub rmul rtruediv "
              "rfloordiv rmod rpow rand ror rxor rlshift rrshift neg invert abs").split():
    setattr(Unknown, f"__{_name}__", _unknown)
Unknown.__hash__ = None


class Conflict(AssertionError):
    """A step reads what it has overwritten, or what another of its threads may have overwritten."""


class Touched:
    """Who has read and written which addresses in one step."""

    def __init__(self) -> None:
        self.readers: defaultdict[int, set[int]] = defaultdict(set)
        self.writers: dict[int, int] = {}
        self.thread = 0
        self.names = count(-1, -1)

    def read(self, address: int) -> None:
        if address in self.writers:
            raise Conflict(f"{address} is read after it was written")
        self.readers[address].add(self.thread)

    def write(self, address: int) -> None:
        if self.readers[address] - {self.thread}:
            raise Conflict(f"{address} is read by one thread and written by another")
        if self.writers.setdefault(address, self.thread) != self.thread:
            raise Conflict(f"{address} is written by two threads")

    def meet(self) -> None:
        """All threads have come to this place."""
        self.readers.clear()


class Pointer:
    def __init__(self, touched: Touched, unknown: Unknown, address: int, itemsize: int, size: int):
        self.touched, self.unknown, self.address, self.itemsize, self.size = touched, unknown, address, itemsize, size

    def __getitem__(self, i: int | Unknown) -> Unknown:
        for k in range(self.size) if isinstance(i, Unknown) else (i,):
            self.touched.read(self.address + k * self.itemsize)
        return self.unknown

    def __setitem__(self, i: int, _) -> None:
        self.touched.write(self.address + i * self.itemsize)


class Workspace:
    """Memory of its own: nothing else is there."""

    def __init__(self, unknown: Unknown):
        self.unknown = unknown

    def __getitem__(self, _) -> Unknown:
        return self.unknown

    def __setitem__(self, _, __) -> None:
        pass

    def __add__(self, _) -> Workspace:
        return self


class Emulator:
    """Runs single steps of a plan; `decide` chooses where a number that is not known decides."""

    def __init__(self, plan: Plan, decide: Callable[[], bool]):
        self.plan, self.unknown = plan, Unknown(decide)

    def run(self, step: int) -> None:
        """Raise Conflict where step number `step` must not read what it overwrites."""
        self.step, self.touched = self.plan.program.steps[step], Touched()
        self.words = self.plan.words[self.plan.starts[step]:].tolist()
        self.epilogue = None
        names = self.names()
        lines = [line for line in self.step.source.text.splitlines() if not line.startswith(("from ", "import ", "@"))]
        exec("\n".join(lines), names)
        kernel = names[self.step.source.name]
        for tid in range(self.plan.threads):
            self.touched.thread = tid
            self.is_last = tid == self.plan.threads - 1
            kernel(None, tid, self.plan.threads)

    # ---- what kernels call
    def names(self) -> dict:
        functions = "as_stored add_up multiply_up highest_of lowest_of report half_vectors rows_apart".split()
        anything = dict.fromkeys(functions, self.number)
        casts = dict.fromkeys("bool f32 f64 i8 i16 i32 i64 u8 u16 u32 u64".split(), self.cast)
        given = {"source": self.pointer, "target": self.pointer, "workspace": lambda *_: Workspace(self.unknown),
                 "size": lambda _, k: self.words[k], "share": lambda n, t, of: (n * t // of, n * (t + 1) // of),
                 "is_last": self.met, "finisher": self.finisher, "math": _Module(self.number),
                 "inf": self.unknown, "nan": self.unknown}
        modules = {n.op.lower.function.split(".")[0] for n in self.step.nodes if isinstance(n.op.lower, Kernel)}
        return {**dict.fromkeys(modules, _Module(self.anchor)), **anything, **casts, **given}

    def number(self, *_) -> Unknown:
        return self.unknown

    def cast(self, x):
        return x if isinstance(x, (int, Unknown)) else self.unknown

    def pointer(self, _, k: int | Unknown, short: str) -> Pointer:
        if isinstance(k, Unknown):
            raise Conflict("a table of pointers")
        itemsize = DTYPES[short].itemsize
        size = self.plan.nbytes(self.step.words[k]) // itemsize
        return Pointer(self.touched, self.unknown, self.words[k], itemsize, size)

    def met(self, *_) -> bool:
        if self.is_last:
            self.touched.meet()
        return self.is_last

    def finisher(self, epilogue: Callable, *_) -> None:
        self.epilogue = epilogue

    def anchor(self, *args) -> None:
        """A hand-written kernel: called once for all threads."""
        if not self.is_last:
            return
        node = next(n for n in self.step.nodes if isinstance(n.op.lower, Kernel))
        operands = [a for a in args if isinstance(a, Pointer)]
        out = None if self.epilogue else operands.pop()
        for k, x in enumerate(operands):
            if not (k == 0 and node.op.lower.over and x.address == out.address):
                self.on_a_thread_of_its_own(lambda x=x: x[self.unknown])
        *rows, columns = map(self.plan.number, node.dims)
        for row in range(prod(rows)):
            for column in range(columns):
                self.on_a_thread_of_its_own(lambda i=row, j=column: self.finish(out, i, j, columns))

    def finish(self, out: Pointer | None, row: int, column: int, columns: int) -> None:
        if out is None:
            self.epilogue(None, self.unknown, row, column)
        else:
            out[row * columns + column] = self.unknown

    def on_a_thread_of_its_own(self, action: Callable[[], object]) -> None:
        self.touched.thread = next(self.touched.names)
        action()


class _Module:
    def __init__(self, function: Callable):
        self.function = function

    def __getattr__(self, _) -> Callable:
        return self.function


def check_in_place(plan: Plan, decide: Callable[[], bool] = lambda: True) -> int:
    """Emulate every step that overwrites what it reads; returns how many there are."""
    emulator = Emulator(plan, decide)
    steps = [k for k, step in enumerate(plan.program.steps) if any(_replaces(plan, step, y) for y in step.writes)]
    for k in steps:
        emulator.run(k)
    return len(steps)


def _replaces(plan: Plan, step, node: Expr) -> bool:
    x = plan.program.over.get(node, plan.program.in_place.get(node))
    return x is not None and any(y is x for y in step.reads)
