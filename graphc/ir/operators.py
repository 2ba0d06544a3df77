"""What Python's operators, NumPy's functions and an Expr's methods mean: the op or the public function of that name.

They are attached here, once every op is registered, and not written out in `Expr`: so the table of names is all there is
to read, `Expr` knows no op, and ``help(graphc.Expr.sum)`` is the help of ``graphc.sum``."""
from __future__ import annotations

from collections.abc import Callable

from .errors import ArgumentError
from .expr import Expr
from .integer import Integer
from .op import Scalar
from .registry import FUNCTIONS, OPS, function, nearest

UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert", "round": "round",
         "floor": "floor", "ceil": "ceil", "trunc": "trunc", "getitem": "getitem"}
BINARY = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
          "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
          "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift"}
COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
               "ne": "not_equal"}
METHODS = ("astype reshape transpose squeeze flatten ravel swapaxes repeat take clip round conj diagonal trace "
           "sum prod max min mean var std all any argmax argmin cumsum cumprod sort argsort dot").split()
PROPERTIES = {"T": "matrix_transpose_all", "mT": "matrix_transpose", "at": "at"}
UFUNCS = {"absolute": "abs", "power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
          "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "invert": "bitwise_invert", "rint": "round",
          "left_shift": "bitwise_left_shift", "right_shift": "bitwise_right_shift", "conjugate": "conj"}
"""NumPy's names of its universal functions, where graphc's is another."""


# ---- Python ---------------------------------------------------------------------------------------------------------
def _unary(target: Callable) -> Callable:
    return lambda self, *args: target(self, *args)


def _binary(target: Callable) -> Callable:
    return lambda self, other: target(self, other) if _is_operand(other) else NotImplemented


def _swapped(target: Callable) -> Callable:
    return lambda self, other: target(other, self) if _is_operand(other) else NotImplemented


def _is_operand(value) -> bool:
    """Whether an operator takes it; what it does not take may have an operator of its own."""
    return isinstance(value, (Expr, Integer, int, float, complex, list, tuple)) or hasattr(value, "__array__")


def _attach(dunder: str, method: Callable, target: Callable) -> None:
    method.__name__, method.__qualname__, method.__doc__ = dunder, f"Expr.{dunder}", getattr(target, "doc", target.__doc__)
    setattr(Expr, dunder, method)


for dunder, name in UNARY.items():
    _attach(f"__{dunder}__", _unary(function(name)), function(name))
for dunder, name in (BINARY | COMPARISONS).items():
    _attach(f"__{dunder}__", _binary(function(name)), function(name))
for dunder, name in BINARY.items():
    _attach(f"__r{dunder}__", _swapped(function(name)), function(name))
for name in METHODS:
    setattr(Expr, name, function(name))
for name, target in PROPERTIES.items():
    setattr(Expr, name, property(function(target)))


# ---- NumPy ----------------------------------------------------------------------------------------------------------
def _array_ufunc(self, ufunc, method: str, *operands, **keywords):
    """``np.exp(x)``, and ``array + x``: the graph, not a value."""
    if method != "__call__":
        raise ArgumentError(f"numpy.{ufunc.__name__}.{method} takes no expression; use a function of graphc")
    if keywords:
        raise ArgumentError(f"numpy.{ufunc.__name__} of an expression takes no {' and no '.join(keywords)}: "
                            "the result is an expression too")
    return _counterpart(UFUNCS.get(ufunc.__name__, ufunc.__name__), ufunc)(*operands)


def _array_function(self, numpy_function, types, args, keywords):
    """``np.sum(x)``, ``np.concatenate([x, y])``, and every other function that graphc has under the same name."""
    name = numpy_function.__name__
    if name in ("ndim", "size"):
        return getattr(*args, name)
    return _counterpart(name, numpy_function)(*args, **keywords)


def _counterpart(name: str, numpy_function) -> Callable:
    if getattr(numpy_function, "__module__", "numpy") in ("numpy", None):
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in OPS and isinstance(OPS[name].lower, Scalar):
            return OPS[name]
    raise ArgumentError(f"graphc has no counterpart of {getattr(numpy_function, '__module__', 'numpy')}.{name}"
                        f"{nearest(name, FUNCTIONS)}")


Expr.__array_ufunc__ = _array_ufunc
Expr.__array_function__ = _array_function
