"""What a layer owns: Variables and other layers, wherever in its attributes they are."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...ir.errors import ArgumentError
from ..trace import Trace
from ..variables import Variable

_within: ContextVar[tuple[Tracking, ...]] = ContextVar("within", default=())


class Tracking:
    """An object whose attributes are searched for Variables and layers, also inside lists, tuples and dicts, to which
    more may be appended later."""

    name: str

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        for attribute in ("_trainable_variables", "_non_trainable_variables", "_sublayers", "_containers"):
            object.__setattr__(self, attribute, [])
        object.__setattr__(self, "_trainable", True)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if Trace.active() is None:
            vars(self).pop("_compiled", None)  # it may have read the attribute
        self._search()
        if isinstance(value, (list, dict)):
            self._containers.append(value)
        self._track(value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        value = getattr(self, name)
        super().__delattr__(name)
        lost = [*parts(value)]
        for known in (self._trainable_variables, self._non_trainable_variables, self._sublayers):
            known[:] = [x for x in known if not any(x is y for y in lost)]
        self._containers[:] = [c for c in self._containers if c is not value]

    def _search(self) -> None:
        for container in self._containers:
            self._track(container)

    def _track(self, value):
        """Remember the layers and Variables in `value`."""
        for x in parts(value):
            known = self._sublayers if isinstance(x, Tracking) else None
            if isinstance(x, Variable):
                known = self._trainable_variables if x.trainable else self._non_trainable_variables
            if known is not None and not any(x is other for other in known):
                known.append(x)
        return value

    # ---- where it stands
    @contextmanager
    def _scope(self) -> Iterator[None]:
        """What is made in here belongs to this layer, and its path begins with that of the layers around."""
        around = _within.get()
        token = _within.set(around if around and around[-1] is self else (*around, self))
        try:
            yield
        finally:
            _within.reset(token)

    @property
    def _place(self) -> str:
        """Its name after those of the layers that it is made or called in: ``model/block``."""
        around = _within.get()
        owners = around if around and around[-1] is self else (*around, self)
        return "/".join(owner.name for owner in owners)

    def _path(self, name: str) -> str:
        """The path of something of this layer: ``model/block/kernel``."""
        return f"{self._place}/{name}"

    # ---- what it owns
    @property
    def _layers(self) -> list[Tracking]:
        self._search()
        return self._sublayers

    def _flattened(self) -> Iterator[Tracking]:
        """This layer and all below it, each once."""
        seen: set[int] = set()
        stack: list[Tracking] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                stack += reversed(layer._layers)

    @property
    def variables(self) -> list[Variable]:
        """All Variables of this layer, those that are trained first, and of the layers below it."""
        return list(dict.fromkeys(v for layer in self._flattened()
                                  for v in (*layer._trainable_variables, *layer._non_trainable_variables)))

    @property
    def weights(self) -> list[Variable]:
        """What is saved and shared: all Variables but those of metrics."""
        return self.variables

    @property
    def trainable(self) -> bool:
        """Whether its weights are trained. Setting it sets the layers below it too; a frozen BatchNormalization runs as at
        inference."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flattened():
            object.__setattr__(layer, "_trainable", bool(value))

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return list(dict.fromkeys(v for layer in self._flattened() if layer._trainable and self._trainable
                                  for v in (*layer._trainable_variables, *layer._non_trainable_variables) if v.trainable))

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone, or sets by other means than gradients."""
        trained = set(self.trainable_weights)
        return [v for v in self.weights if v not in trained]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def get_weights(self) -> list[np.ndarray]:
        """The values of all weights."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Iterable[np.ndarray]) -> None:
        """Set all weights, in the order of `get_weights`; nothing is set unless every shape is right."""
        values = [np.asarray(v) for v in weights]
        if len(values) != len(self.weights):
            raise ArgumentError(f"{self.name} has {len(self.weights)} weights, got {len(values)}")
        for variable, value in zip(self.weights, values, strict=True):
            if variable.shape != value.shape:
                raise ArgumentError(f"{variable.path} has shape {variable.shape}, got {value.shape}")
        for variable, value in zip(self.weights, values, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of numbers in its weights."""
        return sum(int(v.size) for v in self.weights)


def parts(value) -> Iterator:
    """What is in a value, in the order in which it was put there."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from parts(part)
    else:
        yield value


__all__ = ["Tracking", "parts"]
