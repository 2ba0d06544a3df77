"""The Variables of layers, optimizers and metrics: graphc's, and what Keras knows of a weight."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..interpreter import interpret
from ..ir import leaves
from ..ir.errors import ArgumentError
from ..ir.expr import Expr, label
from ..ir.graph import topological
from . import initializers
from .trace import Trace


class Variable(leaves.Variable):
    """State that a model owns: ``Variable(initializer, shape, dtype, trainable, name=...)``.

    `initializer` is a value, ``f(shape, dtype) -> array``, or its name. `regularizer` maps the Variable to a loss,
    `constraint` a new value to an allowed one. In a layer's call, it is after ``assign(expression)`` what was assigned. In
    a train step, outside of layers, it is that from the next step on; outside of all, ``assign(value)`` sets it at once, to
    an array, or to what an expression of Variables is now. There it is an array for NumPy too."""

    __slots__ = ("regularizer", "constraint", "path")

    def __init__(self, initializer, shape=None, dtype=None, trainable: bool = True, *, name: str | None = None,
                 regularizer: Callable[[Expr], Expr] | None = None, constraint: Callable[[Expr], Expr] | None = None):
        initializer = initializers.get(initializer) if isinstance(initializer, str) else initializer
        if callable(initializer):
            if shape is None:
                raise ArgumentError("a Variable made by an initializer needs a shape")
            with Trace.none():
                value = initializer(tuple(shape), dtype=dtype or "float32")
            value = interpret([], value, []) if isinstance(value, Expr) else value
        else:
            value = initializer if shape is None else np.broadcast_to(initializer, shape)
        super().__init__(value, dtype, name, trainable)
        for attribute, given in (("regularizer", regularizer), ("constraint", constraint)):
            object.__setattr__(self, attribute, given)

    @property
    def name(self) -> str | None:
        """The last word of its path: "kernel" of "dense/kernel"."""
        return self.path and self.path.rpartition("/")[2]

    @name.setter
    def name(self, path: str | None) -> None:
        object.__setattr__(self, "path", path)

    @property
    def full_name(self) -> str | None:
        """Its path."""
        return self.path

    def __setattr__(self, name: str, value) -> None:
        if name in self.__slots__:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def assign(self, value) -> Variable:
        trace = Trace.active()
        if trace is not None:
            trace.update(self, value)
        else:
            super().assign(present(value, f"assign to {self.label}:{self.type}"))
        return self

    def assign_add(self, value) -> Variable:
        """Add `value` to it."""
        return self.assign((self if Trace.active() else self.numpy()) + value)

    def assign_sub(self, value) -> Variable:
        """Subtract `value` from it."""
        return self.assign((self if Trace.active() else self.numpy()) - value)

    def __float__(self) -> float:
        """The present value of a scalar; inside a traced function, where it is not known, an error."""
        return super().__float__() if Trace.active() else float(self.numpy())

    def __array__(self, *args, **kwargs) -> np.ndarray:
        return super().__array__() if Trace.active() else self.numpy().__array__(*args, **kwargs)

    def __int__(self) -> int:
        return super().__int__() if Trace.active() else int(self.numpy())

    @property
    def value(self) -> Variable:
        """The Variable, as an expression."""
        return self


def present(value, what: str) -> Any:
    """What an expression of Variables alone is now; anything else as it is. ArgumentError, for `what`, where placeholders
    are in it."""
    if not isinstance(value, Expr):
        return value
    if (unknown := next((x for x in topological([value]) if x.op.name == "placeholder"), None)) is not None:
        raise ArgumentError(f"{what}: the expression depends on {label(unknown)}:{unknown.type}, whose value is not known "
                            "here; it is assigned inside a train step or a layer's call, or by "
                            "compile(..., updates={variable: expression})")
    return interpret([], value, [])


__all__ = ["Variable", "present"]
