"""Nested lists, tuples and dicts of tensors: what layers and models take and return."""
from __future__ import annotations

from ..ir.tree import filled, leaves, mapped, paths

__all__ = ["filled", "leaves", "mapped", "paths"]
