"""Control flow: loops and branches whose bodies are sub-graphs, compiled to native loops.

A body is written down once, by calling the user's function on stand-ins. What it reads of the world around it becomes an
operand of the loop, and what does not depend on the iteration is computed once, outside. Random numbers are drawn anew in
each iteration: each has a state of its own, drawn outside from the state that the body names.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import tree
from ..ir.errors import ArgumentError, DTypeError, GradientError, ShapeError
from ..ir.expr import Expr
from ..ir.graph import Graph, substituted, topological
from ..ir.integer import Integer, Size
from ..ir.leaves import as_expr, is_weak, placeholder, weak_constant
from ..ir.loop import Loop, Part
from ..ir.op import Op
from ..ir.registry import public
from ..ir.types import Type, show_dims
from .backward import looped, scan_gradient
from .capture import captured, draws, made_since, redrawn, stand_in, states
from .creation import zeros_like

FOREVER = 1 << 62
"""Iterations of a loop that nothing but its condition ends."""


# ---- types ----------------------------------------------------------------------------------------------------------
def _check(part: Part, operands: Sequence[Type]) -> None:
    """Raise where operands do not fit a sub-graph's inputs, or its next carries its carries."""
    given = operands[part.first:]
    if len(given) != len(part.body.inputs):
        raise ArgumentError(f"the sub-graph takes {len(part.body.inputs)} operands, not {len(given)}")
    for k, (x, inner) in enumerate(zip(given, part.body.inputs, strict=True)):
        sliced = part.carries <= k < part.carries + part.slices
        _check_type(x, Type(inner.dtype, (part.trip, *inner.dims)) if sliced else inner.type, f"operand {k + part.first}")
    for k, (x, y) in enumerate(zip(given[:part.carries], part.body.outputs, strict=False)):
        _check_type(y.type, x, f"carry {k} after an iteration")


def _check_type(found: Type, expected: Type, what: str) -> None:
    if found.dtype != expected.dtype:
        raise DTypeError(f"{what} is {found}, where {expected} is expected; use astype")
    if found.rank != expected.rank or not all(map(_agree, found.dims, expected.dims)):
        raise ShapeError(f"{what} is {found}, where {expected} is expected")


def _agree(a: Size, b: Size) -> bool:
    """Whether two sizes are one, as far as is known; a size that is not known is not taken for 1."""
    return a == b or (isinstance(a, Integer) or isinstance(b, Integer)) and 1 not in (a, b)


def _scan_parts(*, body, carries, slices, length, reverse) -> tuple[Part, ...]:
    return (Part(body, length, carries, slices, reverse),)


def _scan_type(*xs: Type, output, length, carries, **attrs) -> Type:
    part, = _scan_parts(length=length, carries=carries, **attrs)
    _check(part, xs)
    y = part.body.outputs[output].type
    return xs[output] if output < carries else y.with_dims((length, *y.dims))


def _while_parts(*, body, trip) -> tuple[Part, ...]:
    return (Part(body, trip, len(body.outputs), guard=0),)


def _while_type(*xs: Type, body, trip, output) -> Type:
    _check(*_while_parts(body=body, trip=trip), xs)
    return xs[output]


def _cond_parts(*, true, false) -> tuple[Part, ...]:
    return tuple(Part(body, 1, first=1, guard=0, expected=expected) for body, expected in ((true, True), (false, False)))


def _cond_type(*xs: Type, true, false, output) -> Type:
    for part in _cond_parts(true=true, false=false):
        _check(part, xs)
    y, other = true.outputs[output].type, false.outputs[output].type
    _check_type(other, y, f"result {output} of the false branch")
    return y.with_dims(a if isinstance(a, int) else b for a, b in zip(y.dims, other.dims, strict=True))


# ---- NumPy's meaning ------------------------------------------------------------------------------------------------
def _scan(run, *operands, body, carries, slices, length, reverse):
    carry, xs, rest = operands[:carries], operands[carries:carries + slices], operands[carries + slices:]
    rows = []
    for t in reversed(range(length)) if reverse else range(length):
        results = run(body, (*carry, *(x[t] for x in xs), *rest))
        carry = results[:carries]
        rows.append(results[carries:])
    rows = rows[::-1] if reverse else rows
    return (*carry, *(map(np.stack, zip(*rows, strict=True)) if rows else [None] * len(body.outputs)))


def _while(run, *operands, body, trip):
    carry, rest = operands[:len(body.outputs)], operands[len(body.outputs):]
    while carry[0] and trip:
        carry, trip = run(body, (*carry, *rest)), trip - 1
    return carry


# ---- derivatives ----------------------------------------------------------------------------------------------------
def _while_gradient(gs, wanted, pull, *operands, **attrs):
    raise GradientError("while_loop has no gradient: how often it runs is known only once it has, and so is what it would "
                        "have to keep; use scan, whose length is known")


