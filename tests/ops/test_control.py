"""scan, while_loop and cond: against the same graph written out, against torch, compiled against interpreted."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.ir.errors import ArgumentError, DTypeError, GradientError, IndexOutOfBounds, NotFinite, ShapeError
from graphc.runtime import loop, plan
from graphc.runtime.report import flops

SIZES = {"steps": 5, "batch": 3, "features": 4, "units": 6}


def tensor(*dims, dtype="float64", name=None):
    return graphc.placeholder(tuple(SIZES.get(d, d) for d in dims), dtype, name)


class Net:
    """A simple recurrent network, by scan and written out."""

    def __init__(self):
        self.x, self.h = tensor("steps", "batch", "features", name="x"), tensor("batch", "units", name="h")
        self.w, self.u = tensor("features", "units", name="w"), tensor("units", "units", name="u")
        self.inputs = [self.x, self.h, self.w, self.u]

    def step(self, h, x):
        h = graphc.tanh(x @ self.w + h @ self.u)
        return h, h * 2

    def by_scan(self, reverse=False):
        return graphc.scan(self.step, self.h, self.x, reverse=reverse)

    def written_out(self, reverse=False):
        h, rows = self.h, []
        for t in range(SIZES["steps"])[::-1 if reverse else 1]:
            h, y = self.step(h, self.x[t])
            rows.append(y)
        return h, graphc.stack(rows[::-1] if reverse else rows)

    def values(self, rng):
        return [rng.standard_normal(x.shape) for x in self.inputs]


def cost(h, ys):
    return graphc.sum(h * h) + graphc.sum(graphc.sin(ys))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def assert_close(found, expected, tolerance=1e-10):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# ---- scan: values and derivatives -----------------------------------------------------------------------------------
@pytest.mark.parametrize("reverse", [False, True])
def test_scan_is_its_steps_written_out_to_the_second_derivative(rng, reverse):
    net = Net()
    both = []
    for h, ys in (net.by_scan(reverse), net.written_out(reverse)):
        gradients = graphc.grad(cost(h, ys), net.inputs)
        second = graphc.grad(sum(graphc.sum(graphc.sin(g)) for g in gradients), net.inputs)
        both.append([h, ys, *gradients, *second])
    values = net.values(rng)
    expected = graphc.interpret(net.inputs, both[1], values)
    assert_close(graphc.interpret(net.inputs, both[0], values), expected)
    if not reverse:
        assert_close(graphc.compile(net.inputs, both[0])(*values), expected)


def test_a_recurrent_network_against_torch(rng):
    torch = pytest.importorskip("torch")
    net = Net()
    h, ys = net.by_scan()
    values = net.values(rng)
    found = graphc.interpret(net.inputs, [h, ys, *graphc.grad(cost(h, ys), net.inputs)], values)
    x, h, w, u = (torch.tensor(v, requires_grad=True) for v in values)
    state, rows = h, []
    for row in x:
        state = torch.tanh(row @ w + state @ u)
        rows.append(state * 2)
    ys = torch.stack(rows)
    ((state * state).sum() + torch.sin(ys).sum()).backward()
    assert_close(found, [v.detach().numpy() for v in (state, ys, x.grad, h.grad, w.grad, u.grad)])


def test_forward_mode(rng):
    net = Net()
    values, tangents = net.values(rng), [graphc.constant(v) for v in net.values(rng)]
    both = [graphc.jvp(list(found), net.inputs, tangents) for found in (net.by_scan(), net.written_out())]
    assert_close(*(graphc.interpret(net.inputs, pushed, values) for pushed in both))


def test_several_carries_of_several_dtypes_in_structures():
    x = tensor(4, dtype="float32")
    carry, ys = graphc.scan(
        lambda c, x: ({"n": c["n"] + 1, "seen": (c["seen"][0] | (x > 2), c["seen"][1] + x)}, [c["n"], None, x * 2]),
        {"n": 0, "seen": (False, 0.5)}, x)
    outputs = [carry["n"], *carry["seen"], ys[0], ys[2]]
    assert ys[1] is None and [y.dtype.name for y in outputs] == ["int64", "bool", "float32", "int64", "float32"]
    g, = graphc.grad(carry["seen"][1] + graphc.sum(ys[2]), [x])
    expected = 4, True, 10.5, [0, 1, 2, 3], [2, 4, 6, 8], [3, 3, 3, 3]
    assert_close(graphc.interpret([x], [*outputs, g], [[1, 2, 3, 4]]), expected)
    assert_close(graphc.compile([x], [*outputs, g])([1, 2, 3, 4]), expected)


def test_a_number_to_start_from_takes_the_dtype_that_it_gets():
    x = tensor(3)
    total, _ = graphc.scan(lambda c, x: (c + x, None), 0, x)
    assert total.dtype == np.float64
    assert graphc.interpret([x], total, [[1, 2, 4.5]]) == 7.5


@pytest.fixture(scope="module")
def sized():
    """A scan within a scan over arrays of any size, its gradient, and the interpreter's view of both."""
    x = graphc.placeholder((None, None, 2), name="x")
    w = graphc.placeholder((2,), name="w")

    def row(c, rows):
        last, partial = graphc.scan(lambda s, r: (s * w + r, graphc.sum(s) + c), graphc.zeros((2,)), rows, reverse=True)
        return graphc.sin(c) + graphc.sum(last), partial
    c, ys = graphc.scan(row, 0.25, x)
    outputs = [c, ys, *graphc.grad(c + graphc.sum(ys * ys), [x, w])]
    return [x, w], outputs, graphc.compile([x, w], outputs)


