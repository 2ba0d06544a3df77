"""Seeds for what is drawn while a network is built."""
from __future__ import annotations

import random

import numpy as np

from ..ir.errors import ArgumentError
from ..ops.random import set_seed

_source = np.random.default_rng()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and graphc's random numbers: the same script gives the same weights."""
    global _source
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 32:
        raise ArgumentError(f"set_random_seed: expected an int from 0 to 2**32 - 1, got {seed!r}")
    random.seed(int(seed))
    np.random.seed(seed)
    set_seed(int(seed))
    _source = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """NumPy's generator for `seed`, or the one that `set_random_seed` starts."""
    return _source if seed is None else np.random.default_rng(seed)


__all__ = ["generator", "set_random_seed"]
