"""Cells: one step of a recurrent network, ``output, states = cell(inputs, states)``.

What a cell makes of its inputs alone, `project`, and what of that and of its states, `step`, are two functions: a layer
projects all steps of a sequence by one product."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.integer import Size
from ...ops.creation import ones, zeros
from ...ops.linalg import matmul
from ...ops.random import dropout
from ...ops.rearrange import concat, split
from ...ops.shape import expand_dims
from .. import activations, initializers
from ..ops.evaluated import at_once
from .arguments import positive
from .regularization import sequence
from .weighted import WeightedLayer

RULES = ("kernel_initializer", "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
         "bias_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint")


class Cell(WeightedLayer):
    """What the cells here have in common: `gates` times `units` numbers from the inputs, and as many from the state.

    In training, `dropout` of the inputs and `recurrent_dropout` of the state are dropped: the same in every step of a
    sequence; with `recurrent_dropout`, each gate drops others (Gal and Ghahramani, "A Theoretically Grounded Application of
    Dropout in Recurrent Neural Networks", 2016)."""

    gates: ClassVar[int] = 1
    functions: ClassVar[tuple[str, ...]] = ("activation",)

    def __init__(self, units: int, use_bias: bool, dropout: float, recurrent_dropout: float, seed, rules: dict,
                 kwargs: dict):
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self.units = self.output_size = positive("units", units)
        self.state_size: int | list[int] = self.units
        self.use_bias, self.seed = bool(use_bias), seed
        self.dropout, self.recurrent_dropout = (min(1.0, max(0.0, rate)) for rate in (dropout, recurrent_dropout))
        self._follow(**rules)

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ArgumentError(f"{self.name} must know the number of features; got shape {tuple(input_shape)}")
        self.kernel = self._add("kernel", (input_shape[-1], self.gates * self.units))
        self.recurrent_kernel = self._add("recurrent", (self.units, self.gates * self.units), name="recurrent_kernel")
        self.bias = self._add("bias", self._bias_shape()) if self.use_bias else None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    @at_once
    def get_initial_state(self, batch_size: Size | None = None) -> list[Expr]:
        """Zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [zeros((batch_size, n), self.compute_dtype) for n in sizes]

    # ---- a step
    def call(self, inputs, states, training=False):
        nested = isinstance(states, (list, tuple))
        with self.dropping(inputs.dims[0], training):
            output, new = self.step(self.project(inputs), list(states) if nested else [states])
        return output, new if nested else new[0]

    def project(self, inputs: Expr) -> Expr:
        """What the inputs, of a step or of all, bring: ``[..., features] -> [..., gates * units]``."""
        z = self._product(inputs, self.kernel, self._dropped[0])
        return z if self.bias is None else z + self._input_bias()

    def step(self, z: Expr, states: list[Expr]) -> tuple[Expr, list[Expr]]:
        """The output and the next states, from what the inputs bring and the states."""
        raise NotImplementedError

    def _input_bias(self) -> Expr:
        return self.bias.astype(self.compute_dtype)

    def _recurrent(self, h: Expr, first: int = 0, last: int | None = None) -> Expr:
        """What the state brings to the gates from `first` to before `last`."""
        last = self.gates if last is None else last
        kernel = self.recurrent_kernel if last - first == self.gates else \
            self.recurrent_kernel[:, first * self.units:last * self.units]
        masks = self._dropped[1]
        return self._product(h, kernel, masks and (masks[first:last] if len(masks) > 1 else masks))

    def _product(self, x: Expr, kernel: Expr, masks: Sequence[Expr] | None) -> Expr:
        kernel = kernel.astype(self.compute_dtype)
        if masks is None:
            return matmul(x, kernel)
        masks = [expand_dims(mask, 1) if x.ndim == 3 else mask for mask in masks]
        return concat([matmul(x * mask, part) for mask, part in zip(masks, split(kernel, len(masks), 1), strict=True)], -1)

    # ---- dropout
    _dropped: tuple = (None, None)
    _drawn = False

    @contextmanager
    def dropping(self, batch: Size, training: bool) -> Iterator[None]:
        """Every step in here drops the same of its inputs and of its state; the masks are drawn by the outermost."""
        if self._drawn:
            yield
            return
        masks = [self._masks(rate, (batch, kernel.shape[0])) if training and 0 < rate < 1 else None
                 for rate, kernel in ((self.dropout, self.kernel), (self.recurrent_dropout, self.recurrent_kernel))]
        vars(self).update(_dropped=tuple(masks), _drawn=True)
        try:
            yield
        finally:
            vars(self).update(_dropped=(None, None), _drawn=False)

    def _masks(self, rate: float, dims: tuple) -> list[Expr]:
        count = self.gates if self.recurrent_dropout else 1
        return [dropout(ones(dims, self.compute_dtype), rate, seed=sequence(self.seed)) for _ in range(count)]

    def get_config(self):
        given = {name: activations.serialize(getattr(self, name)) for name in self.functions}
        return {**super().get_config(), "units": self.units, **given, "use_bias": self.use_bias, "dropout": self.dropout,
                "recurrent_dropout": self.recurrent_dropout, "seed": self.seed}


class SimpleRNNCell(Cell):
    """``h' = activation(x @ kernel + h @ recurrent_kernel + bias)`` (Elman, "Finding Structure in Time", 1990)."""

    def __init__(self, units: int, activation="tanh", use_bias: bool = True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None,
                 bias_constraint=None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None,
                 **kwargs):
        given = locals()
        super().__init__(units, use_bias, dropout, recurrent_dropout, seed, {name: given[name] for name in RULES}, kwargs)
        self.activation = activations.get(activation)

    def step(self, z, states):
        h = self.activation(z + self._recurrent(states[0]))
        return h, [h]


class GRUCell(Cell):
    """Gates ``z, r = recurrent_activation(...)`` of x and h, a candidate ``c = activation(x @ W + r * (h @ U + b))``, and
    ``h' = z * h + (1 - z) * c``; where `reset_after` is False, the candidate takes ``(r * h) @ U`` (Cho et al., "Learning
    Phrase Representations using RNN Encoder-Decoder", 2014)."""

    gates = 3
    functions = ("activation", "recurrent_activation")

    def __init__(self, units: int, activation="tanh", recurrent_activation="sigmoid", use_bias: bool = True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 reset_after: bool = True, seed: int | None = None, **kwargs):
        given = locals()
        super().__init__(units, use_bias, dropout, recurrent_dropout, seed, {name: given[name] for name in RULES}, kwargs)
        self.activation, self.recurrent_activation = map(activations.get, (activation, recurrent_activation))
        self.reset_after = bool(reset_after)

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self):
        return super()._input_bias()[0] if self.reset_after else super()._input_bias()

    def step(self, z, states):
        h, = states
        x_z, x_r, x_c = split(z, 3, -1)
        if self.reset_after:
            recurrent = self._recurrent(h)
            if self.bias is not None:
                recurrent = recurrent + self.bias[1].astype(self.compute_dtype)
            h_z, h_r, h_c = split(recurrent, 3, -1)
        else:
            h_z, h_r = split(self._recurrent(h, 0, 2), 2, -1)
        update, reset = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        candidate = self.activation(x_c + (reset * h_c if self.reset_after else self._recurrent(reset * h, 2, 3)))
        h = update * h + (1 - update) * candidate
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "reset_after": self.reset_after}


