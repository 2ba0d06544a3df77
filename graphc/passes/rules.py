"""Local rewriting: rules, how they are matched, and their application to a fixed point.

A rule is declared in the user's syntax, over the names of its own arguments::

    Rule(lambda x, y, z: (x*y + z*y, (x + z)*y), rounding=True)

Names that start with c or d match scalar constants, those that start with p match booleans, all others match
anything. Both orders of a commutative op are tried. A rule that needs to see axes or shapes is a function from a
node to its replacement, or to None. Rules are found by the op at their root, so that a pass costs time in
proportion to the graph.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np

from ..ir.expr import Expr, originating
from ..ir.graph import Graph, rebuilt
from ..ir.leaves import constant, placeholder
from ..ir.types import is_float, is_integer
from ..ops.shape import broadcast_to

COMMUTATIVE = frozenset("add multiply maximum minimum equal not_equal logical_and logical_or logical_xor bitwise_and "
                        "bitwise_or bitwise_xor hypot logaddexp".split())
_STEPS = 50
"""Rules applied to one node and what it turns into, before it is left as it is."""

Binding = dict[Expr, Expr]
Replace = Callable[[Expr], Expr | None]


class Rule:
    """``left -> right``, applied where `left` matches and `when` (a predicate over the same names; a constant is
    passed as its number) holds. `rounding` marks a rule whose result may round differently. It is applied to
    `floats` and to `integers`, and to booleans where the pattern is about these, or `booleans` says so."""

    def __init__(self, sides: Callable[..., tuple], *, rounding: bool = False, floats: bool = True,
                 integers: bool = True, booleans: bool = False, when: Callable[..., bool] | None = None):
        self.sides, self.rounding, self.when = sides, rounding, when
        self.floats, self.integers, self.booleans = floats, integers, booleans

    @cached_property
    def names(self) -> dict[str, Expr]:
        return {name: placeholder((), "bool" if name.startswith("p") else "float32", name)
                for name in _parameters(self.sides)}

    @cached_property
    def pattern(self) -> tuple[Expr, Expr]:
        left, right = self.sides(**self.names)
        return left, right if isinstance(right, Expr) else constant(right)

    @property
    def root(self) -> str:
        return self.pattern[0].op.name

    def __call__(self, node: Expr) -> Expr | None:
        left, right = self.pattern
        if not self.heads.issubset([x.op.name for x in node.inputs]) or not self.takes(node.inputs[0].dtype):
            return None
        for found in matches(left, node, {}):
            if self.when is None or self._holds(found):
                return built(right, found, node)
        return None

    @cached_property
    def heads(self) -> frozenset[str]:
        """Ops that must be among the operands of the root: tells most nodes apart at once."""
        return frozenset("constant" if _is_constant_name(x) else x.op.name for x in self.pattern[0].inputs
                         if x.op.name != "placeholder" or _is_constant_name(x))

    def takes(self, dtype: np.dtype) -> bool:
        """Whether the rule is for nodes whose first operand has that dtype."""
        if is_float(dtype):
            return self.floats
        return self.integers if is_integer(dtype) else self.booleans or self.pattern[0].inputs[0].dtype == dtype

    def _holds(self, found: Binding) -> bool:
        given = {name: found[x] for name, x in self.names.items()}
        return self.when(**{name: number(given[name]) if name[0] in "cd" else given[name]
                            for name in _parameters(self.when)})

    def __repr__(self) -> str:
        left, right = self.pattern
        return f"{left!r} -> {right!r}"


def _parameters(function: Callable) -> tuple[str, ...]:
    return function.__code__.co_varnames[:function.__code__.co_argcount]


def _is_constant_name(x: Expr) -> bool:
    return x.op.name == "placeholder" and x.name[0] in "cd"


def is_leaf(x: Expr) -> bool:
    """Whether `x` is a placeholder or a Variable."""
    return x.op.name in ("placeholder", "variable")


def number(x: Expr):
    """The value of a scalar constant; None for anything else."""
    return x.attrs["value"].value[()] if x.op.name == "constant" and not x.dims else None


def is_wide(x: Expr) -> bool:
    """Whether numbers made on the way keep enough digits: not on the 16-bit floats."""
    return x.dtype.itemsize >= 4 or not is_float(x.dtype)


def is_stretched(small: Expr, large: Expr) -> bool:
    """Whether elements of `small` meet several of `large`, each."""
    padded = (1,) * (large.ndim - small.ndim) + small.dims
    return is_wide(small) and small.ndim <= large.ndim and any(
        a == 1 and b != 1 for a, b in zip(padded, large.dims, strict=True))


def matches(pattern: Expr, node: Expr, found: Binding) -> Iterator[Binding]:
    """Every way to bind the pattern's names so that it is `node`."""
    name = pattern.op.name
    if name == "placeholder":
        if pattern in found:
            if found[pattern] is node:
                yield found
        elif not _is_constant_name(pattern) or (node.op.name == "constant" and not node.dims):
            yield {**found, pattern: node}
    elif name == "constant":
        value = number(node)
        if value is not None and value == number(pattern):
            yield found
    elif name == node.op.name and pattern.attrs == node.attrs:
        yield from _operands(pattern.inputs, node.inputs, found)
        if name in COMMUTATIVE and node.inputs[0] is not node.inputs[1]:
            yield from _operands(pattern.inputs, node.inputs[::-1], found)


