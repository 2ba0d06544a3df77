"""Sums of products with fewer operations: like terms are gathered, and what terms have in common is factored out.

    u*x**2 + 2*(u*x*x)   ->  u * x**2 * 3
    3 * (x + c*x*x*x)    ->  x * (3 + 3*c * x**2)
    a*b*d - a*(c*d)      ->  a * d * (b - c)

A polynomial is a map from monomials to their coefficients; a monomial is a map from its factors, which are any nodes, to
their powers. A sum within a product is not multiplied out. The new form of a polynomial takes the place of the old one
only where it has fewer operations, those not counted that are computed for others anyway.

It rounds differently. No term disappears: where coefficients add up to 0, the polynomial stays as it was written, so
that NaN and infinities are not lost.
"""
from __future__ import annotations

import builtins
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np

from ..ir.expr import Expr, originating
from ..ir.graph import Graph, rebuilt
from ..ir.leaves import constant
from ..ir.types import is_float
from ..ops.elementwise import negative, square
from .rules import COMMUTATIVE, is_wide, number

TERMS, FACTORS = 32, 8
"""Terms of a polynomial and factors of a monomial that are looked at together, at most."""
ROUNDS = 3
"""How often polynomials are looked at: products that others have are known for certain once these have not changed."""

_OPS = frozenset("add subtract multiply negative square".split())

Monomial = tuple[tuple[Expr, int], ...]
Polynomial = dict[Monomial, float]


def gather(graph: Graph) -> Graph:
    """The graph with its polynomials in the form with the fewest operations that was found."""
    for _ in range(ROUNDS):
        found = graph.substitute(_Gathering(graph).forms())
        if _operations(found) >= _operations(graph):
            break
        graph = found
    return graph


class _Irregular(Exception):
    """A polynomial that stays as it is: a coefficient is 0 or out of range, or there are too many terms."""