@given(st.integers(0, 4), st.integers(0, 5), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_any_number_of_iterations_within_any_number(sized, outer, inner, seed):
    inputs, outputs, f = sized
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((outer, inner, 2)).astype("f4"), rng.uniform(-1, 1, 2).astype("f4")
    assert_close(f(*values), graphc.interpret(inputs, outputs, list(values)), 2e-5)


def test_the_bits_do_not_depend_on_the_number_of_threads(rng, monkeypatch):
    monkeypatch.setattr(plan, "PARALLEL", 0)
    monkeypatch.setattr(loop, "SOLO", 0)
    x, h = graphc.placeholder((None, 65, 33)), graphc.placeholder((65, 40))
    w, u = (graphc.Variable(rng.normal(0, 0.2, s).astype("f4")) for s in ((33, 40), (40, 40)))

    def step(h, x):
        h = graphc.tanh(x @ w + h @ u)
        return h, graphc.exp(h)
    h1, ys = graphc.scan(step, h, x)
    outputs = [h1, ys, *graphc.grad(graphc.sum(h1) + graphc.sum(ys * ys), [x, h, w, u])]
    values = rng.standard_normal((6, 65, 33)).astype("f4"), rng.standard_normal((65, 40)).astype("f4")
    runs = [graphc.compile([x, h], outputs, threads=threads)(*values) for threads in (1, 2, 3)]
    for found in runs[1:]:
        for a, b in zip(found, runs[0], strict=True):
            np.testing.assert_array_equal(a, b)
    assert_close(runs[0], graphc.interpret([x, h], outputs, list(values)), 2e-4)


def test_variables_are_read_inside_and_written_after():
    w = graphc.Variable(np.array([1.0, 2.0], "f4"), name="w")
    x = graphc.placeholder((3,), name="x")
    last, _ = graphc.scan(lambda c, x: (c * x + w, None), w, x)
    f = graphc.compile(x, last, updates={w: last})
    np.testing.assert_allclose(f([1, 2, 3]), [16, 32])
    np.testing.assert_array_equal(w.numpy(), [16, 32])


def test_the_gradient_of_weights_is_one_product_over_all_iterations():
    net = Net()
    h, _ = net.by_scan()
    g, = graphc.grad(graphc.sum(h), [net.u])
    backward = {n.attrs["body"] for n in graphc.ir.graph.topological([g]) if n.op.name == "scan" and n.attrs["reverse"]}
    assert g.op.name == "matmul" and g.inputs[1].shape == (SIZES["steps"] * SIZES["batch"], SIZES["units"])
    assert [n.op.name for body in backward for n in body.order].count("matmul") == 1  # back to the state


def test_no_iterations_at_all(rng):
    net = Net()
    x = graphc.placeholder((None, *net.x.shape[1:]), "float64")
    h, ys = graphc.scan(net.step, net.h, x)
    f = graphc.compile([x, *net.inputs[1:]], [h, ys, *graphc.grad(cost(h, ys), [x, *net.inputs[1:]])])
    _, state, *weights = net.values(rng)
    found = f(np.zeros((0, *x.shape[1:])), state, *weights)
    expected = state, np.zeros((0, *state.shape)), np.zeros((0, *x.shape[1:])), 2 * state, 0 * weights[0], 0 * weights[1]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b)


def test_what_does_not_change_is_computed_once_outside():
    x, w = tensor(3), tensor(4, name="w")
    _, ys = graphc.scan(lambda c, x: (c, x * graphc.sum(graphc.exp(w))), (), x)
    body = ys.attrs["body"]
    assert [n.op.name for n in body.order if n.inputs] == ["multiply"]
    assert ys.inputs[-1].op.name == "sum"


