"""What a user can ask of the passes."""
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ir.errors import ArgumentError
from ..ir.graph import Graph

OFF = frozenset(("", "0", "false", "no", "off"))
"""What a variable of the environment says to ask for nothing, in small or capital letters."""
_ON = frozenset(("1", "true", "yes", "on"))


def _verify_by_default() -> bool:
    given = os.environ.get("GRAPHC_VERIFY", "").strip().lower()
    if given not in OFF | _ON:
        raise ArgumentError(f"GRAPHC_VERIFY is 1 or 0, not {os.environ['GRAPHC_VERIFY']!r}")
    return given in _ON


@dataclass(frozen=True)
class Options:
    """`skip` names passes to leave out; `rounding=False` leaves out the rules that change how a result is rounded;
    `verify` checks the graph after every pass (the default is the environment's ``GRAPHC_VERIFY``); `record` keeps
    the graph after every pass in ``notes["passes"]``."""

    skip: frozenset[str] = frozenset()
    rounding: bool = True
    verify: bool = field(default_factory=_verify_by_default)
    record: bool = False


DEFAULT = Options()
Pass = Callable[[Graph], Graph]
