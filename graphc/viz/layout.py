"""Where the boxes of a diagram stand: layers from top to bottom, few crossings, short and straight arrows.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981: layers by
longest path, waypoints where an arrow passes a layer, orders by barycentres, positions by least squares."""
from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import networkx as nx

from .diagram import Diagram

COLUMN_GAP, LAYER_GAP, WAYPOINT = 26.0, 46.0, 8.0
_ORDER_SWEEPS, _PLACE_SWEEPS, _LONGEST_ROUTE = 12, 24, 40

Key = int | tuple[int, int]
"""A box, or (arrow, layer): the waypoint of an arrow on a layer that it passes."""


class Size(NamedTuple):
    """What a box covers, in pixels."""

    width: float
    height: float


class Point(NamedTuple):
    """Pixels from the left and from the top."""

    x: float
    y: float


class Link(NamedTuple):
    """A piece of an arrow between neighbouring layers; `port` in -0.5 .. 0.5 is where it enters."""

    upper: Key
    lower: Key
    port: float


@dataclass(frozen=True)
class Layout:
    """`centres` of the boxes; `routes`, the points that each arrow passes (tops, bottoms of layers); the `size`."""

    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    size: Size


def layout(diagram: Diagram, sizes: Sequence[Size]) -> Layout:
    """Places for the boxes of `diagram`, which are as large as `sizes` says."""
    levels = _levels(diagram)
    layers, links = _layered(diagram, levels)
    layers = _ordered(layers, links)
    widths = {key: sizes[key].width if isinstance(key, int) else WAYPOINT for layer in layers for key in layer}
    x = _side_by_side(_columns(layers, links, widths), links, widths)
    heights = [max((sizes[key].height for key in layer if isinstance(key, int)), default=0.0) for layer in layers]
    tops = [sum(heights[:k]) + LAYER_GAP * k for k in range(len(layers))]
    left = min((x[key] - widths[key] / 2 for key in x), default=0.0)
    centres = tuple(Point(x[k] - left, tops[level] + heights[level] / 2) for k, level in enumerate(levels))
    routes = tuple(
        tuple(Point(x[a, level] - left, y) for level in range(levels[arrow.source] + 1, levels[arrow.target])
              if (a, level) in x for y in (tops[level], tops[level] + heights[level]))
        for a, arrow in enumerate(diagram.arrows))
    right = max((x[key] - left + widths[key] / 2 for key in x), default=0.0)
    return Layout(centres, routes, Size(right, tops[-1] + heights[-1] if tops else 0.0))


def _levels(diagram: Diagram) -> list[int]:
    """A layer for each box: below all its operands, and a leaf right above its first user."""
    dag, level = diagram.dag, {}
    for depth, generation in enumerate(nx.topological_generations(dag)):
        level.update(dict.fromkeys(generation, depth))
    for k in level:
        if not dag.in_degree(k) and dag.out_degree(k):
            level[k] = min(level[user] for user in dag.successors(k)) - 1
    return [level[k] for k in range(len(diagram.boxes))]


def _layered(diagram: Diagram, levels: list[int]) -> tuple[list[list[Key]], list[Link]]:
    """The boxes and waypoints of each layer, and what connects neighbouring layers. An arrow that passes very many
    layers has no waypoints: it is drawn across them."""
    layers: list[list[Key]] = [[] for _ in range(max(levels, default=-1) + 1)]
    links: list[Link] = []
    for k, level in enumerate(levels):
        layers[level].append(k)
    for a, arrow in enumerate(diagram.arrows):
        first, last = levels[arrow.source], levels[arrow.target]
        if last - first > _LONGEST_ROUTE:
            continue
        way: list[Key] = [arrow.source, *((a, level) for level in range(first + 1, last)), arrow.target]
        for key in way[1:-1]:
            layers[key[1]].append(key)
        port = (arrow.port + 1) / (arrow.ports + 1) - 0.5
        links += [Link(upper, lower, port if lower == arrow.target else 0.0) for upper, lower in pairwise(way)]
    return layers, links


