"""The body of a kernel being written: what the rule of an `Index` op may ask for.

A rule is ``rule(body, i, *operand_types, **attrs) -> Value``. `i` holds one `Integer` for each axis of the result: loop
variables, or whatever the consumer computed from them; arithmetic on them (``+ - * // %``, `minimum`, `maximum` of
`graphc.ir.integer`) stays symbolic until it is written out. Dims may be Integers as well and mix freely with indices.

=====================================  ===============================================================================
``body.read(k, i)``                     the element of operand `k` at the indices `i` (one per axis of that operand)
``body.among(number, i)``               as `read`, of the operand with this number, an Integer: all have one type, and lie
                                        in memory in row-major order (see `graphc.passes.layout`)
``body.choose(test, then, otherwise)``  ``then()`` where `test` holds, else ``otherwise()``; only the chosen side is read
``body.test("{0} < {1}", a, b)``        a condition over Integers and Values, for `choose` or as a bool Value
``body.scalar("{0} * 2", *xs, dtype)``  a scalar expression (as in `Scalar`) over Values and Integers
``body.integer(value)``                 an integer Value (an element of an index array) as an Integer, for `read`
``body.checked(index, size)``           an index that may be negative or wrong: wrapped, or IndexOutOfBounds at run time
``body.value(integer, dtype)``          an Integer as a Value: how arange and eye are made
``body.constant(number, dtype)``        a number as a Value
=====================================  ===============================================================================
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ..ir.expr import Expr
from ..ir.integer import Integer, Size, Symbol, product, symbols
from ..ir.op import Fold, Index, Scalar
from ..ir.types import SHORT, compute_dtype, is_bool, is_float, is_integer, row_major
from ..passes.kernels import Group, Indices, base, broadcast_index, is_inline, is_transparent, step
from .arguments import Arguments
from .text import Names, cast, integer, number, typed

INT64 = np.dtype("int64")


@dataclass(frozen=True)
class Value:
    """A scalar in generated code: a variable or a literal, known from the scope at `depth` inwards."""

    code: str
    dtype: np.dtype
    depth: int = 0


@dataclass
class Scope:
    """A nesting level of the text: the line that opens it, the symbols that its loops bind, what it holds so far.

    Nothing is moved out of a `closed` scope: the branch of a choice."""

    head: str
    symbols: set[Symbol]
    lines: list[str] = field(default_factory=list)
    values: dict[tuple, Value] = field(default_factory=dict)
    closed: bool = False


class Body:
    """Writes scalar code for the nodes of a group, each value once, in the outermost loop where it can stand."""

    def __init__(self, group: Group, arguments: Arguments, names: Names):
        self.group, self.arguments, self.names = group, arguments, names
        self.symbols: dict[Symbol, str] = {}
        self.scopes: list[Scope] = [Scope("", set())]
        self.used: set[Integer] = set()
        self.checks: list[tuple[Size, Expr]] = []
        self.at: list[tuple[Expr, Indices]] = []

    # ---- scopes
    @contextmanager
    def scope(self, head: str, *loops: Symbol, closed: bool = False) -> Iterator[None]:
        """A nested level, opened by the line `head`; it becomes part of the one around it when it ends, so that what is
        moved out of it stands before it."""
        self.scopes.append(Scope(head, set(loops), closed=closed))
        yield
        inner = self.scopes.pop()
        self.scopes[-1].lines += [head, *(f"    {line}" for line in inner.lines)]

    def line(self, text: str) -> None:
        self.scopes[-1].lines.append(text)

    def depth(self, needed: set[Symbol] = frozenset(), operands: Iterable[Value] = ()) -> int:
        """How far in a value must stand: where the loops `needed` are open and its operands are known, and out of no
        branch."""
        deepest = max((x.depth for x in operands), default=0)
        for k in range(len(self.scopes) - 1, deepest, -1):
            if self.scopes[k].closed or needed & self.scopes[k].symbols:
                return k
        return deepest

    # ---- values
    def known(self, key: tuple) -> Value | None:
        return next((s.values[key] for s in reversed(self.scopes) if key in s.values), None)

    def define(self, node: Expr, i: Indices, value: Value) -> Value:
        """From here on, `value` is the element of `node` at `i`."""
        self.scopes[max(value.depth, self.depth())].values[node, i] = value
        return value

    def emit(self, node: Expr, i: Indices) -> Value:
        """The element of `node` at `i`: computed if it belongs to this kernel, else loaded."""
        key = (node, tuple(i))
        found = self.known(key)
        if found is None:
            found = self._computed(node, tuple(i)) if self._inside(node) else self._loaded(node, tuple(i))
        return found

    def _inside(self, node: Expr) -> bool:
        group = self.group
        return node in group.index or node in group.inlined or is_inline(node) or _is_number(node)

    def _computed(self, node: Expr, i: Indices) -> Value:
        lower = node.op.lower
        if _is_number(node):
            return self.constant(node.attrs["value"].value[()], node.dtype)
        if is_transparent(node):
            return self.emit(*step(node, i))
        if isinstance(lower, Index):
            self.at.append((node, i))
            value = lower.rule(self, i, *(x.type for x in node.inputs), **node.attrs)
            self.at.pop()
        elif isinstance(lower, Fold):
            raise AssertionError(f"the fold {node} is read before its loop")
        else:
            operands = [self.emit(x, broadcast_index(x, i)) for x in node.inputs]
            value = self._scalar(lower, operands, node)
        return self.define(node, i, value)

    def _scalar(self, lower: Scalar, operands: list[Value], node: Expr) -> Value:
        dtype = compute_dtype(node.dtype)
        numbers = {k: repr(v) for k, v in node.attrs.items() if isinstance(v, (int, float))}
        kinds = "".join(_kind(o.dtype) for o in operands) or _kind(dtype)
        expression = lower.by_dtype.get(kinds) or lower.by_dtype.get(kinds[0], lower.expression)
        working = next((o.dtype for o in operands if not is_bool(o.dtype)), dtype)
        plain = expression == "{0}"
        if plain and node.dtype not in (dtype, node.inputs[0].dtype):
            code = _narrowed(operands[0], node.dtype)
        else:
            code = converted(typed(_substituted(expression, numbers), working), operands, dtype, plain)
        return self.assign(node.op.name, code, dtype, self.depth(operands=operands))

    def assign(self, wanted: str, code: str, dtype: np.dtype, depth: int | None = None) -> Value:
        """A new variable, in the scope at `depth`, or in the innermost."""
        depth = len(self.scopes) - 1 if depth is None else depth
        name = self.names.new(wanted)
        self.scopes[depth].lines.append(f"{name} = {code}")
        return Value(name, dtype, depth)

    def _loaded(self, node: Expr, i: Indices) -> Value:
        pointer = self.arguments.read(node)
        code = f"{pointer}[{self.code(row_major(node.dims, i))}]"
        name = f"{pointer}_{'i' if i else 'value'}"
        return self.define(node, i, self.assign(name, code, compute_dtype(node.dtype), self.depth(_symbols(i))))

    def store(self, elements: Iterable[tuple[Expr, Indices]]) -> None:
        """Write these elements to memory: all are computed before the first is stored, which may be over an operand of
        the next."""
        for node, i, value in [(node, i, self.emit(node, i)) for node, i in elements]:
            self.line(f"{self.arguments.write(node)}[{self.code(row_major(node.dims, i))}] = {value.code}")

    def code(self, size: Size) -> str:
        """An Integer as code; what it is made of becomes an argument of the kernel if no loop binds it, large numbers
        too."""
        return self._code(size, self.arguments.number)

    def _code(self, size: Size, number: Callable[[int], str] = str) -> str:
        if isinstance(size, Integer):
            self.used.add(size)
            for symbol in sorted(size.symbols(), key=lambda s: s.serial):
                if symbol not in self.symbols:
                    self.symbols[symbol] = self.arguments.size(symbol)
        return integer(size, self.symbols, number)

    def digit(self, number: str, k: int, sizes: Sequence[Size]) -> str:
        """The index along axis `k` of the combination with this number, of axes of these sizes."""
        inner = product(sizes[k + 1:])
        quotient = number if inner == 1 else f"{number} // {_grouped(self._code(inner))}"
        return quotient if k == 0 else f"{quotient} % {_grouped(self._code(sizes[k]))}"

    # ---- what rules ask for
    def read(self, k: int, i: Indices) -> Value:
        return self.emit(self.at[-1][0].inputs[k], tuple(i))

    def among(self, number: Size, i: Indices) -> Value:
        """The operand is chosen by number: all are of one type, and in memory in row-major order."""
        xs = self.at[-1][0].inputs
        first = self.arguments.table([base(x) for x in xs])
        pointer = f'source(args, {first} + {_grouped(self.code(number))}, "{SHORT[xs[0].dtype]}")'
        code = f"{pointer}[{self.code(row_major(xs[0].dims, i))}]"
        return self.assign("operand", code, compute_dtype(xs[0].dtype), self.depth(_symbols((number, *i))))

    def constant(self, value, dtype: np.dtype) -> Value:
        dtype = compute_dtype(np.dtype(dtype))
        return Value(number(value, dtype), dtype)

    def value(self, size: Size, dtype: np.dtype) -> Value:
        dtype = compute_dtype(np.dtype(dtype))
        return Value(f"{cast(dtype)}({self.code(size)})", dtype, self.depth(symbols(size)))

    def integer(self, value: Value) -> Integer:
        code = f"min({value.code}, u64({2**63 - 1}))" if value.dtype == np.uint64 else value.code
        return self._bound(self.assign("index", f"i64({code})", INT64, self.depth(operands=[value])))

    def _bound(self, value: Value) -> Integer:
        """An Integer whose value a variable holds."""
        symbol = Symbol(value.code)
        self.symbols[symbol] = value.code
        self.scopes[value.depth].symbols.add(symbol)
        return Integer({(symbol,): 1})

    def checked(self, index: Size, size: Size) -> Integer:
        self.checks.append((size, self.at[-1][0]))
        status, limit = self.arguments.status(), self.code(size)
        code = f"report({status}, {len(self.checks)}, {self.code(index)}, {limit})"
        return self._bound(self.assign("index", code, INT64, self.depth(symbols(index) | symbols(size))))

    def test(self, expression: str, *operands: Value | Size) -> Value:
        return self.scalar(expression, *operands, dtype=np.dtype(bool))

    def scalar(self, expression: str, *operands: Value | Size, dtype: np.dtype) -> Value:
        dtype = compute_dtype(np.dtype(dtype))
        values = [x if isinstance(x, Value) else self._index_value(x) for x in operands]
        working = next((v.dtype for v in values if not is_bool(v.dtype)), dtype)
        code = converted(typed(expression, working), values, dtype)
        return self.assign("value", code, dtype, self.depth(operands=values))

    def _index_value(self, size: Size) -> Value:
        return Value(_grouped(self.code(size)), INT64, self.depth(symbols(size)))

    def choose(self, test: Value, then: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
        name = self.names.new(self.at[-1][0].op.name)
        for head, side in ((f"if {test.code}:", then), ("else:", otherwise)):
            with self.scope(head, closed=True):
                value = side()
                self.line(f"{name} = {value.code}")
        return Value(name, value.dtype, len(self.scopes) - 1)


def converted(template: str, operands: list[Value], dtype: np.dtype, plain: bool = False) -> str:
    """The template with its operands filled in, its value in `dtype`."""
    if plain and operands[0].dtype != dtype:
        return conversion(operands[0], dtype)
    code = template.format(*(o.code for o in operands))
    return f"{cast(dtype)}({code})" if is_integer(dtype) and not re.fullmatch(r"\w+", code) else code


def conversion(x: Value, dtype: np.dtype) -> str:
    """To bool, whether it is not zero; of a float to an integer, the nearest one that `dtype` holds."""
    if is_bool(dtype):
        return f"{x.code} != {number(0, x.dtype)}"
    if is_float(x.dtype) and is_integer(dtype):
        return f"math.to_{cast(dtype)}({x.code})"
    return f"{cast(dtype)}({x.code})"


def _narrowed(x: Value, dtype: np.dtype) -> str:
    """A cast to a 16-bit float: rounded once."""
    exact = x.dtype == np.float32 or x.dtype.itemsize < 4
    return f'as_stored({f"f32({x.code})" if exact else f"math.to_odd({x.code})"}, "{SHORT[dtype]}")'


def _substituted(expression: str, numbers: dict[str, str]) -> str:
    for name, text in numbers.items():
        expression = expression.replace("{" + name + "}", f"({text})" if text.startswith("-") else text)
    return expression


def _kind(dtype: np.dtype) -> str:
    return "f" if is_float(dtype) else dtype.kind


def _grouped(code: str) -> str:
    return code if re.fullmatch(r"\w+", code) else f"({code})"


def _is_number(node: Expr) -> bool:
    return node.op.name == "constant" and not node.dims


def _symbols(i: Indices) -> set[Symbol]:
    return {s for index in i for s in symbols(index)}


__all__ = ["Body", "Scope", "Value"]
