"""Matrix products and what is made of them, against NumPy, through the interpreter."""
import ml_dtypes
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ShapeError
from graphc.ir.graph import topological
from graphc.ir.types import compute_dtype, is_float

RNG = np.random.default_rng(7)
DTYPES = [bool, "int8", "uint16", "int32", "int64", "float16", "float32", "float64", ml_dtypes.bfloat16]


def draw(shape, dtype="float64"):
    dtype = np.dtype(dtype)
    x = RNG.integers(0, 5, shape) if dtype.kind in "uib" else RNG.standard_normal(shape)
    return np.asarray(x).astype(dtype)


def placeholders(*arrays, unknown=()):
    return [graphc.placeholder(tuple(None if d in unknown else d for d in x.shape), x.dtype, f"x{k}")
            for k, x in enumerate(arrays)]


def evaluate(function, *arrays, unknown=()):
    inputs = placeholders(*arrays, unknown=unknown)
    y = function(*inputs)
    value = graphc.interpret(inputs, y, arrays)
    assert all(d is None or d == size for d, size in zip(y.shape, value.shape, strict=True))
    assert value.dtype == y.dtype
    return value


def assert_gradients(function, *arrays, order=2):
    """The vjp with random cotangents, and the vjp of that, against central differences in float64."""
    inputs = placeholders(*arrays)
    y = function(*inputs)
    cost = (y * draw(y.shape)).sum()
    for _ in range(order):
        gradients = graphc.grad(cost, inputs, unconnected="zeros")
        for k, (x, g) in enumerate(zip(arrays, graphc.interpret(inputs, gradients, arrays), strict=True)):
            direction = draw(x.shape)
            ahead, behind = ([x + sign * 1e-5 * direction if i == k else other for i, other in enumerate(arrays)]
                             for sign in (1, -1))
            slope = (graphc.interpret(inputs, cost, ahead) - graphc.interpret(inputs, cost, behind)) / 2e-5
            np.testing.assert_allclose((g * direction).sum(), slope, rtol=1e-6, atol=1e-6)
        cost = sum((g * draw(g.shape)).sum() for g in gradients)


MATMUL = [((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
          ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
          ((5, 2, 3), (1, 3, 4)), ((6, 1, 2, 3), (5, 3, 4)), ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((0,), (0,)),
          ((2, 3), (3, 0)), ((0, 2, 3), (3, 4)), ((1, 1), (1, 1))]


@pytest.mark.parametrize("shapes", MATMUL, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_matmul_is_numpys(shapes, dtype):
    a, b = (draw(s, dtype) for s in shapes)
    kind = compute_dtype(np.dtype(dtype))
    expected = np.matmul(a.astype(kind), b.astype(kind)).astype(dtype)
    actual = evaluate(graphc.matmul, a, b)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    near = 16 * float(ml_dtypes.finfo(dtype).eps) if is_float(np.dtype(dtype)) else 0
    np.testing.assert_allclose(actual.astype("float64"), expected.astype("float64"), near, near)


@pytest.mark.parametrize("shapes", [s for s in MATMUL if 5 in s[0] + s[1]], ids=str)
def test_matmul_with_a_batch_known_at_call_time(shapes):
    a, b = (draw(s) for s in shapes)
    np.testing.assert_allclose(evaluate(graphc.matmul, a, b, unknown=(5,)), a @ b)


@pytest.mark.parametrize("shapes", [s for s in MATMUL if 0 not in s[0] + s[1]], ids=str)
def test_matmul_gradients(shapes):
    assert_gradients(graphc.matmul, *(draw(s) for s in shapes))


def test_the_operator_takes_arrays_on_either_side():
    a, b = draw((2, 3)), draw((3, 4))
    np.testing.assert_allclose(evaluate(lambda x: x @ b, a), a @ b)
    np.testing.assert_allclose(evaluate(lambda x: a @ x, b), a @ b)


def test_a_stack_of_rows_by_one_matrix_is_one_product():
    a, b = placeholders(draw((5, 2, 3)), draw((3, 4)))
    node, = (n for n in topological([graphc.matmul(a, b)]) if n.op.name == "matmul")
    assert node.shape == (10, 4)


def test_mixed_dtypes_promote_without_widening_floats():
    y = graphc.matmul(graphc.placeholder((2, 3), "float32"), graphc.placeholder((3, 4), "int64"))
    assert y.dtype == np.float32


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5)), ((3,), (4,)), ((), (3,)), ((2, 3), ()), ((2, 2, 3), (3, 3, 4))],
                         ids=str)
def test_matmul_refuses_what_does_not_fit(shapes):
    a, b = placeholders(*(draw(s) for s in shapes))
    with pytest.raises(ShapeError, match=r"(matmul|vecdot)[\s\S]*test_linalg.py"):
        graphc.matmul(a, b)


@pytest.mark.parametrize("name", ["dot", "inner", "outer", "kron"])
@pytest.mark.parametrize("shapes", [((), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3, 3), (3, 3)),
                                    ((4, 3, 3), (2, 3, 3)), ((3,), (2, 3, 3))], ids=str)
def test_the_products_of_numpy(name, shapes):
    a, b = (draw(s) for s in shapes)
    np.testing.assert_allclose(evaluate(getattr(graphc, name), a, b), getattr(np, name)(a, b), rtol=1e-12, atol=1e-12)
    assert_gradients(getattr(graphc, name), a, b, order=1)


