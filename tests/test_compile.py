"""graphc.compile and graphc.Function: what goes in, what comes out, what Variables hold afterwards, and every refusal."""
import threading
import warnings

import ml_dtypes
import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError, CallError, DTypeError, NotFinite, ShapeError
from graphc.ir.types import SHORT
from graphc.runtime import objects, plan, runner

from .poison import poison

F32 = np.float32
ramp = np.arange(6, dtype=F32).reshape(2, 3)


@pytest.fixture(autouse=True)
def nonsense(monkeypatch):
    poison(monkeypatch)


def vector(name="x", size=None, dtype="float32"):
    return graphc.placeholder((size,), dtype, name)


def variable(value, name=None):
    return graphc.Variable(np.asarray(value, F32), name=name)


def same(actual, expected):
    """Equal in value, shape and dtype."""
    expected = np.asarray(expected)
    assert np.asarray(actual).dtype == expected.dtype and np.shape(actual) == expected.shape
    np.testing.assert_array_equal(actual, expected)


# ---- outputs --------------------------------------------------------------------------------------------------------
def test_a_single_expression_comes_back_bare_and_a_sequence_as_a_tuple():
    x = vector()
    same(graphc.compile(x, x + 1)([1, 2]), np.array([2, 3], F32))
    for outputs in ([x + 1], (x + 1,)):
        (result,) = graphc.compile([x], outputs)([1, 2])
        same(result, np.array([2, 3], F32))
    assert graphc.compile([x])([1, 2]) == ()


def test_numbers_come_back_as_numpy_scalars():
    x, y = graphc.placeholder(name="x"), graphc.placeholder(name="y")
    z = x * y + 5 * y + 5
    results = graphc.compile([x, y], [z, *graphc.grad(z, [x, y])])(2.0, 3.0)
    assert results == (26.0, 3.0, 7.0) and all(type(r) is F32 for r in results)
    v = vector()
    assert type(graphc.compile(v, graphc.sum(v))([1, 2])) is F32


def test_one_expression_may_be_several_outputs_in_memory_of_their_own():
    x = graphc.placeholder((2, 3), name="x")
    a, b, c = graphc.compile(x, [x * 2, x * 2, (x * 2).T])(ramp)
    same(a, ramp * 2)
    same(b, ramp * 2)
    same(c, (ramp * 2).T)
    a[...] = 0
    b[...] = 1
    same(c, (ramp * 2).T)


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.T, lambda x: graphc.reshape(x, (-1,)), lambda x: x[::-1, 1:],
                                  lambda x: graphc.expand_dims(x, 0), lambda x: x[1], lambda x: graphc.flip(x),
                                  lambda x: graphc.stop_gradient(x), lambda x: graphc.broadcast_to(x, (2, 2, 3))])
@pytest.mark.parametrize("source", ["input", "variable", "constant"])
def test_an_output_that_only_renames_is_a_copy(view, source):
    x = {"input": graphc.placeholder((2, 3)), "variable": graphc.Variable(ramp), "constant": graphc.constant(ramp)}[source]
    f = graphc.compile([x] if source == "input" else [], view(x))
    given = ramp.copy()
    expected = graphc.interpret([x] if source == "input" else [], view(x), [given] if source == "input" else [])
    result = f(given) if source == "input" else f()
    same(result, expected)
    result[...] = 99
    same(given, ramp)
    same(f(given) if source == "input" else f(), expected)


def test_results_of_later_calls_leave_earlier_ones_alone():
    x = graphc.placeholder((300, 300))
    f = graphc.compile(x, x + 1)
    first = f(np.zeros((300, 300)).astype(F32))
    part = first[10:20]
    del first
    second = f(np.full((300, 300), 7, F32))
    assert (part == 1).all() and (second == 8).all()


def test_outputs_of_every_dtype():
    x = graphc.placeholder((3,), "int32")
    dtypes = list(SHORT)
    for dtype, result in zip(dtypes, graphc.compile(x, [x.astype(d) for d in dtypes])([0, 1, 2]), strict=True):
        same(result, np.array([0, 1, 2]).astype(dtype))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("skip", [(), ("fuse",)])
def test_a_cast_rounds_where_it_stands(dtype, skip):
    """What a kernel keeps in registers has the digits that were asked for."""
    x = vector()
    f = graphc.compile(x, [x.astype(dtype).astype("float32") - x, graphc.sum(x.astype(dtype).astype("float32"))], skip=skip)
    value = np.array([1.001, 3.14159, 1e-9, -70000], F32)
    with np.errstate(over="ignore"):
        expected = value.astype(dtype).astype(F32)
    difference, total = f(value)
    same(difference, expected - value)
    assert total == expected.sum()


