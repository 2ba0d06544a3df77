"""Loop kernels: elementwise chains, the folds at their ends, and what reads these again, as one Python function.

Four shapes of text, by what the group folds:

- nothing: a loop over the elements (flat where possible, else rows and columns);
- the innermost axis: for each row, a loop a stage (all that waits for equally many folds runs in one loop);
- one long row: its parts, which threads share, and then the parts' results;
- outer axes only: for each block of columns, accumulators in scratch, and the rows run past them; where the columns are too
  few for all threads, these share parts of the rows.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, ceildiv, minimum, product
from ..ir.op import Fold, Scalar
from ..ir.types import compute_dtype, is_float, row_major
from ..passes.axes import Axes, Axis, all_axes, joined
from ..passes.fuse import ROW
from ..passes.kernels import LOOP, Group, memory
from .arguments import Arguments
from .body import Body, Value, converted
from .carry import COSTLY, Carried, carried
from .imports import with_imports
from .program import Step
from .source import KernelSource
from .text import Names, typed

BLOCK, NARROW = 4096, 512
"""Columns that are summed at a time, at most and at least: their accumulators stay in the first-level cache."""

APART = BLOCK + 80
"""Elements from one block of accumulators to the next: no multiple of a page, as a load waits for earlier stores to what it
takes for its own address, the place in a page."""

PART = 1 << 15
"""Elements of a row that are summed at a time."""

_BLOCKS, _WIDTH, _PARTS = Symbol("first"), Symbol("width"), Symbol("part")


def lower(group: Group) -> Step:
    """The kernel of a group without an anchor."""
    draft = _Loops(group, all_axes(group.domain, group.axes))
    draft.write()
    axes = joined(all_axes(group.domain, group.axes), draft.body.used)
    loops = _Loops(group, axes)
    loops.write()
    return loops.step()


class _Loops:
    def __init__(self, group: Group, axes: Axes):
        self.group, self.axes = group, axes
        self.names = Names({a.symbol.name for a in axes.loops})
        self.name = self.names.new(_title(group))
        self.arguments = Arguments(self.names, over=group.over)
        self.body = Body(group, self.arguments, self.names)
        self.body.symbols.update({a.symbol: a.symbol.name for a in axes.loops})
        self.carried, self.kept = Carried(), {}

    def step(self) -> Step:
        lines = [*self.arguments.lines, *self.body.scopes[0].lines]
        text = with_imports(f"def {self.name}(args, tid, threads):\n" + "".join(f"    {line}\n" for line in lines))
        group, arguments = self.group, self.arguments
        return Step(KernelSource(self.name, text), tuple(arguments.words), tuple(arguments.reading),
                    tuple(arguments.writing), tuple(group.nodes), tuple(self.body.checks), _work(group))

    def write(self) -> None:
        for node in self.group.stored:
            self.arguments.write(node)
        if self.is_mere_sum():
            self.body.line("half_vectors()")
        if self.group.by_columns:
            self.columns()
        elif self.is_one_long_row():
            self.long_row()
        elif self.group.axes:
            with self.rows(self.axes.kept):
                if isinstance(self.row_size, int):
                    self.body.line("rows_apart()")
                self.stages()
        else:
            self.elements()

    def is_mere_sum(self) -> bool:
        """Whether it adds up rows, and hardly does anything else: then memory is what it waits for."""
        group = self.group
        sums = any(f.op.name == "sum" and is_float(f.dtype) for f in group.folds)
        return sums and not group.by_columns and not any(map(self.is_whole, group.stored)) \
            and len({group.stage[f] for f in group.folds}) == 1 and _cost(filter(self.is_whole, group.nodes)) < COSTLY

    # ---- elements
    def elements(self) -> None:
        *outer, inner = self.axes.loops or (None,)
        if inner is None or not outer:
            with self.rows(self.axes.loops):
                self.store(self.group.stored)
            return
        with self.rows(outer), self.loop(inner):
            self.store(self.group.stored)

    def store(self, nodes: Iterable[Expr]) -> None:
        self.body.store((node, self.axes.place(self.group.index[node])) for node in nodes)

    # ---- loops
    @contextmanager
    def rows(self, axes: Iterable[Axis]) -> Iterator[None]:
        """One loop over all combinations of these axes, shared among the threads."""
        axes = tuple(axes)
        if not axes:
            with self.body.scope("if tid == 0:", closed=True):
                yield
            return
        self.body.line(f"low, high = share({self.body.code(product(a.size for a in axes))}, tid, threads)")
        variable = axes[0].symbol.name if len(axes) == 1 else "row"
        with self.body.scope(f"for {variable} in range(low, high):", *(a.symbol for a in axes)):
            if len(axes) > 1:
                self.unravel(axes, variable)
            yield

    def unravel(self, axes: Sequence[Axis], number: str) -> None:
        """Each axis' variable from the number of a combination."""
        for k, axis in enumerate(axes):
            self.body.line(f"{axis.symbol.name} = {self.body.digit(number, k, [a.size for a in axes])}")

    def loop(self, axis: Axis, bounds: str = "") -> AbstractContextManager[None]:
        head = f"for {axis.symbol.name} in range({bounds or self.body.code(axis.size)}):"
        return self.body.scope(head, axis.symbol)

    @contextmanager
    def loops(self, axes: Iterable[Axis]) -> Iterator[None]:
        """Nested loops over these axes; one pass where there are none."""
        with ExitStack() as stack:
            for axis in axes:
                stack.enter_context(self.loop(axis))
            yield

    # ---- folds along rows
    def stages(self) -> None:
        folds, stored = defaultdict(list), defaultdict(list)
        for fold in self.group.folds:
            folds[self.group.stage[fold]].append(fold)
        for node in filter(self.is_whole, self.group.stored):
            stored[self.group.stage[node]].append(node)
        numbers = sorted({*folds, *stored})
        passes = [(number, folds[number], stored[number]) for number in numbers]
        found = carried(self.group, {s: [memory(f.inputs[0]) for f in folds[s]] + stored[s] for s in numbers})
        if not found.nodes or _is_at_most(self.row_size, ROW):
            self.passes(passes, found)
            return
        with self.body.scope(f"if {self.body.code(self.row_size)} <= {ROW}:", closed=True):
            self.passes(passes, found)
        with self.body.scope("else:", closed=True):
            self.passes(passes, Carried())

    @property
    def row_size(self) -> Size:
        """The elements of a row."""
        return product(a.size for a in self.axes.folded)

    def passes(self, passes: Iterable[tuple[int, list[Expr], list[Expr]]], found: Carried) -> None:
        """A row: the passes over it, then what is stored of their results."""
        self.carried, self.kept = found, {n: self.row_of(n) for n in found.nodes}
        for number, folds, stored in passes:
            self.stage(number, folds, stored)
        self.store(n for n in self.group.stored if not self.is_whole(n))

    def row_of(self, node: Expr) -> str:
        """The name of scratch for a row of `node`, of `ROW` elements at most."""
        dtype = compute_dtype(node.dtype)
        nbytes = minimum(self.row_size, ROW) * dtype.itemsize
        return self.arguments.scratch(nbytes, dtype, self.body.code, f"{node.op.name}_row")

    def is_whole(self, node: Expr) -> bool:
        """Whether a node runs over the folded loops too."""
        return not isinstance(node.op.lower, Fold) and self.group.index[node] not in (self.group.kept, self.unit_index)

    @property
    def unit_index(self) -> tuple:
        kept = iter(self.group.kept)
        return tuple(0 if k in self.group.axes else next(kept) for k in range(len(self.group.domain)))

    def stage(self, number: int, folds: list[Expr], stored: list[Expr]) -> None:
        """One pass over a row: these folds, and these nodes stored."""
        totals = self.totals(folds)
        *outer, inner = self.axes.folded or (None,)
        with self.loops(outer):
            if folds and inner and not _is_at_most(inner.size, PART):
                self.parts(number, inner, totals, stored)
            else:
                with self.loops([inner] if inner else []):
                    self.take_in(number, totals, stored)
        for fold, total in totals.items():
            self.body.define(fold, self.axes.place(self.group.index[fold]), total)

    def totals(self, folds: Iterable[Expr]) -> dict[Expr, Value]:
        """An accumulator for each fold."""
        return {f: self.body.assign(f.op.name, self.initial(f), compute_dtype(f.dtype)) for f in folds}

    def parts(self, number: int, inner: Axis, totals: dict[Expr, Value], stored: list[Expr]) -> None:
        """A long loop part by part: sums of sums lose less than one long sum."""
        with self.body.scope(f"for first in range(0, {self.body.code(inner.size)}, {PART}):", closed=True):
            parts = self.totals(totals)
            with self.loop(inner, f"first, min(first + {PART}, {self.body.code(inner.size)})"):
                self.take_in(number, parts, stored)
            for fold, total in totals.items():
                self.body.line(f"{total.code} = {self.combined(fold, total, parts[fold])}")

    def take_in(self, number: int, totals: dict[Expr, Value], stored: list[Expr]) -> None:
        """One turn of the innermost loop."""
        whole = self.axes.place(LOOP[:len(self.group.domain)])
        folded = self.axes.folded
        place = self.body.code(row_major((a.size for a in folded), (a.index for a in folded)))
        for node in self.carried.loaded.get(number, ()):
            code = f"{self.kept[node]}[{place}]"
            self.body.define(node, whole, self.body.assign(f"{node.op.name}_i", code, compute_dtype(node.dtype)))
        for fold, total in totals.items():
            self.body.line(f"{total.code} = {self.combined(fold, total, self.operand(fold))}")
        for node in self.carried.saved.get(number, ()):
            self.body.line(f"{self.kept[node]}[{place}] = {self.body.emit(node, whole).code}")
        self.store(stored)

    def operand(self, fold: Expr) -> Value:
        """What the fold takes in, in the present pass of its loops."""
        return self.body.emit(fold.inputs[0], self.axes.place(LOOP[:len(self.group.domain)]))

    def initial(self, fold: Expr) -> str:
        return typed(_fold(fold)[0], compute_dtype(fold.dtype))

    def combined(self, fold: Expr, total: Value, x: Value) -> str:
        combine = _fold(fold)[1]
        if is_float(fold.dtype):
            combine = _IN_LANES.get(combine, combine)
        return converted(typed(combine.replace("{acc}", total.code), total.dtype), [x], total.dtype)

    # ---- folds over everything
    def is_one_long_row(self) -> bool:
        """Whether all is folded, in one loop that is worth sharing, and then not read again."""
        whole = [n for n in self.group.stored if self.is_whole(n)]
        once = not any(self.group.stage[n] for n in (*self.group.folds, *whole))
        return bool(self.group.axes) and not self.axes.kept and len(self.axes.folded) == 1 and once \
            and not _is_at_most(self.axes.folded[0].size, PART)

    def long_row(self) -> None:
        """Threads share the parts; the last to finish folds the parts' results, in order."""
        (inner,) = self.axes.folded
        count, size = self.body.code(ceildiv(inner.size, PART)), self.body.code(inner.size)
        results = {f: self.part_results(f, ceildiv(inner.size, PART)) for f in self.group.folds}
        counter = self.arguments.counter()
        self.body.line(f"low, high = share({count}, tid, threads)")
        with self.body.scope("for part in range(low, high):", _PARTS):
            parts = self.totals(results)
            with self.loop(inner, f"part * {PART}, min(part * {PART} + {PART}, {size})"):
                self.take_in(0, parts, [n for n in self.group.stored if self.is_whole(n)])
            for fold, part in parts.items():
                self.body.line(f"{results[fold]}[part] = {part.code}")
        with self.body.scope(f"if is_last({counter}, threads):", closed=True):
            totals = self.totals(results)
            with self.body.scope(f"for part in range({count}):", _PARTS):
                for fold, total in totals.items():
                    part = Value(f"{results[fold]}[part]", total.dtype)
                    self.body.line(f"{total.code} = {self.combined(fold, total, part)}")
            for fold, total in totals.items():
                self.body.define(fold, self.axes.place(self.group.index[fold]), total)
            self.store(n for n in self.group.stored if not self.is_whole(n))

    def part_results(self, fold: Expr, count: Size) -> str:
        """The name of memory for what the parts come to: so many results."""
        dtype = compute_dtype(fold.dtype)
        return self.arguments.shared(count * dtype.itemsize, dtype, f"{fold.op.name}_parts")

    # ---- folds down columns
    def columns(self) -> None:
        *outer, inner = self.axes.kept
        sums = self.accumulators()
        if not outer and self.are_shared_by_rows(inner):
            self.few_columns(_Columns(inner, sums))
            return
        width = self.width(inner.size)
        number = width if isinstance(width, int) else self.body.code(width)
        blocks = Axis(_BLOCKS, ceildiv(inner.size, width), False)
        tasks = product(a.size for a in [*outer, blocks])
        self.body.line(f"low, high = share({self.body.code(tasks)}, tid, threads)")
        with self.body.scope("for block in range(low, high):", *(a.symbol for a in outer)):
            self.unravel([*outer, blocks], "block")
            self.body.line(f"first = first * {number}")
            self.body.line(f"last = min(first + {number}, {self.body.code(inner.size)})")
            block = _Columns(inner, sums, "first, last", " - first")
            self.clear(block)
            with self.loops(self.axes.folded):
                self.add_up(block)
            self.finish(block)

    def are_shared_by_rows(self, inner: Axis) -> bool:
        """Whether the columns are too few to be shared, and the rows worth it."""
        few = _is_at_most(inner.size, NARROW) and inner.size > 0 and len(self.axes.folded) == 1
        return few and not _is_at_most(self.axes.folded[0].size * inner.size, PART)

    def few_columns(self, block: _Columns) -> None:
        """Threads share the rows, part by part; the last to finish folds the parts' results, in order."""
        (outer,), inner = self.axes.folded, block.inner
        rows = PART // inner.size
        parts, size = self.body.code(ceildiv(outer.size, rows)), self.body.code(outer.size)
        results = {f: self.part_results(f, ceildiv(outer.size, rows) * inner.size) for f in self.group.folds}
        counter = self.arguments.counter()
        self.body.line(f"low, high = share({parts}, tid, threads)")
        with self.body.scope("for part in range(low, high):", _PARTS):
            self.clear(block)
            with self.loop(outer, f"part * {rows}, min(part * {rows} + {rows}, {size})"):
                self.add_up(block)
            with self.loop(inner):
                for fold, total in block.totals():
                    self.body.line(f"{results[fold]}[part * {inner.size} + {block.place}] = {total.code}")
        with self.body.scope(f"if is_last({counter}, threads):", closed=True):
            self.clear(block)
            with self.body.scope(f"for part in range({parts}):", _PARTS), self.loop(inner):
                for fold, total in block.totals():
                    part = Value(f"{results[fold]}[part * {inner.size} + {block.place}]", total.dtype)
                    self.body.line(f"{total.code} = {self.combined(fold, total, part)}")
            self.finish(block)

    def width(self, columns: Size) -> Size:
        """The columns of a block: many, for long walks through memory, but such that every thread has a block."""
        if isinstance(columns, int) and columns <= NARROW:
            return NARROW
        self.body.line(f"width = min({BLOCK}, max({NARROW}, -(-({self.body.code(columns)}) // threads)))")
        self.body.symbols[_WIDTH] = "width"
        return Integer({(_WIDTH,): 1})

    def accumulators(self) -> dict[Expr, str]:
        """A pointer to a block of columns for each fold. Those of one dtype lie in one piece of scratch: so it is seen that
        they do not overlap, and the loop over columns becomes vectors."""
        found: dict[Expr, str] = {}
        for dtype in dict.fromkeys(compute_dtype(f.dtype) for f in self.group.folds):
            first, *others = (f for f in self.group.folds if compute_dtype(f.dtype) == dtype)
            nbytes = (1 + len(others)) * APART * dtype.itemsize
            found[first] = self.arguments.scratch(nbytes, dtype, self.body.code, "sums")
            for k, fold in enumerate(others, 1):
                found[fold] = self.names.new("sums")
                self.body.line(f"{found[fold]} = {found[first]} + {k * APART}")
        return found

    def clear(self, block: _Columns) -> None:
        with self.loop(block.inner, block.bounds):
            for fold, total in block.totals():
                self.body.line(f"{total.code} = {self.initial(fold)}")

    def add_up(self, block: _Columns) -> None:
        """Take a row in."""
        with self.loop(block.inner, block.bounds):
            for fold, total in block.totals():
                self.body.line(f"{total.code} = {self.combined(fold, total, self.operand(fold))}")
            self.store(n for n in self.group.stored if self.is_whole(n))

    def finish(self, block: _Columns) -> None:
        """Store what follows from the folds' results."""
        with self.loop(block.inner, block.bounds):
            for fold, total in block.totals():
                result = self.body.assign(fold.op.name, total.code, total.dtype)
                self.body.define(fold, self.axes.place(self.group.index[fold]), result)
            self.store(n for n in self.group.stored if not self.is_whole(n))


