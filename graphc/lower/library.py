"""Hand-written kernels: a driver that calls one with addresses and sizes, and the epilogue that it applies to each tile."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.op import Scalar
from ..ir.types import compute_dtype
from ..passes.axes import Axes, all_axes, joined, symbol_of
from ..passes.kernels import LOOP, Group
from ..passes.strides import matrices
from .arguments import SHARED, Arguments
from .body import Body, Value
from .imports import with_imports
from .program import Step
from .source import KernelSource
from .text import Names

GENERAL = 2
"""In a product every number is a word: its inner loops are compiled for all sizes anyway."""


def lower(group: Group) -> Step:
    """The kernel of a group with an anchor."""
    anchor, kernel = group.anchor, group.anchor.op.lower
    words: list = []
    texts, checks, reads = [], [], []
    if kernel.epilogue:
        epilogue = _Epilogue(group, words)
        texts, checks, reads = [epilogue.text()], epilogue.body.checks, epilogue.arguments.reading
    driver = _Driver(group, words)
    text = with_imports("\n\n".join([*texts, driver.text()]))
    reads = tuple(dict.fromkeys([*reads, *driver.arguments.reading]))
    cost = sum(n.op.lower.cost for n in group.nodes if isinstance(n.op.lower, Scalar))
    work = work_of(anchor) + product(anchor.dims) * cost
    return Step(KernelSource(driver.name, text), tuple(words), reads, tuple(group.stored), tuple(group.nodes),
                tuple(checks), work)


def work_of(node: Expr) -> Size:
    """About how many operations a hand-written kernel takes: for a product of two operands, each result times the length
    of its sum."""
    total = product(node.dims)
    if len(node.inputs) == 2 and node.op.lower.epilogue:
        shared = node.inputs[0].dims[-1] if node.op.lower.strided else product(node.inputs[1].dims[:-1])
        return total * shared
    return total * 8 + sum((product(x.dims) for x in node.inputs), 0)


class _Driver:
    """The function that the runtime calls."""

    def __init__(self, group: Group, words: list):
        self.group, self.kernel = group, group.anchor.op.lower
        self.function = self._of_types(self.kernel.function) if callable(self.kernel.function) else self.kernel.function
        self.names = Names({self.function.split(".")[0]})
        self.name = self.names.new("_".join(dict.fromkeys(n.op.name for n in [group.anchor, *group.nodes[-2:]])))
        self.arguments = Arguments(self.names, GENERAL if self.kernel.epilogue else SHARED, words)
        self.body = Body(group, self.arguments, self.names)

    def text(self) -> str:
        operands = self._matrices() if self.kernel.strided else self._operands()
        scratch, calls = self._scratch(), []
        if self.kernel.epilogue:
            operands += ["finish", "args"]
            calls.append(f"finish = finisher(epilogue, {scratch[0]})")
        calls.append(f"{self.function}({', '.join([*operands, *scratch, 'tid', 'threads'])})")
        lines = [*self.arguments.lines, *calls]
        return f"def {self.name}(args, tid, threads):\n" + "".join(f"    {line}\n" for line in lines)

    def _operands(self) -> list[str]:
        """Pointers to the operands and to the result, unless an epilogue stores it, then the sizes."""
        anchor = self.group.anchor
        pointers = [self.arguments.read(x) for x in anchor.inputs]
        if not self.kernel.epilogue:
            pointers.append(self.arguments.write(next(iter(self.group.stored))))
        return pointers + [self._size(s) for s in self._of_types(self.kernel.sizes)]

    def _of_types(self, function: Callable) -> Any:
        """What one of the kernel's functions says of operands and results like these."""
        anchor = self.group.anchor
        return function(*(x.type for x in anchor.inputs), anchor.type, **anchor.attrs)

    def _matrices(self) -> list[str]:
        """Pointers to two stacks of matrices, then sizes and strides."""
        count, m, a, b = matrices(self.group.anchor)
        pointers = [self._offset(self.arguments.read(x.node), x.offset) for x in (a, b)]
        n, k = self.group.anchor.dims[-1], self.group.anchor.inputs[0].dims[-1]
        sizes = [count, m, n, k, a.batch, a.row, a.column, b.batch, b.row, b.column]
        return [*pointers, *map(self._size, sizes)]

    def _offset(self, pointer: str, offset: Size) -> str:
        return pointer if offset == 0 else f"{pointer} + ({self.body.code(offset)})"

    def _size(self, size: Size) -> str:
        return self.arguments.own(size, self.body.code)

    def _scratch(self) -> list[str]:
        if self.kernel.scratch is None:
            return []
        dtype = compute_dtype(self.group.anchor.dtype)
        return [self.arguments.scratch(self._of_types(self.kernel.scratch), dtype, self.body.code)]


class _Epilogue:
    """The function that stores: ``epilogue(args, value, row, column)``, `value` an element of the anchor's result."""

    def __init__(self, group: Group, words: list):
        self.group, self.words = group, words
        draft = self._written(all_axes(group.domain[:-1]))
        del words[:]
        self.body = self._written(joined(all_axes(group.domain[:-1]), draft.used))
        self.arguments = self.body.arguments

    def _written(self, leading: Axes) -> Body:
        names = Names({a.symbol.name for a in leading.loops})
        body = Body(self.group, Arguments(names, GENERAL, self.words, self.group.over), names)
        column = symbol_of(LOOP[len(self.group.domain) - 1])
        axes = Axes(leading.loops, leading.values | ({column: 0} if self.group.domain[-1] == 1 else {}))
        body.symbols[column] = "column"
        self._rows(leading, body)
        anchor = self.group.anchor
        value = Value("value", compute_dtype(anchor.dtype))
        body.define(anchor, axes.place(self.group.index[anchor]), value)
        body.store((node, axes.place(self.group.index[node])) for node in self.group.stored)
        return body

    def _rows(self, leading: Axes, body: Body) -> None:
        if len(leading.loops) == 1:
            body.symbols[leading.loops[0].symbol] = "row"
            return
        for k, axis in enumerate(leading.loops):
            body.symbols[axis.symbol] = axis.symbol.name
            body.line(f"{axis.symbol.name} = {body.digit('row', k, [a.size for a in leading.loops])}")

    def text(self) -> str:
        lines = [*self.arguments.lines, *self.body.scopes[0].lines]
        return "@inlined\ndef epilogue(args, value, row, column):\n" + "".join(f"    {line}\n" for line in lines)
