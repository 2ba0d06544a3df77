"""Layers one after the other."""
from __future__ import annotations

from collections.abc import Iterable

from ...ir.expr import Expr
from ...ir.leaves import placeholder
from ..layers.layer import Layer
from ..trace import Trace
from .model import Model


class Sequential(Model):
    """``Sequential([Input((784,)), Dense(10)])``: each layer takes what the one before gives."""

    def __init__(self, layers: Iterable | None = None, trainable: bool = True, name: str | None = None):
        super().__init__(trainable=trainable, name=name)
        self._input: Expr | None = None
        for layer in layers or ():
            self.add(layer)

    def add(self, layer) -> None:
        """Append a layer, or, in front, an `Input`."""
        if isinstance(layer, Expr):
            self._input = layer
        else:
            if not self._layers and layer.given_input_shape is not None:
                self._input = placeholder((None, *layer.given_input_shape))
            self._track(layer)
        if self._input is not None:
            self.build(self._input.shape)

    def build(self, input_shape=None) -> None:
        """Make the weights of all layers, for inputs of this shape, its batch axis included."""
        if self._input is None:
            self._input = placeholder(input_shape)
        with Trace():
            self._output = self.call(self._input)
        self.built = True

    def call(self, inputs, training=None):
        for layer in self._layers:
            inputs = layer(inputs)
        return inputs


__all__ = ["Layer", "Sequential"]
