"""Assignments one after the other."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import Variable
from graphc.nn.optimizers.assignments import Assignments


def values(trace):
    return {v.name: float(graphc.interpret([], x, [])) for v, x in trace.updates.items()}


def test_a_program_of_assignments_means_what_it_says():
    a, b = Variable(np.float32(2), name="a"), Variable(np.float32(3), name="b")
    with Assignments() as trace:
        before = a * 10
        a.assign(a + b)  # 5
        b.assign(before + a)  # 25: `before` is what it was
        a.assign_add(a * 10)  # 55: the same expression as `before`, of the new value
        b.assign_sub(b - a)  # 55
        a.assign(b)
        last = trace.current(a * 10 + before)
    assert values(trace) == {"a": 55, "b": 55}
    assert graphc.interpret([], last, []) == 570
    assert float(a) == 2


def test_one_within_another():
    a, b = Variable(np.float32(2), name="a"), Variable(np.float32(3), name="b")
    with Assignments() as outer:
        with Assignments() as inner:
            a.assign(a * 10)
            b.assign(a + b)
        for variable, value in inner.updates.items():
            variable.assign(value + variable)
    assert values(outer) == {"a": 22, "b": 26}


def test_a_shape_is_kept():
    a = Variable(np.zeros(3, "float32"), name="a")
    with Assignments(), pytest.raises(graphc.ArgumentError, match=r"assign to a:.*got shape \(2,\)"):
        a.assign(np.zeros(2))


def test_expressions_are_one_again_afterwards():
    a = Variable(np.float32(2), name="a")
    outside = a * 10
    with Assignments():
        assert a * 10 is outside
        a.assign(outside)
        assert a * 10 is a * 10 is not outside
    assert a * 10 is outside
