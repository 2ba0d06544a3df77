"""Plans, proved by what they are for: every step finds what it reads, whatever order the threads between barriers take."""
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc
from graphc.compiler import _graph
from graphc.ir.errors import CallError
from graphc.ir.expr import Expr
from graphc.ir.inputs import bind
from graphc.ir.leaves import Variable
from graphc.ir.types import row_major
from graphc.lower import cpu
from graphc.lower.body import Body
from graphc.lower.program import Counter, Program, Scratch, Status
from graphc.passes import schedule
from graphc.passes.kernels import memory, root
from graphc.passes.pipeline import Options, run
from graphc.runtime import plan as plans
from graphc.runtime.arena import Arena
from graphc.runtime.plan import Plan

from .. import random_graphs
from .emulated import check_in_place

OUTSIDE = 1 << 40
"""Where inputs and outputs are said to lie: each at a multiple."""


@pytest.fixture(autouse=True, scope="module")
def parallel():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(plans, "PARALLEL", 0)
        yield


def lowered(inputs, outputs, updates=None, skip=()) -> Program:
    return cpu.lower(run(_graph(inputs, outputs, updates or {}), Options(skip=frozenset(skip), verify=True)))


def planned(program: Program, shapes, threads: int = 3) -> Plan:
    """A plan that is never run, with an address for every input and output."""
    made = Plan(program, [0] * len(program.steps), bind(program.graph.inputs, shapes), threads, Arena())
    for k, x in enumerate([*program.graph.inputs, *program.graph.outputs], 1):
        made.point(root(x), k * OUTSIDE)
    return made


class Memory:
    """Who owns which bytes, while steps are followed one after the other."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.owners: dict[tuple[int, int], Expr] = {}

    def span(self, node: Expr, address: int) -> tuple[int, int]:
        return address, address + self.plan.nbytes(node)

    def write(self, node: Expr, address: int) -> None:
        start, end = self.span(node, address)
        self.owners = {(a, b): x for (a, b), x in self.owners.items() if b <= start or end <= a}
        self.owners[start, end] = node

    def holds(self, node: Expr, address: int) -> bool:
        owner = self.owners.get(self.span(node, address))
        if isinstance(node, Variable) or not node.inputs:
            return owner in (None, node)
        return owner is node or self.plan.nbytes(node) == 0


def words(plan: Plan, step: int) -> Iterator[tuple[object, int]]:
    return zip(plan.program.steps[step].words, plan.words[plan.starts[step]:].tolist(), strict=False)


def pointers(plan: Plan, k: int) -> tuple[list, list]:
    """(node, address) of all that step `k` reads, and of all that it writes."""
    step = plan.program.steps[k]
    reads = [(root(w), a) for w, a in words(plan, k) if isinstance(w, Expr) and any(w is x for x in step.reads)]
    writes = [(w, a) for w, a in words(plan, k) if isinstance(w, Expr) and any(w is x for x in step.writes)]
    reads += [(x, a) for w, a in writes for x in step.reads if x is replaced(plan.program, w)]
    return reads, writes


def replaced(program: Program, node: Expr) -> Expr | None:
    """The operand through whose memory a step reads and writes."""
    return program.over.get(node, program.in_place.get(node))


def check(plan: Plan) -> None:
    check_words(plan)
    check_order(plan)
    check_barriers(plan)
    check_arena(plan)
    check_in_place(plan)


def check_words(plan: Plan) -> None:
    """Every word is filled in, and every input and output in all places; a kernel's text takes each for what it is."""
    for k, step in enumerate(plan.program.steps):
        for position, word in enumerate(step.words):
            assert re.search(rf"= ({taken_as(word)})\(args, {position}[,)]", step.source.text), (position, word)
        for word, value in words(plan, k):
            assert value != 0 if isinstance(word, (Expr, Scratch, Status, Counter)) else value == plan.number(word)
        pointed = [w for w in step.words if isinstance(w, Expr)]
        through = [replaced(plan.program, w) for w in pointed]
        assert {root(x) for x in (*step.reads, *step.writes)} <= {*map(root, pointed), *through}
        assert set(map(root, pointed)) <= {root(x) for x in (*step.reads, *step.writes)}
    for y in plan.program.graph.outputs:
        assert root(y) in plan.slots


def taken_as(word) -> str:
    if isinstance(word, Expr):
        return "source|target"
    return "workspace" if isinstance(word, (Scratch, Status, Counter)) else "size"


def check_order(plan: Plan) -> None:
    """One step after the other: each reads what is there, and at the end everything that was asked for is there."""
    memory = Memory(plan)
    for k in range(len(plan.program.steps)):
        reads, writes = pointers(plan, k)
        assert all(memory.holds(*read) for read in reads), f"step {k} reads what is not there (any more)"
        for write in writes:
            memory.write(*write)
    final = {owner: span for span, owner in memory.owners.items()}
    assert all(root(y) in final or plan.nbytes(y) == 0 for y in plan.program.graph.outputs)
    for variable, new in plan.program.graph.updates:
        assert new in final and final[new][0] == variable.storage.ctypes.data