class LSTMCell(Cell):
    """Gates ``i, f, o = recurrent_activation(...)`` of x and h, a candidate ``g = activation(...)``, a memory
    ``c' = f * c + i * g``, and ``h' = o * activation(c')``; the states are h and c (Hochreiter and Schmidhuber, "Long
    Short-Term Memory", 1997). With `unit_forget_bias` the bias of f starts at 1."""

    gates = 4
    functions = ("activation", "recurrent_activation")

    def __init__(self, units: int, activation="tanh", recurrent_activation="sigmoid", use_bias: bool = True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias: bool = True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout: float = 0.0,
                 recurrent_dropout: float = 0.0, seed: int | None = None, **kwargs):
        given = locals()
        super().__init__(units, use_bias, dropout, recurrent_dropout, seed, {name: given[name] for name in RULES}, kwargs)
        self.activation, self.recurrent_activation = map(activations.get, (activation, recurrent_activation))
        self.unit_forget_bias = bool(unit_forget_bias)
        self.state_size = [self.units, self.units]

    def _add(self, weight, shape, name=None, **others):
        if weight == "bias" and self.unit_forget_bias:
            others["initializer"] = self._first_bias
        return super()._add(weight, shape, name, **others)

    def _first_bias(self, shape, dtype=None) -> np.ndarray:
        n = self.units
        parts = [self.bias_initializer((n,), dtype=dtype), initializers.get("ones")((n,), dtype=dtype),
                 self.bias_initializer((2 * n,), dtype=dtype)]
        return np.concatenate([np.asarray(part) for part in parts])

    def step(self, z, states):
        h, c = states
        i, f, g, o = split(z + self._recurrent(h), 4, -1)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]

    def get_config(self):
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


__all__ = ["RULES", "Cell", "GRUCell", "LSTMCell", "SimpleRNNCell"]
