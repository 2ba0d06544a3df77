"""The base of all layers: weights, sub-layers, and what a call does around `call`."""
from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.types import as_dtype
from .. import constraints, initializers, regularizers, tree
from ..eager import computed
from ..functional import remembered
from ..naming import unique_name
from ..trace import Trace
from ..variables import Variable


class Layer:
    """A function with weights: ``y = layer(x)``.

    Subclasses make their weights in ``build(self, input_shape)`` with `add_weight`, and say in ``call(self, inputs)``,
    which may take ``training`` and ``mask`` as well, what expression they stand for. A layer called on an expression gives
    an expression; on arrays, arrays."""

    def __init__(self, *, activity_regularizer=None, trainable: bool = True, dtype=None, name: str | None = None,
                 input_shape=None, input_dim: int | None = None, **unknown):
        if unknown:
            raise ArgumentError(f"{type(self).__name__} takes no argument {next(iter(unknown))!r}")
        self._variables: list[Variable] = []
        self._layers: list[Layer] = []
        self.name = unique_name(type(self)) if name is None else name
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.dtype = str(as_dtype(dtype or "float32"))
        self.built = False
        self.supports_masking = False
        self._trainable = trainable
        self.given_input_shape = _shape(input_shape, input_dim)

    # ---- what subclasses say
    def build(self, input_shape) -> None:
        """Make the weights for an input of this shape (None: any size); for several inputs, of these shapes."""

    def call(self, inputs, *args, **kwargs):
        """The layer's results, as expressions of its inputs and weights."""
        raise NotImplementedError(f"{type(self).__name__} has no call method")

    def compute_mask(self, inputs, previous_mask=None):
        """The mask of the results: which steps count."""
        return previous_mask if self.supports_masking else None

    # ---- weights
    def add_weight(self, shape=(), initializer=None, dtype=None, trainable: bool = True, regularizer=None, constraint=None,
                   name: str | None = None) -> Variable:
        """A Variable of this layer. Without an initializer, floats are drawn by Glorot's rule, others are zero."""
        dtype = as_dtype(dtype or self.dtype)
        initializer = initializers.get(initializer or ("glorot_uniform" if dtype.kind in "fV" else "zeros"))
        path = f"{self.name}/{name or 'variable'}"
        return self._track(Variable(initializer, shape, dtype, trainable, name=path, constraint=constraints.get(constraint),
                                    regularizer=regularizers.get(regularizer)))

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_layers" and name != "_variables":
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, value):
        """Remember the layers and Variables in an attribute's value."""
        for x in tree.leaves(value) if isinstance(value, (list, tuple, dict)) else [value]:
            known = self._layers if isinstance(x, Layer) else self._variables if isinstance(x, Variable) else None
            if known is not None and not any(x is other for other in known):
                known.append(x)
        return value

    def _flattened(self) -> Iterator[Layer]:
        """This layer and all below it."""
        yield self
        for layer in self._layers:
            yield from layer._flattened()

    @property
    def variables(self) -> list[Variable]:
        """All Variables of this layer and those below it."""
        return list(dict.fromkeys(v for layer in self._flattened() for v in layer._variables))

    @property
    def weights(self) -> list[Variable]:
        """What is saved and shared: all Variables but those of metrics."""
        return self.variables

    @property
    def trainable(self) -> bool:
        """Whether its weights are trained. Setting it sets the layers below it too; a frozen BatchNormalization runs as at
        inference."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flattened():
            layer._trainable = bool(value)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return list(dict.fromkeys(v for layer in self._flattened() if layer._trainable and self._trainable
                                  for v in layer._variables if v.trainable))

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone, or sets by other means than gradients."""
        trained = set(self.trainable_weights)
        return [v for v in self.weights if v not in trained]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def get_weights(self) -> list[np.ndarray]:
        """The values of all weights."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, values: Iterable[np.ndarray]) -> None:
        """Set all weights, in the order of `get_weights`; nothing is set unless every shape is right."""
        values = [np.asarray(v) for v in values]
        if len(values) != len(self.weights):
            raise ArgumentError(f"{self.name} has {len(self.weights)} weights, got {len(values)}")
        for variable, value in zip(self.weights, values, strict=True):
            if variable.shape != value.shape:
                raise ArgumentError(f"{variable.name} has shape {variable.shape}, got {value.shape}")
        for variable, value in zip(self.weights, values, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of numbers in its weights."""
        return sum(int(v.size) for v in self.weights)

    # ---- losses
    def add_loss(self, loss) -> None:
        """Add an expression of this call to what training minimizes."""
        trace = Trace.active()
        if trace is None:
            raise ArgumentError("add_loss belongs into a layer's call: what it adds depends on the call's inputs")
        trace.losses += [graph for graph in tree.leaves(loss)]

    @property
    def losses(self) -> list[Expr]:
        """The losses of the calls in the active trace, and of regularized weights."""
        trace = Trace.active()
        return [*(trace.losses if trace else []), *(v.regularizer(v) for v in self.trainable_weights if v.regularizer)]

    # ---- calls
    def __call__(self, *args, **kwargs):
        symbolic = any(isinstance(x, Expr) for x in tree.leaves([args, kwargs]))
        if Trace.active() is None and not symbolic:
            return computed(self, self.__call__, args, kwargs)
        if Trace.active() is None:
            return remembered(self, args, kwargs)
        self._build(args)
        return self._traced(Trace.active(), args, kwargs)

    def _build(self, args: tuple) -> None:
        if not self.built:
            shapes = tree.mapped(lambda x: getattr(x, "shape", None), args[0]) if args else None
            self.build(shapes)
            self.built = True

    @cached_property
    def _parameters(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.call).parameters)

    def _traced(self, trace: Trace, args: tuple, kwargs: dict):
        given = [x for x in tree.leaves(args[0] if args else list(kwargs.values())) if isinstance(x, Expr)]
        mask = trace.masks.get(given[0]) if given else None
        if "mask" in self._parameters and kwargs.get("mask") is None and mask is not None:
            kwargs = {**kwargs, "mask": mask}
        with trace.mode(kwargs.get("training")):
            if "training" in self._parameters:
                kwargs = {**kwargs, "training": trace.training}
            results = self.call(*args, **kwargs)
        self._after(trace, args, results, mask)
        return results

    def _after(self, trace: Trace, args: tuple, results, mask) -> None:
        outputs = [x for x in tree.leaves(results) if isinstance(x, Expr)]
        if self.activity_regularizer is not None:
            trace.losses += map(self.activity_regularizer, outputs)
        masks = tree.leaves(self.compute_mask(args[0] if args else None, mask))
        trace.masks.update((y, m) for y, m in zip(outputs, masks, strict=False) if m is not None)

    # ---- configuration
    def get_config(self) -> dict:
        """What ``from_config`` makes an equal layer of, with weights of its own."""
        return {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Layer:
        """A layer as `get_config` describes it."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _shape(input_shape, input_dim: int | None) -> tuple | None:
    if input_dim is not None:
        return (input_dim,)
    return None if input_shape is None else tuple(input_shape)


__all__ = ["Layer"]