def check_barriers(plan: Plan) -> None:
    """Whatever touches bytes that another step writes is apart from it by a barrier; so is scratch."""
    steps = [pointers(plan, k) for k in range(len(plan.program.steps))]
    barriers = [k for k, flag in enumerate(plan.table[:, 2]) if flag]
    scratch = [any(isinstance(w, Scratch) for w in s.words) for s in plan.program.steps]
    for j, (reads, writes) in enumerate(steps):
        for i, (earlier_reads, earlier_writes) in enumerate(steps[:j]):
            conflict = (touch(plan, reads, earlier_writes) or touch(plan, writes, earlier_reads)
                        or touch(plan, writes, earlier_writes) or (scratch[i] and scratch[j]))
            assert not conflict or any(i < b <= j for b in barriers), f"steps {i} and {j} are not apart"


def touch(plan: Plan, some: list, others: list) -> bool:
    return any(a < d + plan.nbytes(y) and d < a + plan.nbytes(x) for x, a in some for y, d in others)


def check_arena(plan: Plan) -> None:
    """Intermediate results and scratch lie in the arena, 64-byte aligned, scratch apart from all."""
    for node, start in plan.place.items():
        assert start % 64 == 0 and start + plan.nbytes(node) <= plan.scratch_start
    for k in range(len(plan.program.steps)):
        end = plan.base + plan.scratch_start
        for word, value in words(plan, k):
            if isinstance(word, Scratch):
                assert value >= end and value % 64 == 0
                end = value + plan.number(word.nbytes) * (1 if word.shared else plan.threads)
        assert end <= plan.base + plan.arena_bytes


# ---- random programs ------------------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 40), st.sampled_from([(), ("fuse",), ("recompute",)]))
def test_random_programs(seed, nodes, skip):
    drawn = random_graphs.Program(random.Random(seed), nodes)
    program = lowered(drawn.inputs, drawn.outputs, drawn.updates, skip)
    check(planned(program, [a.shape for a in drawn.arrays]))


@settings(max_examples=60)
@given(st.data())
def test_random_updates(data):
    """Variables that are made of each other, in every order."""
    count = data.draw(st.integers(1, 5))
    ws = [graphc.Variable(np.ones((3, 3), "float32"), name=f"w{k}") for k in range(count)]
    pool = list(ws)
    for _ in range(data.draw(st.integers(1, 12))):
        a, b = data.draw(st.sampled_from(pool)), data.draw(st.sampled_from(pool))
        pool.append(data.draw(st.sampled_from([a + b, a * 2, graphc.matmul(a, b), a - graphc.sum(b, 0), a.T, a[::-1], a])))
    updates = {w: data.draw(st.sampled_from(pool)) for w in ws}
    outputs = data.draw(st.lists(st.sampled_from(pool), max_size=3))
    skip = data.draw(st.sampled_from([(), ("fuse",), ("canonicalize", "simplify")]))
    check(planned(lowered([], outputs, updates, skip), []))


# ---- examples -------------------------------------------------------------------------------------------------------
def test_a_chain_of_products_takes_two_buffers():
    x, w = graphc.placeholder((64, 64)), graphc.Variable(np.eye(64, dtype="float32"))
    y = x
    for _ in range(6):
        y = graphc.matmul(y, w)
    made = planned(lowered([x], y), [(64, 64)], threads=1)
    check(made)
    assert made.scratch_start == 2 * 64 * 64 * 4, "of five intermediate results, two are alive at once"


def test_results_take_the_memory_of_operands_that_nobody_reads_again():
    x, w = graphc.placeholder((64, 64)), graphc.Variable(np.eye(64, dtype="float32"))
    y = graphc.matmul(x, w)
    for _ in range(3):
        y = graphc.cumulative_sum(graphc.exp(graphc.cumulative_sum(y, 1)), 1)
    made = planned(lowered([x], y, skip=["recompute"]), [(64, 64)], threads=1)
    check(made)
    assert len(made.program.over) == 3
    assert made.scratch_start == 2 * 64 * 64 * 4, "a cumulative sum and what it is of, but no third for their exponential"


@pytest.mark.parametrize("between", [lambda y: y + graphc.matmul(y, y), lambda y: graphc.softmax(y), graphc.exp])
def test_elementwise_results_and_rows_are_written_over_their_operands(between):
    x = graphc.placeholder((None, 64))
    y = between(graphc.cumulative_sum(graphc.cumulative_sum(x, 1), 1))
    made = planned(lowered([x], graphc.cumulative_sum(y, 1)), [(64, 64)])
    check(made)
    assert len(made.program.over) == 1


@pytest.mark.parametrize("between", [lambda y: y + y.T, lambda y: y[::-1] * 2, lambda y: graphc.cumulative_sum(y, 0),
                                     lambda y: graphc.matmul(y, y)])
