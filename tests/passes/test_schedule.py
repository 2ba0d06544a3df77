"""The order of the kernels, and which Variables are overwritten."""
import numpy as np
import pytest

import graphc

from .kernels import compiled, kernels, matrix


def square(name="w"):
    return graphc.Variable(np.eye(3, dtype="float32"), name=name)


def in_place(updates, outputs=(), inputs=()):
    """The Variables that are overwritten without a copy."""
    graph = compiled(list(inputs), outputs, updates)
    return {v.name for v, new in graph.updates if new.op.name != "copy"}


@pytest.mark.parametrize("new", [lambda w: w * 2, lambda w: w - 0.1 * graphc.exp(w), lambda w: w + graphc.constant(
    np.arange(3, dtype="float32")), lambda w: graphc.where(w > 0, w, 0), lambda w: w - graphc.sum(w, 0)])
def test_an_update_that_reads_only_its_own_element_is_in_place(new):
    w = square()
    assert in_place({w: new(w)}) == {"w"}


@pytest.mark.parametrize("new", [lambda w: w.T, lambda w: w + w.T, lambda w: w[::-1] * 2, lambda w: graphc.flip(w, 0) - w,
                                 lambda w: w @ w, lambda w: w[[1, 0, 2]], lambda w: graphc.cumulative_sum(w, 0)])
def test_an_update_that_reads_other_elements_is_not(new):
    w = square()
    assert in_place({w: new(w)}) == set()


@pytest.mark.parametrize("mode", ["set", "add", "multiply", "min", "max"])
def test_rows_of_a_variable_are_changed_in_place(mode):
    w, i, values = square(), graphc.placeholder((2,), "int64", name="i"), matrix("v", 2, 3)
    new = getattr(w.at[i], mode)(values)
    assert in_place({w: new}, inputs=[i, values]) == {"w"}
    step, expected = graphc.compile([i, values], (), updates={w: new}), w.numpy()
    args = [np.array([2, 0]), np.array([[1, 2, 3], [4, 5, 6]], "float32")]
    expected = graphc.interpret([i, values], new, args)
    step(*args)
    np.testing.assert_array_equal(w.numpy(), expected)


@pytest.mark.parametrize("values", [lambda w: w, lambda w: w * 2])
def test_rows_of_a_variable_changed_by_its_own_rows(values):
    w, i = square(), graphc.placeholder((3,), "int64", name="i")
    new = w.at[i].add(values(w))
    assert in_place({w: new}, inputs=[i]) == ({"w"} if values(w) is not w else set())
    expected = graphc.interpret([i], new, [np.array([2, 0, 0])])
    graphc.compile([i], (), updates={w: new})(np.array([2, 0, 0]))
    np.testing.assert_array_equal(w.numpy(), expected)


def test_an_index_out_of_bounds_changes_no_row():
    w, i = square(), graphc.placeholder((2,), "int64", name="i")
    step = graphc.compile([i], (), updates={w: w.at[i].add(1)})
    with pytest.raises(graphc.IndexOutOfBounds):
        step(np.array([0, 3]))
    np.testing.assert_array_equal(w.numpy(), np.eye(3))


def test_who_reads_the_old_value_runs_before():
    w = square()
    order = kernels([], graphc.sum(w, 0), {w: w * 2})
    assert order[-1] == ["multiply"] and order[0] == ["sum"]


def test_a_reader_of_both_the_old_and_the_new_value_forces_a_copy():
    w = square()
    new = graphc.tanh(w)
    assert in_place({w: new}, [graphc.matmul(new, w)]) == set()


def test_swapping_takes_one_more_copy_than_there_are_variables():
    a, b = square("a"), square("b")
    assert kernels([], (), {a: b, b: a}) == [["copy"]] * 3


def test_two_variables_are_overwritten_by_one_kernel_that_reads_one_of_them():
    a, b = square("a"), square("b")
    assert in_place({a: b * 2, b: graphc.sum(a, 0) + b}) == {"a", "b"}


def test_momentum_is_updated_in_place():
    w, m, g = square("w"), square("m"), matrix("g", 3, 3)
    velocity = 0.9 * m + g
    assert in_place({m: velocity, w: w - 0.1 * velocity}, inputs=[g]) == {"m", "w"}
    assert len(kernels([g], (), {m: velocity, w: w - 0.1 * velocity})) == 1
