"""Graphs as text, and back.

    graph(x:f32[?,784], w:variable f32[784,10], b:variable f32[10]) {
      %1:f32[?,10] = matmul(x, w)
      %2:f32[?,10] = add(%1, b)        # train.py:12
      update b = %3
      return %2
    }

The grammar (``{a}``: any number of a, ``[a]``: a or nothing, comments from ``#`` to the end of a line)::

    graph    = "graph" "(" [leaf {"," leaf}] ")" "{" {node | body} {update} "return" [operand {"," operand}] "}"
    body     = "@" integer "=" graph
    leaf     = name ":" ["variable"] type
    node     = name ":" type "=" word ["[" word "=" value {"," word "=" value} "]"] "(" [operand {"," operand}] ")"
    update   = "update" name "=" operand
    operand  = name | number [":" dtype] | array
    array    = type "{" ([number {"," number}] | "#" hash) "}"
    type     = dtype "[" [size {"," size}] "]"
    value    = size | number | string | dtype | "None" | "@" integer | "(" [value {"," value} [","]] ")"
    size     = term {("+" | "-") term}
    term     = ["-"] atom {("*" | "//" | "%") atom}
    atom     = integer | unknown | "(" size ")" | ("min" | "max") "(" size "," size ")"
    name     = word | "%" integer | string
    unknown  = "?" [word]
    number   = ["-"] (digits [. digits] [exponent] | "inf") | "nan" | "True" | "False"
    dtype    = "bool" | "i8" ... "i64" | "u8" ... "u64" | "f16" | "bf16" | "f32" | "f64"

A number without a dtype takes that of the other operands, as in Python. A large array is elided to a hash of its
content, which `parse` refuses; ``text(graph, full=True)`` writes it out. An unknown size is the same wherever its
name appears.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ArgumentError, GraphcError
from .expr import Expr, make
from .graph import Graph
from .integer import Call, Integer, Size, Symbol, maximum, minimum, symbols
from .leaves import Variable, constant, placeholder, weak_constant
from .loop import bodies
from .registry import lookup
from .sizes import with_bodies
from .types import LONG, SHORT, Type, is_bool, is_float
from .verify import arity

_ELIDE = 16
_RESERVED = {"graph", "update", "return", "variable", "None", "True", "False", "inf", "nan", *LONG}
_WORD = re.compile(r"[A-Za-z_]\w*")


# ---- writing --------------------------------------------------------------------------------------------------------
def text(graph: Graph, *, full: bool = False, lines: bool = True) -> str:
    """The graph as text. `full` writes out large arrays; `lines` ends each node with the user's line that made it."""
    return _Writer(graph, full, lines).written()


