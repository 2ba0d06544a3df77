"""Pictures: what they say, that they are well-formed, deterministic and laid out without overlaps."""
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

import graphc
from graphc.ir.errors import ArgumentError
from graphc.ir.graph import Graph
from graphc.viz import draw
from graphc.viz.diagram import Arrow, Box, Diagram, diagram
from graphc.viz.layout import Size, layout

SVG = "{http://www.w3.org/2000/svg}"


def expression() -> Graph:
    x, y = graphc.placeholder((), name="x"), graphc.placeholder((), name="y")
    z = x * y + 5 * y + 5
    return Graph((x, y), (z, *graphc.grad(z, [x, y])))


def drawn(target, path) -> str:
    draw(target, path)
    return path.read_text(encoding="utf-8")


def texts(svg: str) -> list[str]:
    return [t.text for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_svg_says_op_name_and_type(tmp_path):
    said = texts(drawn(expression(), tmp_path / "graph.svg"))
    for text in ("x", "y", "multiply", "multiply(5, ·)", "add", "add(·, 5)", "output 0", "output 2", "f32[]"):
        assert text in said


def test_one_arrow_for_each_operand(tmp_path):
    x = graphc.placeholder((3,), name="x")
    svg = ElementTree.fromstring(drawn(x * x, tmp_path / "square.svg"))
    assert len(svg.findall(f".//{SVG}path[@class='arrow']")) == 3  # two operands and the output


def test_pictures_are_the_same_every_time(tmp_path):
    first, second = (drawn(expression(), tmp_path / name) for name in ("a.svg", "b.svg"))
    assert first == second


@pytest.mark.parametrize("suffix", ["svg", "dot"])
def test_names_are_escaped(tmp_path, suffix):
    x = graphc.placeholder((2,), name='<b>&"x"')
    text = drawn(x + 1, tmp_path / f"graph.{suffix}")
    if suffix == "svg":
        assert '<b>&"x"' in texts(text) and "<b>" not in text
    else:
        assert '\\"x\\"' in text


def test_variables_and_their_updates_are_shown(tmp_path):
    w = graphc.Variable(np.zeros(2, "float32"), name="w")
    said = texts(drawn(Graph((), (), ((w, w + 1),)), tmp_path / "graph.svg"))
    assert "w" in said and "next w" in said


def test_kernels_share_a_colour_and_carry_their_names(tmp_path):
    graph = expression()
    nodes = [n for n in graph.order if n.inputs]
    kernels = [SimpleNamespace(nodes=nodes[:2], name="fused_multiply"), SimpleNamespace(nodes=nodes[2:])]
    plain, grouped = (texts(drawn(g, tmp_path / "graph.svg")) for g in (graph, graph.note(kernels=kernels)))
    assert {"fused_multiply", "kernel 1"} <= set(grouped) - set(plain)


def test_dot_has_a_node_for_each_box_and_a_cluster_for_each_kernel(tmp_path):
    graph = expression()
    kernels = [SimpleNamespace(nodes=[n for n in graph.order if n.inputs])]
    text = drawn(graph.note(kernels=kernels), tmp_path / "graph.dot")
    assert text.startswith("digraph graphc {") and text.endswith("}\n")
    assert text.count("label=") == len(diagram(graph).boxes) + 1 and "subgraph cluster_0" in text


def test_targets(tmp_path):
    graph = expression()
    compiled = SimpleNamespace(graph=graph)
    assert drawn(compiled, tmp_path / "a.svg") == drawn(graph, tmp_path / "b.svg")
    assert "output" in texts(drawn(graph.outputs[0], tmp_path / "c.svg"))
    assert "output 1" in texts(drawn(list(graph.outputs), tmp_path / "d.svg"))


@pytest.mark.parametrize("target", [3, "graph", [], [1], None])
def test_other_targets_are_refused(tmp_path, target):
    with pytest.raises(ArgumentError, match="draw"):
        draw(target, tmp_path / "graph.svg")


def test_unknown_suffix_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ArgumentError, match=r"'\.png'.*\.svg.*\.dot"):
        draw(expression(), tmp_path / "graph.png")
    assert not list(tmp_path.iterdir())


def random_diagram(seed: int, boxes: int) -> Diagram:
    rng = np.random.default_rng(seed)
    arrows = [Arrow(int(source), target) for target in range(1, boxes)
              for source in rng.choice(target, size=min(target, int(rng.integers(0, 3))), replace=False)]
    return Diagram(tuple(Box(f"n{k}", "", "op") for k in range(boxes)), tuple(arrows))


@pytest.mark.parametrize("seed", range(20))
def test_boxes_do_not_overlap_and_arrows_point_down(seed):
    picture = random_diagram(seed, 30)
    sizes = [Size(40.0 + 7 * k % 50, 42.0) for k in range(30)]
    plan = layout(picture, sizes)
    for (p, a), (q, b) in combinations(zip(plan.centres, sizes, strict=True), 2):
        assert abs(p.x - q.x) >= (a.width + b.width) / 2 or abs(p.y - q.y) >= (a.height + b.height) / 2
    for arrow in picture.arrows:
        assert plan.centres[arrow.source].y < plan.centres[arrow.target].y
    for p, a in zip(plan.centres, sizes, strict=True):
        assert a.width / 2 <= p.x + 1e-6 and p.x + a.width / 2 <= plan.size.width + 1e-6


def test_arrows_pass_beside_the_boxes_of_the_layers_they_cross():
    picture = Diagram(tuple(Box(f"n{k}", "", "op") for k in range(4)),
                      (Arrow(0, 1), Arrow(1, 2), Arrow(2, 3), Arrow(0, 3)))
    plan = layout(picture, [Size(60.0, 40.0)] * 4)
    assert len(plan.routes[3]) == 4
    for point in plan.routes[3]:
        assert all(abs(point.x - plan.centres[k].x) > 30 for k in (1, 2))


def test_a_chain_is_straight():
    picture = Diagram(tuple(Box(f"n{k}", "", "op") for k in range(5)), tuple(Arrow(k, k + 1) for k in range(4)))
    assert len({round(c.x, 6) for c in layout(picture, [Size(60.0, 40.0)] * 5).centres}) == 1


def test_the_empty_diagram_has_no_size():
    assert layout(Diagram((), ()), []).size == Size(0.0, 0.0)