@dataclass(frozen=True)
class _Columns:
    """A block of columns: the loop over them, its bounds, and a pointer to accumulators for each fold, the first of which
    belongs to the first column of the block."""

    inner: Axis
    sums: dict[Expr, str]
    bounds: str = ""
    less_first: str = ""

    @property
    def place(self) -> str:
        return f"{self.inner.symbol.name}{self.less_first}"

    def totals(self) -> Iterator[tuple[Expr, Value]]:
        """Each fold with the accumulator of the present column."""
        for fold, pointer in self.sums.items():
            yield fold, Value(f"{pointer}[{self.place}]", compute_dtype(fold.dtype))


_IN_LANES = {"{acc} + {0}": "add_up({acc}, {0})", "{acc} * {0}": "multiply_up({acc}, {0})",
             "math.maximum({acc}, {0})": "highest_of({acc}, {0})", "math.minimum({acc}, {0})": "lowest_of({acc}, {0})"}
"""Folds of floats in a form that vectorizes: sums and products in any order."""


def _fold(node: Expr) -> tuple[str, str]:
    lower = node.op.lower
    kind = "f" if is_float(node.dtype) else node.dtype.kind
    return lower.by_dtype.get(kind, (lower.init, lower.combine))


def _is_at_most(size: Size, limit: int) -> bool:
    return isinstance(size, int) and size <= limit


def _title(group: Group) -> str:
    """A name for a kernel: its last ops."""
    names = [n.op.name for n in group.stored][-3:]
    return "_".join(dict.fromkeys(names))


def _work(group: Group) -> Size:
    return product(group.domain) * _cost(group.nodes)


def _cost(nodes: Iterable[Expr]) -> int:
    """The operations that these nodes take for each element."""
    return sum(n.op.lower.cost if isinstance(n.op.lower, Scalar) else 1 for n in nodes)

