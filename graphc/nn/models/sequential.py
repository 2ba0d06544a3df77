"""Layers one after the other."""
from __future__ import annotations

from collections.abc import Iterable

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from .. import tree
from ..functional import remembered
from ..layers.core import InputLayer
from ..layers.layer import Layer
from .configuration import clone_model, sequential_config, sequential_from_config
from .functional import check_shape, fitting
from .model import Model


class Sequential(Model):
    """``Sequential([Input((784,)), Dense(10)])``: each layer takes what the one before gives.

    Without an `Input`, the weights are made when the model is first called, or by `build`."""

    _deferred = False
    """Whether the input's shape was not said but seen: inputs of other shapes may follow, where the layers allow it."""

    def __init__(self, layers: Iterable | None = None, trainable: bool = True, name: str | None = None):
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._input_layer: InputLayer | None = None
        self._results: list = []
        for layer in layers or ():
            self.add(layer)

    def add(self, layer, rebuild: bool = True) -> None:
        """Append a layer, or, in front, an `Input`."""
        if isinstance(layer, Expr):
            layer = getattr(layer, "layer", None) or InputLayer(input_tensor=layer)
        if isinstance(layer, InputLayer):
            if self._stack or self._input_layer is not None:
                raise ArgumentError(f"{self.name}: an Input comes before all layers, and only once")
            self._input_layer = layer
            return
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{self.name}: expected a layer, got {layer!r}")
        if any(layer.name == other.name for other in self._stack):
            raise ArgumentError(f"{self.name}: there is a layer named {layer.name!r} already; each needs a name of its own")
        if not self._stack and self._input_layer is None:
            self._input_layer = _input_of(layer)
        self._stack.append(layer)
        if self._input_layer is not None:
            self._connect(layer)

    def _connect(self, layer: Layer) -> None:
        with self._scope():
            self._results.append(remembered(layer, (self._last,), {}))
        self.built = True

    @property
    def _last(self):
        return self._results[-1] if self._results else self._input_layer.output

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away."""
        if not self._stack:
            raise ArgumentError(f"{self.name} has no layers to pop")
        layer = self._stack.pop()
        self._sublayers[:] = [other for other in self._sublayers if other is not layer]
        if self._results:
            self._results.pop()
        self.built = bool(self._results)
        return layer

    def build(self, input_shape=None) -> None:
        """Make the weights of all layers, for inputs of this shape, its batch axis included."""
        if not self._stack:
            raise ArgumentError(f"{self.name} has no layers: add some")
        if self._results or not _is_shape(input_shape):
            return
        self._deferred = True
        self._input_layer = InputLayer(batch_shape=input_shape, dtype=self._stack[0].compute_dtype)
        for layer in self._stack:
            self._connect(layer)

    def call(self, inputs, training=None, mask=None):
        inputs = self._only(inputs) if isinstance(inputs, dict) else inputs
        if self._input_layer is not None and isinstance(inputs, Expr):
            wanted = self._input_layer.output
            if not self._deferred:
                inputs = fitting(inputs, wanted, self.name)
            if self._stack and self._stack[0].autocast and inputs.dtype != wanted.dtype:
                inputs = inputs.astype(wanted.dtype)
        for layer in self._stack:
            inputs = layer(inputs)
        return inputs

    def _only(self, inputs: dict) -> Expr:
        """The input, out of a dict by names."""
        if len(inputs) != 1:
            raise ArgumentError(f"{self.name} takes one input; got {sorted(inputs)}")
        return next(iter(inputs.values()))

    # ---- what is known of it
    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the Input."""
        return list(self._stack)

    @property
    def output_names(self) -> list[str] | None:
        """The name of the last layer."""
        return [self._stack[-1].name] if self._stack else None

    @property
    def input(self) -> Expr:
        """The placeholder that the model begins with."""
        return self._known(self._input_layer).output

    @property
    def output(self):
        """What the last layer gives."""
        self._known(self._input_layer)
        return self._last

    @property
    def inputs(self) -> list[Expr]:
        """The input, in a list."""
        return [self.input]

    @property
    def outputs(self) -> list[Expr]:
        """The outputs, in a list."""
        return tree.leaves(self.output)

    @property
    def input_shape(self) -> tuple:
        """The shape of the input, the batch axis (None) included."""
        return self.input.shape

    @property
    def output_shape(self):
        """The shape of the output, the batch axis (None) included."""
        return tree.mapped(lambda x: x.shape, self.output)

    def _known(self, layer: InputLayer | None) -> InputLayer:
        if layer is None:
            raise ArgumentError(f"{self.name} has no input yet: begin it with an Input, call it, or build(input_shape)")
        return layer

    def _shapes_of(self, x) -> list:
        arrays = [a for a in tree.leaves(x) if a is not None]
        if self._input_layer is None or self._deferred or len(arrays) != 1:
            return [None] * len(arrays)
        wanted = self._input_layer.output
        if arrays[0].ndim != wanted.ndim:
            return [None]
        check_shape(arrays[0].shape, wanted, self.name)
        return [wanted.shape]

    # ---- configuration
    def get_config(self) -> dict:
        """The layers in order, the Input first."""
        return sequential_config(self)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Sequential:
        """A model as `get_config` describes it, with weights of its own."""
        return sequential_from_config(cls, config, custom_objects)

    def _anew(self) -> Sequential:
        return clone_model(self)


def _input_of(layer: Layer) -> InputLayer | None:
    """An Input such as the first layer asks for: by `input_shape`, or as a model whose inputs are known."""
    if layer.given_input_shape is not None:
        return InputLayer(layer.given_input_shape, dtype=layer.compute_dtype)
    if isinstance(layer, Model) and layer.built and len(getattr(layer, "inputs", [])) == 1:
        (x,) = layer.inputs
        return InputLayer(batch_shape=x.shape, dtype=x.dtype)
    return None


def _is_shape(shape) -> bool:
    return isinstance(shape, (tuple, list)) and all(d is None or isinstance(d, int) for d in shape)


__all__ = ["Sequential"]
