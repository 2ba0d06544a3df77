"""Graphs as text: what they look like, and that they read back as they were."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.ir.errors import ArgumentError
from graphc.ir.graph import Graph
from graphc.ir.text import parse, text
from graphc.ir.types import SHORT
from graphc.ir.verify import verify


def again(graph: Graph) -> str:
    """The text of the parsed text, after the two were found equal."""
    written = text(graph, lines=False, full=True)
    read = verify(parse(written))
    assert text(read, lines=False, full=True) == written
    return written


def test_a_layer():
    x = graphc.placeholder((None, 784), name="x")
    w, b = (graphc.Variable(np.zeros(s, "float32"), name=n) for n, s in (("w", (784, 10)), ("b", (10,))))
    y = graphc.matmul(x, w) + b
    graph = Graph((x,), (y, graphc.sum(y, axis=0)), ((b, b * 0.5),))
    assert again(graph) == """\
graph(x:f32[?,784], w:variable f32[784,10], b:variable f32[10]) {
  %1:f32[?,10] = matmul(x, w)
  %2:f32[?,10] = add(%1, b)
  %3:f32[10] = sum[axes=(0,)](%2)
  %4:f32[10] = multiply(b, 0.5)
  update b = %4
  return %2, %3
}"""


def test_lines_of_the_user():
    x = graphc.placeholder((), name="x")
    y = graphc.exp(x)
    assert text(Graph((x,), (y,))).splitlines()[1].endswith(f"# test_text.py:{y.line.number}")
    parse(text(Graph((x,), (y,))))


def test_a_graph_of_nothing_but_a_number():
    assert again(Graph((), (graphc.constant(2.5),))) == "graph() {\n  return 2.5\n}"


@pytest.mark.parametrize("name", ["a b", 'qu"ote', "back\\slash", "new\nline", "return", "f32", "9", "größe", "%1",
                                  "x#2", "None"])
def test_any_name(name):
    x, y = graphc.placeholder((3,), name=name), graphc.placeholder((3,), name=name)
    again(Graph((x, y), (x - y,)))
    assert parse(text(Graph((x,), (x + 1,)))).inputs[0].name == name


def test_inputs_without_a_name_have_none():
    x = graphc.placeholder((3,))
    assert "graph(%1:f32[3])" in again(Graph((x,), (x + 1,)))
    assert parse(text(Graph((x,), (x + 1,)))).inputs[0].name is None


def test_unknown_sizes_keep_apart_and_together():
    x, y = graphc.placeholder((None, 2), name="x"), graphc.placeholder((None, 2), name="y")
    z = graphc.placeholder((x.dims[0], 2 * y.dims[0] + 1), name="z")
    graph = Graph((x, y, z), (x + x, graphc.reshape(y, (-1,)), z[::2, 1:], graphc.reshape(z[1:], (-1, 1))))
    assert again(graph).startswith("graph(x:f32[?,2], y:f32[?2,2], z:f32[?,2*?2+1])")
    read = parse(text(graph))
    assert read.inputs[0].dims[0] == read.inputs[2].dims[0] != read.inputs[1].dims[0]


@pytest.mark.parametrize("dtype", [str(d) for d in SHORT])
def test_constants_of_every_dtype(dtype):
    numbers = {"b": [True, False], "u": [0, 1, 7], "i": [0, -1, 7]}.get(
        np.dtype(dtype).kind, [0.0, -0.0, 0.1, 1 / 3, -2.0, 1e-7, 6e4, np.inf, -np.inf, np.nan])
    x = graphc.placeholder((len(numbers),), dtype, "x")
    array = graphc.constant(np.array(numbers), dtype)
    outputs = [graphc.equal(x, array), array] + [graphc.equal(x, graphc.constant(k, dtype)) for k in numbers]
    written = again(Graph((x,), tuple(outputs)))
    back = parse(written).outputs[1].attrs["value"].value
    assert back.tobytes() == array.attrs["value"].value.tobytes()


def test_a_number_beside_others_takes_their_dtype_and_else_says_its_own():
    x = graphc.placeholder((3,), "float64", name="x")
    assert "add(x, 0.1)" in again(Graph((x,), (x + 0.1,)))
    assert "equal(x, 2)" in again(Graph((x,), (graphc.equal(x, 2.0),)))
    n = graphc.placeholder((3,), "int32", name="n")
    assert "bitwise_left_shift(n, 3)" in again(Graph((n,), (n << 3,)))
    five = graphc.broadcast_to(graphc.constant(5, "int8"), (2,))
    assert "broadcast_to[shape=(2,)](5:i8)" in again(Graph((), (five,)))


def test_large_arrays_are_elided_and_cannot_be_read():
    x = graphc.placeholder((100,), name="x")
    graph = Graph((x,), (x + np.arange(100, dtype="float32"), x * np.zeros((2, 0, 100), "float32")))
    short = text(graph)
    assert len(short) < 400 and "f32[100]{#" in short and "f32[2,0,100]{}" in short
    with pytest.raises(ArgumentError, match="line 2 of the graph: the array was elided; write it with full=True"):
        parse(short)
    again(graph)


def test_attributes():
    x = graphc.placeholder((4, 6), name="x")
    again(Graph((x,), (x.astype("int8"), graphc.permute_dims(x, (1, 0)), x[1:3, ::-1], graphc.sum(x), x.clip(-1, 1),
                       graphc.concat([x, x], axis=1), graphc.reshape(x, (24,)), graphc.arange(5, 1, -1))))


@pytest.mark.parametrize("source, message", [
    ("graph(", "line 1 of the graph: expected serial or word or string, found the end"),
    ("graph(x:f99[3]) {\n  return x\n}", "line 1 of the graph: expected bool or"),
    ("graph(x:f32[3]) {\n  return y\n}", "line 2 of the graph: y is not defined"),
    ("graph(x:f32[3], x:f32[3]) {\n  return x\n}", "line 1 of the graph: x is defined twice"),
    ("graph(x:f32[3]) {\n  %1:f32[3] = expp(x)\n  return %1\n}",
     "line 2 of the graph: no op is named 'expp'; did you mean 'exp'"),
    ("graph(x:f32[3]) {\n  %1:f32[4] = exp(x)\n  return %1\n}",
     r"line 2 of the graph: exp gives f32\[3\], not f32\[4\]"),
    ("graph(x:f32[3]) {\n  %1:f32[3] = exp(x, x)\n  return %1\n}",
     "line 2 of the graph: exp takes 1 operands, not 2"),
    ("graph(x:f32[3], y:f32[4]) {\n  %1:f32[3] = add(x, y)\n  return %1\n}",
     "line 2 of the graph: .*do not broadcast"),
    ("graph(x:f32[3]) {\n  %1:f32[] = sum[axis=0](x)\n  return %1\n}", "line 2 of the graph"),
    ("graph(w:variable f32[?]) {\n  return w\n}", "line 1 of the graph: the Variable w has an unknown size"),
    ("graph(x:f32[3]) {\n  return x\n} more", "line 3 of the graph: expected end, found more"),
    ("graph(x:f32[3]) {\n  return x ! x\n}", "line 2 of the graph: cannot read '! x"),
])
def test_text_outside_the_grammar(source, message):
    with pytest.raises(ArgumentError, match=message):
        parse(source)


UNARY = (graphc.exp, lambda a: -a, lambda a: a.T, lambda a: graphc.expand_dims(a, 0), lambda a: graphc.sum(a),
         lambda a: a.astype("float64"), lambda a: graphc.reshape(a, (-1,)), lambda a: a > 0.3,
         lambda a: a.astype("int16"))
BINARY = (lambda a, b: a + b, lambda a, b: graphc.where(a > b, a, 2), lambda a, b: a * np.arange(3),
          lambda a, b: graphc.maximum(a, b) * 1.5)


@st.composite
def graphs(draw):
    dtypes = st.sampled_from(["float32", "int32", "float64", "bfloat16", "bool"])
    names = st.none() | st.text(max_size=6)
    leaf = graphc.placeholder((None, 3), draw(dtypes), draw(names))
    nodes = [leaf, graphc.placeholder(leaf.dims, draw(dtypes), draw(names)),
             graphc.Variable(np.ones(3), draw(dtypes), draw(names))]
    leaves = tuple(nodes[:2])
    for _ in range(draw(st.integers(1, 12))):
        a, b = draw(st.sampled_from(range(len(nodes)))), draw(st.sampled_from(range(len(nodes))))
        rule = draw(st.sampled_from(UNARY + BINARY))
        try:
            nodes.append(rule(nodes[a]) if rule in UNARY else rule(nodes[a], nodes[b]))
        except (graphc.ir.errors.ShapeError, graphc.ir.errors.DTypeError):
            continue
    v = nodes[2]
    updates = tuple((v, x) for x in nodes[::-1][:3] if x.type == v.type)[:1]
    return Graph(leaves, tuple(nodes[-2:]), updates)


@settings(max_examples=150)
@given(graphs())
def test_every_graph_reads_back(graph):
    again(verify(graph))