def _cond_gradient(gs: dict[int, Expr], wanted: Sequence[bool], pull: Callable, test: Expr, *operands: Expr, true: Graph,
                   false: Graph) -> list[Expr | None]:
    """A branch again: each computes what it needs of the branch that was taken anew."""
    mark = placeholder()
    given = sorted(gs)
    cotangents = [stand_in(gs[k]) for k in given]
    others = [k for k, w in enumerate(wanted[1:]) if w]
    branches = [pull([body.outputs[k] for k in given], cotangents, [body.inputs[k] for k in others])
                for body in (true, false)]
    inside = made_since(topological([x for branch in branches for x in branch]), mark) | set(true.order) | set(false.order)
    outside = {**dict(zip(true.inputs, operands, strict=True)), **dict(zip(false.inputs, operands, strict=True)),
               **dict(zip(cotangents, (gs[k] for k in given), strict=True))}
    found = _branched(test, *branches, inside - set(outside), outside)
    gradients = dict(zip(others, found, strict=True))
    return [None, *(gradients.get(k) for k in range(len(operands)))]


def _branched(test: Expr, true: Sequence[Expr], false: Sequence[Expr], inside, outside: dict[Expr, Expr]) -> list[Expr]:
    both = captured((), [*true, *false], inside)
    outputs = both.body.outputs
    attrs = {"true": Graph(both.body.inputs, outputs[:len(true)]), "false": Graph(both.body.inputs, outputs[len(true):])}
    operands = substituted(both.operands, outside)
    return [cond_row(test, *operands, output=k, **attrs) for k in range(len(true))]


scan_row = Op("scan", _scan, _scan_type, Loop(_scan_parts), scan_gradient,
              doc="A sub-graph for each row of some arrays, one after the other.")

while_row = Op("while_loop", _while, _while_type, Loop(_while_parts), _while_gradient,
               doc="A sub-graph again and again, as long as its first carry is true.")

cond_row = Op("cond", lambda run, test, *xs, true, false: run(true if test else false, xs), _cond_type, Loop(_cond_parts),
              _cond_gradient, doc="One of two sub-graphs.")


# ---- functions ------------------------------------------------------------------------------------------------------
@public
def scan(f: Callable, init, xs=None, length=None, reverse: bool = False) -> tuple[Any, Any]:
    """``carry, y = f(carry, x)`` for each row x of `xs`, one after the other: the last carry, and all y, stacked.

    `init`, `xs`, and what `f` returns are expressions, or lists, tuples and dicts of them (``None``: none). A carry keeps
    its shape and dtype. `f` is called once, on stand-ins; it may use any expression around it. Without `xs`, `length` says
    how many iterations there are. With `reverse` the last row comes first; each y lies where its x does. Random numbers in
    `f` are different ones in each iteration.

    Raises ArgumentError, ShapeError or DTypeError where structures, sizes or types do not fit.

    >>> x = placeholder((4,), name="x")
    >>> total, sums = scan(lambda total, x: (total + x, total + x), 0., x)
    >>> sums.shape
    (4,)
    """
    weak = [is_weak(x) for x in _leaves(init)]
    init, xs = _expressions(init), _expressions(xs)
    size = _length(_leaves(xs), length)
    mark = placeholder()
    for _ in range(2):  # a number in `init` takes the dtype that it has after an iteration
        carried = [stand_in(x) for x in _leaves(init)]
        rows = [stand_in(x, x.dims[1:]) for x in _leaves(xs)]
        carry, y = _pair(f(_filled(init, carried), _filled(xs, rows)))
        after = _next(carry, init)
        if not any(w and a.dtype != x.dtype for w, a, x in zip(weak, after, _leaves(init), strict=True)):
            break
        new = [x.astype(a.dtype) if w else x for w, a, x in zip(weak, after, _leaves(init), strict=True)]
        init, weak = _filled(init, new), [False] * len(new)
    y = _expressions(y)
    results = [*after, *_leaves(y)]
    drawn = draws([*carried, *rows], results, mark)
    own = states(drawn, (size,))
    results = redrawn(results, drawn, seeds := {x: stand_in(s, (2,)) for x, s in own.items()})
    stacks = dict(zip([*rows, *seeds.values()], [*_leaves(xs), *own.values()], strict=True))
    found = looped(_leaves(init), carried, stacks, results, size, bool(reverse), {})
    return _filled(init, found[:len(carried)]), _filled(y, found[len(carried):])


