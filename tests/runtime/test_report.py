"""Tables of where time and memory go: what stands in them is what the program is."""
import numpy as np

import graphc
from graphc.ir.expr import Line, originating
from graphc.runtime.report import flops, kernel_report, lines, memory_report, table


def test_columns_are_as_wide_as_they_must_be_and_numbers_stand_to_the_right():
    assert table(["a", "much", "x"], [["one", "1,000", "y"], ["two", "2.5", ""]]) == (
        "a     much  x\n---  -----  -\none  1,000  y\ntwo    2.5")
    assert table(["a", "b"], []) == "a  b\n-  -"


def test_the_lines_of_nodes_by_file():
    x = graphc.placeholder((3,))
    nodes = []
    for k, line in enumerate([Line("a/train.py", 14), Line("b/model.py", 7), Line("a/train.py", 12), None]):
        with originating(line):
            nodes.append(x * (k + 100))
    assert lines(nodes[:3]) == "train.py:12,14 model.py:7"
    assert lines([]) == ""


def program():
    x = graphc.placeholder((None, 30), name="x")
    w = graphc.Variable(np.ones((30, 20), "float32"), name="w")
    return graphc.compile(x, graphc.sum(graphc.tanh(x @ w), axis=0), threads=1)


def test_a_product_counts_a_multiplication_and_an_addition_a_term():
    x, w = graphc.placeholder((None, 30)), graphc.Variable(np.ones((30, 20), "float32"))
    f = graphc.compile(x, x @ w)
    plan = f.plan(np.ones((8, 30), "float32"))
    assert sum(flops(plan, step) for step in plan.program.steps) == 2 * 8 * 30 * 20


def test_an_elementwise_kernel_counts_an_operation_an_element_and_node():
    x = graphc.placeholder((None,))
    plan = graphc.compile(x, graphc.exp(x) * 3 + 1).plan(np.ones(50, "float32"))
    step, = plan.program.steps
    operations = [n for n in step.nodes if n.op.name in ("exp", "multiply", "add")]
    assert len(operations) == 3 and flops(plan, step) >= 150


def test_kernels_with_their_loops_and_what_they_store():
    f = program()
    head, rule, *rows = kernel_report(f._runner.program).splitlines()
    assert head.split() == ["step", "kernel", "loops", "nodes", "stores", "lines"] and set(rule) <= {"-", " "}
    assert [row.split()[0] for row in rows] == [str(k) for k in range(len(f._runner.program.steps))]
    assert any("(" in row and "sum:f32[20]" in row for row in rows), "a folded axis stands in parentheses"
    assert all("test_report.py:" in row for row in rows)


def test_memory_is_summed_up():
    plan = program().plan(np.ones((64, 30), "float32"))
    *rows, summary = memory_report(plan).splitlines()
    assert summary == (f"arena: {plan.scratch_start:,} bytes ({plan.scratch_start:,} without sharing), "
                       f"scratch: {plan.arena_bytes - plan.scratch_start:,} bytes, "
                       f"steps: {len(plan.program.steps)}, threads: 1")
    assert len(rows) == 2 + len(plan.intervals)
