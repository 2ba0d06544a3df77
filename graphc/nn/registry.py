"""Objects by name: what ``activation="relu"`` or ``optimizer="adam"`` stands for, and how it is written into a file."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.errors import ArgumentError
from ..ir.registry import nearest
from .naming import snake_case


class Registry:
    """The classes (or functions) of one kind, "optimizer" say, by name."""

    def __init__(self, kind: str):
        self.kind = kind
        self._members: dict[str, Any] = {}

    def add(self, member=None, *aliases: str):
        """Decorator: a class or function of this kind, also under `aliases`."""
        if isinstance(member, str) or member is None:
            names = (*((member,) if member else ()), *aliases)
            return lambda actual: self.add(actual, *names)
        for name in (member.__name__, snake_case(member.__name__), member.__name__.lower(), *aliases):
            self._members.setdefault(name, member)
        return member

    def __getitem__(self, name: str):
        if name not in self._members:
            raise ArgumentError(f"no {self.kind} is named {name!r}{nearest(name, self._members)}")
        return self._members[name]

    def get(self, identifier) -> Any:
        """What `identifier` stands for: a name, a configuration as `serialized` writes it, a class, or the thing itself."""
        if isinstance(identifier, dict):
            return self.restored(identifier)
        member = self[identifier] if isinstance(identifier, str) else identifier
        if isinstance(member, type):
            member = member()
        if member is None or callable(member) or hasattr(member, "get_config"):
            return member
        raise ArgumentError(f"expected a {self.kind}, its name or its configuration, got {identifier!r}")

    def serialized(self, thing) -> dict | str | None:
        """A member as JSON can hold it."""
        if thing is None:
            return None
        if hasattr(thing, "get_config"):
            return {"class_name": type(thing).__name__, "config": thing.get_config()}
        return thing.__name__

    def restored(self, configuration: dict):
        """The member that `serialized` wrote down."""
        member: Callable = self[configuration["class_name"]]
        config = configuration.get("config", {})
        return member.from_config(config) if hasattr(member, "from_config") else member(**config)


__all__ = ["Registry"]
