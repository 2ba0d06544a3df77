"""The graph of kernels being gathered, against networkx on random graphs; and how much of it a step looks at."""
from __future__ import annotations

import random

import networkx as nx
import pytest

from graphc.passes.contraction import Contraction


@pytest.mark.parametrize("seed", range(20))
def test_who_depends_on_whom_after_any_joins_and_merges(seed):
    draw, told, dag = random.Random(seed), Contraction(), nx.DiGraph()
    for k in range(60):
        told.add(k)
        dag.add_node(k)
        connect(told, dag, k, draw.sample(sorted(dag.nodes), min(len(dag), draw.choice([0, 0, 1, 2, 3]))))
        groups = sorted(dag.nodes)
        joined, sources = draw.choice(groups), draw.sample(groups, min(len(groups), 2))
        if told.joins(joined, sources):
            connect(told, dag, joined, sources)
        a, b = draw.choice(groups), draw.choice(groups)
        if a != b and told.merges(a, b):
            told.merge(a, b)
            nx.contracted_nodes(dag, a, b, self_loops=False, copy=False)
        assert nx.is_directed_acyclic_graph(dag)
        for group in dag.nodes:
            below = nx.descendants(dag, group)
            assert {other for other in dag.nodes if other != group and told.depends(other, group)} == below


def connect(told: Contraction, dag: nx.DiGraph, group: int, sources: list[int]) -> None:
    told.depend(group, sources)
    dag.add_edges_from((s, group) for s in sources if s != group)


def test_all_that_comes_later_need_not_learn_of_a_kernel_that_reads_no_other(monkeypatch):
    visits = []
    inherit = Contraction._inherit
    monkeypatch.setattr(Contraction, "_inherit", lambda *args: (visits.append(args), inherit(*args)))
    told = Contraction()
    for k in range(100):
        told.add(k)
        told.depend(k, [k - 1] if k else [])
    before = told._above[99]
    for k in range(100, 200):
        told.add(k)
        told.depend(1, [k])
    assert told._above[99] == before and told.depends(99, 150) and not told.depends(0, 150)
