"""What layers over space are told: sizes for each axis, padding, where the channels are."""
from __future__ import annotations

from ...ir.errors import ArgumentError

DATA_FORMATS = ("channels_last", "channels_first")


def per_axis(name: str, value, axes: int, least: int = 1) -> tuple[int, ...]:
    """An int, or one for each axis, as a tuple.

    >>> per_axis("strides", 2, 3)
    (2, 2, 2)
    """
    entries = (value,) * axes if isinstance(value, int) else tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(entries) != axes or any(isinstance(n, bool) or not isinstance(n, int) or n < least for n in entries):
        each = "" if axes == 1 else f", or {axes} of them"
        raise ArgumentError(f"{name} is an int of at least {least}{each}, not {value!r}")
    return entries


def positive(name: str, value) -> int:
    """An int above 0."""
    return per_axis(name, value, 1)[0]


def one_of(name: str, value, *choices: str) -> str:
    """One of some words, in lower or upper case."""
    if not isinstance(value, str) or value.lower() not in choices:
        raise ArgumentError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
    return value.lower()


def layout(value: str | None) -> str:
    """Where the channels are; last, if nothing is said."""
    return one_of("data_format", value or DATA_FORMATS[0], *DATA_FORMATS)


def channels(shape, data_format: str, layer: str, axes: int) -> int:
    """The number of channels of an input of this shape, which has a batch axis, `axes` of space, and channels."""
    if len(shape) != axes + 2:
        space = ", ".join(["size"] * axes)
        kind = f"(batch, {space}, channels)" if data_format == DATA_FORMATS[0] else f"(batch, channels, {space})"
        raise ArgumentError(f"{layer} takes inputs {kind}, not of shape {tuple(shape)}")
    number = shape[-1 if data_format == DATA_FORMATS[0] else 1]
    if number is None:
        raise ArgumentError(f"{layer} must know the number of channels to make its weights; got shape {tuple(shape)}")
    return number


__all__ = ["channels", "layout", "one_of", "per_axis", "positive"]
