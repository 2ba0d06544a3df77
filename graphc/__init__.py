"""graphc: a static-graph compiler for training neural networks."""
import math as _math

from .autodiff import grad, hessian, jacobian, jvp, vjp
from .compiler import Function, compile
from .interpreter import interpret
from .ir import operators as _operators
from .ir.errors import (
    ArgumentError,
    CacheWarning,
    CallError,
    DTypeError,
    GradientError,
    GraphcError,
    IndexOutOfBounds,
    NotFinite,
    ShapeError,
)
from .ir.expr import Expr
from .ir.leaves import Variable, constant, placeholder
from .ops import PUBLIC_NAMES as _PUBLIC_NAMES
from .viz import draw

globals().update(_PUBLIC_NAMES)
e, inf, nan, newaxis, pi = _math.e, _math.inf, _math.nan, None, _math.pi

__version__ = "0.1.0"
__all__ = ["ArgumentError", "CacheWarning", "CallError", "DTypeError", "Expr", "Function", "GradientError", "GraphcError",
           "IndexOutOfBounds", "NotFinite", "ShapeError", "Variable", "compile", "constant", "draw", "e", "grad",
           "hessian", "inf", "interpret", "jacobian", "jvp", "nan", "newaxis", "pi", "placeholder", "vjp", *_PUBLIC_NAMES]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
