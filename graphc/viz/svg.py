"""Diagrams as SVG: one file, no fonts, no scripts."""
from __future__ import annotations

from html import escape
from itertools import pairwise

import networkx as nx

from .diagram import Arrow, Box, Diagram, Group
from .layout import LAYER_GAP, Layout, Point, Size, layout

MARGIN = 28.0
_TITLE, _SUBTITLE = 13.0, 11.0
_CHARACTER = 0.61
"""The width of a character of a monospaced font, in its size."""
_KERNELS = ("#4f7cc4", "#d98a3d", "#4a9d7f", "#b0639f", "#8c7ac9", "#c2a03a", "#5aa3b5", "#c46767")
_STYLE = """
text { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; text-anchor: middle; }
.title { font-size: 13px; font-weight: 600; fill: #1f2933; }
.subtitle { font-size: 11px; fill: #66758a; }
.box { fill: #ffffff; stroke: #9aa8ba; stroke-width: 1.2; }
.input .box { fill: #eaf2fd; stroke: #5b8dd6; }
.variable .box { fill: #e9f6ee; stroke: #52a374; }
.constant .box { fill: #f4f4f2; stroke: #b3b1a8; }
.output .box { fill: #2f3c4f; stroke: #2f3c4f; }
.update .box { fill: #2e6b49; stroke: #2e6b49; }
.output .title, .update .title { fill: #ffffff; }
.output .subtitle, .update .subtitle { fill: #c9d3df; }
.arrow { fill: none; stroke: #8592a3; stroke-width: 1.3; }
.kernel { font-size: 11px; font-weight: 600; text-anchor: start;
          stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
"""
_HEAD = ('<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
         '<path d="M0,0.8 L7.5,4 L0,7.2 z" fill="#8592a3"/></marker>')


def svg(diagram: Diagram) -> str:
    """The diagram as an SVG document."""
    sizes = [_size(box) for box in diagram.boxes]
    plan = layout(diagram, sizes)
    width, height = (round(length + 2 * MARGIN) for length in plan.size)
    curves = [_curve(arrow, route, plan, sizes) for arrow, route in zip(diagram.arrows, plan.routes, strict=True)]
    body = [
        *(_ground(k, group, diagram, plan, sizes, curves) for k, group in enumerate(diagram.groups)),
        *(f'<path class="arrow" marker-end="url(#head)" d="{curve}"/>' for curve in curves),
        *(_drawn(box, centre, size) for box, centre, size in zip(diagram.boxes, plan.centres, sizes, strict=True)),
        *(label for k, group in enumerate(diagram.groups) for label in _labels(k, group, diagram, plan, sizes)),
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{_STYLE}</style>", f"<defs>{_HEAD}</defs>", '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<g transform="translate({MARGIN:g},{MARGIN:g})">', *body, "</g>", "</svg>", ""])


def _size(box: Box) -> Size:
    text = max(len(box.title) * _TITLE, len(box.subtitle) * _SUBTITLE) * _CHARACTER
    return Size(round(max(text + 26, 64)), 42)


def _drawn(box: Box, centre: Point, size: Size) -> str:
    x, y = centre.x - size.width / 2, centre.y - size.height / 2
    radius = 6 if box.kind in ("op", "constant") else size.height / 2
    return (f'<g class="{box.kind}"><title>{escape(box.tooltip)}</title>'
            f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{size.width:g}" height="{size.height:g}" '
            f'rx="{radius:g}"/>'
            f'<text class="title" x="{centre.x:.1f}" y="{centre.y - 3:.1f}">{escape(box.title)}</text>'
            f'<text class="subtitle" x="{centre.x:.1f}" y="{centre.y + 13:.1f}">{escape(box.subtitle)}</text></g>')


def _curve(arrow: Arrow, route: tuple[Point, ...], plan: Layout, sizes: list[Size]) -> str:
    """From the bottom of the operand to the user's port: vertical at each layer, smooth between them."""
    source, target = plan.centres[arrow.source], plan.centres[arrow.target]
    port = ((arrow.port + 1) / (arrow.ports + 1) - 0.5) * sizes[arrow.target].width
    points = [Point(source.x, source.y + sizes[arrow.source].height / 2), *route,
              Point(target.x + port, target.y - sizes[arrow.target].height / 2)]
    pieces = [f"M{points[0].x:.1f},{points[0].y:.1f}"]
    for k, (a, b) in enumerate(pairwise(points)):
        bend = min((b.y - a.y) / 2, LAYER_GAP)
        pieces.append(f"L{b.x:.1f},{b.y:.1f}" if k % 2 else
                      f"C{a.x:.1f},{a.y + bend:.1f} {b.x:.1f},{b.y - bend:.1f} {b.x:.1f},{b.y:.1f}")
    return " ".join(pieces)


def _ground(k: int, group: Group, diagram: Diagram, plan: Layout, sizes: list[Size], curves: list[str]) -> str:
    """A coloured ground under the group's boxes and the arrows between them."""
    colour, members = _KERNELS[k % len(_KERNELS)], set(group.boxes)
    shapes = [_halo(plan.centres[box], sizes[box]) for box in group.boxes]
    shapes += [f'<path d="{curve}" fill="none" stroke="{colour}" stroke-width="22"/>'
               for arrow, curve in zip(diagram.arrows, curves, strict=True) if {arrow.source, arrow.target} <= members]
    return f'<g opacity="0.22" fill="{colour}">{"".join(shapes)}</g>'


def _halo(centre: Point, size: Size, padding: float = 10.0) -> str:
    x, y = centre.x - size.width / 2 - padding, centre.y - size.height / 2 - padding
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{size.width + 2 * padding:g}" '
            f'height="{size.height + 2 * padding:g}" rx="14"/>')


def _labels(k: int, group: Group, diagram: Diagram, plan: Layout, sizes: list[Size]) -> list[str]:
    """The kernel's name at the top left of each piece of its ground."""
    labels = []
    for piece in nx.weakly_connected_components(diagram.dag.subgraph(group.boxes)):
        first = min(piece, key=lambda box: (plan.centres[box].y, plan.centres[box].x))
        corner, size = plan.centres[first], sizes[first]
        labels.append(f'<text class="kernel" x="{corner.x - size.width / 2 - 4:.1f}" '
                      f'y="{corner.y - size.height / 2 - 14:.1f}" fill="{_KERNELS[k % len(_KERNELS)]}">'
                      f'{escape(group.name)}</text>')
    return labels
