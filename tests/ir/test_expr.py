"""Nodes: one for equal ones, never changed, gone when nobody needs them; and errors that say where."""
import copy
import functools
import gc
import pickle
import re
import sysconfig
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
import pytest

import graphc
from graphc.ir import expr
from graphc.ir.errors import ArgumentError, DTypeError, ShapeError
from graphc.ir.expr import Expr, make, moments, originating
from graphc.ir.registry import OPS


@pytest.fixture
def x():
    return graphc.placeholder((3, 4), name="x")


# ---- identity -------------------------------------------------------------------------------------------------------
def test_equal_expressions_are_one(x):
    assert x + 1 is x + 1
    assert graphc.sum(x, axis=0) is x.sum(0) is np.sum(x, axis=0)
    assert graphc.exp(x)[1:, ::2] is graphc.exp(x)[1:, ::2]
    assert x + 1 is x + 1.0 is x + np.float32(1)


def test_others_are_not(x):
    y = graphc.placeholder((3, 4), name="x")
    different = [x + 1, 1 + x, x + y, y + 1, x + -1, x - 1, x.sum(0), x.sum(1), x.astype("float64"),
                 x + np.zeros((3, 4), "f4"),
                 x + 0.0, x + -0.0, graphc.pad(x, 1), graphc.pad(x, 1, constant_values=-0.0)]
    assert len(set(different)) == len(different)


