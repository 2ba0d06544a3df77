"""What a user can ask of the passes."""
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ir.graph import Graph


def _verify_by_default() -> bool:
    return os.environ.get("GRAPHC_VERIFY", "0") not in ("", "0")


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
