"""Sequences of unequal length as one array, and series as windows of equal length."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...datasets import Loader
from ...ir.errors import ArgumentError

ENDS = ("pre", "post")


def pad_sequences(sequences: Sequence, maxlen: int | None = None, dtype="int32", padding: str = "pre",
                  truncating: str = "pre", value=0.0) -> np.ndarray:
    """Sequences as the rows of one array of `maxlen` steps, or as many as the longest has: short ones are filled with
    `value` in front ("pre") or behind ("post"), long ones lose their first ("pre") or last steps.

    >>> pad_sequences([[1, 2, 3], [4]], maxlen=2)
    array([[2, 3],
           [0, 4]], dtype=int32)
    """
    for name, end in (("padding", padding), ("truncating", truncating)):
        if end not in ENDS:
            raise ArgumentError(f"pad_sequences: {name} is one of {ENDS}, not {end!r}")
    rows = [np.asarray(row) for row in sequences]
    if single := [row for row in rows if row.ndim == 0]:
        raise ArgumentError(f"pad_sequences takes sequences of sequences; got the single {single[0]!r}")
    longest = max((len(row) for row in rows), default=0) if maxlen is None else maxlen
    sizes = {row.shape[1:] for row in rows if len(row)} or {()}
    if len(sizes) > 1:
        raise ArgumentError(f"pad_sequences: the steps of all sequences have one shape; got {sorted(sizes)}")
    padded = np.full((len(rows), longest, *sizes.pop()), value, dtype)
    for row, place in zip(rows, padded, strict=True):
        kept = row[max(0, len(row) - longest):] if truncating == "pre" else row[:longest]
        place[(longest - len(kept)) * (padding == "pre"):][:len(kept)] = kept
    return padded


def timeseries_dataset_from_array(data, targets, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
                                  batch_size: int = 128, shuffle: bool = False, seed: int | None = None,
                                  start_index: int | None = None, end_index: int | None = None) -> Loader:
    """Batches ``(windows, targets)`` of a series, or of windows alone where `targets` is None.

    A window has `sequence_length` steps, every `sampling_rate`-th of the series; windows begin `sequence_stride` steps after
    one another, and the target of the one that begins at step k is ``targets[k]``. Only the steps from `start_index` up to
    `end_index` count."""
    for name, number in (("sequence_length", sequence_length), ("sequence_stride", sequence_stride),
                         ("sampling_rate", sampling_rate)):
        if number < 1:
            raise ArgumentError(f"timeseries_dataset_from_array: {name} is at least 1, not {number}")
    series, part = np.asarray(data), slice(start_index, end_index)
    width = (sequence_length - 1) * sampling_rate + 1
    if len(series[part]) < width:
        raise ArgumentError(f"timeseries_dataset_from_array: a window reaches over {width} steps; there are "
                            f"{len(series[part])}")
    windows = np.moveaxis(sliding_window_view(series[part], width, 0), -1, 1)[:, ::sampling_rate]
    arrays = [windows] if targets is None else [windows, np.asarray(targets)[part]]
    count = min(map(len, arrays))
    return Loader(*(a[:count:sequence_stride] for a in arrays), batch_size=batch_size, shuffle=shuffle, seed=seed,
                  transform=(lambda x: x) if targets is None else None)


__all__ = ["pad_sequences", "timeseries_dataset_from_array"]
