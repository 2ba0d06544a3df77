"""Models: layers that can be trained."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from .. import tree
from ..functional import call_of, order, replay
from ..layers.layer import Layer
from .training import Trainer


class Model(Trainer, Layer):
    """``Model(inputs, outputs)`` of expressions that layers made; or a subclass with a `call` of its own."""

    def __new__(cls, *args, **kwargs):
        functional = cls is Model and (args or "inputs" in kwargs)
        return super().__new__(Functional if functional else cls)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or place."""
        if index is not None:
            return self.layers[index]
        found = [layer for layer in self.layers if layer.name == name]
        if not found:
            raise ArgumentError(f"{self.name} has no layer {name!r}; it has {[layer.name for layer in self.layers]}")
        return found[0]

    @property
    def layers(self) -> list[Layer]:
        """The layers, those within layers not among them."""
        return list(self._layers)


class Functional(Model):
    """The graph between some inputs and outputs."""

    def __init__(self, inputs, outputs, name: str | None = None, trainable: bool = True):
        super().__init__(name=name, trainable=trainable)
        self.inputs, self.outputs = tree.leaves(inputs), tree.leaves(outputs)
        self._structures = inputs, outputs
        calls = [call_of(x) for x in order(self.outputs, self.inputs)]
        for layer in dict.fromkeys(call.layer for call in calls if call is not None):
            self._track(layer)
        self.built = True

    @property
    def input(self) -> Expr:
        return self._structures[0]

    @property
    def output(self) -> Expr:
        return self._structures[1]

    def call(self, inputs, training=None):
        if isinstance(inputs, dict) and not isinstance(self._structures[0], dict):
            inputs = [inputs[x.name] for x in self.inputs]
        values = dict(zip(self.inputs, tree.leaves(inputs), strict=True))
        return tree.filled(self._structures[1], replay(self.outputs, values))


__all__ = ["Functional", "Model"]