# ---- inputs ---------------------------------------------------------------------------------------------------------
def test_inputs_that_are_not_used_are_checked_all_the_same():
    x, y = vector("x"), graphc.placeholder((2,), "int32", "unused")
    f = graphc.compile([x, y], x + 1)
    same(f([1], [1, 2]), np.array([2], F32))
    with pytest.raises(CallError, match=r"input 1 \(unused:i32\[2\]\)"):
        f([1], [1, 2, 3])


def test_inputs_by_name():
    x, y = vector("x"), vector("y")
    f = graphc.compile([x, y], x - y)
    expected = np.array([2], F32)
    same(f([3], y=[1]), expected)
    same(f(y=[1], x=[3]), expected)
    with pytest.raises(CallError, match="no input named 'z'"):
        f([3], z=[1])
    with pytest.raises(CallError, match="the input 'x' is given twice"):
        f([3], x=[1])
    with pytest.raises(CallError, match=r"no input named 'Y' to fill; did you mean 'y'\?"):
        f([3], Y=[1])
    with pytest.raises(CallError, match=r"2 inputs are expected \(x:f32\[\?\], y:f32\[\?\]\); got 1"):
        f([3])
    with pytest.raises(CallError, match="got 3"):
        f([3], [1], [2])


def test_numbers_by_name():
    x, y = graphc.placeholder(name="x"), graphc.placeholder(name="y")
    f = graphc.compile([x, y], x - y)
    assert f(3.0, y=1.0) == f(y=1.0, x=3.0) == 2


@pytest.mark.parametrize("dtype", list(SHORT), ids=str)
def test_numbers_of_every_dtype(dtype):
    x = graphc.placeholder((), dtype)
    f = graphc.compile(x, x)
    value = {"b": True, "i": -3, "u": 3}.get(dtype.kind, -2.5)
    for given in (value, dtype.type(value), np.array(value, dtype), np.array([[value]], dtype)[0, 0]):
        result = f(given)
        assert result == value and np.asarray(result).dtype == dtype
    assert f(True) == 1
    if dtype.kind != "b":
        assert f(1) == 1


def test_only_a_bool_is_a_bool():
    x = graphc.placeholder((), "bool", "x")
    f = graphc.compile(x, [x, graphc.logical_not(x)])
    assert f(False) == (False, True) and f(np.True_) == (True, False)
    for wrong in (1, 0.5, np.int8(1), "yes", None):
        with pytest.raises(CallError, match=r"input 0 \(x:bool\[\]\) takes bool"):
            f(wrong)


@pytest.mark.parametrize("dtype", [d for d in SHORT if d.kind in "iu"], ids=str)
def test_integers_that_do_not_fit_are_refused(dtype):
    f = graphc.compile(x := graphc.placeholder((), dtype, "x"), x)
    info = np.iinfo(dtype)
    assert f(int(info.max)) == info.max and f(int(info.min)) == info.min
    for wrong in (int(info.max) + 1, int(info.min) - 1, 1.5, np.float32(1), "1", None, 1j):
        with pytest.raises(CallError, match=r"input 0 \(x:"):
            f(wrong)


def test_floats_that_overflow_are_infinite():
    f = graphc.compile(x := graphc.placeholder(), x)
    half = graphc.compile(x := graphc.placeholder((), "float16"), x)
    with warnings.catch_warnings(action="error"):
        assert f(1e300) == np.inf and half(1e6) == np.inf
    assert f(np.float64(1e300)) == np.inf
    assert f(float("-inf")) == -np.inf and np.isnan(f(float("nan"))) and f(10**30) == F32(1e30)


def test_arrays_that_narrow_are_refused_and_those_that_widen_are_not():
    f = graphc.compile(x := vector("x"), x)
    same(f(np.array([1, 2], np.float16)), np.array([1, 2], F32))
    same(f(np.array([1, 2], ml_dtypes.bfloat16)), np.array([1, 2], F32))
    same(f(np.array([1, 2], np.int16)), np.array([1, 2], F32))
    same(f(np.array([True])), np.array([1], F32))
    for wrong in (np.array([1.0]), np.array([1]), np.array([1j]), np.array(["a"])):
        with pytest.raises(CallError, match=r"input 0 \(x:f32\[\?\]\) takes float32, not"):
            f(wrong)


