"""A dense layer over any axes, in Einstein's notation."""
from __future__ import annotations

import re
from dataclasses import dataclass

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as ops
from .. import activations, regularizers
from ..initializers import Initializer, VarianceScaling
from .weighted import WeightedLayer

EQUATIONS = (r"(?P<x>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)",
             r"\.\.\.(?P<x>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->\.\.\.(?P<y>[a-zA-Z]+)",
             r"(?P<x>[a-zA-Z]{2,})\.\.\.,(?P<kernel>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)\.\.\.")


class EinsumDense(WeightedLayer):
    """``activation(einsum(equation, x, kernel) + bias)``; the equation is "ab,bc->ac", say, with ``...`` before or behind
    the letters of x and of the result.

    `output_shape` holds the result's sizes without the batch axis, None where they are the input's; sizes behind ``...``
    are left out. `bias_axes` are the letters of the result along which the bias differs; without them there is none."""

    def __init__(self, equation: str, output_shape, activation=None, bias_axes: str | None = None,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None,
                 bias_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.equation, self.bias_axes = equation, bias_axes
        self.partial_output_shape = _sizes(output_shape)
        self.activation = activations.get(activation)
        self._follow(kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                     kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                     kernel_constraint=kernel_constraint, bias_constraint=bias_constraint)
        self._equation = _Equation.parsed(equation)

    def build(self, input_shape):
        sizes = self._equation.sizes(input_shape, self.partial_output_shape)
        self.kernel = self._add("kernel", tuple(sizes[c] for c in self._equation.kernel), initializer=self._initializer())
        bias = None if self.bias_axes is None else self._equation.bias_shape(self.bias_axes, sizes, len(input_shape))
        self.bias = None if bias is None else self._add("bias", bias)

    def _initializer(self) -> Initializer:
        """The kernel's, told which of its axes are inputs and which are outputs."""
        given, letters = self.kernel_initializer, self._equation
        if not isinstance(given, VarianceScaling) or None not in (given.input_axes, given.output_axes):
            return given
        places = {"output_axes": [k for k, c in enumerate(letters.kernel) if c in letters.y],
                  "input_axes": [k for k, c in enumerate(letters.kernel) if c not in letters.y]}
        return type(given).from_config({**given.get_config(), **places})

    def call(self, inputs):
        y = ops["einsum"](self.equation, inputs, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def get_config(self):
        return {**super().get_config(), "equation": self.equation, "output_shape": self.partial_output_shape,
                "activation": activations.serialize(self.activation), "bias_axes": self.bias_axes,
                "activity_regularizer": regularizers.serialize(self.activity_regularizer)}


@dataclass(frozen=True)
class _Equation:
    """The letters of the input, the kernel and the result, and where ``...`` stands."""

    x: str
    kernel: str
    y: str
    before: bool
    behind: bool

    @classmethod
    def parsed(cls, equation: str) -> _Equation:
        for form in EQUATIONS:
            if match := re.fullmatch(form, equation.replace(" ", "")):
                return cls(**match.groupdict(), before=equation.startswith("..."), behind=equation.endswith("..."))
        raise ArgumentError(f'an equation is "x,kernel->y", "...x,kernel->...y" or "x...,kernel->y...", not {equation!r}')

    def sizes(self, input_shape, output_shape) -> dict[str, int]:
        """The size of every letter, None if only a call knows it; those of the kernel must be known."""
        hidden = len(input_shape) - len(self.x)
        if hidden < 0 or hidden and not (self.before or self.behind):
            raise ArgumentError(f"the equation has {len(self.x)} letters for an input of shape {tuple(input_shape)}")
        sizes = dict(zip(self.x, input_shape[hidden:] if self.before else input_shape, strict=False))
        full = list(output_shape) if self.before and hidden else [input_shape[0], *output_shape]
        if len(full) != len(self.y):
            raise ArgumentError(f"output_shape {tuple(output_shape)} does not fit the letters {self.y!r} of the result")
        for letter, size in zip(self.y, full, strict=True):
            if letter not in self.x + self.kernel:
                raise ArgumentError(f"{letter!r} of the result is neither in the input nor in the kernel")
            if size is not None and sizes.get(letter) not in (None, size):
                raise ArgumentError(f"{letter!r} is {sizes[letter]} in the input and {size} in the result")
            sizes[letter] = size if size is not None else sizes.get(letter)
        for letter in self.kernel:
            if sizes.get(letter) is None:
                raise ArgumentError(f"the size of {letter!r} must follow from the input {tuple(input_shape)} or from "
                                    f"output_shape {tuple(output_shape)}: it is one of the kernel's")
        return sizes

    def bias_shape(self, axes: str, sizes: dict[str, int], rank: int) -> tuple[int, ...]:
        """The bias, from the first of its letters on; 1 where it does not differ."""
        if missing := [c for c in axes if c not in self.y]:
            raise ArgumentError(f"bias_axes: {missing[0]!r} is not in the result {self.y!r}")
        letters = self.y[min(map(self.y.index, axes)):]
        shape = tuple(sizes[c] if c in axes else 1 for c in letters)
        return shape + (1,) * (rank - len(self.x)) if self.behind else shape


def _sizes(output_shape) -> tuple[int | None, ...]:
    sizes = tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
    if sizes == (None,) or not all(n is None or isinstance(n, int) and n > 0 for n in sizes):
        raise ArgumentError(f"output_shape is an int, or one or None for each axis but the first, not {output_shape!r}")
    return sizes


__all__ = ["EinsumDense"]
