"""Recurrent layers: RNN over the cells here, with the arguments of both."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.registry import nearest
from ..naming import snake_case
from .cells import RULES, Cell, GRUCell, LSTMCell, SimpleRNNCell
from .input_spec import InputSpec
from .rnn import RNN

CELL = ("units", "use_bias", "dropout", "recurrent_dropout", "seed", "reset_after", "unit_forget_bias")
OPTIONS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class _Recurrent(RNN):
    """A layer that makes its cell; what one can ask of the cell, one can ask of the layer."""

    cell_class: type[Cell]

    def _make(self, given: dict, activity_regularizer, kwargs: dict) -> None:
        """Take the arguments of `__init__`, by name."""
        if given.get("use_cudnn") is True:
            raise ArgumentError("use_cudnn=True: there is no cuDNN here; the default, 'auto', takes what there is")
        asked = {name: given[name] for name in self._of_the_cell() if name in given}
        cell = self.cell_class(**asked, dtype=kwargs.get("dtype"), name=snake_case(self.cell_class.__name__),
                               trainable=kwargs.get("trainable", True))
        kwargs.pop("implementation", None)
        super().__init__(cell, **{n: given[n] for n in OPTIONS}, activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def _of_the_cell(self) -> tuple[str, ...]:
        return *CELL, *RULES, *self.cell_class.functions

    def __getattr__(self, name: str):
        cell = vars(self).get("cell")
        if cell is not None and name in self._of_the_cell():
            return getattr(cell, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{nearest(name, dir(type(self)))}")

    def get_config(self):
        cell = {key: value for key, value in self.cell.get_config().items() if key not in ("name", "trainable", "dtype")}
        config = {"activity_regularizer": None, **super().get_config(), **cell}
        return {key: value for key, value in config.items() if key != "cell"}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class SimpleRNN(_Recurrent):
    """`SimpleRNNCell` over sequences; see `RNN`."""

    cell_class = SimpleRNNCell

    def __init__(self, units: int, activation="tanh", use_bias: bool = True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
                 stateful: bool = False, unroll: bool = False, seed: int | None = None, **kwargs):
        self._make(locals(), activity_regularizer, kwargs)

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key != "seed"}


class GRU(_Recurrent):
    """`GRUCell` over sequences; see `RNN`."""

    cell_class = GRUCell

    def __init__(self, units: int, activation="tanh", recurrent_activation="sigmoid", use_bias: bool = True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout: float = 0.0,
                 recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
                 return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 reset_after: bool = True, use_cudnn="auto", **kwargs):
        self._make(locals(), activity_regularizer, kwargs)


class LSTM(_Recurrent):
    """`LSTMCell` over sequences; see `RNN`."""

    cell_class = LSTMCell

    def __init__(self, units: int, activation="tanh", recurrent_activation="sigmoid", use_bias: bool = True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias: bool = True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None,
                 return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
                 stateful: bool = False, unroll: bool = False, use_cudnn="auto", **kwargs):
        self._make(locals(), activity_regularizer, kwargs)


__all__ = ["GRU", "LSTM", "SimpleRNN"]