def test_single_numbers_of_numpy_convert_where_they_fit_as_pythons_do():
    whole = graphc.compile(x := graphc.placeholder((), "int32", "x"), x)
    real = graphc.compile(x := graphc.placeholder(name="x"), x)
    assert whole(np.int64(5)) == whole(np.array(5)) == whole(np.uint64(5)) == 5
    assert real(np.float64(3)) == real(np.array(3.0)) == real(ml_dtypes.bfloat16(3)) == real(np.int64(3)) == 3
    for wrong in (np.int64(2**31), np.uint64(2**63), 2**31, 2**70):
        with pytest.raises(CallError, match=rf"input 0 \(x:i32\[\]\): {int(wrong)} does not fit into int32$"):
            whole(wrong)
    with pytest.raises(CallError, match="takes int32, not float64$"):
        whole(np.float64(5))


def test_advice_is_given_where_it_can_be_followed():
    f = graphc.compile(x := vector(dtype="uint8"), x)
    with pytest.raises(CallError, match=r"input 0 \(x:u8\[\?\]\): 300 does not fit into uint8$"):
        f([1, 300])
    with pytest.raises(CallError, match="takes uint8, not float64$"):
        f([1.5])
    with pytest.raises(CallError, match=r"not int64; convert it with .astype\('uint8'\)$"):
        f(np.array([300]))
    with pytest.raises(CallError, match="takes uint8, not None$"):
        f(None)


def test_a_masked_array_is_refused():
    f = graphc.compile(x := vector(), x)
    with pytest.raises(CallError, match=r"input 0 \(x:f32\[\?\]\) takes no masked array"):
        f(np.ma.array([1, 2], np.float32, mask=[0, 1]))


def layouts(a: np.ndarray):
    """Arrays equal to `a` that lie in memory otherwise."""
    yield np.asfortranarray(a)
    yield np.repeat(a, 2, axis=1)[:, ::2]
    yield a[::-1].copy()[::-1]
    yield a.astype(a.dtype.newbyteorder())
    raw = np.empty(a.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(a.dtype).reshape(a.shape)
    unaligned[...] = a
    yield unaligned
    frozen = a.copy()
    frozen.flags.writeable = False
    yield frozen
    yield np.broadcast_to(a[:1], a.shape) * 0 + a
    yield a.tolist()
    yield tuple(map(tuple, a.tolist()))
    yield memoryview(a)
    yield np.ma.asarray(a).data


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int64"])
def test_arrays_however_they_lie(dtype):
    x = graphc.placeholder((None, 3), dtype)
    f = graphc.compile(x, [x, x.T * 2])
    a = ramp.astype(dtype)
    for given in layouts(a):
        first, second = f(given)
        same(first, a)
        same(second, a.T * np.array(2, dtype))


def test_an_input_is_never_written():
    x = vector(size=3)
    w = variable([1, 2, 3])
    given = np.array([1, 2, 3], F32)
    given.flags.writeable = False
    f = graphc.compile(x, x * 2, updates={w: x})
    f(given)
    same(given, np.array([1, 2, 3], F32))
    w.assign([7, 7, 7])
    same(given, np.array([1, 2, 3], F32))


def test_one_array_for_two_inputs():
    x, y = vector("x"), vector("y")
    a = np.array([1, 2], F32)
    same(graphc.compile([x, y], x * 10 + y)(a, a), np.array([11, 22], F32))


def test_arrays_of_no_elements_and_of_no_dimensions():
    x = graphc.placeholder((None, 3), name="x")
    f = graphc.compile(x, [x + 1, graphc.sum(x, 0), graphc.sum(x), graphc.matmul(x, x.T), graphc.mean(x, 1)])
    a, columns, total, products, rows = f(np.zeros((0, 3), F32))
    same(a, np.zeros((0, 3), F32))
    same(columns, np.zeros(3, F32))
    same(total, F32(0))
    same(products, np.zeros((0, 0), F32))
    same(rows, np.zeros(0, F32))
    zero_d = graphc.compile(s := graphc.placeholder(()), graphc.reshape(s, (1, 1)))
    same(zero_d(np.array(3, F32)), np.full((1, 1), 3, F32))
    with pytest.raises(CallError, match="has 0 dimensions"):
        zero_d([3])


def test_anything_with_dlpack():
    torch = pytest.importorskip("torch")
    x = vector()
    same(graphc.compile(x, x + 1)(torch.arange(3.0)), np.array([1, 2, 3], F32))


def test_a_tensor_that_numpy_cannot_read_names_the_input():
    torch = pytest.importorskip("torch")
    f = graphc.compile(x := vector(), x)
    for value in (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.bfloat16), torch.ones(2, device="meta"),
                  torch.eye(2).to_sparse()):
        with pytest.raises(CallError, match=r"input 0 \(x:f32\[\?\]\) takes .* this Tensor is not"):
            f(value)