class _Gathering:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.users: dict[Expr, list[Expr]] = defaultdict(list)
        for node in graph.order:
            for x in dict.fromkeys(node.inputs):
                self.users[x].append(node)
        self.root = self.roots()
        self.members: dict[Expr, list[Expr]] = defaultdict(list)
        for node, root in self.root.items():
            self.members[root].append(node)
        self.known = {_key(node.op.name, *node.inputs): node for node in graph.order if node.op.name in _OPS}
        self.new: dict[Expr, Expr] = {}
        self.polynomial: dict[Expr, Polynomial] = {}
        self.inner: dict[Expr, Polynomial] = {}
        self.current: Expr | None = None

    def roots(self) -> dict[Expr, Expr]:
        """For each node of a polynomial the node whose value the polynomial is: it alone is read by others."""
        results, found = set(self.graph.results), {}
        for node in reversed(self.graph.order):
            if _is_polynomial(node):
                owners = {found[u] if _is_alike(u, node) else None for u in self.users[node]}
                owner = owners.pop() if len(owners) == 1 and node not in results else None
                found[node] = node if owner is None else owner
        return found

    def forms(self) -> dict[Expr, Expr]:
        """What to put in place of each node."""
        for node in self.graph.order:
            with originating(node.line):
                self.new[node] = found = rebuilt(node, tuple(self.new[x] for x in node.inputs))
                if node in self.root:
                    self.root.setdefault(found, self.root[node])
                    self.known.setdefault(_key(found.op.name, *found.inputs), found)
                    self.gathered(node)
        return self.new

    def gathered(self, node: Expr) -> None:
        try:
            self.polynomial[node] = self.expanded(node)
            if self.root[node] is node and len(self.members[node]) > 1:
                self.current = node
                self.replace(node, self.sum(self.polynomial[node]))
        except _Irregular:
            self.polynomial.setdefault(node, _alone(self.new[node]))

    def replace(self, root: Expr, found: Expr) -> None:
        """Let `found` stand for `root`, where it takes fewer operations."""
        made = self.made(found, root)
        if found.type == root.type and len(made) < len(self.members[root]):
            self.new[root] = found
            for x in self.members[root]:
                self.known.pop(_key(x.op.name, *x.inputs), None)
            for x in made:
                self.root[x] = root
                self.known[_key(x.op.name, *x.inputs)] = x

    def made(self, found: Expr, root: Expr) -> set[Expr]:
        """The operations of `found` that only the polynomial of `root` computes."""
        seen: set[Expr] = set()
        stack = [found]
        while stack:
            x = stack.pop()
            if x not in seen and x.op.name in _OPS and self.root.get(x, root) is root and _is_polynomial(x):
                seen.add(x)
                stack.extend(x.inputs)
        return seen

    # ---- from nodes to polynomials
    def expanded(self, node: Expr) -> Polynomial:
        if node.op.name in ("add", "subtract"):
            x, y = (self.seen(x, node, within_sum=True) for x in node.inputs)
            return _added(x, y, -1.0 if node.op.name == "subtract" else 1.0)
        (x, a), *rest = (next(iter(self.seen(x, node).items())) for x in node.inputs)
        if node.op.name == "negative":
            return {x: -a}
        y, b = rest[0] if rest else (x, a)
        return {_product(x, y): _coefficient(a * b)}

    def seen(self, x: Expr, user: Expr, within_sum: bool = False) -> Polynomial:
        """An operand of `user`: a product's is one monomial."""
        value = number(x)
        if value is not None and np.isfinite(value) and value != 0:
            return {(): float(value)}
        found = self.polynomial.get(x) if _is_alike(x, user) else None
        if found is None:
            return _alone(self.new[x])
        if len(found) == 1:
            return found if len(next(iter(found))) <= FACTORS else _alone(self.new[x])
        if self.root[x] is not self.root[user]:
            return _alone(self.new[x])
        if within_sum and len(self.users[x]) == 1:
            return found
        return dict([self.factored(found)])

    # ---- from polynomials to nodes
    def factored(self, terms: Polynomial) -> tuple[Monomial, float]:
        """A polynomial as a monomial and its coefficient: what the terms have in common, and the rest as a factor."""
        common = _common(terms)
        rest = {_quotient(m, common): c for m, c in terms.items()}
        sizes = {abs(c) for c in rest.values()}
        scale = (sizes.pop() if len(sizes) == 1 else 1.0) * (1 if any(c > 0 for c in rest.values()) else -1)
        rest = {m: c / scale for m, c in rest.items()}
        factor = self.sum(rest)
        self.inner[factor] = rest
        return _product(common, ((factor, 1),)), scale

    def sum(self, terms: Polynomial) -> Expr:
        """The node of a polynomial, by Horner's rule in whatever factor most terms have in common."""
        while len(terms) > 1 and (shared := _most_common(terms)) is not None:
            group = {m: c for m, c in terms.items() if shared in dict(m)}
            monomial, c = self.factored(group)
            terms = {m: c for m, c in terms.items() if m not in group} | {monomial: c}
        sizes = {abs(c) for c in terms.values()}
        if len(terms) > 1 and len(sizes) == 1 and sizes != {1.0} and () not in terms:
            terms = dict([self.factored(terms)])
        return self.total(terms)

    def total(self, terms: Polynomial) -> Expr:
        """Terms added up: what is only subtracted after what is added, the constant last."""
        rest = dict(terms)
        last = rest.pop((), None)
        (monomial, c), *others = sorted(rest.items(), key=lambda term: term[1] == -1)
        if c == -1 and last is not None:
            x = self.product(monomial, 1.0)
            result, last = self.made_once(_constant(last, x) - x), None
        else:
            result = self.product(monomial, c)
        for monomial, c in others:
            x = self.product(monomial, 1.0 if c == -1 else c)
            result = self.made_once(result - x if c == -1 else result + x)
        return result if last is None else self.made_once(result + _constant(last, result))

    def product(self, monomial: Monomial, c: float) -> Expr:
        """A monomial times a number."""
        factors = dict(monomial)
        absorbing = next((x for x, power in monomial if c != 1 and power == 1 and self.absorbs(x)), None)
        if absorbing is not None:
            del factors[absorbing]
            scaled = self.sum({m: _coefficient(c * d) for m, d in self.inner[absorbing].items()})
            factors[scaled], c = factors.get(scaled, 0) + 1, 1.0
        parts = [part for x, power in factors.items() for part in self.powers(x, power)]
        return self.made_once(negative(self.multiplied(parts))) if c == -1 else self.multiplied(parts, c)

    def absorbs(self, factor: Expr) -> bool:
        """Whether this sum times a number takes no operation more: its terms are multiplied by numbers anyway."""
        terms = self.inner.get(factor)
        return terms is not None and factor not in self.root and all(abs(c) != 1 for m, c in terms.items() if m)

    def powers(self, x: Expr, power: int) -> Iterator[Expr]:
        """Powers of `x` whose product is ``x**power``."""
        while power:
            if power & 1:
                yield x
            power >>= 1
            x = self.made_once(square(x)) if power else x

    def multiplied(self, parts: list[Expr], c: float = 1.0) -> Expr:
        """The product of nodes and a number, by way of products that are computed anyway."""
        parts = list(parts)
        if c != 1:
            parts.append(_constant(c, parts[0]))
        while len(parts) > 1:
            i, j = min(combinations(range(len(parts)), 2), key=lambda pair: self.effort(*(parts[k] for k in pair)))
            y, x = parts.pop(j), parts.pop(i)
            parts.insert(0, self.made_once(x * y))
        return parts[0]

    def effort(self, x: Expr, y: Expr) -> int:
        """What a product takes: 0 where another polynomial has it, 1 where this one had it as it was written."""
        found = self.known.get(_key("multiply", x, y))
        return 2 if found is None else int(self.root[found] is self.current)

    def made_once(self, node: Expr) -> Expr:
        """`node`, or what computes the same with its operands exchanged."""
        return self.known.get(_key(node.op.name, *node.inputs), node)


