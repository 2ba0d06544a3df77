"""Integers known only at call time: whatever is done to them, their values are those of plain ints."""
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphc.ir.integer import Integer, ceildiv, evaluate, maximum, minimum, product, symbols

N, M, K = UNKNOWNS = [Integer.symbol(name) for name in "nmk"]
SYMBOLS = [next(iter(x.symbols())) for x in UNKNOWNS]
FUNCTIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
             "min": minimum, "max": maximum, "ceildiv": ceildiv}

leaves = st.one_of(st.sampled_from(UNKNOWNS), st.integers(-6, 9))
trees = st.recursive(leaves, lambda inner: st.tuples(st.sampled_from(list(FUNCTIONS)), inner, inner), max_leaves=8)
numbers = st.lists(st.integers(-20, 30), min_size=3, max_size=3)


def built(tree, values: dict):
    """The tree as an Integer and as the plain int that it stands for; None where it divides by zero."""
    if not isinstance(tree, tuple):
        return tree, evaluate(tree, values)
    name, left, right = tree
    parts = built(left, values), built(right, values)
    if None in parts:
        return None
    (a, x), (b, y) = parts
    if y == 0 and name in ("//", "%", "ceildiv"):
        return None
    return FUNCTIONS[name](a, b), -(-x // y) if name == "ceildiv" else {"min": min, "max": max}.get(
        name, FUNCTIONS[name])(x, y)


@given(trees, numbers)
def test_the_value_is_that_of_plain_ints(tree, numbers):
    values = dict(zip(SYMBOLS, numbers, strict=True))
    if (pair := built(tree, values)) is not None:
        size, number = pair
        assert evaluate(size, values) == number
        assert symbols(size) <= set(SYMBOLS)


@given(trees, numbers, st.permutations(range(3)))
def test_symbols_are_replaced_one_after_the_other(tree, numbers, order):
    values = dict(zip(SYMBOLS, numbers, strict=True))
    pair = built(tree, values)
    if pair is None:
        return
    size = pair[0]
    try:
        for k in order:
            size = evaluate(size, {SYMBOLS[k]: values[SYMBOLS[k]]})
    except ZeroDivisionError:
        return
    assert type(size) is int and size == pair[1]


polynomials = st.recursive(leaves, lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner), max_leaves=8)


def polynomial(tree):
    return FUNCTIONS[tree[0]](*map(polynomial, tree[1:])) if isinstance(tree, tuple) else tree


@given(polynomials, polynomials, polynomials)
def test_equal_polynomials_are_equal(a, b, c):
    a, b, c = map(polynomial, (a, b, c))
    for left, right in ((a + b, b + a), (a * b, b * a), ((a + b) + c, a + (b + c)), (a * (b + c), a * b + a * c),
                        (a - b, -(b - a)), (a - a, 0), (a + b - b, a)):
        assert left == right and hash(left) == hash(right)


@pytest.mark.parametrize(("found", "expected"), [
    ((4 * N + 6) // 4, N + 1),
    ((4 * N + 6) % 4, 2),
    ((2 * N + 1) // 2, N),
    ((N * M) // N, M),
    ((N * M + N) // N, M + 1),
    ((N + M) // (N + M), 1),
    (N % 1, 0),
    ((N - 3) // 2 + 1, (N - 1) // 2),
    (N // 2 * (M // 2), M // 2 * (N // 2)),
    (minimum(N, M), minimum(M, N)),
    (maximum(N, N + 2), N + 2),
    (minimum(N, N - 1), N - 1),
    (ceildiv(6 * N, 3), 2 * N),
    (product([2, N, 3]), 6 * N),
    (product([]), 1),
])
def test_canonical_forms(found, expected):
    assert found == expected
    assert type(found) is type(expected)


def test_unknowns_of_one_name_are_different():
    a, b = Integer.symbol("?"), Integer.symbol("?")
    assert a != b
    assert (a // 2) * (b // 2) == (b // 2) * (a // 2)
    assert a // 2 != b // 2


def test_what_has_no_unknown_is_an_int():
    assert type(N - N) is int and type(N * 0) is int and type((N + 3) - N) is int
    assert N != 3 and N != "n"


@pytest.mark.parametrize("number", [np.int64(3), np.int8(3), np.uint16(3), True])
def test_integers_of_numpy_on_either_side(number):
    for operation in (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod):
        assert operation(N, number) == operation(N, int(number))
        assert operation(number, N) == operation(int(number), N)


@pytest.mark.parametrize("other", [0.5, np.float32(2), "n", None])
@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod])
def test_nothing_else_is_taken_for_an_integer(operation, other):
    with pytest.raises(TypeError):
        operation(N, other)
    with pytest.raises(TypeError):
        operation(other, N)


def test_no_value_is_invented():
    for convert in (int, operator.index, range):
        with pytest.raises(TypeError, match="known only at call time"):
            convert(N)


@pytest.mark.parametrize(("size", "expected"), [
    (N, "n"), (-N, "-n"), (3 * N - 1, "3*n - 1"), (1 - N, "-n + 1"), (N * M * 2, "2*n*m"), (N // 2, "(n)//(2)"),
    (minimum(N, 4), "min(4, n)"), (N - M, "n - m"), (-2 * N - M, "-2*n - m"),
])
def test_as_text(size, expected):
    assert str(size) == expected


def test_symbols_of_nested_calls():
    assert symbols(maximum((N + M) // 3, K % 2) + 1) == set(SYMBOLS)
    assert symbols(7) == set()
