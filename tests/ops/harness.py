"""The tests that every row of the op table gets by existing.

`samples` draws them: for an elementwise row from its `domain`, over shapes that broadcast, size-1 and empty axes and
0-d arrays; for any other row from its `cases`. Then

- `check_forward`: the inferred type is the type of NumPy's result, and interpreting a graph gives NumPy's values;
- `check_gradient`: symbolic derivatives equal central differences in float64, to order 1 and 2;
- `check_compiled`: compiled code equals the interpreter, for every dtype, with sizes known or not.

Each returns what it compared, so that a test can tell a row that passes from one that nothing was asked of.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

import ml_dtypes
import numpy as np
import pytest

import graphc
from graphc.interpreter import interpret
from graphc.ir.errors import DTypeError, GraphcError
from graphc.ir.inputs import bind
from graphc.ir.integer import Integer
from graphc.ir.op import Case, Op, Scalar
from graphc.ir.sizes import settled
from graphc.ir.types import SHORT, compute_dtype, is_bool, is_float

DTYPES = tuple(SHORT)
FLOATS = tuple(d for d in DTYPES if is_float(d))
SHAPES = {
    1: [((),), ((7,),), ((3, 4),), ((1,),), ((0,),), ((0, 3),), ((2, 1, 3),)],
    2: [((), ()), ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (5,)), ((1,), (1,)), ((0, 3), (3,)),
        ((1, 0), (5, 1))],
    3: [((), (), ()), ((3, 4), (3, 4), (3, 4)), ((3, 4), (4,), ()), ((3, 1), (1, 4), (2, 1, 1)), ((), (), (5,)),
        ((0, 3), (3,), (1, 1))],
}
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -2.5, 3.0, 1e-40, -1e-310, 1e-5, 100.0, -100.0, 1e4, -3.3e38, 1e300, np.inf,
         -np.inf, np.nan)


# ---- what is drawn --------------------------------------------------------------------------------------------------
def samples(op: Op, dtype: np.dtype, seed: int = 0) -> list[Case]:
    """The row's cases in `dtype`; empty where its type rule refuses that dtype.

    The operands of an elementwise row all take it, those of any other row only where they were floats."""
    rng = np.random.default_rng(seed)
    return [case for case in _drawn(op, dtype, rng) if _takes(op, case)]


def _drawn(op: Op, dtype: np.dtype, rng: np.random.Generator) -> Iterable[Case]:
    if op.cases is not None:
        return [Case(tuple(_recast(x, dtype) for x in case.operands), case.attrs) for case in op.cases(rng)]
    if not op.domain:
        pytest.fail(f"the row {op.name} has neither domain nor cases: nothing tests it")
    domains = _domains(op)
    return [Case(tuple(draw(rng, *d, shape, dtype) for d, shape in zip(domains, shapes, strict=True)))
            for shapes in SHAPES[len(domains)]]


def edges(op: Op, dtype: np.dtype) -> list[Case]:
    """Zeros, infinities, NaN, tiny and huge numbers, each against each, for an elementwise row with a domain."""
    if not (op.domain and is_float(dtype)):
        return []
    with np.errstate(over="ignore"):
        values = np.array(EDGES).astype(dtype)
    case = Case(tuple(x.copy() for x in np.meshgrid(*[values] * arity(op), indexing="ij")))
    return [case] if _takes(op, case) else []


def arity(op: Op) -> int:
    """The number of operands that a scalar expression names."""
    assert isinstance(op.lower, Scalar)
    return 1 + max(map(int, re.findall(r"\{(\d+)\}", op.lower.expression)))


def draw(rng: np.random.Generator, low: float, high: float, shape: tuple, dtype: np.dtype) -> np.ndarray:
    """Uniform numbers in ``[low, high]``: for integers whole ones, for unsigned ones none below 0."""
    if is_bool(dtype):
        return rng.random(shape) < 0.5
    if not is_float(dtype):
        return rng.integers(np.ceil(max(low, 0) if dtype.kind == "u" else low), np.floor(high) + 1, shape).astype(dtype)
    return np.asarray(rng.uniform(low, high, shape)).astype(dtype)


def _domains(op: Op) -> tuple:
    return op.domain if isinstance(op.domain[0], tuple) else (op.domain,) * arity(op)


def _recast(x, dtype: np.dtype) -> np.ndarray:
    x = np.asarray(x)
    with np.errstate(invalid="ignore"):  # NaN as an integer: any will do
        return x.astype(dtype) if is_float(x.dtype) else x


Signature = tuple[np.dtype, ...]
"""The dtypes of the operands, then that of the result."""


def signature(op: Op, case: Case) -> Signature:
    inputs, y = build(op, case)
    return *(x.dtype for x in inputs), y.dtype


def signatures(op: Op) -> set[Signature]:
    """Every combination of dtypes in which the row has samples of some elements."""
    return {signature(op, case) for dtype in DTYPES for case in samples(op, dtype) if size(op, case)}


def size(op: Op, case: Case) -> int:
    """The number of elements of the result."""
    return build(op, case)[1].size


def _takes(op: Op, case: Case) -> bool:
    try:
        build(op, case)
    except DTypeError:
        return False
    return True


# ---- graphs and values ----------------------------------------------------------------------------------------------
Built = tuple[Case, Sequence, graphc.ir.expr.Expr]
"""A sample, placeholders for its operands, and the op on them."""


def build(op: Op, case: Case, unknown: bool = False) -> tuple[list, graphc.ir.expr.Expr]:
    """Placeholders for the operands, and the op on them. With `unknown`, axes as long as the first operand's first one
    are known only at call time."""
    arrays = [np.asarray(x) for x in case.operands]
    sizes = {arrays[0].shape[0]: Integer.symbol("n")} if unknown and arrays and arrays[0].ndim else {}
    inputs = [graphc.placeholder(tuple(sizes.get(d, d) if d != 1 else 1 for d in x.shape), x.dtype, f"x{k}")
              for k, x in enumerate(arrays)]
    return inputs, op(*inputs, **case.attrs)


def meaning(op: Op, case: Case, y) -> np.ndarray:
    """What NumPy says, with the operands converted as the row does."""
    operands = [np.asarray(x).astype(node.dtype) for x, node in zip(case.operands, y.inputs, strict=True)]
    with np.errstate(all="ignore"):
        return np.asarray(op.numpy(*operands, **case.attrs))


def assert_same(actual, expected, context: str = "") -> None:
    """Equal, NaN where NaN is expected; 16-bit floats are compared as float32, for NumPy knows no NaN of ml_dtypes."""
    actual, expected = (np.asarray(x).astype(compute_dtype(np.asarray(x).dtype)) for x in (actual, expected))
    np.testing.assert_array_equal(actual, expected, context)


def assert_near(actual, expected, tolerance: float = 1.0, ulps: float = 16.0, context: str = "") -> None:
    """Equal for integers and bool; for floats within `ulps` (times `tolerance`), 2 of them for 16-bit floats, and NaN
    and infinity where they are expected."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, f"dtype {actual.dtype}, expected {expected.dtype} {context}"
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape} {context}"
    if not is_float(expected.dtype):
        np.testing.assert_array_equal(actual, expected, context)
        return
    info = ml_dtypes.finfo(expected.dtype)
    relative = tolerance * float(info.eps) * (ulps if expected.dtype.itemsize > 2 else 2)
    smallest = 4 * float(info.smallest_normal) * tolerance
    actual, expected = actual.astype(np.float64), expected.astype(np.float64)
    np.testing.assert_allclose(actual, expected, relative, smallest, err_msg=context)