# ---- random numbers -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [None, 3])
def test_each_iteration_draws_numbers_of_its_own(seed):
    _, ys = graphc.scan(lambda c, _: (c, graphc.random.uniform((2, 3), seed=seed)), (), length=4)
    _, nested = graphc.scan(lambda c, _: (c, graphc.scan(lambda d, _: (d, graphc.random.uniform((), seed=seed)), (),
                                                         length=3)[1]), (), length=3)
    f = graphc.compile([], [ys, nested])
    first, second = f(), f()
    for found in first:
        assert len(set(found.ravel().tolist())) == found.size
    assert (seed is None) != np.array_equal(first[0], second[0])


def test_the_gradient_meets_the_numbers_that_were_drawn():
    x = tensor(50, 4)
    _, ys = graphc.scan(lambda c, row: (c, graphc.dropout(row, 0.5)), (), x)
    y, g = graphc.compile(x, [ys, graphc.grad(graphc.sum(ys), x)])(np.ones((50, 4)))
    np.testing.assert_array_equal(y, g)
    assert 60 < (y == 0).sum() < 140


def test_numbers_that_were_drawn_before_are_the_same_in_each_iteration():
    noise = graphc.random.uniform((2,))
    _, ys = graphc.scan(lambda c, _: (c, noise * 1), (), length=3)
    found = graphc.interpret([], ys, [])
    assert (found == found[0]).all() and found[0, 0] != found[0, 1]


def test_each_turn_of_a_while_loop_draws_numbers_of_its_own():
    start = (0, graphc.zeros((5,)))
    _, found = graphc.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, graphc.where(
        graphc.arange(5) == s[0], graphc.random.uniform(()), s[1])), start)
    for values in (graphc.interpret([], found, []), graphc.compile([], found)()):
        assert len(set(values.tolist())) == 5 and (values > 0).all()


# ---- while_loop -----------------------------------------------------------------------------------------------------
def test_while_loop():
    n = graphc.placeholder((), "int64", name="n")
    # Collatz: the number of steps down to 1, and the greatest number on the way
    _, steps, top = graphc.while_loop(
        lambda s: s[0] > 1,
        lambda s: (graphc.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), s[1] + 1, graphc.maximum(s[2], s[0])),
        (n, 0, n))
    capped = graphc.while_loop(lambda k: k > 0, lambda k: k + 1, n, maximum_iterations=7)
    f = graphc.compile(n, [steps, top, capped])
    for start, expected in ((27, (111, 9232, 34)), (1, (0, 1, 8)), (0, (0, 0, 0))):
        assert f(start) == expected
        assert graphc.interpret([n], [steps, top, capped], [start]) == expected


def test_while_loop_has_no_gradient():
    x = tensor(name="x")
    with pytest.raises(GradientError, match="while_loop has no gradient.*use scan"):
        graphc.grad(graphc.while_loop(lambda v: v < 10, lambda v: v * 2, x), x)


# ---- cond -----------------------------------------------------------------------------------------------------------
def test_cond_and_its_derivatives(rng):
    test, x, w = tensor(dtype="bool"), tensor(3, name="x"), tensor(3, name="w")
    y = graphc.cond(test, lambda a: graphc.sin(a) * w, lambda a: a * a * a, x)
    first = graphc.grad(graphc.sum(y), [x, w])
    outputs = [y, *first, graphc.grad(graphc.sum(first[0]), x)]
    f = graphc.compile([test, x, w], outputs)
    a, b = rng.standard_normal((2, 3))
    zero = np.zeros(3)
    for taken, expected in ((True, (np.sin(a) * b, np.cos(a) * b, np.sin(a), -np.sin(a) * b)),
                            (False, (a**3, 3 * a**2, zero, 6 * a))):
        assert_close(graphc.interpret([test, x, w], outputs, [taken, a, b]), expected)
        assert_close(f(taken, a, b), expected)


def test_only_the_branch_that_is_taken_runs():
    i, x = tensor(dtype="int64"), tensor(3, dtype="float32")
    y = graphc.cond(i < 3, lambda: x[i], lambda: graphc.constant(-1.0))
    f = graphc.compile([i, x], y)
    assert f(1, [4, 5, 6]) == 5
    assert f(10, [4, 5, 6]) == -1  # an index out of bounds, had it been looked up


def test_cond_within_scan_within_cond():
    on, x = tensor(dtype="bool"), tensor(6)

    def step(c, x):
        c = graphc.cond(x > c, lambda: x * 1.0, lambda: c - 1)
        return c, c
    ys = graphc.cond(on, lambda: graphc.scan(step, graphc.constant(0, "float64"), x)[1], lambda: -x)
    g = graphc.grad(graphc.sum(ys * ys), x)
    f = graphc.compile([on, x], [ys, g])
    values = np.array([1.0, 3, 2, 5, 1, 1])
    for taken, expected in ((True, ([1, 3, 2, 5, 4, 3], [2, 10, 0, 24, 0, 0])), (False, (-values, 2 * values))):
        assert_close(graphc.interpret([on, x], [ys, g], [taken, values]), expected)
        assert_close(f(taken, values), expected)


