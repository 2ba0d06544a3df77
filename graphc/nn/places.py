"""Scopes that say where something is."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..ir.errors import ArgumentError


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """What is made in here is on the CPU: say "cpu". Raises ArgumentError for another device."""
    if not str(device_name).lower().startswith("cpu"):
        raise ArgumentError(f"device({device_name!r}): there is no such device; models are made, and compute, on the CPU")
    yield


@contextmanager
def name_scope(name: str, **kwargs) -> Iterator[None]:
    """Nothing: layers and models name what is made within them."""
    yield


__all__ = ["device", "name_scope"]
