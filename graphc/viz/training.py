"""Pictures of a training: its curves, and what the network still gets wrong. They need the extra "plot"."""
from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from ..ir.errors import GraphcError

SHOWN = 60
"""Misread images on a page, at most."""


def needed() -> ModuleType:
    """What of matplotlib is needed. Raises GraphcError where it is not installed."""
    try:
        return importlib.import_module("matplotlib.figure")
    except ImportError as error:
        raise GraphcError('pictures of a training need matplotlib: python -m pip install "graphc[plot]"') from error


def _figure(columns: int, rows: int, size: float):
    """An empty figure, without a window, and its axes."""
    made = needed().Figure(figsize=(columns * size, rows * size), layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False).ravel()


def curves(history: Mapping[str, Sequence[float]], path: str | Path) -> Path:
    """Each metric by epoch, in training and held out, as a PNG file."""
    names = [name for name in history if not name.startswith("val_")]
    figure, axes = _figure(len(names), 1, 4.5)
    for ax, name in zip(axes, names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "held out")):
            if key in history:
                ax.plot(range(1, len(history[key]) + 1), history[key], marker=".", label=label)
        ax.set(title=name, xlabel="epoch")
        ax.grid(alpha=0.3)
        ax.legend()
    figure.savefig(path)
    return Path(path)


def misread(images: np.ndarray, labels: np.ndarray, read: np.ndarray, path: str | Path) -> Path:
    """The images whose label is not what was read, each with both, as a PNG file."""
    wrong = np.flatnonzero(labels != read)
    columns = min(10, max(1, math.ceil(math.sqrt(len(wrong[:SHOWN])))))
    figure, axes = _figure(columns, max(1, math.ceil(len(wrong[:SHOWN]) / columns)), 1.2)
    for ax in axes:
        ax.axis("off")
    for ax, k in zip(axes, wrong[:SHOWN], strict=False):
        ax.imshow(images[k].squeeze(), cmap="gray_r" if images[k].shape[-1] == 1 else None)
        ax.set_title(f"{labels[k]}, read {read[k]}", fontsize=7)
    figure.suptitle(f"{len(wrong)} of {len(labels)} misread")
    figure.savefig(path)
    return Path(path)


__all__ = ["curves", "misread", "needed"]