def _ordered(layers: list[list[Key]], links: list[Link]) -> list[list[Key]]:
    """Layers sorted by the mean place of its neighbours, down and up in turn; the order with the fewest crossings."""
    above, below = _neighbours(links)
    best, fewest = layers, _crossings(layers, links)
    for sweep in range(_ORDER_SWEEPS):
        down = sweep % 2 == 0
        layers = _sorted_towards(layers if down else layers[::-1], above if down else below)
        layers = layers if down else layers[::-1]
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def _neighbours(links: list[Link]) -> tuple[dict, dict]:
    """For each key, the keys above it and those below it, with the shift that the port makes."""
    above, below = defaultdict(list), defaultdict(list)
    for upper, lower, port in links:
        above[lower].append((upper, -port))
        below[upper].append((lower, port))
    return above, below


def _sorted_towards(layers: list[list[Key]], neighbours: Mapping) -> list[list[Key]]:
    done = [layers[0]] if layers else []
    for layer in layers[1:]:
        place = {key: k for k, key in enumerate(done[-1])}
        own = {key: float(k) for k, key in enumerate(layer)}
        wish = {key: _mean([place[n] + port for n, port in neighbours[key]], own[key]) for key in layer}
        done.append(sorted(layer, key=lambda key, wish=wish, own=own: (wish[key], own[key])))
    return done


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(layers: list[list[Key]], links: list[Link]) -> int:
    place = {key: float(k) for layer in layers for k, key in enumerate(layer)}
    level = {key: k for k, layer in enumerate(layers) for key in layer}
    between = defaultdict(list)
    for upper, lower, port in links:
        between[level[upper]].append((place[upper], place[lower] + port))
    return sum(map(_inversions, between.values()))


def _inversions(pairs: list[tuple[float, float]]) -> int:
    seen: list[float] = []
    count = 0
    for _, lower in sorted(pairs):
        count += len(seen) - bisect_right(seen, lower)
        insort(seen, lower)
    return count


def _columns(layers: list[list[Key]], links: list[Link], widths: Mapping[Key, float]) -> dict[Key, float]:
    """The centre of each key: near the mean of its neighbours, no closer to the next than a gap."""
    x: dict[Key, float] = {}
    for layer in layers:
        x.update(zip(layer, _spread([0.0] * len(layer), layer, widths), strict=True))
    above, below = _neighbours(links)
    for sweep in range(_PLACE_SWEEPS):
        neighbours = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            wishes = [_mean([_aim(n, port, key, x, widths, sweep % 2 == 0) for n, port in neighbours[key]], x[key])
                      for key in layer]
            x.update(zip(layer, _spread(wishes, layer, widths), strict=True))
    return x


def _side_by_side(x: dict[Key, float], links: list[Link], widths: Mapping[Key, float]) -> dict[Key, float]:
    """The unconnected parts of a picture, each as it is, next to each other."""
    parts = nx.Graph([(upper, lower) for upper, lower, _ in links])
    parts.add_nodes_from(x)
    placed, right = {}, 0.0
    for part in sorted(nx.connected_components(parts), key=lambda part: min(map(x.get, part))):
        shift = right - min(x[key] - widths[key] / 2 for key in part)
        placed.update((key, x[key] + shift) for key in part)
        right = max(placed[key] + widths[key] / 2 for key in part) + COLUMN_GAP
    return placed


def _aim(neighbour: Key, port: float, key: Key, x: Mapping, widths: Mapping, down: bool) -> float:
    return x[neighbour] + port * widths[key if down else neighbour]


def _spread(wishes: Sequence[float], layer: Sequence[Key], widths: Mapping[Key, float]) -> list[float]:
    """The places nearest to `wishes`, in order and apart: isotonic regression by pooling (Kruskal, 1964)."""
    steps = ((widths[a] + widths[b]) / 2 + COLUMN_GAP for a, b in pairwise(layer))
    offsets = list(accumulate(steps, initial=0.0))[:len(layer)]
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        pools.append((mean, count))
    places = (mean for mean, count in pools for _ in range(count))
    return [place + offset for place, offset in zip(places, offsets, strict=True)]
