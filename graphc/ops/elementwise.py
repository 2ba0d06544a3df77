"""Elementwise ops: a table of derivatives, one row an op."""
from __future__ import annotations

import numpy as np

from ..ir.expr import Expr
from ..ir.leaves import as_expr
from ..ir.op import Op, Scalar
from ..ir.registry import public
from ..ir.types import as_dtype
from .rows import BOOL, bitwise, classification, comparison, elementwise, floating, logical, numeric, same

# ---- arithmetic -----------------------------------------------------------------------------------------------------
negative = elementwise("negative", np.negative, "-{0}", lambda g, y, a: (-g,), dtypes=numeric, domain=(-3, 3),
                       doc="-x")
add = elementwise("add", np.add, Scalar("{0} + {1}", {"b": "{0} or {1}"}), lambda g, y, a, b: (g, g), dtypes=same,
                  domain=(-3, 3), unit=(0, 0), doc="x + y")
subtract = elementwise("subtract", np.subtract, "{0} - {1}", lambda g, y, a, b: (g, -g), dtypes=numeric,
                       domain=(-3, 3), unit=(None, 0), doc="x - y")
multiply = elementwise("multiply", np.multiply, Scalar("{0} * {1}", {"b": "{0} and {1}"}),
                       lambda g, y, a, b: (g * b, g * a), dtypes=same, domain=(-3, 3), unit=(1, 1), zero=0, doc="x * y")
divide = elementwise("divide", np.true_divide, Scalar("{0} / {1}", cost=4),
                     lambda g, y, a, b: (g / b, -g * y / b), dtypes=floating, domain=((-3, 3), (0.5, 3)),
                     unit=(None, 1), doc="x / y")
tanh = elementwise("tanh", np.tanh, Scalar("math.tanh({0})", cost=12), lambda g, y, a: (g * (1 - y * y),),
                   domain=(-3, 3), doc="Hyperbolic tangent.")
less = elementwise("less", np.less, "{0} < {1}", dtypes=comparison, domain=(-3, 3), doc="x < y")


# ---- conversion -----------------------------------------------------------------------------------------------------
_astype = Op("astype", lambda x, dtype: np.asarray(x).astype(dtype), lambda x, *, dtype: x.with_dtype(dtype),
             Scalar("{0}"), lambda g, y, x, dtype: (astype(g, x.dtype),), doc="The same numbers in another dtype.")


@public
def astype(x, dtype) -> Expr:
    """`x` in another dtype: C's conversions, as in NumPy; to bool, whether it is not zero."""
    x, dtype = as_expr(x), as_dtype(dtype)
    return x if dtype == x.dtype else _astype(x, dtype=dtype)
