"""Derivatives: of whole functions against independent references, and what is refused."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphc
from graphc.autodiff import unbroadcast
from graphc.ir.errors import ArgumentError, DTypeError, GradientError, ShapeError
from graphc.ir.graph import topological

from .ops.harness import check_derivative


@pytest.fixture
def xy():
    return graphc.placeholder((), name="x"), graphc.placeholder((), name="y")


@pytest.fixture
def v():
    return graphc.placeholder((3,), "float64", name="v")


# ---- the shape of gradients -----------------------------------------------------------------------------------------
def test_the_expression(xy):
    x, y = xy
    dx, dy = graphc.grad(x * y + 5 * y + 5, [x, y])
    assert str(dx) == "y" and dx is y
    assert str(dy) == "x + 5"


def test_a_sum_leaves_no_ones_behind(v):
    w = graphc.placeholder((3,), "float64", name="w")
    assert graphc.grad(graphc.sum(v * w), v) is w


def test_bare_and_listed(xy):
    x, y = xy
    z = x * y
    assert graphc.grad(z, x) is y
    assert graphc.grad(z, [x]) == [y]
    assert graphc.grad(z, (x, y, x)) == [y, x, y]
    assert graphc.grad(z, []) == []


def test_with_respect_to_the_cost_itself(xy):
    x, y = xy
    z = x * y
    one, dx = graphc.grad(z, [z, x])
    assert str(one) == "1" and one.type == z.type and dx is y


def test_with_respect_to_what_lies_between(xy):
    x, y = xy
    inner = x * y
    cost = inner * inner + x
    dinner, dx = graphc.interpret([x, y], graphc.grad(cost, [inner, x]), [2.0, 3.0])
    assert (dinner, dx) == (12, 37)


def test_one_used_many_times(xy):
    x, y = xy
    cost = x
    for k in range(50):
        cost = cost + x * k + x * y
    assert graphc.interpret([x, y], graphc.grad(cost, x), [1.0, 2.0]) == 1 + sum(range(50)) + 100


def test_variables():
    w = graphc.Variable(np.array([[1.0, 2.0], [3.0, 4.0]]), name="w")
    g = graphc.grad(graphc.sum(w * w), w)
    np.testing.assert_array_equal(graphc.interpret([], g, []), 2 * w.numpy())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_gradient_has_the_type_of_its_input(dtype):
    x = graphc.placeholder((None, 3), dtype, name="x")
    b = graphc.placeholder((3,), "float32")
    c = graphc.placeholder((1, 1), "float64")
    for g, of in zip(graphc.grad(graphc.sum(x * b + c), [x, b, c]), [x, b, c], strict=True):
        assert g.type == of.type


def test_sizes_that_meet_others_are_still_the_inputs():
    n, m = graphc.placeholder((None, 4), "float64", name="n"), graphc.placeholder((None, 4), "float64", name="m")
    k = graphc.placeholder((12,), "float64", name="k")
    cost = graphc.sum(graphc.reshape(n * m, (-1,)) * k)
    gradients = graphc.grad(cost, [n, m, k])
    assert [g.type for g in gradients] == [x.type for x in (n, m, k)]
    values = [np.arange(12.0).reshape(3, 4), np.ones((3, 4)), np.arange(12.0)]
    for run in (lambda *a: graphc.interpret([n, m, k], gradients, a), graphc.compile([n, m, k], gradients)):
        for found, expected in zip(run(*values), [values[2].reshape(3, 4), values[0] * values[2].reshape(3, 4),
                                                  values[0].ravel()], strict=True):
            np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(("given", "wanted"), [
    ((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 3), ()), ((4, 2, 3), (1, 3)), ((3,), (3,)), ((), (2, 3)),
    ((1, 3), (3,)), ((0, 3), (3,)), ((5, 1, 0), (1, 1)),
])
def test_unbroadcast_is_the_transpose_of_broadcasting(given, wanted):
    g, x = graphc.placeholder(given, "float64"), graphc.placeholder(wanted, "float64")
    found = unbroadcast(g, x)
    assert found.type == x.type
    array = np.arange(np.prod(given, dtype=int), dtype="float64").reshape(given)
    expected = np.broadcast_to(array, wanted) if given == () else np.zeros(wanted)
    if given != ():
        whole = np.broadcast_to(np.arange(expected.size).reshape(wanted), given)
        expected = np.array([array[whole == k].sum() for k in range(expected.size)]).reshape(wanted)
    np.testing.assert_array_equal(graphc.interpret([g], found, [array]), expected)


# ---- what is not connected ------------------------------------------------------------------------------------------
def test_unconnected(xy):
    x, y = xy
    other = graphc.placeholder((None, 2), "float16", name="other")
    with pytest.raises(GradientError, match='does not depend on other:f16.*unconnected="zeros"') as error:
        graphc.grad(x * y, [x, other])
    assert str(error.value).endswith(": graphc.grad(x * y, [x, other])")
    dx, zeros = graphc.grad(x * y, [x, other], unconnected="zeros")
    assert dx is y and zeros.type == other.type
    found = graphc.interpret([other], zeros, [np.ones((5, 2))])
    assert found.shape == (5, 2) and found.dtype == np.float16 and not found.any()


@pytest.mark.parametrize("cut", [graphc.stop_gradient, graphc.sign, graphc.floor, lambda x: (x > 0).astype("float32"),
                                 lambda x: x.astype("int32").astype("float32"), lambda x: x * 0 + graphc.stop_gradient(x)])
def test_no_gradient_passes(cut, xy):
    x, y = xy
    g = graphc.grad(cut(x) * y, x, unconnected="zeros")
    assert graphc.interpret([x, y], g, [2.0, 3.0]) == 0
    assert graphc.grad(cut(x) * y, y).type == y.type


def test_stop_gradient_is_a_constant_to_all_orders(xy):
    x, _ = xy
    g = graphc.grad(graphc.stop_gradient(x) * x * x, x)
    assert graphc.interpret([x], [g, graphc.grad(g, x)], [3.0]) == (18, 6)


# ---- what is refused ------------------------------------------------------------------------------------------------
def refused(kind, pattern, call):
    with pytest.raises(kind, match=pattern) as error:
        call()
    assert f"at {call.__code__.co_filename}:" in str(error.value)
    assert "\n  at " in str(error.value)
    return str(error.value)


def test_the_cost_must_be_a_float_scalar(v):
    i = graphc.placeholder((3,), "int32", name="i")
    refused(GradientError, r"scalar, not v \* 2:f64\[3\].*mean\(\) or sum\(\).*vjp", lambda: graphc.grad(v * 2, v))
    refused(DTypeError, r"the cost: .*i64\[\].*astype", lambda: graphc.grad(graphc.sum(i), v))
    refused(DTypeError, r"the cost: .*bool\[\].*astype", lambda: graphc.grad(graphc.all(v > 0), v))
    refused(ArgumentError, "the cost: .*not 3.0", lambda: graphc.grad(3.0, v))


def test_wrt_must_be_float_expressions(v):
    i = graphc.placeholder((3,), "int32", name="i")
    cost = graphc.sum(v * i)
    message = refused(DTypeError, r"wrt: .*i:i32\[3\].*only floats", lambda: graphc.grad(cost, [v, i]))
    assert "made at" in message
    refused(ArgumentError, "wrt: .*not 2", lambda: graphc.grad(cost, 2))
    refused(ArgumentError, "wrt: .*not None", lambda: graphc.grad(cost, None))
    refused(ArgumentError, "wrt: .*not 'v'", lambda: graphc.grad(cost, ["v"]))
    refused(ArgumentError, "unconnected", lambda: graphc.grad(cost, v, unconnected="zero"))


@pytest.mark.parametrize("mode", [graphc.vjp, graphc.jvp])
def test_vectors_must_fit(mode, v):
    n = graphc.placeholder((None, 3), "float64", name="n")
    for bad in (1.0, np.ones(4), np.ones((1, 3)), np.ones(1), [[1.0] * 3]):
        refused(ShapeError, r"tangent for v.*has shape .*, not \(3,\)", lambda bad=bad: mode(v * 1.5, v, bad))
    refused(ShapeError, "tangent", lambda: mode(n * 1.5, n, np.ones((1, 3))))
    refused(DTypeError, "complex128, not float64", lambda: mode(v * 1.5, v, [1j, 2, 3]))
    refused(DTypeError, "float32, not float64; use astype", lambda: mode(v * 1.5, v, graphc.placeholder((3,))))
    refused(ArgumentError, "2 .*tangents are given for 1", lambda: mode([v * 2], [v], [np.ones(3), np.ones(3)]))
    refused(ArgumentError, "a list is expected", lambda: mode([v * 2], [v], np.ones((1, 3))))
    refused(DTypeError, "only floats", lambda: mode(v.astype("int32"), v, [1, 2, 3]))
    assert mode(v * 1.5, v, [1, 2, 3]).type == v.type
    assert mode(n * 1.5, n, np.ones((5, 3), "float32")).type == n.type


def test_a_rule_that_gives_the_wrong_shape_is_named(v):
    y = graphc.custom_gradient(lambda x: (x * 1, lambda g: np.ones(4)))(v)
    refused(GradientError, r"rule of v \* 1:f64\[3\] gives f64\[4\] for .*v:f64\[3\]",
            lambda: graphc.grad(graphc.sum(y), v))


def test_an_error_inside_a_rule_names_the_op_and_where_it_was_used(v):
    y = graphc.custom_gradient(lambda x: (x * 1, lambda g: g * np.ones(4)))(v)
    with pytest.raises(ShapeError, match="multiply.*do not broadcast") as error:
        graphc.grad(graphc.sum(y), v)
    assert f"at {__file__}:" in str(error.value) and "graphc.custom_gradient(" in str(error.value)


def test_nodes_of_a_gradient_belong_to_the_line_they_are_the_gradient_of(v):
    y = graphc.sin(v)
    cost = graphc.sum(y * y)
    g = graphc.grad(cost, v)
    cosine = next(n for n in topological([g]) if n.op.name == "cos")
    assert cosine.line == y.line.differentiated and cosine.line.bare == y.line
    assert str(y.line).startswith(__file__) and str(y.line).endswith(": y = graphc.sin(v)")


# ---- size -----------------------------------------------------------------------------------------------------------
def chain(length: int):
    x = graphc.placeholder((), "float64", name="x")
    h = x
    for k in range(length):
        h = graphc.sin(h) * 1.01 if k % 2 else graphc.tanh(h) + 0.1
    return x, h


def test_long_chains_need_no_recursion():
    x, h = chain(5000)
    g = graphc.grad(h, x)
    assert len(repr(g)) < 10_000 and hash(g) is not None
    assert len(topological([g])) < 8 * 5000
    assert np.isfinite(graphc.interpret([x], g, [0.5]))


def test_gradients_grow_in_proportion():
    sizes = []
    for length in (200, 400):
        x, h = chain(length)
        sizes.append(len(topological([graphc.grad(graphc.grad(h, x), x)])))
    assert sizes[1] <= 2.05 * sizes[0]


def test_paths_that_lead_nowhere_are_not_walked(v):
    def poisoned(g):
        raise AssertionError("walked")

    trap = graphc.custom_gradient(lambda x: (x * 2, poisoned))
    other = graphc.placeholder((3,), "float64")
    cost = graphc.sum(v * trap(other) + trap(graphc.stop_gradient(v)))
    assert graphc.grad(cost, v).type == v.type


def test_very_long_chains_are_let_go():
    x, h = chain(20_000)
    assert len(topological([h])) > 20_000
    del h


# ---- Jacobians ------------------------------------------------------------------------------------------------------
def test_jacobian_by_rows_and_by_columns(v):
    tall = graphc.concat([v * v, graphc.sin(v), graphc.reshape(graphc.sum(v), (1,))])
    flat = graphc.stack([graphc.sum(v * v), graphc.prod(v)])
    x = np.array([0.5, -2.0, 3.0])
    expected = np.concatenate([np.diag(2 * x), np.diag(np.cos(x)), np.ones((1, 3))])
    np.testing.assert_allclose(graphc.interpret([v], graphc.jacobian(tall, v), [x]), expected)
    expected = np.stack([2 * x, x.prod() / x])
    np.testing.assert_allclose(graphc.interpret([v], graphc.jacobian(flat, v), [x]), expected)


def test_jacobian_of_unknown_sizes():
    n, w = graphc.placeholder((None, 2), "float64"), graphc.placeholder((2, 2), "float64")
    a, b = np.arange(6.0).reshape(3, 2), np.array([[1.0, 2], [3, 4]])
    j = graphc.jacobian(n @ w, w)
    assert j.shape == (None, 2, 2, 2)
    np.testing.assert_allclose(graphc.interpret([n, w], j, [a, b]), np.einsum("ij,kl->ikjl", a, np.eye(2)))
    j = graphc.jacobian(graphc.sum(n @ w, axis=0), n)
    assert j.shape == (2, None, 2)
    np.testing.assert_allclose(graphc.interpret([n, w], j, [a, b]), np.broadcast_to(b.T[:, None], (2, 3, 2)))
    refused(GradientError, "must be known", lambda: graphc.jacobian(n * 2, n))


def test_jacobian_of_nothing(v):
    none = graphc.placeholder((0,), "float64")
    assert graphc.jacobian(none * 2, none).shape == (0, 0)
    assert graphc.jacobian(v[:0], v).shape == (0, 3)
    refused(GradientError, "does not depend", lambda: graphc.jacobian(v * 2, graphc.placeholder((2,), "float64")))
    refused(ArgumentError, "expressions", lambda: graphc.jacobian(v * 2, [v]))


def test_hessian_of_what_is_linear_is_zero(v):
    assert not graphc.interpret([v], graphc.hessian(graphc.sum(v * 3), v), [np.ones(3)]).any()


# ---- against PyTorch and autograd -----------------------------------------------------------------------------------
def mlp(np_, x, w1, b1, w2, w3):
    h = np_.tanh(x @ w1 + b1)
    h = h + np_.where(h > 0, h, 0.1 * h) * np_.exp(-h * h)
    return np_.sum(np_.log(1 + np_.exp(h @ w2)) @ w3)


def attention(np_, x, wq, wk, wv):
    scores = (x @ wq) @ (x @ wk).T / 2
    weights = np_.exp(scores - np_.max(scores, 1)[:, None])
    weights = weights / np_.sum(weights, 1)[:, None]
    return np_.sum((weights @ (x @ wv)) ** 2)


def layer_norm(np_, x, scale, shift):
    centred = x - np_.mean(x, 1)[:, None]
    y = centred / np_.sqrt(np_.mean(centred * centred, 1) + 1e-3)[:, None]
    return np_.sum(np_.sin(y * scale + shift))


def recurrent(np_, x, w, u, h):
    for t in range(5):
        gate = 1 / (1 + np_.exp(-(x[t] @ w + h @ u)))
        h = gate * np_.tanh(h @ u) + (1 - gate) * h
    return np_.sum(h * h)


def likelihood(np_, x, mean, log_scale):
    z = (x - mean) / np_.exp(log_scale)
    mixture = np_.log(0.3 * np_.exp(-0.5 * z * z) + 0.7 * np_.exp(-np_.abs(z)))
    return np_.sum(mixture - log_scale) / 5


FUNCTIONS = {mlp: [(4, 3), (3, 5), (5,), (5, 6), (6,)], attention: [(4, 3), (3, 4), (3, 4), (3, 2)],
             layer_norm: [(3, 5), (5,), (5,)], recurrent: [(5, 2, 3), (3, 4), (4, 4), (2, 4)],
             likelihood: [(5, 2), (2,), (2,)]}


@pytest.fixture(params=FUNCTIONS, ids=lambda f: f.__name__)
def problem(request):
    """A function, its expression over placeholders, and values for them."""
    rng = np.random.default_rng(3)
    values = [rng.standard_normal(shape) * 0.7 for shape in FUNCTIONS[request.param]]
    inputs = [graphc.placeholder(x.shape, "float64", f"x{k}") for k, x in enumerate(values)]
    return request.param, request.param(graphc, *inputs), inputs, values


def close(found, expected):
    np.testing.assert_allclose(found, expected, 1e-9, 1e-11)


def test_against_autograd_to_second_order(problem):
    autograd = pytest.importorskip("autograd", reason="autograd is not installed")
    function, cost, inputs, values = problem
    plain = lambda *xs: function(autograd.numpy, *xs)
    close(graphc.interpret(inputs, cost, values), plain(*values))
    gradients = graphc.grad(cost, inputs)
    for k, g in enumerate(graphc.interpret(inputs, gradients, values)):
        close(g, autograd.grad(plain, k)(*values))
    direction = np.random.default_rng(0).standard_normal(values[1].shape)
    product = graphc.vjp(gradients[1], inputs[1], direction)
    close(graphc.interpret(inputs, product, values),
          autograd.hessian_vector_product(plain, 1)(*values, direction))


def test_against_torch_func(problem):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from torch.func import grad, hessian, jvp

    function, cost, inputs, values = problem
    tensors = [torch.from_numpy(x) for x in values]
    plain = lambda *xs: function(Torch(torch), *xs)
    for k, g in enumerate(graphc.interpret(inputs, graphc.grad(cost, inputs), values)):
        close(g, grad(plain, k)(*tensors).numpy())
    rng = np.random.default_rng(1)
    tangents = [rng.standard_normal(x.shape) for x in values]
    pushed = graphc.interpret(inputs, graphc.jvp(cost, inputs, tangents), values)
    close(pushed, jvp(plain, tuple(tensors), tuple(map(torch.from_numpy, tangents)))[1].numpy())
    last = len(inputs) - 1
    found = graphc.interpret(inputs, graphc.hessian(cost, inputs[last]), values)
    close(found, hessian(plain, last)(*tensors).numpy())


class Torch:
    """PyTorch under NumPy's names."""

    def __init__(self, torch):
        self.torch = torch

    def __getattr__(self, name):
        return {"max": self.torch.amax}.get(name) or getattr(self.torch, name)


