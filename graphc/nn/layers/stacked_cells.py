"""Cells one upon the other, as one cell."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.integer import Size
from ...ops.creation import zeros
from ..ops.evaluated import at_once
from .cells import Cell
from .layer import REGISTRY, Layer


class StackedRNNCells(Layer):
    """Each cell takes the output of the one before; the states are those of all cells, one after the other."""

    def __init__(self, cells: Sequence, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            check_cell(cell)
        self.cells = list(cells)

    @property
    def state_size(self) -> list:
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        return output_size(self.cells[-1])

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    @at_once
    def get_initial_state(self, batch_size: Size | None = None) -> list:
        """Those of the cells."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def call(self, inputs, states, training=False):
        new_states = []
        for cell, given in zip(self.cells, states, strict=True):
            single = not isinstance(given, (list, tuple))
            inputs, new = called(cell, inputs, [given] if single else list(given), training)
            new_states.append(new[0] if single and isinstance(new, (list, tuple)) else new)
        return inputs, new_states

    @contextmanager
    def dropping(self, batch: Size, training: bool) -> Iterator[None]:
        """See `Cell.dropping`."""
        with ExitStack() as stack:
            for cell in self.cells:
                if isinstance(cell, (Cell, StackedRNNCells)):
                    stack.enter_context(cell.dropping(batch, training))
            yield

    def get_config(self):
        return {**super().get_config(), "cells": [REGISTRY.serialized(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config):
        return cls([REGISTRY.get(cell) for cell in config["cells"]], **{k: v for k, v in config.items() if k != "cells"})


def check_cell(cell) -> None:
    """Raise where an object is no cell."""
    if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
        raise ArgumentError(f"a cell has a method call(inputs, states) and a state_size, which {cell!r} has not")


def called(cell, inputs: Expr, states: Any, training: bool) -> tuple[Expr, Any]:
    """``cell(inputs, states)``, told whether it is being trained if it takes that."""
    if isinstance(cell, Layer):
        return cell(inputs, states, **({"training": training} if "training" in cell._parameters else {}))
    return cell.call(inputs, states)


def output_size(cell) -> int:
    """The number of features of a cell's output: that of its first state, where it says nothing else."""
    size = getattr(cell, "output_size", None)
    size = cell.state_size if size is None else size
    return size if isinstance(size, int) else size[0]


def initial_state(cell, batch: Size, dtype: str) -> Any:
    """The states that a cell starts from: zeros, where it says nothing else."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch)
    sizes = [cell.state_size] if isinstance(cell.state_size, int) else cell.state_size
    return [zeros((batch, size), dtype) for size in sizes]


__all__ = ["StackedRNNCells", "called", "check_cell", "initial_state", "output_size"]