def _operands(patterns: tuple[Expr, ...], nodes: tuple[Expr, ...], found: Binding) -> Iterator[Binding]:
    if not patterns:
        yield found
        return
    for bound in matches(patterns[0], nodes[0], found):
        yield from _operands(patterns[1:], nodes[1:], bound)


def built(pattern: Expr, found: Binding, like: Expr) -> Expr:
    """`pattern` with its names replaced; its numbers take the dtype of the operands beside them."""
    if pattern in found:
        return found[pattern]
    if pattern.op.name == "constant":
        return constant(number(pattern), like.dtype)
    operands = [_python_number(x) if x.op.name == "constant" else built(x, found, like) for x in pattern.inputs]
    return pattern.op(*operands, **pattern.attrs)


def _python_number(x: Expr) -> bool | int | float:
    value = number(x).item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def indexed(rules: Iterable[Rule | tuple[str, Replace]]) -> dict[str, list[Replace]]:
    """Rules by the op at their root; a function comes as ``(op, function)``."""
    found: dict[str, list[Replace]] = {}
    for rule in rules:
        root, replace = (rule.root, rule) if isinstance(rule, Rule) else rule
        found.setdefault(root, []).append(replace)
    return found


def rewrite(graph: Graph, rules: Callable[[Expr], Iterable[Replace]]) -> Graph:
    """The graph with `rules` applied to every node, operands first, until none applies."""
    return graph.substitute(_Rewriting(rules).normal_forms(graph.order))


class _Rewriting:
    def __init__(self, rules: Callable[[Expr], Iterable[Replace]]):
        self.rules = rules
        self.normal: dict[Expr, Expr] = {}

    def normal_forms(self, order: Iterable[Expr], depth: int = 0) -> Mapping[Expr, Expr]:
        for node in order:
            if node not in self.normal:
                with originating(node.line):
                    operands = tuple(self.normal[x] for x in node.inputs)
                    self.normal[node] = self.normal_form(rebuilt(node, operands), depth)
        return self.normal

    def normal_form(self, node: Expr, depth: int) -> Expr:
        """The normal form of a node whose operands are normal."""
        if node in self.normal:
            return self.normal[node]
        found = self.replaced(node) if depth < _STEPS else None
        if found is not None:
            self.normal_forms(_unseen(found, self.normal), depth + 1)
            found = self.normal[found]
        self.normal[node] = result = node if found is None else found
        self.normal[result] = result
        return result

    def replaced(self, node: Expr) -> Expr | None:
        for rule in self.rules(node):
            found = rule(node)
            if found is not None and found is not node and (found := _fitted(found, node)) is not None:
                return found
        return None


def _fitted(found: Expr, node: Expr) -> Expr | None:
    """`found` in the shape of the node that it replaces; None where its dtype is another."""
    if found.dtype != node.dtype:
        return None
    return found if found.dims == node.dims else broadcast_to(found, node.dims)


def _unseen(root: Expr, seen: Mapping[Expr, Expr]) -> tuple[Expr, ...]:
    """The nodes below `root`, operands first, without those that are in `seen`."""
    if root in seen:
        return ()
    order: dict[Expr, None] = {}
    stack = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order[node] = None
        elif node not in order and node not in seen:
            stack.append((node, True))
            stack.extend((x, False) for x in node.inputs)
    return tuple(order)

