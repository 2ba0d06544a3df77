"""Locks that a fork waits for, so that a child finds all of them free and nothing half-changed.

A fork copies one thread. A lock that another thread holds would stay locked in the child for good, and what it guards
stay half-changed. So whoever forks takes all locks first, in the order of their ranks and within a rank of their ids,
and gives them back in the parent and in the child: a fork waits until no other thread is in a call, compiles or builds
a node. Nobody who holds a lock waits for one that stands before it, or makes one.
"""
from __future__ import annotations

import concurrent.futures.thread  # noqa: F401
import logging  # noqa: F401
import os
import threading
from enum import IntEnum, auto
from weakref import WeakSet

# A fork takes first what was registered last: their locks, which those who compile wait for, come after ours.


class Rank(IntEnum):
    """What a lock guards, from those that are held while others are taken to those that are not."""

    RUNNER = auto()
    VARIABLE = auto()
    CREW = auto()
    LLVM = auto()
    CACHE = auto()
    POOL = auto()
    TABLE = auto()


_made: dict[Rank, WeakSet] = {rank: WeakSet() for rank in Rank}
_making = threading.Lock()
_taken: list[threading.RLock] = []


def lock(rank: Rank) -> threading.RLock:
    """A new lock that a fork waits for."""
    made = threading.RLock()
    with _making:
        _made[rank].add(made)
    return made


def _take_all():
    _making.acquire()
    for rank in Rank:
        for held in sorted(_made[rank], key=id):
            held.acquire()
            _taken.append(held)


def _give_back():
    while _taken:
        _taken.pop().release()
    _making.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_take_all, after_in_parent=_give_back, after_in_child=_give_back)

__all__ = ["Rank", "lock"]