# ---- the checks -----------------------------------------------------------------------------------------------------
def check_forward(op: Op, dtype: np.dtype) -> int:
    """Types and values of every sample in `dtype`; returns how many there were."""
    cases = [*samples(op, dtype), *edges(op, dtype)]
    for case in cases:
        inputs, y = build(op, case)
        expected = meaning(op, case, y)
        context = f"in {op.name}({', '.join(str(x.type) for x in inputs)}, {case.attrs})"
        assert y.dims == expected.shape, f"inferred {y.type}, NumPy's shape is {expected.shape} {context}"
        assert compute_dtype(y.dtype) == compute_dtype(expected.dtype), \
            f"inferred {y.type}, NumPy's dtype is {expected.dtype} {context}"
        with np.errstate(all="ignore"):
            assert_same(interpret(inputs, y, case.operands), expected.astype(y.dtype), context)
    return len(cases)


def check_unknown_sizes(op: Op) -> int:
    """The type inferred for sizes that only a call knows stands for NumPy's shape once they are known; returns how many
    samples have such sizes."""
    built = unknown_samples(op)
    for case, inputs, y in built:
        assert np.shape(interpret(inputs, y, case.operands)) == interpreted_shape(inputs, y, case.operands), op.name
    return len(built)


def interpreted_shape(inputs: Sequence, y, values: Sequence) -> tuple:
    return settled(y.dims, bind(inputs, [np.shape(value) for value in values]))


def unknown_samples(op: Op) -> list[Built]:
    """The samples in the first dtype that the row takes, with sizes that only a call knows; without those whose
    attributes fix the size (reshape to (2, 3) takes no unknown rows)."""
    built = ((case, *_built_unknown(op, case)) for case in samples(op, first_dtype(op)))
    return [(case, inputs, y) for case, inputs, y in built if any(None in x.shape for x in inputs)]


def _built_unknown(op: Op, case: Case) -> tuple[Sequence, graphc.ir.expr.Expr | None]:
    try:
        return build(op, case, unknown=True)
    except GraphcError:
        if op.domain:
            raise
        return (), None