def test_a_name_of_any_length():
    x = vector("x" * 3000)
    same(graphc.compile(x, graphc.exp(x) * 0 + 1)([1, 2]), np.ones(2, F32))


# ---- sizes ----------------------------------------------------------------------------------------------------------
def test_wrong_shapes_name_the_input():
    x, y = graphc.placeholder((None, 3), name="x"), graphc.placeholder((2,), "int64", "y")
    f = graphc.compile([x, y], [x, y])
    with pytest.raises(CallError, match=r"input 0 \(x:f32\[\?,3\]\) got shape \(2, 4\): axis 1 must be 3"):
        f(np.zeros((2, 4), F32), [1, 2])
    with pytest.raises(CallError, match=r"input 0 \(x:f32\[\?,3\]\) has 2 dimensions; got shape \(3,\)"):
        f(np.zeros(3, F32), [1, 2])
    with pytest.raises(CallError, match=r"input 1 \(y:i64\[2\]\) got shape \(3,\)"):
        f(ramp, [1, 2, 3])
    with pytest.raises(CallError, match="input 0 .*inhomogeneous"):
        f([[1, 2, 3], [1]], [1, 2])
    with pytest.raises(CallError, match="takes numbers, not the expression"):
        f(x, [1, 2])
    nameless = graphc.placeholder((3,))
    with pytest.raises(CallError, match=r"input 0 \(f32\[3\], made at .*test_compile.py"):
        graphc.compile(nameless, nameless)([1])


def test_sizes_that_meet_must_be_equal_in_each_call():
    x, y = vector("x"), vector("y")
    f = graphc.compile([x, y], x + y)
    same(f([1, 2], [3, 4]), np.array([4, 6], F32))
    for a, b in (([1, 2], [1, 2, 3]), ([1], [1, 2, 3]), ([1, 2, 3], [1])):
        with pytest.raises(CallError, match=r"add\(x:f32\[\d\], y:f32\[\d\]\): .*\n.*test_compile.py"):
            f(a, b)


@pytest.mark.parametrize("skip", [(), ("sizes",)])
@pytest.mark.parametrize("build", [
    lambda x: x + graphc.ones((5, 3)), lambda x: graphc.where(x > 0, x, graphc.ones((5, 3))),
    lambda x: graphc.matmul(x.T, graphc.ones((5, 2))), lambda x: graphc.broadcast_to(x, (4, 5, 3)),
    lambda x: graphc.concat([x, graphc.ones((5, 1))], 1),
    lambda x: graphc.matmul(graphc.expand_dims(x, 1), graphc.ones((5, 3, 2)))], ids=range(6))
def test_a_size_known_only_at_call_time_is_never_broadcast(build, skip):
    x = graphc.placeholder((None, 3), name="x")
    f = graphc.compile(x, build(x), skip=skip)
    f(np.ones((5, 3), F32))
    for rows in (1, 4, 6, 0):
        with pytest.raises(CallError, match="made at .*test_compile.py"):
            f(np.ones((rows, 3), F32))


def test_two_placeholders_of_one_size():
    n = graphc.placeholder((None,)).dims[0]
    x, y = graphc.placeholder((n, 2), name="x"), graphc.placeholder((n,), name="y")
    f = graphc.compile([x, y], [x, y])
    with pytest.raises(CallError, match=r"input 1 \(y:.*axis 0 must be 3, as input 0 settled"):
        f(np.ones((3, 2), F32), np.ones(2, F32))


def test_a_size_that_does_not_divide():
    x = vector()
    f = graphc.compile(x, graphc.reshape(x, (-1, 2)))
    same(f([1, 2, 3, 4]), np.array([[1, 2], [3, 4]], F32))
    with pytest.raises(CallError, match="reshape"):
        f([1, 2, 3])


def test_a_new_size_compiles_nothing(monkeypatch):
    x, w = graphc.placeholder((None, 4)), graphc.Variable(np.ones((4, 3), F32))
    y = graphc.softmax(graphc.matmul(x, w) + 1)
    f = graphc.compile(x, y, updates={w: w - 0.1 * graphc.grad(graphc.sum(y * y), w)})
    f(np.ones((2, 4), F32))
    compiled = []
    monkeypatch.setattr(objects._Linker, "load", lambda *args: compiled.append(args))
    for rows in (1, 0, 17, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 17):
        assert f(np.ones((rows, 4), F32)).shape == (rows, 3)
    assert not compiled


