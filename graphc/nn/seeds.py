"""Seeds for what is drawn while a network is built."""
from __future__ import annotations

import random

import numpy as np

from ..ops.random import set_seed

_source = np.random.default_rng()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and graphc's random numbers: the same script gives the same weights."""
    global _source
    random.seed(seed)
    np.random.seed(seed)
    set_seed(seed)
    _source = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """NumPy's generator for `seed`, or the one that `set_random_seed` starts."""
    return _source if seed is None else np.random.default_rng(seed)


__all__ = ["generator", "set_random_seed"]