def test_a_convolutional_network_against_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(5)
    image, kernel, dense = (rng.standard_normal(s) * 0.5 for s in ((2, 7, 7, 2), (3, 3, 2, 4), (36, 3)))
    x, w, d = (graphc.placeholder(a.shape, "float64") for a in (image, kernel, dense))
    h = graphc.average_pool(graphc.tanh(graphc.conv(x, w)), 2, 1)
    h = graphc.max_pool(h, 2, 1)
    y = graphc.logsumexp(graphc.reshape(h, (2, -1)) @ d, axis=1).sum()
    gradients = graphc.grad(y, [x, w, d])
    second = graphc.grad(sum((g * g).sum() for g in gradients), [x, w, d])

    tensors = [torch.from_numpy(a).requires_grad_() for a in (image, kernel, dense)]
    tx, tw, td = tensors
    th = torch.tanh(torch.conv2d(tx.permute(0, 3, 1, 2), tw.permute(3, 2, 0, 1)))
    th = torch.max_pool2d(torch.nn.functional.avg_pool2d(th, 2, 1), 2, 1).permute(0, 2, 3, 1)
    ty = torch.logsumexp(th.reshape(2, -1) @ td, 1).sum()
    expected = torch.autograd.grad(ty, tensors, create_graph=True)
    expected_second = torch.autograd.grad(sum((g * g).sum() for g in expected), tensors)
    found = graphc.interpret([x, w, d], [*gradients, *second], [image, kernel, dense])
    for a, b in zip(found, [*expected, *expected_second], strict=True):
        close(a, b.detach().numpy())