def test_plans_share_memory_and_the_oldest_are_forgotten():
    x = graphc.placeholder((None, 4))
    f = graphc.compile(x, graphc.sort(graphc.cumsum(x, axis=0), axis=1) + 1)
    for rows in (100, *range(1, 100)):
        f(np.ones((rows, 4), F32))
    plans = f._runner.plans.values()
    assert len(plans) == runner.PLANS
    assert len({plan.base for plan in plans}) == 1


def test_a_call_that_fails_changes_no_variable():
    i, count, rows = graphc.placeholder((None,), "int64"), variable([0]), graphc.Variable(np.zeros((4, 2), F32))
    f = graphc.compile(i, graphc.sum(rows[i]), updates={rows: rows.at[i].add(1.0), count: count + 1})
    with pytest.raises(IndexError):
        f([1, 9])
    same(rows.numpy(), np.zeros((4, 2), F32))
    same(count.numpy(), np.array([0], F32))
    f([1, -1])
    same(rows.numpy()[:, 0], np.array([0, 1, 0, 1], F32))
    same(count.numpy(), np.array([1], F32))


# ---- Variables ------------------------------------------------------------------------------------------------------
def test_updates_take_effect_together():
    a, b = variable([1, 2]), variable([3, 4])
    swap = graphc.compile([], [a + b, a], updates={a: b, b: a})
    total, before = swap()
    same(total, np.array([4, 6], F32))
    same(before, np.array([1, 2], F32))
    same(a.numpy(), np.array([3, 4], F32))
    same(b.numpy(), np.array([1, 2], F32))
    swap()
    same(a.numpy(), np.array([1, 2], F32))


def test_a_ring_of_variables():
    ring = [variable([k, 10 * k]) for k in range(5)]
    f = graphc.compile([], (), updates={v: ring[(k + 1) % 5] * 2 for k, v in enumerate(ring)})
    f()
    for k, v in enumerate(ring):
        same(v.numpy(), np.array([1, 10], F32) * 2 * ((k + 1) % 5))


def test_outputs_read_the_old_value_and_the_new():
    w = variable([1, 2])
    new = w * 3
    old, updated, again = graphc.compile([], [w, new, new + w], updates={w: new})()
    same(old, np.array([1, 2], F32))
    same(updated, np.array([3, 6], F32))
    same(again, np.array([4, 8], F32))
    same(w.numpy(), np.array([3, 6], F32))
    updated[...] = 0
    same(w.numpy(), np.array([3, 6], F32))


@pytest.mark.parametrize("new", [
    lambda w: w.T, lambda w: w[::-1], lambda w: graphc.flip(w, 1), lambda w: graphc.roll(w, 1, 0), lambda w: w,
    lambda w: w + 0, lambda w: graphc.cumulative_sum(w, 0), lambda w: graphc.sort(-w, 0), lambda w: graphc.matmul(w, w),
    lambda w: w + w.T,
    lambda w: w - graphc.mean(w), lambda w: w - graphc.sum(w, 0), lambda w: w / graphc.sum(w, 1, keepdims=True),
    lambda w: graphc.broadcast_to(w[0], (3, 3)), lambda w: graphc.softmax(w, 0), lambda w: graphc.where(w > 4, w.T, w),
    lambda w: graphc.reshape(graphc.reshape(w, (-1,))[::-1], (3, 3)), lambda w: w[[2, 0, 1]],
    lambda w: w.at[[0, 0]].add(w[1:]), lambda w: graphc.pad(w[1:], [(0, 1), (0, 0)])], ids=range(20))
def test_an_update_that_reads_other_elements_than_it_writes(new):
    start = np.arange(1, 10, dtype=F32).reshape(3, 3)
    w = graphc.Variable(start)
    expected = graphc.interpret([], new(w), [])
    graphc.compile([], (), updates={w: new(w)})()
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6)


def test_a_variable_read_by_what_follows_its_update():
    """The next value is read by others, which also read the old value."""
    w = graphc.Variable(np.arange(9, dtype=F32).reshape(3, 3))
    new = graphc.tanh(w) * 2
    later = graphc.matmul(new, w) + graphc.sum(w * new, 0)
    expected = graphc.interpret([], [new, later], [])
    result = graphc.compile([], later, updates={w: new})()
    np.testing.assert_allclose(result, expected[1], rtol=1e-5)
    np.testing.assert_allclose(w.numpy(), expected[0], rtol=1e-6)


