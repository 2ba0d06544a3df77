"""Padded sequences, beside Keras, and windows of series, one by one."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.nn import layers
from graphc.nn.utils import pad_sequences, timeseries_dataset_from_array

ROWS = [[1, 2, 3], [4], [], [5, 6, 7, 8]]
SERIES, TARGETS = np.arange(40.0).reshape(20, 2), np.arange(20.0)


@pytest.mark.parametrize("options", [
    {}, {"maxlen": 2}, {"maxlen": 6, "padding": "post", "value": 9.5, "dtype": "float32"},
    {"maxlen": 3, "truncating": "post", "padding": "post"}], ids=repr)
def test_padding_is_that_of_keras(options):
    theirs = pytest.importorskip("keras").utils.pad_sequences(ROWS, **options)
    mine = pad_sequences(ROWS, **options)
    np.testing.assert_array_equal(mine, theirs)
    assert mine.dtype == theirs.dtype


def test_steps_may_have_a_shape():
    padded = pad_sequences([np.ones((2, 3)), np.ones((1, 3))], dtype="float32")
    np.testing.assert_array_equal(padded, [[[1] * 3, [1] * 3], [[0] * 3, [1] * 3]])


@pytest.mark.parametrize(("rows", "options", "message"), [
    (ROWS, {"padding": "left"}, "padding is one of"), ([1, 2], {}, "sequences of sequences"),
    ([np.ones((2, 3)), np.ones((1, 2))], {}, "one shape")])
def test_what_cannot_be_padded(rows, options, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        pad_sequences(rows, **options)


@pytest.mark.parametrize(("length", "stride", "rate", "first", "last"), [
    (4, 1, 1, None, None), (3, 2, 2, None, None), (5, 3, 1, 2, 18), (1, 1, 1, None, 10)])
def test_windows(length, stride, rate, first, last):
    data = timeseries_dataset_from_array(SERIES, TARGETS, length, stride, rate, batch_size=4, start_index=first,
                                         end_index=last)
    series, targets = SERIES[first:last], TARGETS[first:last]
    begins = range(0, len(series) - (length - 1) * rate, stride)
    windows, wanted = zip(*data, strict=True)
    np.testing.assert_array_equal(np.concatenate(windows),
                                  [[series[k + rate * step] for step in range(length)] for k in begins])
    np.testing.assert_array_equal(np.concatenate(wanted), [targets[k] for k in begins])
    assert {len(window) for window in windows[:-1]} <= {4} and len(data) == len(windows)


def test_windows_end_where_targets_end():
    data = timeseries_dataset_from_array(SERIES, TARGETS[15:], 3, batch_size=3)
    assert [len(targets) for _, targets in data] == [3, 2]


def test_windows_alone_and_shuffled():
    batches = list(timeseries_dataset_from_array(TARGETS, None, 2, batch_size=5, shuffle=True, seed=1))
    assert all(isinstance(batch, np.ndarray) for batch in batches)
    found = np.concatenate(batches)
    assert (found[:, 1] - found[:, 0] == 1).all() and (np.diff(found[:, 0]) != 1).any()
    np.testing.assert_array_equal(np.sort(found[:, 0]), np.arange(19))


def test_a_model_learns_from_windows():
    keras.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 2)), layers.Flatten(), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    data = timeseries_dataset_from_array(SERIES / 40, TARGETS[4:] / 20, 4, batch_size=8)
    losses = model.fit(data, epochs=40, validation_data=data, verbose=0).history["val_loss"]
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(("options", "message"), [
    ({"sequence_length": 0}, "sequence_length is at least 1, not 0"),
    ({"sequence_length": 11, "sampling_rate": 2}, "reaches over 21 steps; there are 20")])
def test_windows_that_cannot_be(options, message):
    with pytest.raises(graphc.ArgumentError, match=message):
        timeseries_dataset_from_array(SERIES, None, **options)
