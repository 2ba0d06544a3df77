"""The outputs of a model, and what is given for each of them: by place or by name."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.registry import nearest
from .. import tree


class Outputs:
    """The outputs of a model, in order, by name. `named` tells whether the model itself has names for them,
    `keyed` whether they are a dict."""

    def __init__(self, y_pred, names: Sequence[str] | None):
        self.predictions: list[Expr] = tree.leaves(y_pred)
        places = tree.paths(y_pred)
        self.keyed = isinstance(y_pred, dict)
        self.named = bool(names) or self.keyed
        if self.keyed:
            self.names = ["/".join(map(str, path)) for path in places]
        else:
            self.names = list(names or [f"output_{k}" for k in range(len(places))])
        self.several = len(self.predictions) > 1

    def matched(self, given, what: str, is_one: Callable[[Any], bool]) -> list:
        """What is given for each output: for all the same, in order, or by name; None for one that is left out."""
        count = len(self.predictions)
        if given is None or is_one(given):
            return [given] * count
        if isinstance(given, dict):
            return self._by_name(given, what)
        if len(given) == count:
            return list(given)
        found = tree.leaves(given)
        if len(found) != count:
            raise ArgumentError(f"{what}: {len(found)} are given for the {count} outputs {self.names}")
        return found

    def _by_name(self, given: dict, what: str) -> list:
        flat = {"/".join(map(str, path)): x for path, x in zip(tree.paths(given), tree.leaves(given), strict=True)}
        named = given if set(given) <= set(self.names) else flat
        for name in named:
            if name not in self.names:
                raise ArgumentError(f"{what}: no output is named {name!r}{nearest(name, self.names)}; "
                                    f"the outputs are {self.names}")
        return [named.get(name) for name in self.names]

    def targets(self, y, wanted: Sequence[bool]) -> list:
        """The targets of each output; where there are fewer than outputs, they are those of the `wanted` outputs."""
        found = tree.leaves(y) if not isinstance(y, dict) else None
        if found is not None and len(found) == sum(wanted) < len(wanted):
            given = iter(found)
            return [next(given) if w else None for w in wanted]
        if self.several and isinstance(y, Expr):
            raise ArgumentError(f"y is one array of targets; the outputs are {self.names}: give a list, or a dict by name")
        return self.matched(y, "y", lambda x: isinstance(x, Expr) and not self.several)

    def weights(self, sample_weight) -> list:
        """The sample weights of each output."""
        return self.matched(sample_weight, "sample_weight", lambda x: isinstance(x, Expr))


__all__ = ["Outputs"]
