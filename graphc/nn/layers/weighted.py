"""Layers that are told how each of their weights starts, what it costs, and what it must be."""
from __future__ import annotations

from .. import constraints, initializers, regularizers
from ..variables import Variable
from .layer import Layer

KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class WeightedLayer(Layer):
    """A layer with arguments ``<weight>_initializer``, ``<weight>_regularizer`` and ``<weight>_constraint``."""

    def _follow(self, **rules) -> None:
        """Take such arguments, by name, as attributes that belong to the configuration."""
        self._rules = tuple(rules)
        for name, rule in rules.items():
            setattr(self, name, KINDS[name.rpartition("_")[2]].get(rule))

    def _add(self, weight: str, shape, name: str | None = None, **others) -> Variable:
        """The weight that the arguments of this name speak of, but for `others`."""
        rules = {kind: getattr(self, f"{weight}_{kind}", None) for kind in KINDS} | others
        return self.add_weight(shape, name=name or weight, **rules)

    def get_config(self):
        rules = {name: KINDS[name.rpartition("_")[2]].serialize(getattr(self, name)) for name in self._rules}
        return {**super().get_config(), **rules}


__all__ = ["WeightedLayer"]