# ---- what a compiled function says of it ----------------------------------------------------------------------------
def test_it_shows_itself(rng):
    net = Net()
    h, ys = net.by_scan()
    f = graphc.compile(net.inputs, [h, ys])
    assert "@1 = graph(" in f.dump() and "scan[output=1, body=@1" in f.dump()
    loop, = (k for k, step in enumerate(f._runner.program.steps) if step.source.name == "scan")
    assert f"# scan: 5 times, steps {loop}.*" in f.source() and f"{loop}.0 ---" in f.source()
    profile = f.profile(*net.values(rng))
    assert "scan" in profile and "nan" not in profile
    steps = f._runner.program.steps
    products = 2 * SIZES["steps"] * SIZES["batch"] * SIZES["units"] * (SIZES["features"] + SIZES["units"])
    assert products < sum(flops(f.plan(), step) for step in steps) < 2 * products
    assert "scratch" in f.memory()


def test_an_index_out_of_bounds_inside_changes_nothing():
    w = graphc.Variable(np.zeros(3, "f4"), name="w")
    x, i = tensor(4, dtype="float32"), tensor(5, dtype="int64")
    _, ys = graphc.scan(lambda c, k: (c, graphc.take(x, k)), (), i)
    f = graphc.compile([x, i], ys, updates={w: w + 1})
    np.testing.assert_array_equal(f([1, 2, 3, 4], [0, 1, 2, 3, -1]), [1, 2, 3, 4, 4])
    with pytest.raises(IndexOutOfBounds, match="axis.* of size 4"):
        f([1, 2, 3, 4], [0, 1, 9, 3, 2])
    np.testing.assert_array_equal(w.numpy(), [1, 1, 1])


def test_check_nan_names_the_loop():
    x = tensor(3)
    f = graphc.compile(x, graphc.scan(lambda c, x: (c + graphc.log(x), None), 0.0, x)[0], check_nan=True)
    assert f([1, 1, 1]) == 0
    with pytest.raises(NotFinite, match="scan"):
        f([1, -1, 1])


# ---- errors ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make, error, message", [
    (lambda x: graphc.scan(lambda c, r: c, 0.0, x), ArgumentError, "a pair"),
    (lambda x: graphc.scan(lambda c, r: ((c, c), r), 0.0, x), ArgumentError, "an iteration gives the carry"),
    (lambda x: graphc.scan(lambda c, r: (graphc.stack([c, c]), r), x[0], x), ShapeError, "carry 0 after an iteration"),
    (lambda x: graphc.scan(lambda c, r: (c.astype("int32"), r), x[0], x), DTypeError, "carry 0 after an iteration is i32"),
    (lambda x: graphc.scan(lambda c, r: (c, r), 0.0), ArgumentError, "length says how many"),
    (lambda x: graphc.scan(lambda c, r: (c, r), 0.0, x, length=7), ShapeError, "one number of rows"),
    (lambda x: graphc.scan(lambda c, r: (c, r), 0.0, x, length=-1), ArgumentError, "length"),
    (lambda x: graphc.scan(lambda c, r: (c, r), 0.0, x[0]), ShapeError, "no axis"),
    (lambda x: graphc.cond(x, lambda: 1.0, lambda: 2.0), DTypeError, "a bool scalar"),
    (lambda x: graphc.cond(x[0] > 1, lambda: 1.0, lambda: (2.0, 1.0)), ArgumentError, "true branch"),
    (lambda x: graphc.cond(x[0] > 1, lambda: x, lambda: 2.0), ShapeError, "the false branch"),
    (lambda x: graphc.while_loop(lambda v: v, lambda v: v * 2, x[0]), DTypeError, "a bool scalar"),
])
def test_errors_name_what_is_wrong_and_where(make, error, message):
    with pytest.raises(error, match=f"(?s){message}.*test_control.py"):
        make(tensor(5))


def test_rows_that_a_call_finds_to_differ():
    x, z = graphc.placeholder((None,), name="x"), graphc.placeholder((None,), name="z")
    f = graphc.compile([x, z], graphc.scan(lambda c, rows: (c + rows[0] * rows[1], None), 0.0, (x, z))[0])
    assert f([1, 2], [3, 4]) == 11
    with pytest.raises(graphc.CallError, match="must be 2|2 was expected"):
        f([1, 2], [3, 4, 5])