def check_compiled(op: Op, built: Sequence[Built]) -> set[Signature]:
    """Compiled code equals the interpreter, in all samples at once: they are the outputs of one program. Returns the
    combinations of dtypes in which elements were compared."""
    function = graphc.compile([x for _, inputs, _ in built for x in inputs], [y for _, _, y in built])
    results = function(*[value for case, _, _ in built for value in case.operands])
    for (case, inputs, y), actual in zip(built, results, strict=True):
        context = f"in {op.name}({', '.join(str(x.type) for x in inputs)}, {case.attrs})"
        assert_near(actual, interpret(inputs, y, case.operands), op.tolerance, context=context)
    return {(*(x.dtype for x in inputs), y.dtype)
            for (_, inputs, y), actual in zip(built, results, strict=True) if np.size(actual)}


def compiled_samples(op: Op) -> list[Built]:
    """A few samples in the first dtype that the row takes, and the edges; then one of every other combination of dtypes:
    the edges where there are some, else the smallest of more than one element."""
    first = first_dtype(op)
    chosen = [*samples(op, first)[:4], *edges(op, first)]
    seen = {signature(op, case) for case in chosen if size(op, case)}
    for dtype in DTYPES:
        for case in [*edges(op, dtype), *sorted(samples(op, dtype), key=partial(_bulk, op))]:
            if size(op, case) and (found := signature(op, case)) not in seen:
                seen.add(found)
                chosen.append(case)
    return [(case, *build(op, case)) for case in chosen]


def _bulk(op: Op, case: Case) -> tuple[bool, int]:
    return size(op, case) < 2, size(op, case) + sum(map(np.size, case.operands))


def first_dtype(op: Op) -> np.dtype:
    """float32, or else the first dtype that the row takes."""
    return next(dtype for dtype in (np.dtype("float32"), *DTYPES) if samples(op, dtype))


def check_gradient(op: Op, order: int, seed: int = 0) -> int:
    """Each sample's derivative of the given order, along random directions, equals central differences in float64;
    returns how many samples have elements to differentiate.

    From the second order on, the cost is quadratic in the result: so the rule is differentiated by `g` too, of which it
    may be all that a linear op's derivative depends on."""
    rng = np.random.default_rng(seed)
    checked = 0
    for case in samples(op, np.dtype("float64"), seed):
        inputs, y = build(op, case)
        wanted = [x for x in inputs if is_float(x.dtype)]
        if y.dtype != np.float64 or not wanted or not np.isfinite(meaning(op, case, y)).all():
            continue
        cost = weighted_sum(rng, [y if order == 1 else y + y * y / 2])
        for _ in range(order - 1):
            cost = weighted_sum(rng, graphc.grad(cost, wanted, unconnected="zeros"))
        check_derivative(cost, inputs, case.operands, rng, f"order {order} of {op.name}({case.operands}, {case.attrs})")
        checked += y.size > 0
    return checked


def weighted_sum(rng: np.random.Generator, ys: Sequence):
    """A scalar that weights every element of every one of `ys` at random."""
    terms = [graphc.sum(y * graphc.constant(rng.uniform(0.5, 1.5, y.shape))) for y in ys]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def check_derivative(cost, inputs: Sequence, values: Sequence, rng: np.random.Generator, context: str = "") -> None:
    """``graphc.grad(cost, ...)`` along random directions equals extrapolated central differences."""
    values = [np.asarray(v) for v in values]
    wanted = [k for k, x in enumerate(inputs) if is_float(x.dtype)]
    gradients = interpret(inputs, graphc.grad(cost, [inputs[k] for k in wanted], unconnected="zeros"), values)
    for _ in range(2):
        direction = {k: rng.uniform(0.5, 1.5, values[k].shape) * rng.choice((-1, 1), values[k].shape) for k in wanted}
        along = partial(_moved, cost, inputs, values, direction)
        parts = [np.sum(g * direction[k]) for k, g in zip(wanted, gradients, strict=True)]
        scale = sum(np.sum(np.abs(g * direction[k])) for k, g in zip(wanted, gradients, strict=True))
        np.testing.assert_allclose(sum(parts), central_difference(along), 1e-12,
                                   1e-7 * scale + 1e-9 * (1 + abs(along(0.0))), err_msg=context)


def _moved(cost, inputs, values, direction, h: float) -> float:
    return interpret(inputs, cost, [v + h * direction[k] if k in direction else v for k, v in enumerate(values)])


def central_difference(f, h: float = 1e-4) -> float:
    """The derivative of `f` at 0, to O(h^4): Richardson's extrapolation of two central differences."""
    coarse, fine = ((f(step) - f(-step)) / (2 * step) for step in (h, h / 2))
    return (4 * fine - coarse) / 3
