"""Objects by name: what ``activation="relu"`` or ``optimizer="adam"`` stands for, and how it is written into a file."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..ir.errors import ArgumentError
from ..ir.registry import nearest, with_article
from .naming import snake_case

_custom: dict[str, Any] = {}
"""Classes and functions of users, of any kind: ``package>name``, or as a scope names them."""


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Decorator: files may name this class or function of yours, as ``package>name``."""
    def registered(member):
        _custom[f"{package}>{name or member.__name__}"] = member
        return member
    return registered


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """In here, these names stand for these classes and functions."""
    before = dict(_custom)
    _custom.update(objects)
    try:
        yield
    finally:
        _custom.clear()
        _custom.update(before)


def get_custom_objects() -> dict[str, Any]:
    """The classes and functions that users have registered, by name."""
    return _custom


def get_registered_name(member) -> str:
    """The name under which a class or function goes into files."""
    return next((name for name, known in _custom.items() if known is member), member.__name__)


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
        for known in (_custom, self._members):
            if name in known:
                return known[name]
        raise ArgumentError(f"no {self.kind} is named {name!r}{nearest(name, [*self._members, *_custom])}")

    def get(self, identifier) -> Any:
        """What `identifier` stands for: a name, a configuration as `serialized` writes it, a class, or the thing itself."""
        if isinstance(identifier, dict):
            return self.restored(identifier)
        member = self[identifier] if isinstance(identifier, str) else identifier
        if isinstance(member, type):
            member = member()
        if member is None or callable(member) or hasattr(member, "get_config"):
            return member
        raise ArgumentError(f"expected {with_article(self.kind)}, its name or its configuration, got {identifier!r}")

    def serialized(self, thing) -> dict | str | None:
        """A member as JSON can hold it."""
        if thing is None:
            return None
        if hasattr(thing, "get_config"):
            return {"class_name": get_registered_name(type(thing)), "config": thing.get_config()}
        return get_registered_name(thing)

    def restored(self, configuration: dict):
        """The member that `serialized` wrote down."""
        if not isinstance(configuration.get("class_name"), str):
            raise ArgumentError(f"the configuration of {with_article(self.kind)} has a class_name, not {configuration!r}")
        member: Callable = self[configuration["class_name"]]
        config = configuration.get("config", {})
        return member.from_config(config) if hasattr(member, "from_config") else member(**config)


__all__ = ["Registry", "custom_object_scope", "get_custom_objects", "get_registered_name", "register_keras_serializable"]
