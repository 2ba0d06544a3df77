"""What holds for all layers: the dtype and layout of numbers, and a number that is small."""
from __future__ import annotations

from ..ir.errors import ArgumentError

_epsilon = 1e-7


def floatx() -> str:
    """The dtype of weights and activations where a layer is given none."""
    return "float32"


def set_floatx(value: str) -> None:
    """Say "float32": it is the one dtype that all layers compute in. Raises ArgumentError for another."""
    if value != "float32":
        raise ArgumentError(f"set_floatx: networks are computed in 'float32', got {value!r}; a layer stores its weights in "
                            "another dtype with dtype=...")


def epsilon() -> float:
    """What is added where a divisor may be 0.

    >>> epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set `epsilon` for what is built from now on."""
    global _epsilon
    if not value > 0:
        raise ArgumentError(f"set_epsilon: expected a positive number, got {value!r}")
    _epsilon = float(value)


def image_data_format() -> str:
    """Where the channels of images are."""
    return "channels_last"


def set_image_data_format(value: str) -> None:
    """Say "channels_last", the one layout of images. Raises ArgumentError for another."""
    if value != "channels_last":
        raise ArgumentError(f"set_image_data_format: images are 'channels_last', got {value!r}")


__all__ = ["epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx", "set_image_data_format"]