class _Writer:
    def __init__(self, graph: Graph, full: bool, lines: bool, around: _Writer | None = None):
        self.graph, self.full, self.lines = graph, full, lines
        self.bodies: dict[Graph, str] = {} if around is None else around.bodies
        self.leaves = dict.fromkeys((*graph.inputs, *graph.variables,
                                     *(x for x in graph.order if x.op.name == "placeholder")))
        self.nodes = [x for x in graph.order if x not in self.leaves and x.op.name != "constant"]
        self.sizes = around.sizes if around else _unknowns(_sized(graph))
        self.names = _names(self.leaves, self.nodes)

    def written(self) -> str:
        leaves = ", ".join(f"{self.names[x]}:{'variable ' if isinstance(x, Variable) else ''}{self.type(x.type)}"
                           for x in self.leaves)
        body = [line for x in self.nodes for line in (*self.new_bodies(x), self.node(x))]
        body += [f"  update {self.names[v]} = {self.operand(x)}" for v, x in self.graph.updates]
        body.append(f"  return {', '.join(map(self.operand, self.graph.outputs))}".rstrip())
        return "\n".join([f"graph({leaves}) {{", *body, "}"])

    def new_bodies(self, x: Expr) -> Iterator[str]:
        """The sub-graphs of a node, each where it is needed first."""
        for body in bodies(x):
            if body not in self.bodies:
                written = _Writer(body, self.full, self.lines, self).written()
                self.bodies[body] = f"@{len(self.bodies) + 1}"
                yield "\n".join(f"  {line}" for line in f"{self.bodies[body]} = {written}".splitlines())

    def node(self, x: Expr) -> str:
        attrs = ", ".join(f"{key}={self.value(value)}" for key, value in x.attrs.items())
        operands = ", ".join(self.operand(o, x) for o in x.inputs)
        line = f"  {self.names[x]}:{self.type(x.type)} = {x.op.name}{f'[{attrs}]' if attrs else ''}({operands})"
        return f"{line:<60}  # {Path(x.line.file).name}:{x.line.number}" if self.lines and x.line else line

    def operand(self, x: Expr, user: Expr | None = None) -> str:
        if x.op.name != "constant":
            return self.names[x]
        array = x.attrs["value"].value
        if array.shape:
            return f"{self.type(x.type)}{{{self.elements(array)}}}"
        number = _number(array[()])
        others = [o.dtype for o in user.inputs if o.op.name != "constant"] if user is not None else []
        return number if _weak(_read_number(number), others) is x else f"{number}:{SHORT[x.dtype]}"

    def elements(self, array: np.ndarray) -> str:
        if array.size > _ELIDE and not self.full:
            return "#" + sha256(array.tobytes()).hexdigest()[:16]
        return ", ".join(map(_number, array.ravel()))

    def type(self, t: Type) -> str:
        return f"{SHORT[t.dtype]}[{','.join(map(self.size, t.dims))}]"

    def value(self, value: Any) -> str:
        if isinstance(value, tuple):
            return f"({', '.join(map(self.value, value))}{',' if len(value) == 1 else ''})"
        if isinstance(value, np.dtype):
            return SHORT[value]
        if isinstance(value, Graph):
            return self.bodies[value]
        if isinstance(value, str):
            return json.dumps(value)
        if callable(value):
            return f"<{getattr(value, '__name__', type(value).__name__)}>"
        return self.size(value) if isinstance(value, Integer) else repr(value)

    def size(self, size: Size) -> str:
        if isinstance(size, int):
            return str(size)
        terms = ["*".join(([str(k)] if k != 1 or not atoms else []) + list(map(self.atom, atoms)))
                 for atoms, k in size.terms.items()]
        return "+".join(terms).replace("+-", "-")

    def atom(self, atom: Symbol | Call) -> str:
        if isinstance(atom, Symbol):
            return self.sizes[atom]
        left, right = self.size(atom.left), self.size(atom.right)
        infix = atom.function in ("//", "%")
        return f"(({left}){atom.function}({right}))" if infix else f"{atom.function}({left},{right})"


def _names(leaves, nodes) -> dict[Expr, str]:
    names, taken, serial = {}, set(), 0
    for x in (*leaves, *nodes):
        if x.full_name and x in leaves:
            names[x] = _unique(x.full_name, taken)
        else:
            serial += 1
            names[x] = f"%{serial}"
    return names


def _unique(name: str, taken: set[str]) -> str:
    """The user's name, quoted where it is not a word; the second leaf of one name becomes ``"name#2"``."""
    found, again = name, 1
    while found in taken:
        again += 1
        found = f"{name}#{again}"
    taken.add(found)
    return found if _WORD.fullmatch(found) and found not in _RESERVED and found.isascii() else json.dumps(found)


def _unknowns(values) -> dict[Symbol, str]:
    """A name for each unknown size: ``?``, ``?2``; or what the user called it, as ``?batch``."""
    found = dict.fromkeys(s for value in values for s in sorted(_symbols(value), key=lambda s: s.serial))
    names, taken = {}, set()
    for symbol in found:
        base = "?" + (symbol.name if _WORD.fullmatch(symbol.name) and symbol.name.isascii() else "")
        again = 1
        while (name := base + (str(again) if again > 1 else "")) in taken:
            again += 1
        taken.add(name)
        names[symbol] = name
    return names


def _sized(graph: Graph) -> Iterator:
    """All that sizes may stand in."""
    for x in dict.fromkeys((*graph.inputs, *with_bodies(graph.order))):
        yield x.type.dims
        yield x.attrs


def _symbols(value) -> set[Symbol]:
    if isinstance(value, (tuple, Mapping)):
        return {s for v in (value.values() if isinstance(value, Mapping) else value) for s in _symbols(v)}
    return symbols(value) if isinstance(value, Integer) else set()


def _number(value) -> str:
    """The shortest text that reads back as the same number."""
    if is_bool(value.dtype) or not is_float(value.dtype):
        return str(value)
    if value == 0:
        return "-0.0" if np.signbit(value) else "0"
    whole = np.isfinite(value) and float(value) == int(value) and abs(float(value)) < 1e6
    return str(int(value) if whole else value)


