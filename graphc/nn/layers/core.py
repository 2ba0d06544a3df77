"""Layers that every network is made of."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.registry import lookup
from ...ir.types import Type, as_dims, as_dtype
from ...ops import PUBLIC_NAMES
from ...ops.linalg import matmul
from .. import activations
from ..config import floatx
from ..registry import get_registered_name, get_registered_object
from .arguments import positive
from .configuration import over_shapes
from .input_spec import InputSpec
from .layer import Layer
from .weighted import WeightedLayer


class InputTensor(Expr):
    """A placeholder that knows its `InputLayer`."""

    __slots__ = ("layer",)

    def __init__(self, shape: tuple, dtype, layer: InputLayer):
        super().__init__(lookup("placeholder"), (), {}, Type(as_dtype(dtype), as_dims(shape)), layer.name)
        object.__setattr__(self, "layer", layer)


class InputLayer(Layer):
    """Where a network begins: `output` is a placeholder of this shape, which does not count the batch axis."""

    def __init__(self, shape=None, batch_size: int | None = None, dtype=None, sparse: bool | None = None,
                 ragged: bool | None = None, batch_shape=None, input_tensor: Expr | None = None, optional: bool = False,
                 name: str | None = None, **kwargs):
        shape = kwargs.pop("input_shape", None) if shape is None else shape
        if sparse or ragged:
            raise ArgumentError("Input: graphc has neither sparse nor ragged tensors")
        given = getattr(input_tensor, "name", None)
        dtype = (dtype or floatx()) if input_tensor is None else input_tensor.dtype
        super().__init__(name=name or given, dtype=dtype, **kwargs)
        if (shape is None) == (batch_shape is None) and input_tensor is None:
            raise ArgumentError(f"{self.name}: Input takes shape=(...), without the batch axis, or batch_shape=(...)")
        if batch_shape is not None and batch_size is not None:
            raise ArgumentError(f"{self.name}: Input takes batch_size or batch_shape, not both")
        if input_tensor is None:
            shape = (batch_size, *_dims(shape)) if batch_shape is None else _dims(batch_shape)
        self._output = InputTensor(shape, self.dtype, self) if input_tensor is None else input_tensor
        self.optional, self.built = optional, True

    def call(self):
        return self._output

    @property
    def output(self) -> Expr:
        """The placeholder."""
        return self._output

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """Its shape, the batch axis included."""
        return self._output.shape

    def get_config(self):
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": False, "ragged": False,
                "optional": self.optional, "name": self.name}


def Input(shape=None, batch_size: int | None = None, dtype=None, sparse: bool | None = None,  # noqa: N802 (Keras' name)
          ragged: bool | None = None, batch_shape=None, name: str | None = None, tensor: Expr | None = None,
          optional: bool = False) -> Expr:
    """A placeholder for inputs of this shape, each without its batch axis; None is a size known only at call time.

    `batch_shape` says the whole shape; `tensor` is a placeholder to take instead. Raises ArgumentError where neither is
    given."""
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


def _dims(shape) -> tuple:
    return (shape,) if isinstance(shape, int) else tuple(shape)


class Dense(WeightedLayer):
    """``activation(x @ kernel + bias)`` over the last axis of x: ``[..., inputs] -> [..., units]``."""

    supports_masking = True

    def __init__(self, units: int, activation=None, use_bias: bool = True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.use_bias = positive("units", units), use_bias
        self.activation = activations.get(activation)
        self._follow(kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                     kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                     kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        inputs = input_shape[-1]
        if inputs is None:
            raise ArgumentError(f"the last axis of the input must have a known size; its shape is {input_shape}")
        self.kernel = self._add("kernel", (inputs, self.units))
        self.bias = self._add("bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs):
        product = matmul(inputs, self.kernel)
        return self.activation(product if self.bias is None else product + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias}


class Identity(Layer):
    """The input itself."""

    supports_masking = True

    def call(self, inputs):
        return inputs


class Lambda(Layer):
    """``function(inputs, **arguments)``, of expressions; a function that takes ``mask`` or ``training`` is given them.

    `mask` is a mask for the results, or a function ``mask(inputs, previous)``. `output_shape`, without the batch axis or as
    a function of the inputs' shape, is only ever asked for by `compute_output_shape`. Into a configuration go the names of
    functions: those of graphc are found again, others are given as `custom_objects`. A ``lambda`` has no name: a layer of it
    can be trained and cloned, but not saved."""

    def __init__(self, function: Callable, output_shape=None, mask=None, arguments: dict[str, Any] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.function = _function(function)
        self.arguments, self.mask, self._output_shape = dict(arguments or {}), mask, output_shape
        self.supports_masking = mask is not None
        parameters = inspect.signature(self.function).parameters
        self._asked = [name for name in ("mask", "training") if name in parameters and name not in self.arguments]

    def call(self, inputs, mask=None, training=None):
        modes = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: modes[name] for name in self._asked})

    def compute_mask(self, inputs, previous_mask=None):
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return over_shapes(lambda shape: (input_shape[0], *shape), self._output_shape)

    def get_config(self):
        return {**super().get_config(), "function": self._written(self.function), "mask": self._written(self.mask),
                "output_shape": self._written(self._output_shape), "arguments": self.arguments}

    def _written(self, value):
        """A function by its name: as a string one of graphc's, in a dict another."""
        if not callable(value):
            return value
        name = getattr(value, "__name__", None) or getattr(value, "name", "")
        if _named(name) is value:
            return name
        if not name.isidentifier():
            raise ArgumentError(f"{self.name}: what has no name, as a lambda, cannot be written down; define the function "
                                "by def, and give it to load_model as one of custom_objects")
        return {"class_name": "function", "config": get_registered_name(value)}

    @classmethod
    def from_config(cls, config):
        return cls(**{key: _read(value) if key in ("function", "mask", "output_shape") else value
                      for key, value in config.items()})

    def _anew(self):
        return type(self)(self.function, self._output_shape, self.mask, self.arguments, **super().get_config())


def _read(value):
    """A function that a configuration names: see `Lambda`."""
    if not isinstance(value, dict) or value.get("class_name") != "function":
        return value
    found = get_registered_object(value["config"])
    if found is None:
        raise ArgumentError(f"a Lambda's function is named {value['config']!r}; give it in custom_objects")
    return found


def _function(function) -> Callable:
    found = _named(function) if isinstance(function, str) else function
    if not callable(found):
        raise ArgumentError(f"Lambda takes a function of expressions, not {function!r}")
    return found


def _named(name: str) -> Callable | None:
    return PUBLIC_NAMES.get(name) or (getattr(activations, name) if name in activations.__all__ else None)


__all__ = ["Dense", "Identity", "Input", "InputLayer", "InputTensor", "Lambda"]