# ---- properties -----------------------------------------------------------------------------------------------------
UNARY = [graphc.sin, graphc.tanh, graphc.exp, graphc.sigmoid, graphc.softplus, graphc.square, graphc.atan, graphc.erf,
         graphc.asinh, lambda a: graphc.sqrt(a * a + 1), lambda a: a / (1 + a * a), graphc.softmax,
         lambda a: graphc.sum(a, keepdims=True) * 0.3, lambda a: graphc.flip(graphc.cumsum(a)),
         lambda a: a[::-1] * a[0], lambda a: a.mean() - a]
BINARY = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (1.5 + graphc.sin(b)),
          graphc.logaddexp, lambda a, b: graphc.where(a > b, a, b * b), lambda a, b: graphc.outer(a, b).sum(axis=0),
          graphc.atan2, lambda a, b: graphc.concat([a, b])[1:4]]
steps = st.lists(st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 99), st.integers(0, 99)),
                 min_size=1, max_size=8)


def drawn(program, leaves):
    """A vector function, each step a function of earlier ones; all held within what float64 differences resolve."""
    pool = list(leaves)
    for op, i, j in program:
        a, b = pool[i % len(pool)], pool[j % len(pool)]
        y = UNARY[op](a) if op < len(UNARY) else BINARY[op - len(UNARY)](a, b)
        pool.append(graphc.broadcast_to(graphc.tanh(y * 0.5) * 2, (3,)))
    return pool[-1] + 0.1 * pool[0] + 0.1 * pool[1]