def _weak(number, dtypes: list[np.dtype]) -> Expr | None:
    try:
        return weak_constant(number, dtypes)
    except (GraphcError, OverflowError):
        return None


# ---- reading --------------------------------------------------------------------------------------------------------
def parse(source: str) -> Graph:
    """The graph that `source` describes, over new placeholders and zero-valued Variables.

    Raises ArgumentError, with the line in `source`, for text outside the grammar, for unknown names and ops, for
    types that are not those of the ops, and for an array that was elided."""
    reader = _Reader(source)
    graph = reader.graph()
    reader.take("end")
    return graph


_TOKENS = re.compile(r"""\s+|(?P<hash>\#[0-9a-f]{16}(?=\}))|\#[^\n]*|(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<unknown>\?\w*)|(?P<serial>%\d+)|(?P<body>@\d+)|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_]\w*)|(?P<mark>//|[-+*%(){}\[\]:,=])""", re.VERBOSE)


def _read_number(word: str):
    if word in ("True", "False"):
        return word == "True"
    return int(word) if re.fullmatch(r"-?\d+", word) else float(word)


class _Reader:
    def __init__(self, source: str):
        self.source, self.tokens, self.at = source, _tokens(source), 0
        self.nodes: dict[str, Expr] = {}
        self.bodies: dict[str, Graph] = {}
        self.sizes: dict[str, Integer] = {}

    # tokens
    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def word(self) -> str:
        return self.tokens[self.at][1]

    def take(self, *expected: str) -> str:
        if expected and self.word not in expected and self.kind not in expected:
            raise self.error(f"expected {' or '.join(expected)}, found {self.word or 'the end'}", self.at)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def skip(self, word: str) -> bool:
        found = self.word == word and self.kind != "string"
        self.at += found
        return found

    def several(self, part: Callable[[], Any], end: str) -> list:
        """Comma-separated parts, and the `end` after them."""
        found = []
        while not self.skip(end):
            found.append(part())
            if not self.skip(","):
                self.take(end)
                break
        return found

    def error(self, message: str, at: int | None = None) -> ArgumentError:
        """About the token at `at`, or the last one taken."""
        number = self.source.count("\n", 0, self.tokens[self.at - 1 if at is None else at][2]) + 1
        return ArgumentError(f"line {number} of the graph: {message}")

    # the grammar
    def graph(self) -> Graph:
        self.take("graph")
        self.take("(")
        leaves = self.several(self.leaf, ")")
        self.take("{")
        while self.word not in ("update", "return"):
            self.body() if self.kind == "body" else self.node()
        updates = []
        while self.skip("update"):
            variable = self.operand([])
            self.take("=")
            updates.append((variable, self.operand([])))
        self.take("return")
        outputs = self.several(lambda: self.operand([]), "}")
        return Graph(tuple(x for x in leaves if not isinstance(x, Variable)), tuple(outputs), tuple(updates))

    def body(self) -> None:
        """A sub-graph: its nodes have names of their own."""
        name = self.take("body")
        self.take("=")
        if name in self.bodies:
            raise self.error(f"{name} is defined twice")
        around, self.nodes = self.nodes, {}
        self.bodies[name] = self.graph()
        self.nodes = around

    def leaf(self) -> Expr:
        name = self.name()
        self.take(":")
        variable = self.skip("variable")
        t = self.type()
        given = None if name.startswith("%") else json.loads(name) if name.startswith('"') else name
        if variable and not all(isinstance(d, int) for d in t.dims):
            raise self.error(f"the Variable {name} has an unknown size")
        make_leaf = (lambda: Variable(np.zeros(t.dims, t.dtype), name=given)) if variable else \
            (lambda: placeholder(t.dims, t.dtype, given))
        return self.define(name, make_leaf())

    def define(self, name: str, node: Expr) -> Expr:
        if name in self.nodes:
            raise self.error(f"{name} is defined twice")
        self.nodes[name] = node
        return node

    def name(self) -> str:
        return self.take("serial", "word", "string")

    def node(self) -> None:
        name = self.name()
        self.take(":")
        declared = self.type()
        self.take("=")
        op = self.take("word")
        attrs = dict(self.several(self.attribute, "]")) if self.skip("[") else {}
        self.take("(")
        given = self.several(lambda: self.operand(None), ")")
        dtypes = [x.dtype for x in given if isinstance(x, Expr) and x.op.name != "constant"]
        try:
            operands = tuple(x if isinstance(x, Expr) else weak_constant(x, dtypes) for x in given)
            node = make(lookup(op), operands, attrs)
        except (GraphcError, TypeError, KeyError) as error:
            raise self.error(str(error)) from error
        if arity(node.op) not in (None, len(operands)):
            raise self.error(f"{op} takes {arity(node.op)} operands, not {len(operands)}")
        if node.type != declared:
            raise self.error(f"{op} gives {node.type}, not {declared}")
        self.define(name, node)

    def attribute(self) -> tuple[str, Any]:
        key = self.take("word")
        self.take("=")
        return key, self.value()

    def operand(self, dtypes: list[np.dtype] | None):
        """An expression; or, with None for `dtypes`, a number that waits for the dtypes of the other operands."""
        if self.kind in ("serial", "string") or (self.kind == "word" and self.word not in _RESERVED):
            name = self.take()
            if name not in self.nodes:
                raise self.error(f"{name} is not defined")
            return self.nodes[name]
        if self.word in LONG:
            return self.array(self.type())
        number = self.number()
        if self.skip(":"):
            return constant(np.array(number, LONG[self.take(*LONG)]))
        return number if dtypes is None else weak_constant(number, dtypes)

    def array(self, t: Type) -> Expr:
        self.take("{")
        if self.kind == "hash":
            raise self.error("the array was elided; write it with full=True to read it back")
        return constant(np.array(self.several(self.number, "}"), t.dtype).reshape(t.dims))

    def number(self):
        sign = "-" if self.skip("-") else ""
        return _read_number(sign + self.take("number", "inf", "nan", "True", "False"))

    def type(self) -> Type:
        dtype = LONG[self.take(*LONG)]
        self.take("[")
        return Type(dtype, tuple(self.several(self.size, "]")))

    def value(self):
        if self.kind == "string":
            return json.loads(self.take())
        if self.kind == "body":
            name = self.take()
            if name not in self.bodies:
                raise self.error(f"{name} is not defined")
            return self.bodies[name]
        if self.word in LONG:
            return LONG[self.take()]
        if self.skip("None"):
            return None
        if self.word == "(" and not self.is_size():
            self.take("(")
            return tuple(self.several(self.value, ")"))
        if self.word in ("inf", "nan", "True", "False") or (self.word == "-" and self.tokens[self.at + 1][1] == "inf"):
            return self.number()
        return self.size()

    def is_size(self) -> bool:
        """Whether a parenthesis opens a division, as in ``((?+1)//(2))``, and not a tuple."""
        depth = 0
        for _, word, _ in self.tokens[self.at:]:
            depth += (word == "(") - (word == ")")
            if depth == 1 and word in ("//", "%"):
                return True
            if depth == 0 or (depth == 1 and word == ","):
                return False
        return False

    def size(self) -> Size:
        total = self.term()
        while self.word in ("+", "-"):
            total = total + self.term() if self.take() == "+" else total - self.term()
        return total

    def term(self) -> Size:
        sign = -1 if self.skip("-") else 1
        total = self.atom()
        while self.word in ("*", "//", "%"):
            mark, right = self.take(), self.atom()
            total = total * right if mark == "*" else total // right if mark == "//" else total % right
        return total if sign == 1 else -total

    def atom(self) -> Size:
        if self.kind == "number":
            return _read_number(self.take())
        if self.kind == "unknown":
            name = self.take()
            return self.sizes.setdefault(name, Integer.symbol(name[1:] or "?"))
        if self.word in ("min", "max"):
            function = minimum if self.take() == "min" else maximum
            self.take("(")
            return function(*self.several(self.size, ")"))
        self.take("(")
        size = self.size()
        self.take(")")
        return size


def _tokens(source: str) -> list[tuple[str, str, int]]:
    """(kind, text, position) of every token; the last is an "end"."""
    found, at = [], 0
    source += "\n"
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None:
            number = source.count("\n", 0, at) + 1
            raise ArgumentError(f"line {number} of the graph: cannot read {source[at:at + 12]!r}")
        if match.lastgroup:
            found.append((match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, ("end", "", len(source) - 1)]
