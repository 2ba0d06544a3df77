"""The base of metrics: numbers that are gathered over batches."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.graph import substituted
from ...ir.leaves import as_expr
from ...ir.types import as_dtype
from .. import initializers, tree
from ..eager import as_arguments, computed, eager, is_traced
from ..naming import unique_name
from ..registry import Registry
from ..trace import Trace
from ..variables import Variable

REGISTRY = Registry("metric", "metrics")
FUNCTIONS = Registry("metric function", "metrics")


class Metric:
    """State, `update_state` that takes in a batch, and `result`.

    Subclasses make their state with `add_variable`, assign it in ``update_state(self, y_true, y_pred, sample_weight=None)``
    and say in ``result(self)`` what it comes to: a number, or a dict of numbers. On arrays both compute; in a train step
    they are part of the graph, where a result counts the updates so far. Other metrics that are attributes belong to the
    state."""

    def __init__(self, dtype=None, name: str | None = None):
        self.name, self.dtype = name or unique_name(type(self)), str(as_dtype(dtype or "float32"))
        self._variables: list[Variable] = []
        self._metrics: list[Metric] = []
        self._shapes: tuple | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name, wrapped in (("update_state", _updating), ("reset_state", _updating), ("result", _reading)):
            if name in vars(cls):
                setattr(cls, name, wrapped(vars(cls)[name]))

    # ---- what subclasses say
    def update_state(self, *args, **kwargs) -> None:
        """Take in a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state method")

    def result(self):
        """What the batches so far come to."""
        raise NotImplementedError(f"{type(self).__name__} has no result method")

    def build(self, *shapes: tuple) -> None:
        """Make the state that depends on the shapes of a batch; `ensure_built` calls it once."""

    # ---- state
    def add_variable(self, shape=(), initializer="zeros", dtype=None, aggregation="sum",
                     name: str | None = None) -> Variable:
        """A Variable of the metric's state, float32 if no dtype is given."""
        initializer = initializers.get("zeros" if initializer is None else initializer)
        self.track(variable := Variable(initializer, shape, dtype or "float32", trainable=False,
                                        name=f"{self.name}/{name or 'variable'}"))
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name: str | None = None) -> Variable:
        """`add_variable`, by the name that layers use."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def ensure_built(self, *shapes: tuple) -> None:
        """Call `build` with the shapes of the first batch."""
        if self._shapes is None:
            self._shapes = shapes
            self.build(*shapes)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            self.track(value)
        super().__setattr__(name, value)

    def track(self, value) -> None:
        """Remember the Variables and metrics in an attribute's value."""
        for x in tree.leaves(value) if isinstance(value, (list, tuple, dict)) else [value]:
            if isinstance(x, (Variable, Metric)):
                if "_variables" not in vars(self):
                    raise ArgumentError(f"{type(self).__name__} must call super().__init__() before it makes its state")
                known = self._variables if isinstance(x, Variable) else self._metrics
                if not any(x is other for other in known):
                    known.append(x)

    @property
    def variables(self) -> list[Variable]:
        """The state: the metric's own, then that of the metrics in it."""
        return [*self._variables, *(v for metric in self._metrics for v in metric.variables)]

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def merge_state(self, metrics: Iterable[Metric]) -> None:
        """Add what other metrics of this kind have taken in."""
        for other in metrics:
            if self._shapes is None and other._shapes is not None:
                self.ensure_built(*other._shapes)
            if [v.shape for v in self.variables] != [v.shape for v in other.variables]:
                raise ArgumentError(f"{self.name} and {other.name} have different states")
            for mine, its in zip(self.variables, other.variables, strict=True):
                mine.assign_add(its if Trace.active() else its.numpy())

    # ---- calls
    def __call__(self, *args, **kwargs):
        """Take in a batch; the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    # ---- without state
    def stateless_update_state(self, metric_variables: Sequence, *args, **kwargs) -> list:
        """What the state would be after a batch, if it were `metric_variables` before; nothing is assigned."""
        return self._stateless(self._next_state, metric_variables, args, kwargs)

    def stateless_result(self, metric_variables: Sequence):
        """What the result would be if the state were `metric_variables`."""
        return self._stateless(self._result_of, metric_variables, (), {})

    def stateless_reset_state(self) -> list[np.ndarray]:
        """The state before the first batch."""
        return [np.zeros(v.shape, v.dtype) for v in self.variables]

    def _stateless(self, function: Callable, state: Sequence, args: tuple, kwargs: dict):
        if len(state) != len(self.variables):
            raise ArgumentError(f"{self.name} has {len(self.variables)} variables, got {len(state)}")
        if is_traced((state, *args), kwargs):
            return function(state, *args, **kwargs)
        args, kwargs = as_arguments(args, kwargs)
        return computed(self, function, ([np.asarray(v) for v in state], *args), kwargs)

    def _next_state(self, state: Sequence, *args, **kwargs) -> list[Expr]:
        with _inner() as trace:
            self.update_state(*args, **kwargs)
        return substituted([trace.updates.get(v, v) for v in self.variables], self._given(state))

    def _result_of(self, state: Sequence):
        given = self._given(state)
        with _inner():
            result = self.result()
        return tree.mapped(lambda x: substituted([as_expr(x)], given)[0], result)

    def _given(self, state: Sequence) -> dict[Variable, Expr]:
        return {v: as_expr(x).astype(v.dtype) for v, x in zip(self.variables, state, strict=True)}

    # ---- configuration
    def get_config(self) -> dict:
        """The arguments that make an equal metric."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Metric:
        """A metric as `get_config` describes it."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


# ---- what becomes of a subclass's methods ---------------------------------------------------------------------------
def _updating(method: Callable) -> Callable:
    @wraps(method)
    def without_result(self, *args, **kwargs) -> None:
        method(self, *args, **kwargs)
    return eager(without_result)


def _reading(method: Callable) -> Callable:
    @eager
    @wraps(method)
    def after_updates(self, *args, **kwargs):
        outer = Trace.active()
        if outer is None:
            return method(self, *args, **kwargs)
        with _inner():
            result = method(self, *args, **kwargs)
        return tree.mapped(lambda x: None if x is None else outer.current(as_expr(x)), result)
    return after_updates


def _inner() -> Trace:
    """A trace in the active one, which knows the masks, but not what has been assigned."""
    outer = Trace.active()
    trace = Trace(outer is not None and outer.training)
    trace.masks = {} if outer is None else outer.masks
    return trace


__all__ = ["FUNCTIONS", "REGISTRY", "Metric"]
