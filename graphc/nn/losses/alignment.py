"""Targets beside outputs, and weights beside values: which axes belong together."""
from __future__ import annotations

from ...ir.errors import ShapeError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import is_float, show_dims
from ...ops.elementwise import where
from ...ops.reduce import sum
from ...ops.shape import expand_dims, reshape, squeeze


def same_rank(a: Expr, b: Expr, expand: bool = True) -> tuple[Expr, Expr]:
    """`a` and `b` with as many axes, where one of them has one more, of size 1, at the end: (n,) beside (n, 1) gains it
    (unless told not to `expand`), (n, t, 1) beside (n, t) loses it.

    >>> import graphc
    >>> a, b = same_rank(graphc.placeholder((5,)), graphc.placeholder((5, 1)))
    >>> a.shape, b.shape
    ((5, 1), (5, 1))
    """
    if a.ndim < b.ndim:
        return same_rank(b, a, expand)[::-1]
    if a.ndim == b.ndim + 1 and a.dims[-1] == 1:
        return (a, expand_dims(b, -1)) if b.ndim == 1 and expand else (squeeze(a, -1), b)
    return a, b


def operands(name: str, y_true, y_pred) -> tuple[Expr, Expr]:
    """Targets and outputs of an elementwise function, as floats of one rank. Raises ShapeError where they do not fit."""
    y_true, y_pred = floats(y_true, y_pred)
    t, p = same_rank(y_true, y_pred)
    if t.ndim and p.ndim and (t.ndim != p.ndim or conflict(t, p)):
        raise ShapeError(f"{name}: y_true has shape {show_dims(y_true.dims)} and y_pred {show_dims(y_pred.dims)}")
    return t, p


def floats(y_true, y_pred) -> tuple[Expr, Expr]:
    """Both as expressions of the outputs' dtype: float32 if these are no floats."""
    p = as_expr(y_pred)
    p = p if is_float(p.dtype) else p.astype("float32")
    return as_expr(y_true).astype(p.dtype), p


def conflict(a: Expr, b: Expr) -> bool:
    """Whether two shapes of one rank do not broadcast, as far as sizes are known."""
    return any(m != n and 1 not in (m, n) for m, n in zip(a.shape, b.shape, strict=True) if m is not None and n is not None)


# ---- weights --------------------------------------------------------------------------------------------------------
def beside(values: Expr, weight: Expr) -> tuple[Expr, Expr]:
    """Values and weights of one rank. A weight with fewer axes counts for all that its place on the first ones holds.
    Raises ShapeError where there are more weights than values."""
    v, w = same_rank(values, weight)
    if w.ndim and w.ndim < v.ndim:
        w = reshape(w, (*w.dims, *(1,) * (v.ndim - w.ndim)))
    if v.ndim and w.ndim and (w.ndim > v.ndim or conflict(v, w)):
        raise misfit(values, weight)
    return v, w


def misfit(values: Expr, weight: Expr) -> ShapeError:
    """The error that weights of this shape do not fit values of that shape."""
    return ShapeError(f"sample_weight has shape {show_dims(weight.dims)}, but what it weighs {show_dims(values.dims)}")


def masked(sample_weight, mask: Expr | None, dtype, scaled: bool) -> Expr | None:
    """The weights, 0 where `mask` is false; `scaled` so that the mask alone has the mean 1."""
    weight = None if sample_weight is None else as_expr(sample_weight).astype(dtype)
    if mask is None:
        return weight
    share = mask.astype(dtype)
    if scaled:
        share = where(mask.astype("bool"), quotient(as_expr(mask.size).astype(dtype), sum(share)), 0)
    if weight is None:
        return share
    share, weight = beside(share, weight)
    return share * weight


def quotient(a, b) -> Expr:
    """``a / b``, and 0 where `b` is 0."""
    b = as_expr(b)
    none = b == 0
    return where(none, 0, a / where(none, 1, b))


__all__ = ["beside", "conflict", "floats", "masked", "misfit", "operands", "quotient", "same_rank"]
