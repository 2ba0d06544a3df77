"""In which dtype layers compute, and in which they keep their weights."""
from __future__ import annotations

from ..ir.errors import ArgumentError
from ..ir.types import as_dtype
from .absent import absent


class DTypePolicy:
    """The dtypes of a layer, by one name: "float32" is that of all, "mixed_float16" and "mixed_bfloat16" keep weights as
    float32 and hand 16 bits from layer to layer. Without a name, it is the policy of layers that are told nothing."""

    def __init__(self, name: str | None = None):
        self.name = dtype_policy().name if name is None else _checked(name)

    @property
    def compute_dtype(self) -> str:
        """The dtype of what goes in and out."""
        return self.name.removeprefix("mixed_")

    @property
    def variable_dtype(self) -> str:
        """The dtype of weights."""
        return "float32" if self.name.startswith("mixed_") else self.name

    def get_config(self) -> dict:
        """What `from_config` makes an equal policy of."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> DTypePolicy:
        """A policy as `get_config` describes it."""
        return cls(**config)

    def __eq__(self, other) -> bool:
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def _checked(name) -> str:
    kind = str(name).removeprefix("mixed_")
    if str(name).startswith("mixed_") and kind not in ("float16", "bfloat16"):
        raise ArgumentError(f"a policy mixes 'float16' or 'bfloat16' with float32, got {name!r}")
    return str(name) if str(name).startswith("mixed_") else str(as_dtype(name))


FloatDTypePolicy = DTypePolicy
_global = DTypePolicy("float32")


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given no dtype."""
    return _global


def set_dtype_policy(policy) -> None:
    """From now on, layers that are given no dtype have this policy, or the one of this name."""
    global _global
    _global = get(policy)


def get(identifier) -> DTypePolicy:
    """The policy of that name or configuration, of a dtype, or the policy itself; None is the global one."""
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    return dtype_policy() if identifier is None else DTypePolicy(identifier)


def serialize(policy: DTypePolicy) -> dict:
    """A policy as JSON can hold it."""
    return {"class_name": "DTypePolicy", "config": policy.get_config()}


def deserialize(config: dict) -> DTypePolicy:
    """The policy that `serialize` wrote down."""
    return DTypePolicy.from_config(config.get("config", {}))


__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "dtype_policy", "get", "serialize", "set_dtype_policy"]

__getattr__ = absent(__name__, {
    "AWQDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy": "graphc has no "
                                                                                                      "quantized layers",
    "DTypePolicyMap": "give each layer its dtype",
}, __all__)
