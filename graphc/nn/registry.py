"""Objects by name: what ``activation="relu"`` or ``optimizer="adam"`` stands for, and how it is written into a file."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from ..ir.errors import ArgumentError
from ..ir.registry import nearest, with_article
from .naming import snake_case

_custom: dict[str, Any] = {}
"""Classes and functions of users, of any kind: ``package>name``, or as a scope names them."""
_registries: list[Registry] = []
FUNCTION = "function"
"""The class_name of what is no object of a class."""


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Decorator: files may name this class or function of yours, as ``package>name``."""
    def registered(member):
        _custom[f"{package}>{name or member.__name__}"] = member
        return member
    return registered


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """In here, these names stand for these classes and functions."""
    before = dict(_custom)
    _custom.update(custom_objects)
    try:
        yield
    finally:
        _custom.clear()
        _custom.update(before)


def get_custom_objects() -> dict[str, Any]:
    """The classes and functions that users have registered, by name."""
    return _custom


def get_registered_name(obj) -> str:
    """The name under which a class or function goes into files."""
    return next((name for name, known in _custom.items() if known is obj), obj.__name__)


def get_registered_object(name: str, custom_objects: Mapping | None = None, module_objects: Mapping | None = None) -> Any:
    """The class or function that files name so, None if there is none."""
    known: Mapping = {**(module_objects or {}), **_custom, **(custom_objects or {})}
    return known.get(name)


class Registry:
    """The classes (or functions) of one kind, "optimizer" say, by name."""

    def __init__(self, kind: str, module: str):
        self.kind, self.module = kind, f"{__package__}.{module}"
        self._members: dict[str, Any] = {}
        _registries.append(self)

    def add(self, member=None, *aliases: str):
        """Decorator: a class or function of this kind, also under `aliases`."""
        if isinstance(member, str) or member is None:
            names = (*((member,) if member else ()), *aliases)
            return lambda actual: self.add(actual, *names)
        for name in (member.__name__, snake_case(member.__name__), member.__name__.lower(), *aliases):
            self._members.setdefault(name, member)
        return member

    def __contains__(self, member) -> bool:
        return any(member is known for known in self._members.values())

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

    def restored(self, config: dict, custom_objects: Mapping[str, Any] | None = None):
        """The member that `serialized` wrote down."""
        if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
            raise ArgumentError(f"the configuration of {with_article(self.kind)} has a class_name, not {config!r}")
        with custom_object_scope(custom_objects) if custom_objects else nullcontext():
            return _made(self[config["class_name"]], config.get("config", {}))


def _made(member: Any, config: Any) -> Any:
    return member.from_config(config) if hasattr(member, "from_config") else member(**config)


# ---- objects of all kinds -------------------------------------------------------------------------------------------
def serialize_keras_object(obj) -> Any:
    """What a configuration holds (a layer, a loss, a function ..., or a structure of them), as JSON can hold it."""
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, dict):
        return {key: serialize_keras_object(part) for key, part in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(part) for part in obj]
    of_class = hasattr(obj, "get_config") and not isinstance(obj, type)
    member = type(obj) if of_class else obj
    if not callable(member) or not hasattr(member, "__name__"):
        raise ArgumentError(f"{obj!r} has no get_config: it cannot be written down")
    name = get_registered_name(member)
    said = {"class_name": name, "config": obj.get_config()} if of_class else {"class_name": FUNCTION, "config": name}
    return {"module": _module_of(member), **said, "registered_name": name if name in _custom else None}


def deserialize_keras_object(config, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True) -> Any:
    """What `serialize_keras_object` wrote down. Nothing but known classes and functions is ever called."""
    with custom_object_scope(custom_objects) if custom_objects else nullcontext():
        if isinstance(config, (list, tuple)):
            return [deserialize_keras_object(part) for part in config]
        if not isinstance(config, dict):
            return config
        if "class_name" not in config:
            return {key: deserialize_keras_object(part) for key, part in config.items()}
        if config["class_name"] == FUNCTION:
            return _named(config["config"], config)
        return _made(_named(config["class_name"], config), config.get("config", {}))


def _module_of(member) -> str:
    return next((registry.module for registry in _registries if member in registry), member.__module__)


def _named(name: str, config: dict) -> Any:
    """The class or function of that name: of the kind that the module says, or of the first that has one."""
    module = str(config.get("module")).rpartition(".")[2]
    for registry in sorted(_registries, key=lambda r: r.module.rpartition(".")[2] != module):
        if name in _custom or name in registry._members:
            return registry[name]
    raise ArgumentError(f"no class or function is named {name!r}; give it in custom_objects")


__all__ = ["Registry", "custom_object_scope", "deserialize_keras_object", "get_custom_objects", "get_registered_name",
           "get_registered_object", "register_keras_serializable", "serialize_keras_object"]