@public
def while_loop(cond_fn: Callable, body_fn: Callable, init, maximum_iterations=None) -> Any:
    """``x = body_fn(x)`` from ``x = init`` on, as long as ``cond_fn(x)``, at most `maximum_iterations` times.

    `init` is an expression, or lists, tuples and dicts of them, and so is what `body_fn` returns: of the same shapes and
    dtypes. `cond_fn` gives a bool scalar. There is no gradient: use `scan` where the number of iterations is known."""
    init = _expressions(init)
    mark, count = placeholder(), placeholder((), "uint64")
    carried = [stand_in(x) for x in _leaves(init)]
    after = _next(body_fn(_filled(init, carried)), init)
    results = [_test("while_loop", cond_fn(_filled(init, after))), *after]
    drawn = draws(carried, results, mark)
    own = states(drawn, ())
    results = redrawn(results, drawn, {x: _counted(s, count) for x, s in own.items()})
    counts = [count] if drawn else []
    part = captured([placeholder((), "bool"), *carried, *counts], [*results, *(n + 1 for n in counts)])
    start = [_test("while_loop", cond_fn(init)), *_leaves(init), *(zeros_like(n) for n in counts)]
    trip = FOREVER if maximum_iterations is None else _count("maximum_iterations", maximum_iterations)
    found = [while_row(*start, *part.operands, body=part.body, trip=trip, output=k + 1) for k in range(len(carried))]
    return _filled(init, found)


def _counted(state: Expr, count: Expr) -> Expr:
    """The state of the iteration with this number: another seed for each."""
    return state + count * as_expr(np.array([0x9E3779B97F4A7C15, 0], np.uint64))


@public
def cond(test, true_fn: Callable, false_fn: Callable, *operands) -> Any:
    """``true_fn(*operands)`` where the bool scalar `test` is true, else ``false_fn(*operands)``: only that one is computed.

    Both are called once, to write them down, and give expressions (or lists, tuples and dicts of them) of the same shapes
    and dtypes. Both may use any expression around them."""
    mark = placeholder()
    test, operands = _test("cond", test), [_expressions(x) for x in operands]
    true, false = true_fn(*operands), false_fn(*operands)
    _check_structure(false, true, "the false branch gives", "that of the true branch")
    results = [*_strong(_leaves(true), _leaves(false)), *_strong(_leaves(false), _leaves(true))]
    drawn = draws((), results, mark)
    own = states(drawn, ())
    results = redrawn(results, drawn, own)
    count = len(_leaves(true))
    inside = made_since(topological(results), mark) - set(own.values())
    return _filled(true, _branched(test, results[:count], results[count:], inside, {}))


def _strong(results: Sequence, others: Sequence) -> list[Expr]:
    """The results of a branch; a number takes the dtype of what the other branch gives."""
    return [weak_constant(x, [] if is_weak(other) else [as_expr(other).dtype]) if is_weak(x) else as_expr(x)
            for x, other in zip(results, others, strict=True)]


# ---- what users give ------------------------------------------------------------------------------------------------
def _leaves(structure) -> list:
    return [x for x in tree.leaves(structure) if x is not None]


def _filled(structure, values: Sequence) -> Any:
    given = iter(values)
    return tree.mapped(lambda x: None if x is None else next(given), structure)


def _expressions(structure) -> Any:
    return tree.mapped(lambda x: None if x is None else weak_constant(x, []) if is_weak(x) else as_expr(x), structure)


def _pair(result) -> tuple:
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ArgumentError(f"scan: f(carry, x) returns a pair, the next carry and a result (or None), not {result!r}")
    return tuple(result)


def _next(carry, init) -> list[Expr]:
    """The carry after an iteration, which is as the carry before it."""
    _check_structure(carry, init, "an iteration gives the carry", "the first carry")
    return [weak_constant(x, [before.dtype]) if is_weak(x) else as_expr(x)
            for x, before in zip(_leaves(carry), _leaves(init), strict=True)]


def _check_structure(given, expected, what: str, other: str) -> None:
    if _outline(given) != _outline(expected):
        raise ArgumentError(f"{what} {_outline(given)}, where {other} is {_outline(expected)}")


def _outline(structure) -> str:
    return str(tree.mapped(lambda x: None if x is None else _Leaf(), structure))


class _Leaf:
    def __repr__(self) -> str:
        return "*"


def _length(xs: Sequence[Expr], length) -> Size:
    """The number of iterations: the size that the rows of all arrays have."""
    for x in xs:
        if not x.ndim:
            raise ShapeError(f"scan: xs are arrays of rows; {x}:{x.type} has no axis")
    sizes = [x.dims[0] for x in xs] + ([] if length is None else [_count("length", length)])
    if not sizes:
        raise ArgumentError("scan: without xs, length says how many iterations there are")
    found = next((s for s in sizes if isinstance(s, int)), sizes[0])
    if not all(_agree(s, found) for s in sizes):
        raise ShapeError(f"scan: all xs, and length, have one number of rows, not {show_dims(sizes)}")
    return found


def _count(name: str, value) -> Size:
    if isinstance(value, Integer):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ArgumentError(f"{name} is a number of iterations, not {value!r}")
    return int(value)


def _test(name: str, value) -> Expr:
    test = as_expr(value)
    if test.dtype != np.bool_ or test.dims:
        raise DTypeError(f"{name}: a condition is a bool scalar, not {test.type}")
    return test


__all__ = ["cond", "scan", "while_loop"]