def test_results_that_read_other_elements_are_not(between):
    x = graphc.placeholder((64, 64))
    made = planned(lowered([x], graphc.cumulative_sum(between(graphc.cumulative_sum(x, 1)), 1)), [(64, 64)])
    check(made)
    assert not made.program.over


# ---- results over operands: each condition, and what goes wrong without it
def between(f, *shapes):
    """A program of `f` of intermediate results, and what then reads its results."""
    xs = [graphc.placeholder(shape) for shape in shapes]
    found = f(*(graphc.cumulative_sum(x, 0) for x in xs))
    results = found if isinstance(found, tuple) else (found,)
    return planned(lowered(xs, [graphc.cumulative_sum(y, 0) for y in results]), shapes)


def rows(fold, y):
    return fold(y, axis=1, keepdims=True)


OVERWRITTEN = {
    "_same_bytes": [lambda y: graphc.exp(y).astype("float64"), lambda y: (y > 0).astype("int32")],
    "_read_in_place": [lambda y: y + y.T, lambda y: y[::-1] * 2, lambda y: graphc.exp(y) + graphc.reshape(y.T, (6, 6)),
                       lambda y: graphc.take(y, [2, 0, 1, 1, 4, 5], 0) + y, lambda y: graphc.matmul(y, y) + y],
    "_written_last": [lambda y: (e := graphc.exp(y - rows(graphc.max, y)), e / rows(graphc.sum, e) + y),
                      lambda y: (e := graphc.exp(y), e - rows(graphc.sum, e) * y)],
    "_anchor_fits_over": [lambda y: graphc.constant(np.eye(6, dtype="float32")).at[[2, 0, 1, 1, 4, 5]].add(y),
                          lambda y: y.at[[2, 0, 1, 1, 4, 5]].multiply(y)],
    "root": [lambda y: graphc.cumulative_sum(y.T, 1)],
    "store": [lambda y: (rows(graphc.sum, y) * np.eye(6, dtype="float32"), y - rows(graphc.sum, y)),
              lambda y: (graphc.softmax(y), graphc.log_softmax(y))],
}


def interleaved(body, elements):
    """Each element stored as soon as it is computed."""
    for node, i in elements:
        value = body.emit(node, i)
        body.line(f"{body.arguments.write(node)}[{body.code(row_major(node.dims, i))}] = {value.code}")


@pytest.mark.parametrize("condition", OVERWRITTEN)
def test_no_condition_for_taking_an_operands_memory_can_be_left_out(condition, monkeypatch):
    """`root`: the memory that is read may be a copy of a renamed node's, made for a hand-written kernel."""
    for f in OVERWRITTEN[condition]:
        check(between(f, (6, 6)))
    broken = {"store": interleaved, "root": memory}.get(condition, lambda *_: True)
    monkeypatch.setattr(Body if condition == "store" else schedule, condition, broken)
    for f in OVERWRITTEN[condition]:
        with pytest.raises(AssertionError):
            check(between(f, (6, 6)))


def test_independent_steps_need_no_barrier():
    x, y = graphc.placeholder((8,)), graphc.placeholder((9,))
    made = planned(lowered([x, y], [x + 1, y * 2, graphc.reshape(x * 3, (2, 4))]), [(8,), (9,)])
    check(made)
    assert len(made.program.steps) >= 2 and not made.table[:, 2].any()


def test_a_fold_over_everything_has_one_piece_of_memory_for_its_parts_and_a_counter():
    x = graphc.placeholder((None,))
    made = planned(lowered([x], [graphc.sum(x), graphc.max(x)]), [(1_000_000,)])
    check(made)
    shared = [w for w in made.program.steps[0].words if isinstance(w, Scratch)]
    assert [made.number(w.nbytes) for w in shared] == [4 * 31] * 2 and all(w.shared for w in shared)
    assert made.arena_bytes == 2 * 128, "not one piece for each thread"


def test_small_programs_run_on_one_thread(monkeypatch):
    monkeypatch.setattr(plans, "PARALLEL", 1 << 18)
    x = graphc.placeholder((None, 8))
    program = lowered([x], graphc.tanh(x))
    assert planned(program, [(4, 8)]).threads == 1
    assert planned(program, [(100_000, 8)]).threads == 3


def test_a_new_size_is_a_new_plan_of_the_same_words():
    x = graphc.placeholder((None, 7))
    program = lowered([x], [graphc.softmax(graphc.matmul(x, x.T)), graphc.cumulative_sum(x, 0)])
    for rows in (0, 1, 5, 700):
        check(planned(program, [(rows, 7)]))


def test_an_array_that_no_memory_holds_is_named_with_its_size():
    f = graphc.compile([], graphc.zeros((2**32, 2**32)))
    with pytest.raises(CallError, match=r"f32\[4294967296,4294967296\] takes 73,786,976,294,838,206,464 bytes[\s\S]*"
                                        r"made at .*graphc.zeros"):
        f()