def test_vecdot_along_an_axis():
    a, b = draw((4, 3, 5)), draw((3, 1))
    np.testing.assert_allclose(evaluate(lambda x, y: graphc.vecdot(x, y, axis=-2), a, b), (a * b).sum(-2))
    assert_gradients(lambda x, y: graphc.vecdot(x, y, axis=-2), a, b)


def test_sums_of_16_bit_floats_run_in_float32():
    a = np.full(5000, 1, "float16")
    assert evaluate(graphc.matmul, a, a) == 5000
    assert evaluate(graphc.matmul, a[None], a[:, None])[0, 0] == 5000


@pytest.mark.parametrize("axes", [0, 1, 2, ((2,), (0,)), ((1, 2), (1, 0)), (1, 1), ((-2, -1), (-2, -1))], ids=str)
def test_tensordot(axes):
    a, b = draw((3, 4, 4)), draw((4, 4, 2) if axes != ((-2, -1), (-2, -1)) else (2, 4, 4))
    np.testing.assert_allclose(evaluate(lambda x, y: graphc.tensordot(x, y, axes), a, b), np.tensordot(a, b, axes))


@pytest.mark.parametrize("axes", [4, -1, ((0,), (0, 1)), ((0, 0), (0, 1)), ((0,), (1,)), ((5,), (0,))], ids=str)
def test_tensordot_refuses(axes):
    with pytest.raises(ShapeError):
        graphc.tensordot(*placeholders(draw((3, 4, 4)), draw((4, 2, 2))), axes)


EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ji,jk->ki", (3, 2), (3, 4)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("...ij,...jk->...ik", (5, 2, 3), (1, 3, 4)),
    ("...i,ij", (5, 2, 3), (3, 4)),
    ("i,i", (3,), (3,)), ("i,j", (3,), (4,)), ("bi,bi->b", (5, 3), (5, 3)), ("ij->ji", (2, 3)), ("ij->", (2, 3)),
    ("ba", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)),
    ("iij->ji", (3, 3, 2)), ("...ii->...", (2, 3, 3)), ("iii->i", (3, 3, 3)), ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij,j->ij", (2, 3), (3,)), ("i...,i...->...", (3, 2), (3, 2)), ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 5)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)), ("abc,bcd,de->ae", (2, 3, 4), (3, 4, 5), (5, 6)),
    (",i->i", (), (3,)), ("i->", (0,)), ("ij,jk->ik", (2, 1), (3, 4)),
    ("ijk,ilm,njm,nlk,abc->", (2, 3, 2), (2, 2, 3), (2, 3, 3), (2, 2, 2), (1, 2, 3)),
]


@pytest.mark.parametrize("subscripts, shapes", [(s, shapes) for s, *shapes in EINSUM], ids=[s for s, *_ in EINSUM])
def test_einsum(subscripts, shapes):
    arrays = [draw(s) for s in shapes]
    actual = evaluate(lambda *xs: graphc.einsum(subscripts, *xs), *arrays)
    np.testing.assert_allclose(actual, np.einsum(subscripts, *arrays), rtol=1e-10, atol=1e-12)
    assert_gradients(lambda *xs: graphc.einsum(subscripts, *xs), *arrays, order=1)


@pytest.mark.parametrize("dtype", [bool, "int8", "float16"])
def test_einsum_keeps_the_dtype(dtype):
    a, b = draw((2, 3), dtype), draw((3, 4), dtype)
    product = evaluate(lambda x, y: graphc.einsum("ij,jk->ki", x, y), a, b)
    np.testing.assert_allclose(product, np.einsum("ij,jk->ki", a, b), rtol=1e-2)
    np.testing.assert_array_equal(evaluate(lambda x: graphc.einsum("ij->i", x), a), np.einsum("ij->i", a))


def test_einsum_with_lists_of_subscripts():
    a, b = draw((2, 3)), draw((3, 4))
    np.testing.assert_allclose(evaluate(lambda x, y: graphc.einsum(x, [0, 1], y, [1, 2], [2, 0]), a, b), (a @ b).T)
    np.testing.assert_allclose(evaluate(lambda x, y: graphc.einsum(x, [0, 1], y, [1, 2]), a, b), a @ b)


def test_einsum_with_sizes_known_at_call_time():
    a, b = draw((5, 2, 3)), draw((5, 3, 4))
    np.testing.assert_allclose(evaluate(lambda *x: graphc.einsum("bij,bjk->bik", *x), a, b, unknown=(5, 2)), a @ b)
    square = draw((5, 5))
    np.testing.assert_allclose(evaluate(lambda x: graphc.einsum("ii->i", x), square, unknown=(5,)), np.diag(square))


def test_einsum_takes_the_cheap_order():
    a, b, c = placeholders(draw((100, 2)), draw((2, 100)), draw((100, 1)))
    products = [n.shape for n in topological([graphc.einsum("ij,jk,kl->il", a, b, c)]) if n.op.name == "matmul"]
    assert products == [(2, 1), (100, 1)]


@pytest.mark.parametrize("subscripts, shapes", [
    ("ij,jk->ik", [(2, 3), (4, 5)]), ("ij->ijk", [(2, 3)]), ("ij->ii", [(2, 3)]), ("ijk->i", [(2, 3)]),
    ("ij,jk", [(2, 3)]), ("i.j->i", [(2, 3)])])
def test_einsum_refuses(subscripts, shapes):
    with pytest.raises(ShapeError, match="einsum"):
        graphc.einsum(subscripts, *placeholders(*(draw(s) for s in shapes)))
