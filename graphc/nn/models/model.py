"""Models: layers that can be trained."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import placeholder
from ...ir.registry import nearest
from .. import tree
from ..layers.configuration import over_shapes
from ..layers.layer import Layer
from ..registry import custom_object_scope
from ..saving import SavingError, load_weights, save_model, save_weights
from ..trace import Trace
from .summary import summary
from .training import Trainer


class Model(Trainer, Layer):
    """``Model(inputs, outputs)`` of expressions that layers made; or a subclass with a `call` of its own.

    A subclass may do both: override `train_step`, say, and be made of inputs and outputs."""

    functional: ClassVar[type[Model]]
    """The class of models that are made of inputs and outputs."""
    _casts_results = False

    def __init__(self, *args, **kwargs):
        if _is_functional(args, kwargs):
            self.__class__ = _functional(type(self))
            Model.functional.__init__(self, *args, **kwargs)
        elif args:
            raise ArgumentError(f"{type(self).__name__} is made of inputs and outputs, or takes named arguments; got {args}")
        else:
            super().__init__(**kwargs)

    def call(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} has no call method, nor is it made of inputs and outputs")

    def build(self, input_shape=None) -> None:
        """Make the weights of all layers, for inputs of this shape (or structure of shapes), its batch axis included."""
        if Trace.active() is None and input_shape is not None:
            with Trace():
                self.call(over_shapes(lambda shape: placeholder(shape, self.compute_dtype), input_shape))

    # ---- layers
    @property
    def layers(self) -> list[Layer]:
        """The layers, those within layers not among them."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or place."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ArgumentError(f"{self.name}.get_layer takes a name or an index")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(f"{self.name} has {len(layers)} layers, none with index {index}")
            return layers[index]
        found = [layer for layer in layers if layer.name == name]
        if not found:
            names = [layer.name for layer in layers]
            raise ArgumentError(f"{self.name} has no layer {name!r}{nearest(name, names)}; it has {names}")
        return found[0]

    def summary(self, line_length: int | None = None, positions: list[float] | None = None,
                print_fn: Callable[[str], object] | None = None, expand_nested: bool = False, show_trainable: bool = False,
                layer_range: tuple[str, str] | list[str] | None = None) -> None:
        """Print a table of the layers: what they give, their weights, what they are connected to. `print_fn` is called with
        the table in place of `print`; `layer_range` names the first and the last layer to show."""
        (print_fn or print)(summary(self, line_length, positions, expand_nested, show_trainable, layer_range))

    # ---- files
    def save(self, filepath: str | os.PathLike, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write architecture, weights, and how it is compiled, with the optimizer's state: `load_model` reads it."""
        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Write the weights, as safetensors."""
        self._must_be_built("written")
        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | os.PathLike, skip_mismatch: bool = False) -> None:
        """Read the weights that `save_weights` wrote for a model like this one. SavingError names the first that differs,
        and nothing changes; with `skip_mismatch`, those that fit are read."""
        self._must_be_built("read")
        load_weights(self, filepath, skip_mismatch)

    def _must_be_built(self, done: str) -> None:
        if not self.built:
            raise SavingError(f"{self.name} is not built: call it, or give it an Input, before its weights are {done}")

    # ---- configuration
    @classmethod
    def from_config(cls, config: dict, custom_objects: Mapping[str, Any] | None = None) -> Model:
        """The model that `get_config` describes, with weights of its own. `custom_objects` maps names to your classes."""
        if cls.__init__ is Model.__init__ and {"layers", "input_layers", "output_layers"} <= config.keys():
            return _functional(cls).from_config(config, custom_objects)
        with custom_object_scope(custom_objects or {}):
            return super().from_config(config)

    def to_json(self, **options) -> str:
        """The architecture as JSON: see `model_from_json`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **options)


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether these are the arguments ``inputs, outputs``."""
    two = len(args) >= 2 or len(args) == 1 and "outputs" in kwargs
    return "inputs" in kwargs or two and all(isinstance(x, Expr) for x in tree.leaves(args[0]))


@cache
def _functional(cls: type) -> type:
    """`cls` with what a model of inputs and outputs can do."""
    if issubclass(cls, Model.functional):
        return cls
    if cls is Model:
        return Model.functional
    return type(cls.__name__, (cls, Model.functional), {"__module__": cls.__module__, "__doc__": cls.__doc__,
                                                         "__qualname__": cls.__qualname__})


__all__ = ["Model"]
