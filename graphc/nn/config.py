"""What holds for all layers: the dtype and layout of numbers, a number that is small, and how training shows itself."""
from __future__ import annotations

from ..ir.errors import ArgumentError
from .absent import absent
from .dtype_policies import dtype_policy, set_dtype_policy

_epsilon = 1e-7
_interactive = True


def backend() -> str:
    """What computes: "graphc"."""
    return "graphc"


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


def set_image_data_format(data_format: str) -> None:
    """Say "channels_last", the one layout of images. Raises ArgumentError for another."""
    if data_format != "channels_last":
        raise ArgumentError(f"set_image_data_format: images are 'channels_last', got {data_format!r}; convolutions and "
                            "pooling take data_format=...")


def enable_interactive_logging() -> None:
    """``verbose="auto"`` is a bar."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """``verbose="auto"`` is a line an epoch."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether ``verbose="auto"`` is a bar."""
    return _interactive


def enable_traceback_filtering() -> None:
    """Nothing: tracebacks are whole."""


def disable_traceback_filtering() -> None:
    """Nothing: tracebacks are whole."""


def is_traceback_filtering_enabled() -> bool:
    """False: tracebacks are whole."""
    return False


__all__ = ["backend", "disable_interactive_logging", "disable_traceback_filtering", "dtype_policy",
           "enable_interactive_logging", "enable_traceback_filtering", "epsilon", "floatx", "image_data_format",
           "is_interactive_logging_enabled", "is_traceback_filtering_enabled", "set_dtype_policy", "set_epsilon",
           "set_floatx", "set_image_data_format"]

__getattr__ = absent(__name__, {
    "enable_unsafe_deserialization": "nothing that is in a file is ever executed; give load_model custom_objects",
    "set_backend": "there is no other backend than graphc",
    "enable_flash_attention disable_flash_attention is_flash_attention_enabled": "there is one way to compute attention",
    "is_nnx_enabled max_epochs set_max_epochs max_steps_per_epoch set_max_steps_per_epoch": "graphc has no such setting",
}, __all__)
