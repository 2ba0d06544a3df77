"""Each invariant, broken."""
import numpy as np
import pytest

import graphc
from graphc.ir.errors import VerifyError
from graphc.ir.expr import Expr
from graphc.ir.graph import Graph
from graphc.ir.registry import lookup
from graphc.ir.types import Type
from graphc.ir.verify import verify

F32 = np.dtype("float32")


def forged(name: str, *inputs: Expr, dims=(3,), dtype=F32, **attrs) -> Expr:
    """A node that no op made."""
    return Expr(lookup(name), inputs, attrs, Type(np.dtype(dtype), dims))


@pytest.fixture
def x() -> Expr:
    return graphc.placeholder((3,), name="x")


def refused(graph: Graph, message: str, after=None) -> None:
    with pytest.raises(VerifyError, match=message):
        verify(graph, after)


def test_a_sound_graph_is_given_back(x):
    w = graphc.Variable(np.ones(3, "float32"))
    graph = Graph((x,), (x + 1, w), ((w, w * x),))
    assert verify(graph) is graph


def test_the_message_names_the_pass_the_node_and_the_line(x):
    refused(Graph((x,), (forged("exp", x, dims=(4,)),)),
            r"after fold: exp:f32\[4\]: the op infers f32\[3\]\n  made at .*test_verify.py", after="fold")


def test_wrong_dims(x):
    refused(Graph((x,), (forged("add", x, x, dims=()),)), r"the op infers f32\[3\]")


def test_wrong_dtype(x):
    refused(Graph((x,), (forged("exp", x, dtype="float64"),)), r"the op infers f32\[3\]")


def test_a_constant_of_another_type(x):
    value = graphc.constant(np.zeros(3, "int8")).attrs["value"]
    refused(Graph((), (forged("constant", value=value),)), r"the op infers i8\[3\]")


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_wrong_count_of_operands(x, count):
    refused(Graph((x,), (forged("where", *[x] * count),)), f"the op takes 3 operands, not {count}")


def test_an_attribute_that_is_missing_or_unknown(x):
    refused(Graph((x,), (forged("sum", x, dims=()),)), "no type can be inferred")
    refused(Graph((x,), (forged("sum", x, dims=(), axes=(0,), keepdims=True),)), "no type can be inferred")


def test_an_attribute_that_cannot_be_hashed(x):
    refused(Graph((x,), (forged("sum", x, dims=(), axes=[0]),)), "an attribute cannot be hashed")


def test_equal_nodes_that_are_two(x):
    refused(Graph((x,), (graphc.exp(x), forged("exp", x))), "an equal node exists")


def test_a_cycle(x):
    y = graphc.exp(x)
    z = forged("exp", y)
    object.__setattr__(y, "inputs", (z,))
    try:
        refused(Graph((x,), (z,)), "a cycle: exp -> exp")
    finally:
        object.__setattr__(y, "inputs", (x,))


def test_inputs(x):
    refused(Graph((), (x + 1,)), r"the placeholder x:f32\[3\] is not among the inputs\n  made at")
    refused(Graph((x, x), (x + 1,)), "an input is listed twice")
    refused(Graph((x, x + 1), (x + 1,)), "the input add is not a placeholder")


def test_updates(x):
    w = graphc.Variable(np.ones(3, "float32"), name="w")
    refused(Graph((x,), (), ((w, x), (w, x + 1))), "a Variable is updated twice")
    refused(Graph((x,), (), ((x, x + 1),)), "the update of x: not a Variable")
    refused(Graph((x,), (), ((w, graphc.sum(x)),)), r"the update of w:f32\[3\] has type f32\[\]")
    refused(Graph((x,), (), ((w, x.astype("float64")),)), r"the update of w:f32\[3\] has type f64\[3\]")


def test_all_faults_are_told(x):
    with pytest.raises(VerifyError) as error:
        verify(Graph((), (forged("sin", x, dims=(4,)), graphc.exp(x), forged("exp", x))))
    assert len([line for line in str(error.value).splitlines() if "made at" not in line]) == 3
