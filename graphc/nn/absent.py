"""Names of Keras' that graphc has nothing for. They may be imported; whoever uses one is told what there is instead."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from ..ir.errors import ArgumentError
from ..ir.registry import nearest


class Absent:
    """Stands for something of Keras' that is not there: any use of it raises ArgumentError, with the reason."""

    def __init__(self, name: str, reason: str):
        self._name, self._reason = name, reason

    def _refuse(self, *_, **__) -> NoReturn:
        raise ArgumentError(f"{self._name} is not there: {self._reason}")

    __call__ = __mro_entries__ = __enter__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}: not there>"


def absent(module: str, reasons: dict[str, str], known: Iterable[str] = ()) -> Callable[[str], Absent]:
    """A module's ``__getattr__``: `reasons` says for names, several in a string, why they are not there; of any other name
    it says which of the `known` ones are near."""
    found = {name: Absent(f"{module}.{name}", reason) for names, reason in reasons.items() for name in names.split()}

    def attribute(name: str) -> Absent:
        if name not in found:
            raise AttributeError(f"{module} has no attribute {name!r}{nearest(name, [*known, *found])}")
        return found[name]
    return attribute


__all__ = ["Absent", "absent"]