def test_one_next_value_for_two_variables():
    a, b, x = variable([0, 0]), variable([0, 0]), vector(size=2)
    graphc.compile(x, (), updates={a: x + 1, b: x + 1})([1, 2])
    same(a.numpy(), b.numpy())
    a.assign([9, 9])
    same(b.numpy(), np.array([2, 3], F32))


def test_variables_that_are_assigned_between_calls():
    w, x = variable([1, 2]), vector(size=2)
    f = graphc.compile(x, x * w)
    same(f([1, 1]), np.array([1, 2], F32))
    w.assign([5, 6])
    same(f([1, 1]), np.array([5, 6], F32))


def test_variables_of_no_dimensions_and_of_other_dtypes():
    count, flag = graphc.Variable(0, "int64"), graphc.Variable(False)
    f = graphc.compile([], count * 10, updates={count: count + 1, flag: count > 0})
    assert [f() for _ in range(3)] == [0, 10, 20]
    assert count.numpy() == 3 and flag.numpy()


def test_an_update_whose_size_only_a_call_knows():
    w, x = variable([1, 2, 3]), vector()
    f = graphc.compile(x, (), updates={w: x * 2})
    f([1, 1, 1])
    same(w.numpy(), np.array([2, 2, 2], F32))
    for wrong in ([1], [1, 2], [1, 2, 3, 4], []):
        with pytest.raises(CallError, match=r"the update of .*:f32\[3\] has shape \(\d,\)\n  made at .*test_compile.py"):
            f(wrong)
        with pytest.raises(CallError):
            f(wrong)
    same(w.numpy(), np.array([2, 2, 2], F32))


# ---- what compile refuses -------------------------------------------------------------------------------------------
def test_compile_refuses():
    x, y, w = vector("x"), vector("y"), variable([1, 2], "w")
    with pytest.raises(ArgumentError, match=r"placeholder y:f32\[\?\] is used, but it is not among the inputs\n.*_compile"):
        graphc.compile(x, x + y)
    with pytest.raises(ArgumentError, match="placeholder y"):
        graphc.compile(x, x, updates={w: graphc.sum(y) + w})
    with pytest.raises(ArgumentError, match="input 1 must be a placeholder"):
        graphc.compile([x, x + 1], x)
    with pytest.raises(ArgumentError, match="input 0 must be a placeholder"):
        graphc.compile([w], w)
    with pytest.raises(ArgumentError, match="given twice"):
        graphc.compile([x, x], x)
    with pytest.raises(ArgumentError, match="is no Variable"):
        graphc.compile(x, x, updates={x: x + 1})
    with pytest.raises(DTypeError, match=r"the update of w:f32\[2\] has type f64\[2\]; use astype"):
        graphc.compile([], (), updates={w: w.astype("float64")})
    with pytest.raises(ShapeError, match=r"the update of w:f32\[2\] has shape \(2, 1\)"):
        graphc.compile([], (), updates={w: graphc.expand_dims(w, 1)})
    with pytest.raises(ShapeError, match=r"has shape \(3,\)"):
        graphc.compile([], (), updates={w: graphc.ones(3)})
    with pytest.raises(ArgumentError, match="no pass is named 'fusee'; did you mean 'fuse'"):
        graphc.compile(x, x, skip=["fusee"])
    with pytest.raises(ArgumentError, match="device"):
        graphc.compile(x, x, device="tpu")
    for threads in (0, -1, 1.5, True, "2", 1000):
        with pytest.raises(ArgumentError, match="threads"):
            graphc.compile(x, x, threads=threads)


@pytest.mark.parametrize(("arguments", "message"), [
    (lambda x: (None, x), "inputs is an expression or a sequence of expressions, not None"),
    (lambda x: (3, x), "inputs is .*, not the int 3"),
    (lambda x: ([x], None), "outputs is an expression or a sequence of expressions, not None"),
    (lambda x: ([x], {"a": x}), "outputs is .*, not the dict {'a': x}"),
    (lambda x: ([x], "x"), "outputs is .*, not the str 'x'"),
    (lambda x: ([x], 3), "outputs is .*, not the int 3")])
def test_compile_refuses_what_is_no_sequence_of_expressions(arguments, message):
    with pytest.raises(ArgumentError, match=rf"compile.*: {message}\n  at .*test_compile.py"):
        graphc.compile(*arguments(vector()))


