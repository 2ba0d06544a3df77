"""Images read at other places: what turns, shifts and zooms them."""
from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product

from ...ir.expr import Expr
from ...ops import elementwise
from ...ops.creation import arange, number
from ...ops.elementwise import abs, floor, logical_and, minimum, where
from ...ops.elementwise import round as rounded
from ...ops.index import getitem
from ...ops.shape import expand_dims, reshape

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("bilinear", "nearest")


@dataclass(frozen=True)
class Outside:
    """What is beyond the margins of an image: its mirror image ("reflect": d c b a | a b c d | d c b a), itself ("wrap"),
    `value` ("constant"), or the pixel at the margin ("nearest")."""

    mode: str
    value: float

    def inside(self, k: Expr, size: Expr) -> Expr:
        """The place on an axis that stands for the place `k`, which may be outside."""
        if self.mode == "wrap":
            return k % size
        if self.mode == "reflect":
            k = k % (2 * size)
            return minimum(k, 2 * size - 1 - k)
        return elementwise.clip(k, 0, size - 1)


def affine(images: Expr, matrix: tuple, interpolation: str, outside: Outside) -> Expr:
    """Images ``[batch, height, width, channels]``, whose pixel at (x, y) is that of `images` at ``(a0 * x + a1 * y + a2,
    b0 * x + b1 * y + b2)``; `matrix` is these six: numbers, or expressions ``[batch, 1, 1]``."""
    _, height, width, _ = images.dims
    y = reshape(arange(height, dtype="float32"), (1, -1, 1))
    x = reshape(arange(width, dtype="float32"), (1, 1, -1))
    a0, a1, a2, b0, b1, b2 = matrix
    return read(images, b0 * x + b1 * y + b2, a0 * x + a1 * y + a2, interpolation, outside)


def read(images: Expr, rows: Expr, columns: Expr, interpolation: str, outside: Outside) -> Expr:
    """The images at these places, float32 ``[batch, ...]`` (or 1 for the batch), not in general whole numbers."""
    if interpolation == "nearest":
        return _pixels(images, rounded(rows), rounded(columns), outside)
    top, left = floor(rows), floor(columns)
    parts = []
    for down, right in product((0, 1), (0, 1)):
        weight = (1 - abs(rows - (top + down))) * (1 - abs(columns - (left + right)))
        parts.append(expand_dims(weight, -1).astype(images.dtype) * _pixels(images, top + down, left + right, outside))
    return reduce(elementwise.add, parts)


def _pixels(images: Expr, rows: Expr, columns: Expr, outside: Outside) -> Expr:
    """The pixels at whole numbers."""
    batch, height, width, _ = images.dims
    height, width, rows, columns = (n.astype("int32") for n in (number(height), number(width), rows, columns))
    image = reshape(arange(batch, dtype="int32"), (-1, 1, 1))
    found = getitem(images, (image, outside.inside(rows, height), outside.inside(columns, width)))
    if outside.mode != "constant":
        return found
    there = reduce(logical_and, [rows >= 0, rows < height, columns >= 0, columns < width])
    return where(expand_dims(there, -1), found, outside.value)


__all__ = ["FILL_MODES", "INTERPOLATIONS", "Outside", "affine", "read"]
