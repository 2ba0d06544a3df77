"""What Python's operators and an Expr's methods mean: each forwards to the op or the public function of its name.

They are attached here, not written out in `Expr`, so that the table of names is all there is to read, and so that `Expr`
knows no op."""
from __future__ import annotations

from collections.abc import Callable

from .expr import Expr
from .registry import function

UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}
BINARY = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
          "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
          "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift"}
COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
               "ne": "not_equal"}
METHODS = ("astype reshape transpose squeeze flatten ravel swapaxes repeat take clip round conj "
           "sum prod max min mean var std all any argmax argmin cumsum cumprod sort argsort dot").split()
PROPERTIES = {"T": "matrix_transpose_all", "mT": "matrix_transpose", "at": "at"}


def _forward(name: str) -> Callable:
    def method(self, *args, **kwargs):
        return function(name)(self, *args, **kwargs)
    method.__name__ = name
    method.__doc__ = f"See `graphc.{name}`."
    return method


def _binary(name: str, swapped: bool = False) -> Callable:
    def method(self, other):
        if other is None or isinstance(other, str):
            return NotImplemented
        return function(name)(other, self) if swapped else function(name)(self, other)
    method.__doc__ = f"See `graphc.{name}`."
    return method


for dunder, name in UNARY.items():
    setattr(Expr, f"__{dunder}__", _forward(name))
for dunder, name in (BINARY | COMPARISONS).items():
    setattr(Expr, f"__{dunder}__", _binary(name))
for dunder, name in BINARY.items():
    setattr(Expr, f"__r{dunder}__", _binary(name, swapped=True))
for name in METHODS:
    setattr(Expr, name, _forward(name))
for name, target in PROPERTIES.items():
    setattr(Expr, name, property(_forward(target)))
Expr.__getitem__ = _forward("getitem")