@pytest.mark.parametrize(("named", "message"), [
    ({"updates": [(1, 2)]}, r"updates maps Variables to expressions, .*; \[\(1, 2\)\] is no mapping"),
    ({"skip": None}, "skip names passes, .*, not None"), ({"skip": [3]}, r"skip names passes, .*, not the list \[3\]"),
    ({"skip": "fusee"}, "no pass is named 'fusee'"),
    ({"check_nan": "no"}, "check_nan is True or False, not 'no'"), ({"rounding": 1}, "rounding is True or False, not 1")])
def test_compile_refuses_options(named, message):
    with pytest.raises(ArgumentError, match=rf"compile.*: {message}"):
        graphc.compile(x := vector(), x, **named)


def test_one_pass_to_skip_may_be_named_alone():
    x = vector()
    y = graphc.exp(x) * graphc.sum(x)
    one, others = (graphc.compile(x, y, skip=skip)._runner.program.steps for skip in ("fuse", ["fuse"]))
    assert len(one) == len(others) > len(graphc.compile(x, y)._runner.program.steps)


def test_an_update_that_is_a_python_number_takes_the_dtype():
    w, n = variable(3.0, "w"), graphc.Variable(7, "int32")
    graphc.compile([], (), updates={w: 0, n: True})()
    same(w.numpy(), F32(0))
    same(n.numpy(), np.int32(1))
    with pytest.raises(ShapeError, match=r"update of v:f32\[2\] has shape \(\).*\n  at .*test_compile.py"):
        graphc.compile([], (), updates={variable([1, 2], "v"): 0})
    with pytest.raises(DTypeError, match=r"has type f64\[\]; use astype\n  at .*test_compile.py"):
        graphc.compile([], (), updates={n: 0.5})


# ---- threads --------------------------------------------------------------------------------------------------------
def deep(x):
    """Products, reductions of each kind, gathers and a gradient."""
    w = graphc.constant(np.sin(np.arange(37 * 19)).reshape(37, 19).astype(F32))
    h = graphc.gelu(graphc.matmul(x, w))
    y = graphc.softmax(h) + graphc.mean(h, 0)
    cost = graphc.sum(graphc.logsumexp(y, 0)) + graphc.mean(graphc.sort(y, 1)[:, 3] * graphc.max(y, 1))
    return [y, cost, graphc.grad(cost, x), graphc.argmax(y, 0), graphc.cumulative_sum(x, 0), graphc.sum(x), graphc.std(x, 1)]


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(plan, "PARALLEL", 0)
    x = graphc.placeholder((None, 37))
    functions = [graphc.compile(x, deep(x), threads=n) for n in (1, 2, 3, 7)]
    for rows in (1, 2, 5, 64, 301):
        value = np.random.default_rng(rows).standard_normal((rows, 37)).astype(F32)
        first, *others = ([r.tobytes() for r in f(value)] for f in functions)
        assert all(other == first for other in others)
    assert [f.plan(value).threads for f in functions] == [1, 2, 3, 7]


def test_python_threads_share_a_function():
    x, w = graphc.placeholder((None, 37)), variable(np.zeros(1))
    f = graphc.compile(x, [graphc.sum(x * 2, 1), w], updates={w: w + 1})
    failures, counts = [], []

    def work(k):
        value = np.full((k + 1, 37), k, F32)
        for _ in range(100):
            total, count = f(value)
            counts.append(float(count[0]))
            if total.shape != (k + 1,) or not (total == 74 * k).all():
                failures.append(total)
    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    assert sorted(counts) == list(range(400)), "each call saw the Variable after the one before"


