"""Python's garbage collector, which need not look through what is sure to live."""
from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Context, or decorator: many objects are made in here that live. The collector would look through all of them again
    and again, which takes more than its share of the time the more there are. It is left as it was."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
