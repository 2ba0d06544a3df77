"""Layers that every network is made of."""
from __future__ import annotations

from ...ir.expr import Expr
from ...ir.leaves import placeholder
from ...ops.linalg import matmul
from .. import activations, constraints, initializers, regularizers
from .layer import Layer


def Input(shape=None, batch_size: int | None = None, dtype=None, name: str | None = None,  # noqa: N802 (Keras' name)
          batch_shape=None) -> Expr:
    """A placeholder for inputs of this shape, each without its batch axis."""
    dims = (batch_size, *shape) if batch_shape is None else tuple(batch_shape)
    return placeholder(dims, dtype or "float32", name)


class Dense(Layer):
    """``activation(x @ kernel + bias)`` over the last axis of x: ``[..., inputs] -> [..., units]``."""

    def __init__(self, units: int, activation=None, use_bias: bool = True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), self.kernel_initializer, name="kernel",
                                      regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.bias = self.add_weight((self.units,), self.bias_initializer, name="bias", regularizer=self.bias_regularizer,
                                    constraint=self.bias_constraint) if self.use_bias else None

    def call(self, inputs):
        product = matmul(inputs, self.kernel)
        return self.activation(product if self.bias is None else product + self.bias)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": activations.serialize(self.activation),
                "use_bias": self.use_bias,
                "kernel_initializer": initializers.serialize(self.kernel_initializer),
                "bias_initializer": initializers.serialize(self.bias_initializer),
                "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
                "bias_regularizer": regularizers.serialize(self.bias_regularizer),
                "activity_regularizer": regularizers.serialize(self.activity_regularizer),
                "kernel_constraint": constraints.serialize(self.kernel_constraint),
                "bias_constraint": constraints.serialize(self.bias_constraint)}


__all__ = ["Dense", "Input"]