def test_python_threads_share_a_function_of_numbers():
    x, y = graphc.placeholder(), graphc.placeholder()
    f = graphc.compile([x, y], [x * y, x + y])
    failures = []

    def work(k):
        failures.extend(k for _ in range(2000) if f(float(k), 2.0) != (2 * k, k + 2))
    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def test_two_functions_of_the_same_variables_in_two_threads():
    a, b = variable([1]), variable([2])
    one = graphc.compile([], (), updates={a: b, b: a})
    other = graphc.compile([], (), updates={b: a, a: b})
    workers = [threading.Thread(target=lambda f=f: [f() for _ in range(500)]) for f in (one, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {float(a.numpy()[0]), float(b.numpy()[0])} == {1, 2}


# ---- checks in a run ------------------------------------------------------------------------------------------------
def test_check_nan_names_the_first_node():
    x = vector("x", 3)
    y = graphc.log(x)  # the line that is named
    f = graphc.compile(x, [graphc.sum(y * 2), graphc.exp(x)], check_nan=True)
    assert np.isfinite(f([1, 2, 3])[0])
    with pytest.raises(NotFinite, match=r"log\(x:f32\[3\]\) made nan at \(1,\)\n.*y = graphc.log\(x\)"):
        f([1, -2, 3])
    with pytest.raises(NotFinite, match=r"log\(x:f32\[3\]\) made -inf at \(0,\)"):
        f([0, 2, 3])
    with pytest.raises(NotFinite, match=r"input 0 \(x:f32\[3\]\) holds nan at \(2,\)"):
        f([1, 2, np.nan])
    with pytest.raises(NotFinite, match=r"exp\(x:f32\[3\]\) made inf at \(2,\)"):
        f([1, 2, 100])
    assert np.isfinite(f([1, 2, 3])[0])


def test_check_nan_leaves_integers_and_numbers_alone():
    x = graphc.placeholder((), name="x")
    f = graphc.compile(x, [1 / x, x > 0, (x * 0).astype("int32")], check_nan=True)
    assert f(2.0)[0] == 0.5
    with pytest.raises(NotFinite, match="made inf"):
        f(0.0)


def test_check_nan_sees_what_matmul_and_updates_make():
    w, x = graphc.Variable(np.full((2, 2), 1e30, F32), name="w"), graphc.placeholder((2, 2), name="x")
    f = graphc.compile(x, (), updates={w: graphc.matmul(w, x)}, check_nan=True)
    f(np.eye(2, dtype=F32))
    with pytest.raises(NotFinite, match=r"matmul\(w:f32\[2,2\], x:f32\[2,2\]\) made inf"):
        f(np.full((2, 2), 1e30, F32))


def test_an_index_out_of_bounds_names_the_line():
    x, i = graphc.placeholder((4, 2), name="x"), graphc.placeholder((None,), "int64", "i")
    y = x[i]  # the line that is named
    f = graphc.compile([x, i], [y, graphc.sum(x)])
    value = np.arange(8, dtype=F32).reshape(4, 2)
    same(f(value, [0, -1, 3, -4])[0], value[[0, -1, 3, -4]])
    for wrong in ([4], [0, -5], [2**40]):
        message = rf"index {wrong[-1]} is out of bounds for axis 0 of size 4\n.*y = x\[i\]"
        with pytest.raises(graphc.IndexOutOfBounds, match=message):
            f(value, wrong)
        with pytest.raises(IndexError):
            f(value, wrong)
    same(f(value, [1])[0], value[[1]])


@pytest.mark.parametrize("skip", [(), ["fuse"]])
def test_an_index_out_of_bounds_names_operands_and_sizes_of_the_call(skip):
    x, i = graphc.placeholder((None, None), name="x"), graphc.placeholder((None,), "int64", "i")
    value = np.zeros((4, 2), F32)
    for y, message in ((graphc.take(x, i, axis=1), r"gather\(x:f32\[4,2\], i:i64\[3\]\): index -9 is .* axis 1 of size 2"),
                       (graphc.grad(graphc.sum(x[i] ** 2), x), r"i:i64\[3\]\): index -9 is .* axis (0 )?of size 4")):
        with pytest.raises(graphc.IndexOutOfBounds, match=message + r"\n  made at .*test_compile.py"):
            graphc.compile([x, i], y, skip=skip)(value, [1, 0, -9])


# ---- random numbers -------------------------------------------------------------------------------------------------
def test_random_numbers_are_fresh_in_each_call_and_reproducible():
    x = vector()
    f = graphc.compile(x, x * 0 + graphc.random.uniform((3,)))
    graphc.random.set_seed(7)
    first = [f([0, 0, 0]) for _ in range(3)]
    assert len({v.tobytes() for v in first}) == 3
    graphc.random.set_seed(7)
    for value in first:
        same(f([0, 0, 0]), value)
    graphc.random.set_seed(8)
    assert f([0, 0, 0]).tobytes() != first[0].tobytes()


def test_two_draws_of_one_call_differ_and_one_draw_is_the_same_everywhere():
    a, b = graphc.random.normal((5,)), graphc.random.normal((5,))
    first, second, again = graphc.compile([], [a, b, a + 0])()
    assert (first != second).all()
    same(again, first)


def test_random_numbers_do_not_depend_on_threads_or_passes(monkeypatch):
    monkeypatch.setattr(plan, "PARALLEL", 0)
    y = graphc.random.normal((50, 40)) * 2
    results = []
    for options in ({"threads": 1}, {"threads": 3}, {"skip": ["fuse"]}, {"check_nan": True}):
        graphc.random.set_seed(3)
        results.append(graphc.compile([], y, **options)().tobytes())
    assert len(set(results)) == 1