@given(steps, st.integers(0, 1000))
def test_random_functions_against_differences(program, seed):
    rng = np.random.default_rng(seed)
    inputs = [graphc.placeholder((3,), "float64", n) for n in "ab"]
    values = [rng.uniform(0.3, 1.5, 3) * rng.choice((-1, 1), 3) for _ in inputs]
    cost = graphc.sum(drawn(program, inputs) * np.array([1.0, -0.5, 2.0]))
    check_derivative(cost, inputs, values, rng, str(program))


@given(steps, st.integers(0, 1000))
def test_forward_is_the_transpose_of_reverse(program, seed):
    rng = np.random.default_rng(seed)
    inputs = [graphc.placeholder((3,), "float64", n) for n in "ab"]
    values, tangents = ([rng.standard_normal(3) for _ in inputs] for _ in range(2))
    cotangent = rng.standard_normal(3)
    y = drawn(program, inputs)
    pushed = graphc.jvp(y, inputs, tangents)
    pulled = graphc.vjp(y, inputs, cotangent)
    double = graphc.jvp(y, inputs, [2 * t for t in tangents])
    pushed, double, *pulled = graphc.interpret(inputs, [pushed, double, *pulled], values)
    np.testing.assert_allclose(pushed @ cotangent, sum(t @ g for t, g in zip(tangents, pulled, strict=True)), 1e-9, 1e-9)
    np.testing.assert_allclose(double, 2 * pushed, 1e-12)


def test_several_outputs(v):
    w = graphc.placeholder((), "float64")
    outputs, given = [v * w, graphc.sum(v) * w], [np.array([1.0, 2, 3]), 2.0]
    pulled = graphc.vjp(outputs, [v, w], [np.ones(3), 10.0])
    found = graphc.interpret([v, w], pulled, given)
    np.testing.assert_array_equal(found[0], np.full(3, 22.0))
    assert found[1] == 6 + 60
    pushed = graphc.jvp([*outputs, graphc.placeholder((), "float64") * 3], [v, w], [np.ones(3), 1.0])
    found = graphc.interpret([v, w], pushed[:2], given)
    np.testing.assert_array_equal(found[0], [3, 4, 5])
    assert found[1] == 6 + 6
    assert graphc.interpret([], pushed[2], []) == 0
