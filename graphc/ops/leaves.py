"""The rows of the leaves. A leaf carries its type; nothing is inferred."""
from __future__ import annotations

from ..ir.op import Op, Source
from ..ir.types import Type


def _no_meaning(*_, **__):
    raise AssertionError("a leaf has a value, not a meaning")


placeholder = Op("placeholder", _no_meaning, _no_meaning, Source(), doc="An input of a graph.")
variable = Op("variable", _no_meaning, _no_meaning, Source(), doc="State that lives on the device between calls.")
constant = Op("constant", lambda value: value.value, lambda value: Type(value.value.dtype, value.value.shape), Source(),
              doc="A value that is known while the graph is built.")