# ---- nodes ----------------------------------------------------------------------------------------------------------
def _is_polynomial(node: Expr) -> bool:
    return node.op.name in _OPS and is_float(node.dtype) and is_wide(node) and all(
        x.dtype == node.dtype for x in node.inputs) and not all(x.op.name == "constant" for x in node.inputs)


def _is_alike(x: Expr, y: Expr) -> bool:
    return _is_polynomial(x) and x.type == y.type


def _key(name: str, *operands: Expr) -> tuple:
    return (name, frozenset(operands) if name in COMMUTATIVE else operands)


def _constant(c: float, like: Expr) -> Expr:
    return constant(_coefficient(c), like.dtype)


def _operations(graph: Graph) -> int:
    return builtins.sum(bool(node.inputs) for node in graph.order)


# ---- polynomials ----------------------------------------------------------------------------------------------------
def _alone(x: Expr) -> Polynomial:
    return {((x, 1),): 1.0}


def _coefficient(c: float) -> float:
    if not 1e-30 < abs(c) < 1e30:
        raise _Irregular
    return c


def _added(x: Polynomial, y: Polynomial, scale: float) -> Polynomial:
    total = dict(x)
    for monomial, c in y.items():
        total[monomial] = _coefficient(total.get(monomial, 0.0) + scale * c)
    if len(total) > TERMS:
        raise _Irregular
    return total


def _monomial(powers: dict[Expr, int]) -> Monomial:
    return tuple(sorted(((x, n) for x, n in powers.items() if n), key=lambda factor: factor[0].serial))


def _product(x: Monomial, y: Monomial) -> Monomial:
    return _monomial(Counter(dict(x)) + Counter(dict(y)))


def _quotient(x: Monomial, y: Monomial) -> Monomial:
    return _monomial(Counter(dict(x)) - Counter(dict(y)))


def _common(terms: Iterable[Monomial]) -> Monomial:
    first, *others = (Counter(dict(m)) for m in terms)
    for powers in others:
        first &= powers
    return _monomial(first)


def _most_common(terms: Iterable[Monomial]) -> Expr | None:
    """The factor of the most terms; None where they have none in common."""
    counts = Counter(x for monomial in terms for x, _ in monomial)
    x, count = max(counts.items(), key=lambda item: item[1], default=(None, 0))
    return x if count > 1 else None
