"""An order that is kept while edges are added, against networkx on random graphs."""
from __future__ import annotations

import random

import networkx as nx
import pytest

from graphc.passes.ordering import Ordering


@pytest.mark.parametrize("seed", range(20))
def test_edges_are_added_unless_they_close_a_cycle_and_the_order_stays_topological(seed):
    draw = random.Random(seed)
    ordering = Ordering(nx.DiGraph())
    for k in range(30):
        ordering.append(k, draw.sample(range(k), min(k, draw.choice([0, 1, 2]))))
    for _ in range(60):
        node, *before = draw.sample(range(30), 3)
        below = nx.descendants(ordering.dag, node)
        assert ordering.put_before(before, node) == (not below & set(before))
        assert all(ordering.place[a] < ordering.place[b] for a, b in ordering.dag.edges)
        assert [ordering.place[x] for x in ordering.order] == list(range(30))


def test_what_lies_in_order_already_is_not_looked_for(monkeypatch):
    ordering = Ordering(nx.DiGraph([(k, k + 1) for k in range(100)]))
    monkeypatch.setattr(ordering, "_below", None)
    assert all(ordering.put_before([k], k + 2) for k in range(98))
