"""RNN: a cell, over the steps of sequences."""
from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ops.control import scan
from ...ops.creation import zeros, zeros_like
from ...ops.elementwise import where
from ...ops.rearrange import flip, stack
from ...ops.shape import expand_dims, swapaxes, with_sizes
from .. import tree
from ..variables import Variable
from .cells import Cell
from .layer import REGISTRY, Layer
from .stacked_cells import StackedRNNCells, called, check_cell, initial_state, output_size


class RNN(Layer):
    """``output, states = cell(x[:, t], states)`` for every t: ``[batch, steps, ...] -> [batch, units]``.

    The result is the last output; with `return_sequences` those of all steps, ``[batch, steps, units]``; with
    `return_state` followed by the last states. `go_backwards` begins with the last step (and gives outputs in that order),
    `stateful` with the states that the call before ended with (`reset_state` forgets them), `unroll` writes all steps down
    instead of a loop. Where a step is masked, states stay, and the output is the one before, or zeros with
    `zero_output_for_mask`. Several cells are stacked."""

    supports_masking = True

    def __init__(self, cell, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
                 stateful: bool = False, unroll: bool = False, zero_output_for_mask: bool = False, **kwargs):
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        check_cell(cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.zero_output_for_mask = stateful, unroll, zero_output_for_mask
        sizes = cell.state_size
        self.state_size = [sizes] if isinstance(sizes, int) else list(sizes)
        vars(self)["states"] = None  # not among the weights

    # ---- states
    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ArgumentError(f"{self.name}: a stateful layer must know the size of a batch, as in "
                                    f"Input(batch_shape=(32, 10, 8)); got the shape {tuple(sequences_shape)}")
            vars(self)["states"] = tree.mapped(self._state, self.get_initial_state(sequences_shape[0]))

    def _state(self, x: Expr) -> Variable:
        return Variable(np.zeros(x.shape), dtype=self.variable_dtype, trainable=False, name=self._path("rnn_state"))

    def get_initial_state(self, batch_size) -> list:
        """The states of the first step."""
        found = initial_state(self.cell, batch_size, self.compute_dtype)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zeros."""
        for state in tree.leaves(self.states or []):
            state.assign(np.zeros(state.shape, state.dtype))

    reset_states = reset_state

    def _settled(self, x: Expr | None) -> Expr | None:
        """`x`, of as many sequences as the states are of."""
        if x is None:
            return None
        x, batch = as_expr(x), tree.leaves(self.states)[0].shape[0]
        if isinstance(x.dims[0], int) and x.dims[0] != batch:
            raise ArgumentError(f"{self.name} keeps the states of {batch} sequences; got {x.dims[0]}")
        return with_sizes(x, 0, (batch,))

    def _first(self, sequences: Expr, given) -> list:
        """The states to start from."""
        if given is None:
            given = self.states if self.stateful else self.get_initial_state(sequences.dims[0])
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        return tree.mapped(lambda x: as_expr(x).astype(self.compute_dtype), given)

    # ---- a call
    def call(self, sequences, initial_state=None, mask=None, training=False):
        if self.stateful:
            sequences, initial_state, mask = tree.mapped(self._settled, (sequences, initial_state, mask))
        states = self._first(sequences, initial_state)
        mask = next(iter(tree.leaves(mask)), None)
        with self.cell.dropping(sequences.dims[0], training) if hasattr(self.cell, "dropping") else nullcontext():
            rows = self.cell.project(sequences) if isinstance(self.cell, Cell) else sequences
            last, outputs, states = self._run(swapaxes(rows, 0, 1), mask, states, training)
        if self.stateful:
            for variable, new in zip(tree.leaves(self.states), tree.leaves(states), strict=True):
                variable.assign(new.astype(variable.dtype))
        output = swapaxes(outputs, 0, 1) if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _run(self, rows: Expr, mask: Expr | None, states: list, training: bool) -> tuple[Expr, Expr | None, list]:
        """The last output, those of all steps in the order in which they are made, and the last states."""
        if mask is None and isinstance(self.cell, Cell) and not self.unroll:
            return self._plain(rows, states)
        if mask is not None:
            mask = swapaxes(mask.astype("bool") if mask.ndim == 3 else expand_dims(mask.astype("bool"), -1), 0, 1)
        start = zeros((rows.dims[1], output_size(self.cell)), self.compute_dtype)

        def step(carry, row):
            states, before = carry
            x, m = row
            output, new = self._stepped(x, states, training)
            if m is not None:
                new = tree.filled(new, [where(m, a, b) for a, b in zip(tree.leaves(new), tree.leaves(states), strict=True)])
                output = where(m, output, zeros_like(output) if self.zero_output_for_mask else before)
            return (new, output), output if self.return_sequences else None

        if self.unroll:
            return self._unrolled(step, (states, start), rows, mask)
        (states, last), outputs = scan(step, (states, start), (rows, mask), reverse=self.go_backwards)
        return last, flip(outputs, 0) if self.return_sequences and self.go_backwards else outputs, states

    def _plain(self, rows: Expr, states: list) -> tuple[Expr, Expr | None, list]:
        """As `_run`, of a cell whose output is its first state, where every step counts."""
        def step(states, z):
            output, new = self.cell.step(z, states)
            return new, output if self.return_sequences else None
        states, outputs = scan(step, states, rows, reverse=self.go_backwards)
        return states[0], flip(outputs, 0) if self.return_sequences and self.go_backwards else outputs, states

    def _stepped(self, x: Expr, states: list, training: bool) -> tuple[Expr, list]:
        if isinstance(self.cell, Cell):
            return self.cell.step(x, states)
        output, new = called(self.cell, x, states, training)
        return output, list(new) if isinstance(new, (list, tuple)) else [new]

    def _unrolled(self, step, carry, rows: Expr, mask: Expr | None) -> tuple[Expr, Expr | None, list]:
        steps = rows.shape[0]
        if not steps:
            raise ArgumentError(f"{self.name}: to unroll a loop, the number of steps must be known, and not 0")
        outputs = []
        for t in reversed(range(steps)) if self.go_backwards else range(steps):
            carry, output = step(carry, (rows[t], None if mask is None else mask[t]))
            outputs.append(output)
        return carry[1], stack(outputs) if self.return_sequences else None, carry[0]

    # ---- what comes out
    def compute_mask(self, inputs, previous_mask=None):
        mask = next(iter(tree.leaves(previous_mask)), None) if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def compute_output_shape(self, sequences_shape, initial_state_shape=None) -> Any:
        batch, steps = sequences_shape[:2]
        features = output_size(self.cell)
        output = (batch, steps, features) if self.return_sequences else (batch, features)
        states = [(batch, n) if isinstance(n, int) else [(batch, k) for k in n] for n in self.state_size]
        return (output, *states) if self.return_state else output

    def get_config(self):
        return {**super().get_config(), **self._options(), "cell": REGISTRY.serialized(self.cell)}

    def _options(self) -> dict:
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        return cls(REGISTRY.get(config["cell"]), **{k: v for k, v in config.items() if k != "cell"})


__all__ = ["RNN"]
