"""Layers as dicts of numbers and strings, and back."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Any, Self

from ...ir.errors import ArgumentError
from .. import regularizers, tree


class Configured:
    """What of a layer can be written into a file: how it was made, and the shapes that it was built for."""

    _given: tuple[tuple, dict] = ((), {})
    _build_shapes: dict[str, Any] | None = None

    def get_config(self) -> dict:
        """What ``from_config`` makes an equal layer of, with weights of its own. A subclass that does not say it itself is
        described by the arguments that it was made with, where these are numbers, strings and lists of them."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        written = type(self).get_config is not Configured.get_config
        return config if written else self._arguments_as_config(config)

    def _arguments_as_config(self, config: dict) -> dict:
        signature = inspect.signature(type(self))
        args, kwargs = self._given
        given = dict(signature.bind(*args, **kwargs).arguments)
        rest = next((name for name, p in signature.parameters.items() if p.kind is Parameter.VAR_KEYWORD), None)
        given |= given.pop(rest, {})
        for name, value in given.items():
            if not all(isinstance(x, (int, float, str, type(None))) for x in tree.leaves(value)):
                raise ArgumentError(f"{self.name}: {type(self).__name__} must say in get_config how to write down its "
                                    f"argument {name}={value!r}")
        return given | {name: value for name, value in config.items() if rest or name in signature.parameters}

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """A layer as `get_config` describes it."""
        return cls(**config)

    def _anew(self) -> Self:
        """An equal layer, with weights of its own."""
        return type(self).from_config(self.get_config())

    def get_build_config(self) -> dict | None:
        """The shapes that `build` was given."""
        if self._build_shapes is None or len(self._build_shapes) != 1:
            return self._build_shapes and {"shapes_dict": self._build_shapes}
        return {"input_shape": next(iter(self._build_shapes.values()))}

    def build_from_config(self, config: dict | None) -> None:
        """Make the weights, from what `get_build_config` gave."""
        if config and not self.built:
            given = [over_shapes(tuple, config["input_shape"])] if "input_shape" in config else []
            self.build(*given, **{k: over_shapes(tuple, s) for k, s in config.get("shapes_dict", {}).items()})


def over_shapes(function: Callable, shapes) -> Any:
    """``function(shape)`` for each shape in a structure of them; a list of numbers and None is a shape.

    >>> over_shapes(tuple, [[None, 3], [2]])
    [(None, 3), (2,)]
    """
    if shapes is None:
        return None
    if isinstance(shapes, dict):
        return {name: over_shapes(function, shape) for name, shape in shapes.items()}
    if all(d is None or isinstance(d, int) for d in shapes):
        return function(shapes)
    return [over_shapes(function, shape) for shape in shapes]


__all__ = ["Configured", "over_shapes"]