def test_nothing_can_be_changed(x):
    y = x + 1
    for name in ("op", "inputs", "attrs", "type", "name", "line", "serial", "shape", "anything"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(y, name, None)
    with pytest.raises(AttributeError, match="immutable"):
        del y.name
    with pytest.raises(TypeError):
        x.sum(0).attrs["axes"] = (1,)
    x += 1
    assert x is y


def test_copies_are_itself_and_pickles_are_refused(x):
    assert copy.copy(x) is x and copy.deepcopy([x])[0] is x
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(x)


def test_nodes_die_with_their_last_user(x):
    y = graphc.exp(x) * 2
    inner = weakref.ref(y.inputs[0])
    serial = y.serial
    assert inner() is not None
    del y
    gc.collect()
    assert inner() is None
    assert (graphc.exp(x) * 2).serial > serial


def test_threads_make_one_node(x):
    count, found = 8, []
    start = threading.Barrier(count)

    def work():
        start.wait()
        y = x
        for k in range(200):
            y = graphc.sin(y) + k
        found.append(y)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == count and len(set(map(id, found))) == 1


def test_what_it_is(x):
    n = graphc.placeholder((None, 4), "int8")
    assert (x.shape, x.dims, x.ndim, x.size, x.dtype) == ((3, 4), (3, 4), 2, 12, np.float32)
    assert n.shape == (None, 4) and n.dims[1] == 4 and n.size == n.dims[0] * 4
    assert len(x) == 3 and [r.shape for r in x] == [(4,)] * 3 and len(list(reversed(x))) == 3
    a, b, c = x
    assert c is x[2]


@pytest.mark.parametrize(("use", "message"), [
    (lambda n: len(n), r"n:f32\[\?\] is known only at call time"), (lambda n: list(n), "known only at call time"),
    (lambda n: len(n.sum()), "0-d"), (lambda n: list(n.sum()), "0-d"), (lambda n: bool(n), "graphc.where"),
    (lambda n: 0 < n < 1, "graphc.where"), (lambda n: n and n, "logical_and"),
    (lambda n: 3 in n, r"graphc.any\(x == value\)"),
    (lambda n: float(n), "graphc.interpret"), (lambda n: int(n), "graphc.interpret"),
    (lambda n: range(n), "no value yet"),
    (lambda n: complex(n), "no value yet"), (lambda n: np.asarray(n), "no value yet"),
    (lambda n: np.array([n, n]), "graphc.stack"), (lambda n: [1, 2][n], "no value yet"),
])
def test_it_is_no_value(use, message):
    with pytest.raises(TypeError, match=message):
        use(graphc.placeholder((None,), name="n"))


# ---- errors ---------------------------------------------------------------------------------------------------------
def test_every_node_knows_its_line(x):
    y = x * 2
    assert y.line.file == __file__ and str(y.line).endswith(": y = x * 2")
    with originating(x.line):
        assert (x * 3).line == x.line
    assert (x * 4).line != x.line


def test_a_node_belongs_to_all_lines_that_asked_for_it(x):
    y = x * 7 + 1
    z = x * 7 + 1
    for _ in range(3):
        assert (x * 7 + 1) is y is z
    first = y.line.number
    assert [other.number for other in y.line.others] == [first + 1, first + 3]
    assert re.fullmatch(rf"{__file__}:{first}: y = .*\n  and at {__file__}:{first + 1}: z = .*\n  and at .* is z",
                        str(y.line))


def test_what_passes_and_gradients_ask_for_is_not_the_users_line(x):
    y = graphc.exp(x)
    with originating(x.line):
        assert graphc.exp(x) is y
    assert graphc.grad(graphc.sum(y), x) is not None
    graphc.compile(x, y)
    assert y.line.others == ()


def test_some_lines_are_enough(x):
    made = [eval(compile("x * 11", f"file {k}", "eval"), {"x": x}) for k in range(9)]
    assert len(set(made)) == 1 and len(made[0].line.others) == 3


def test_an_error_while_building_names_the_line_it_happened_on_and_no_other(x):
    y, z = x * 13, graphc.placeholder((9,))
    assert y is x * 13
    with pytest.raises(ShapeError) as caught:
        x * 13 + z
    assert "and at" not in str(caught.value) and str(caught.value).endswith(": x * 13 + z")


def test_code_of_python_and_of_numpy_is_nobodys_line(x):
    class Sum:
        @cached_property
        def value(self):
            return graphc.sum(x)  # here

    made = [np.sum(x * 17), np.mean(x * 17, axis=0), functools.reduce(graphc.add, [x, B[0], 17]), Sum().value]
    assert {y.line.file for y in made} == {__file__} and str(made[3].line).endswith("# here")
    assert len({y.line.number for y in made[:3]}) == 1
    with ThreadPoolExecutor(1) as others:
        assert others.submit(graphc.tan, x * 17).result().line is None
        assert others.submit(lambda: graphc.cos(x * 17)).result().line.file == __file__
        with pytest.raises(ShapeError, match=r"do not broadcast$"):
            others.submit(graphc.add, x, B).result()


def test_installed_packages_are_the_users(x):
    library = sysconfig.get_path("stdlib")
    for file, users in ((f"{library}/enum.py", False), (f"{library}/site-packages/mine/net.py", True),
                        ("<frozen os>", False), (graphc.__file__, False), (np.__file__, False),
                        ("<stdin>", True), ("/home/me/enum.py", True)):
        assert expr._is_users(file) == users, file


B = graphc.placeholder((5,), name="b")
I = graphc.placeholder((3,), "int32", name="i")  # noqa: E741


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda x: x + B, ShapeError, r"add\(x:f32\[3,4\], b:f32\[5\]\): shapes \(3, 4\) and \(5,\) do not broadcast"),
    (lambda x: B < x, ShapeError, r"less\(b:f32\[5\], x:f32\[3,4\]\): "),
    (lambda x: x @ B, ShapeError, r"matmul\(x:f32\[3,4\], b:f32\[5\]\): .* 4 elements, .* 5"),
    (lambda x: np.ones((2, 2)) @ x, ShapeError, r"matmul\(array:float64\[2, 2\], x:f32\[3,4\]\): "),
    (lambda x: np.add(x, B), ShapeError, r"add\(x:f32\[3,4\], b:f32\[5\]\): "),
    (lambda x: ~x, DTypeError, r"bitwise_invert\(x:f32\[3,4\]\): takes integers or bool, not float32"),
    (lambda x: x | 1, DTypeError, r"bitwise_or\(x:f32\[3,4\]\): "),
    (lambda x: -(I > 0), DTypeError, r"negative\(.*bool\[3\]\): takes numbers, not bool"),
    (lambda x: x.sum(axis=2), ShapeError, r"sum\(x:f32\[3,4\]\): axis 2 is out of range for 2 dimensions"),
    (lambda x: x.mean(axis=(0, 0)), ShapeError, r"mean\(x:f32\[3,4\]\): .*twice"),
    (lambda x: x.reshape(5, 5), ShapeError, r"reshape\(x:f32\[3,4\]\): cannot reshape 12 elements into \(5, 5\)"),
    (lambda x: x.squeeze(0), ShapeError, r"^squeeze\(x:f32\[3,4\]\): only axes of size 1"),
    (lambda x: x.astype("complex64"), DTypeError, r"astype\(x:f32\[3,4\]\): dtype complex64 is not supported"),
    (lambda x: graphc.concat([x, B]), ShapeError, r"concat\(x:f32\[3,4\], b:f32\[5\]\): "),
    (lambda x: x.at[0].set(B), ShapeError, r"^x.at\[...\].set\(x:f32\[3,4\], b:f32\[5\]\): shapes \(5,\) and \(4,\)"),
    (lambda x: graphc.split(x, [1.5]), ArgumentError, r"^split\(x:f32\[3,4\]\): the places to cut at are ints, not 1.5"),
    (lambda x: graphc.reshape(x, None), ShapeError, r"^reshape\(x:f32\[3,4\]\): the shape \(None,\) holds None"),
    (lambda x: graphc.leaky_relu(x, "a"), DTypeError, r"^leaky_relu\(x:f32\[3,4\]\): takes numbers .*, not 'a'"),
    (lambda x: graphc.tensordot(x, B, 1), ShapeError, r"^tensordot\(x:f32\[3,4\], b:f32\[5\]\): axis 1 has 4 elements"),
    (lambda x: graphc.einsum("ij,j", x, B), ShapeError, r"^einsum\(x:f32\[3,4\], b:f32\[5\]\): 'ij,j': "),
    (lambda x: graphc.conv(x, B), ShapeError, r"^conv\(x:f32\[3,4\], b:f32\[5\]\): takes x with a batch"),
    (lambda x: graphc.dropout(x, 2), ArgumentError, r"^dropout\(x:f32\[3,4\]\): rate is a probability, not 2"),
    (lambda x: graphc.random.normal((2, -1)), ShapeError, r"^random.normal: shape \(2, -1\): a dimension cannot be"),
    (lambda x: graphc.placeholder(2.5), ShapeError, r"^placeholder: shape 2.5: a dimension is an int"),
    (lambda x: graphc.exp(x, foo=2), ArgumentError, r"exp\(x:f32\[3,4\]\): .*'foo'"),
    (lambda x: graphc.add(x), ArgumentError, r"add\(x:f32\[3,4\]\): takes 2 operands, not 1"),
    (lambda x: graphc.where(x, x), ArgumentError, r"where\(.*takes 3 operands, not 2"),
    (lambda x: graphc.exp("x"), DTypeError, "exp: takes numbers and arrays of numbers, not 'x'"),
    (lambda x: graphc.maximum(x, None), DTypeError, r"maximum\(x:f32\[3,4\]\): .*not None"),
    (lambda x: x + 1j, DTypeError, r"add\(x:f32\[3,4\]\): dtype complex128 is not supported"),
])
def test_errors_name_op_operands_and_line(x, call, error, message):
    with pytest.raises(error, match=message) as caught:
        call(x)
    text = str(caught.value)
    assert f"\n  at {__file__}:{call.__code__.co_firstlineno}: " in text
    assert text.count("\n  at ") == 1


def test_errors_inside_functions_name_the_users_call(x):
    with pytest.raises(ShapeError, match=r"^hstack\(x:f32\[3,4\], .*\): ") as caught:
        graphc.hstack([x, B])
    assert "graphc.hstack([x, B])" in str(caught.value)


def test_a_refused_node_leaves_nothing_behind(x):
    for _ in range(2):
        with pytest.raises(ShapeError):
            make(OPS["add"], (x, B), {})
    assert isinstance(make(OPS["add"], (x, x), {}), Expr)


def test_moments_tell_before_from_after():
    x = graphc.placeholder((), name="x")
    outside = x + 1
    with moments() as clock:
        first = x + 1
        assert x + 1 is first is not outside
        begin = clock.next()
        second = x + 1
        assert first.serial < begin < second.serial
        with moments():
            assert x + 1 is not second
        assert x + 1 is second
    assert x + 1 is outside
